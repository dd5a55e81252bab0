"""Calls: found by what is typed, and what happened in one of them."""

from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from app.auth.policy import may_open
from app.paging import CursorWrong
from app.search.calls import (
    NOBODY,
    OPEN,
    OUTCOMES,
    FoundCalls,
    Wanted,
    call_of_number,
    find_calls,
    lines_of,
    one_call,
    sees_scores,
)
from app.search.score import Scores, read_percent
from app.search.story import story
from app.web.gate import viewer, who_asks
from app.web.messages import texts
from app.wiring import Installation
from storage.errors import NotFound, Refused
from storage.models import Line
from storage.notices import LANGUAGES

BY_NUMBER = "/calls/caller"
FILTERS = ("line", "from", "to", "outcome", "language", "score_from", "score_to", "caller")


def calls(at: Installation) -> Blueprint:
    """/calls, /calls/caller and /calls/<call>."""
    area = Blueprint("calls", __name__, url_prefix="/calls")

    @area.get("")
    def listed() -> str:
        asked = {name: value for name in FILTERS if (value := request.args.get(name, "").strip())}
        before = request.args.get("before") or None
        problem, page = None, FoundCalls((), None)
        with at.database.read() as session:
            lines = lines_of(session, viewer())
            zone = _zone(lines)
            try:
                page = find_calls(session, viewer(), _wanted(asked, zone), cursor=before)
            except CursorWrong:
                problem = "search_wrong"
            except NotFound:
                problem = "search_gone" if "caller" in asked else "search_no_line"
            except Refused:
                problem = "search_wrong"
        return _shown(lines, zone, asked, page, before, problem)

    @area.post("/caller")
    def by_number() -> Response | tuple[str, int]:
        with at.database.read() as session:
            try:
                found = call_of_number(session, viewer(), request.form.get("number", ""))
            except Refused:
                lines = lines_of(session, viewer())
                page = _shown(lines, _zone(lines), {}, FoundCalls((), None), None, "search_no_number")
                return page, 400
        return redirect(f"/calls?{urlencode({'caller': found})}", 303)

    @area.get("/<call_id>")
    def one(call_id: str) -> str:
        with at.database.read() as session:
            told = story(session, viewer(), one_call(session, viewer(), call_id).call, at.clock.now())
        zone = ZoneInfo(told.call.line.centre.timezone)
        return render_template("calls/one.html", **texts(), told=told, zone=zone, may_search=_may_search())

    return area


def _shown(
    lines: list[Line], zone: ZoneInfo, asked: dict[str, str], page: FoundCalls, before: str | None, problem: str | None
) -> str:
    older = "/calls?" + urlencode(asked | {"before": page.next}) if page.next else None
    return render_template(
        "calls/list.html",
        **texts(),
        page=page,
        asked=asked,
        older=older,
        newest="/calls?" + urlencode(asked) if before else None,
        lines=lines,
        zone=zone,
        outcomes=(*OUTCOMES, OPEN),
        spoken=LANGUAGES,
        problem=problem,
        nobody=asked.get("caller") == NOBODY,
        may_search=_may_search(),
        scores=sees_scores(viewer()),
        zone_of=ZoneInfo,
    )


def _may_search() -> bool:
    return may_open(viewer(), BY_NUMBER)


def _wanted(asked: dict[str, str], zone: ZoneInfo) -> Wanted:
    outcome, language = asked.get("outcome"), asked.get("language")
    if outcome not in (None, OPEN, *OUTCOMES) or language not in (None, *LANGUAGES):
        raise Refused("outcome, language: choose one of those that are offered")
    if "caller" in asked and not _may_search():
        raise Refused("calls of one caller are for those who may search by number")
    return Wanted(
        line=asked.get("line"),
        from_at=_day(asked.get("from"), zone),
        until=_day(asked.get("to"), zone, days=1),
        outcome=outcome,
        language=language,
        caller=asked.get("caller"),
        scores=Scores(read_percent(asked.get("score_from")), read_percent(asked.get("score_to"))),
    )


def _day(text: str | None, zone: ZoneInfo, days: int = 0) -> datetime | None:
    """When a day begins there, so many days on."""
    if text is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(text) + timedelta(days=days), time(), zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Refused("from, to: give days such as 2026-11-22") from error


def _zone(lines: list[Line]) -> ZoneInfo:
    """In which days begin: that of the viewer's centre, or of all centres if they share one."""
    centre = who_asks().person.centre
    zones = {centre.timezone} if centre is not None else {line.centre.timezone for line in lines}
    return ZoneInfo(zones.pop()) if len(zones) == 1 else ZoneInfo("UTC")
