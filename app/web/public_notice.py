"""/n/<centre>/<line>: the page of a line, or of a zone, that everybody may read, without a cookie."""

from functools import partial

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from app.public_notice import PublicNotice, public_notice
from app.public_zone import PublicZone, public_zone, words
from app.web.messages import texts
from app.wiring import Installation
from storage.errors import NotFound


def public_notices(at: Installation) -> Blueprint:
    """The notice page of each line, and of each zone: no two of a centre have one code."""
    area = Blueprint("public_notice", __name__)

    @area.get("/n/<centre>/<line>")
    def page(centre: str, line: str) -> Response:
        said = texts()
        language = said["language"]
        try:
            return _page(at, "notice", public_notice(at, centre, line))
        except NotFound:
            pass
        try:
            found = public_zone(at, centre, line, request.args.get("sign", ""), language)
        except NotFound:
            return make_response(render_template("public_notice/unknown.html", **said), 404)
        return _page(at, "zone", found, words=partial(words, language=language), now=at.clock.now())

    return area


def _page(at: Installation, name: str, notice: PublicNotice | PublicZone, **more: object) -> Response:
    owner = at.sign_owner
    return make_response(
        render_template(
            f"public_notice/{name}.html",
            **texts(),
            notice=notice,
            controller=owner.controller,
            contact=owner.contact,
            verifier=at.ledger.verifier() if notice.checkpoint is not None else None,
            **more,
        )
    )
