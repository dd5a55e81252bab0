"""/signs/texts: what signs say, in versions; drafts of it, seen as posters, and published with a moment and a grace."""

from datetime import datetime

from flask import Blueprint, Response, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from app.auth.roles import OVERSIGHT
from app.privacy.notices import typed_moment, zones_for
from app.signs.publishing import effect, one_draft_of, preview, publish_shown, versions_told
from app.web.gate import viewer, who_asks
from app.web.messages import language_of, texts
from app.web.refusals import said
from app.wiring import Installation
from config.shipped import LANGUAGES
from config.sign_texts import FIELDS, MAY_BE_EMPTY, WORDS
from storage.errors import NotFound, Refused
from video.sign_drafts import checked, drafts, keep_draft, one_draft
from video.sign_versions import GRACE_DAYS, MOST_GRACE_DAYS, last_version

Texts = dict[str, dict[str, str]]


def sign_texts(at: Installation) -> Blueprint:
    """The pages, and what is sent to them."""
    area = Blueprint("sign_texts", __name__, url_prefix="/signs/texts")
    _written(area, at)
    _looked_at(area, at)
    return area


def _written(area: Blueprint, at: Installation) -> None:
    @area.get("")
    def listed() -> str:
        with at.database.read() as session:
            rows = versions_told(session, language_of(request), at.clock.now())
            waiting, zone = drafts(session), zones_for(session, who_asks().person)[0]
        sees_who = viewer().role in OVERSIGHT
        return render_template("signs/texts.html", **texts(), rows=rows, drafts=waiting, zone=zone, sees_who=sees_who)

    @area.get("/new")
    def new() -> tuple[str, int]:
        draft_id = request.args.get("draft", "")
        with at.database.read() as session:
            if draft_id:
                return _form(one_draft(session, draft_id).texts, draft_id, 200)
            last = last_version(session)
            return _form({} if last is None else last.texts, "", 200)

    @area.post("/drafts")
    def made() -> AnyResponse | tuple[str, int]:
        typed, draft_id = _typed(), request.form.get("draft", "")
        try:
            with at.database.begin() as session:
                if draft_id:
                    one_draft(session, draft_id, locked=True).texts = checked(typed)
                else:
                    draft_id = keep_draft(session, typed, who_asks().person.id, at.clock.now()).id
        except NotFound:
            raise
        except Refused as refused:
            return _form(typed, draft_id, 400, refused)
        return redirect(f"/signs/texts/drafts/{draft_id}", 303)


def _looked_at(area: Blueprint, at: Installation) -> None:
    @area.get("/drafts/<draft_id>")
    def one(draft_id: str) -> tuple[str, int]:
        return _page(at, draft_id, request.args)

    @area.get("/drafts/<draft_id>/<any(kk, ru, en, all):which>.png")
    def poster(draft_id: str, which: str) -> Response:
        return Response(preview(at, draft_id, which), mimetype="image/png")

    @area.post("/drafts/<draft_id>/publish")
    def published(draft_id: str) -> AnyResponse | tuple[str, int]:
        by, shown = who_asks().person.id, request.form.get("shown", "")
        try:
            with at.database.begin() as session:
                begins, days = _begins(session, request.form), _days(request.form)
                publish_shown(session, draft_id, shown, by, at.clock.now(), begins, days)
        except NotFound:
            raise
        except Refused as refused:
            return _page(at, draft_id, request.form, refused)
        return redirect("/signs/texts", 303)

    @area.post("/drafts/<draft_id>/discard")
    def discarded(draft_id: str) -> AnyResponse:
        with at.database.begin() as session:
            session.delete(one_draft(session, draft_id, locked=True))
        return redirect("/signs/texts", 303)


def _form(typed: Texts, draft_id: str, status: int, refused: Refused | None = None) -> tuple[str, int]:
    told = said(refused) if refused is not None else None
    page = render_template(
        "signs/texts_new.html",
        **texts(),
        typed=typed,
        draft_id=draft_id,
        said=told,
        spoken=LANGUAGES,
        fields=FIELDS,
        words=WORDS,
        may_be_empty=MAY_BE_EMPTY,
    )
    return page, status


def _page(
    at: Installation, draft_id: str, terms: MultiDict[str, str], refused: Refused | None = None
) -> tuple[str, int]:
    """A draft; once it is said from when and with which grace, what publishing it would do."""
    what = None
    with at.database.read() as session:
        found = one_draft_of(session, draft_id)
        zones = zones_for(session, who_asks().person)
        if refused is None and "when" in terms:
            try:
                begins, days = _begins(session, terms), _days(terms)
                what = effect(session, found.draft, at.clock.now(), begins, days)
            except Refused as error:
                refused = error
    page = render_template(
        "signs/texts_draft.html",
        **texts(),
        found=found,
        effect=what,
        typed={"grace": GRACE_DAYS} | terms.to_dict(),
        most=MOST_GRACE_DAYS,
        zones=zones,
        zone=zones[0],
        spoken=LANGUAGES,
        said=said(refused) if refused is not None else None,
    )
    return page, 200 if refused is None else 400


def _typed() -> Texts:
    """What the form says, by language and field, each in one line."""
    return {
        language: {name: " ".join(request.form.get(f"{language}-{name}", "").split()) for name in FIELDS}
        for language in LANGUAGES
    }


def _begins(session: Session, terms: MultiDict[str, str]) -> datetime | None:
    if terms.get("when") == "now":
        return None
    return typed_moment(terms.get("from", ""), terms.get("zone", ""), zones_for(session, who_asks().person))


def _days(terms: MultiDict[str, str]) -> int:
    text = terms.get("grace", "").strip()
    # Whatever is no number of a few digits is said to be none of those that may be given.
    days = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(MOST_GRACE_DAYS)) else -1
    if days < 0:
        raise Refused("grace {days}: give whole days, from 0 to {most}", days=text, most=MOST_GRACE_DAYS)
    return days
