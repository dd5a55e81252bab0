"""Centres, lines and people, and whether all is well: for administrators, who hear nothing that was recorded."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app import administration as queries
from app.auth.links import address_of_link, make_link
from app.auth.people import another, change_role, checked_address, end_access, give_access
from app.auth.roles import ROLES
from app.cameras.setup import cameras_outside
from app.connecting import connect, routing_now
from app.examination import examine
from app.privacy.people import zone_of
from app.web.examined import examined
from app.web.gate import who_asks
from app.web.messages import texts
from app.web.refusals import Said, said
from app.wiring import Installation
from storage.centres import add_centre, checked_code
from storage.errors import Refused
from storage.notices import LANGUAGES, MODES
from telephony.lines import add_line, routing
from video.addresses import networks_of
from video.cameras import allow_networks


def administration(at: Installation) -> Blueprint:
    """/centres, /lines, /people, /health."""
    area = Blueprint("administration", __name__)
    _centres(area, at)
    _one_centre(area, at)
    _lines(area, at)
    _people(area, at)
    _one_person(area, at)

    @area.get("/health")
    def health() -> str:
        found = [examined(each) for each in examine(at)]
        with at.database.read() as session:
            used = queries.used(session)
        return render_template(
            "administration/health.html", **texts(), found=found, used=used, zone=zone_of(who_asks().person)
        )

    return area


def _centres(area: Blueprint, at: Installation) -> None:
    @area.get("/centres")
    def centres() -> str:
        with at.database.read() as session:
            rows = queries.centres(session)
        return render_template("administration/centres.html", **texts(), rows=rows, all_languages=LANGUAGES)

    @area.post("/centres")
    def add() -> Response:
        given = request.form
        with at.database.begin() as session:
            add_centre(
                session,
                code=given.get("code", "").strip(),
                name=_named(given.get("name", "")),
                jurisdiction=given.get("jurisdiction", "").strip().upper(),
                timezone=given.get("timezone", "").strip(),
                languages=given.getlist("languages"),
                now=at.clock.now(),
            )
        return redirect("/centres", 303)


def _one_centre(area: Blueprint, at: Installation) -> None:
    def page(centre_id: str, problem: Said | None = None) -> str:
        with at.database.read() as session:
            row = queries.centre_by_id(session, centre_id)
            outside = cameras_outside(session, row)
        typed = request.form.get("networks", ", ".join(row.camera_networks or ()))
        saved = "saved" in request.args and problem is None
        return render_template(
            "administration/centre.html",
            **texts(),
            row=row,
            outside=outside,
            typed=typed,
            problem=problem,
            saved=saved,
        )

    @area.get("/centres/<centre_id>")
    def centre(centre_id: str) -> str:
        return page(centre_id)

    @area.post("/centres/<centre_id>/networks")
    def networks(centre_id: str) -> Response | tuple[str, int]:
        try:
            allowed = networks_of(request.form.get("networks", ""))
        except Refused as refused:
            return page(centre_id, said(refused)), 400
        with at.database.begin() as session:
            row = queries.centre_by_id(session, centre_id)
            allow_networks(session, row, allowed, by=who_asks().person.id, now=at.clock.now())
        return redirect(url_for("administration.centre", centre_id=centre_id, saved=1), 303)


def _lines(area: Blueprint, at: Installation) -> None:
    @area.get("/lines")
    def lines() -> str:
        with at.database.read() as session:
            rows, centres = queries.lines(session), queries.centres(session)
        return render_template(
            "administration/lines.html", **texts(), rows=rows, centres=centres, modes=MODES, all_languages=LANGUAGES
        )

    @area.post("/lines")
    def add_one() -> Response:
        given = request.form
        with at.database.begin() as session:
            centre = queries.centre_chosen(session, given.get("centre", ""))
            if centre is None:
                raise Refused("centre: choose one")
            made = add_line(
                session,
                code=checked_code(given.get("code", "").strip()),
                number=given.get("number", ""),
                centre=centre,
                mode=given.get("mode", ""),
                languages=given.getlist("languages"),
                forward_to=given.get("forward_to", ""),
                now=at.clock.now(),
            )
            line_id = made.id
        return redirect(url_for("administration.line", line_id=line_id), 303)

    @area.get("/lines/<line_id>")
    def line(line_id: str) -> str:
        with at.database.read() as session:
            row = queries.line_of(session, line_id)
        back, problem = None, None
        try:
            back = routing_now(at, row.number)
        except Refused as error:
            problem = said(error)
        return render_template(
            "administration/line.html", **texts(), row=row, wanted=routing(at.site), back=back, problem=problem
        )

    @area.post("/lines/<line_id>/connect")
    def connect_line(line_id: str) -> Response:
        with at.database.read() as session:
            number = queries.line_of(session, line_id).number
        connect(at, number)
        return redirect(url_for("administration.line", line_id=line_id), 303)


def _people(area: Blueprint, at: Installation) -> None:
    def page(link: str | None = None) -> str:
        with at.database.read() as session:
            rows, centres = queries.people(session), queries.centres(session)
        return render_template(
            "administration/people.html", **texts(), rows=rows, centres=centres, roles=ROLES, link=link
        )

    @area.get("/people")
    def people() -> str:
        return page()

    @area.post("/people/add")
    def add_person() -> str:
        given, now = request.form, at.clock.now()
        address, role = checked_address(given.get("email", "")), _role(given.get("role", ""))
        with at.database.begin() as session:
            made = give_access(
                session,
                email=address,
                role=role,
                centre=queries.centre_chosen(session, given.get("centre", "")),
                password_hash=None,
                now=now,
            )
            secret = make_link(session, made, who_asks().person.id, now)
        # Not by an address to go on to: what is secret is shown this once.
        return page(address_of_link(at.site.base_url, secret))


def _one_person(area: Blueprint, at: Installation) -> None:
    def page(person_id: str, link: str | None = None) -> str:
        with at.database.read() as session:
            row, centres = queries.person_by_id(session, person_id), queries.centres(session)
        own = who_asks().person.id
        return render_template(
            "administration/person.html", **texts(), row=row, centres=centres, roles=ROLES, own=own, link=link
        )

    @area.get("/people/<person_id>")
    def person(person_id: str) -> str:
        return page(person_id)

    @area.post("/people/<person_id>/role")
    def role(person_id: str) -> Response:
        with at.database.begin() as session:
            centre = queries.centre_chosen(session, request.form.get("centre", ""))
            row = another(queries.person_by_id(session, person_id), who_asks().person.id)
            change_role(session, row, _role(request.form.get("role", "")), centre, at.clock.now())
        return redirect(url_for("administration.person", person_id=person_id), 303)

    @area.post("/people/<person_id>/link")
    def new_link(person_id: str) -> str:
        with at.database.begin() as session:
            row = another(queries.person_by_id(session, person_id), who_asks().person.id)
            secret = make_link(session, row, who_asks().person.id, at.clock.now())
        return page(person_id, address_of_link(at.site.base_url, secret))

    @area.post("/people/<person_id>/end")
    def end(person_id: str) -> Response:
        with at.database.begin() as session:
            end_access(session, another(queries.person_by_id(session, person_id), who_asks().person.id), at.clock.now())
        return redirect("/people", 303)


def _role(role: str) -> str:
    if role not in ROLES:
        raise Refused("role {role!r}: choose one of {roles}", role=role, roles=ROLES)
    return role


def _named(name: str) -> str:
    if not name.strip() or len(name.strip()) > 200:
        raise Refused("name: give 1 to 200 letters")
    return name.strip()
