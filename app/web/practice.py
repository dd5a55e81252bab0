"""Practice: dial a line in the browser, hear what a caller hears, press keys, hang up, and see what was kept."""

import re
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.live_practice import Kept, dial, hang_up, is_on, kept, lines_of, press, steps
from app.web.gate import viewer, who_asks
from app.web.messages import texts
from app.web.sessions import NOWHERE
from app.wiring import Installation
from storage.errors import NotFound

SID = re.compile(r"CA[0-9a-f]{32}")


def practice(at: Installation) -> Blueprint:
    """/practice, and one call there."""
    area = Blueprint("practice", __name__, url_prefix="/practice")

    @area.get("")
    def lines() -> str:
        return render_template("practice/lines.html", **texts(), on=is_on(at), lines=lines_of(at, viewer()))

    @area.post("")
    def call() -> AnyResponse:
        begun = dial(at, viewer(), who_asks().person.id, request.form.get("line", ""))
        return redirect(url_for("practice.one", call_sid=begun), 303)

    @area.get("/<call_sid>")
    def one(call_sid: str) -> str:
        live, left = _is_live(at, call_sid), kept(at, viewer(), call_sid)
        if not live and left is None:
            raise NotFound("there is no such call")
        return render_template(
            "practice/call.html", **texts(), call_sid=call_sid, live=live, left=left, zone=_zone(left)
        )

    _live_call(area, at)
    return area


def _live_call(area: Blueprint, at: Installation) -> None:
    """What the page of a call asks for while it goes on, and what it sends into it."""

    @area.get("/<call_sid>/steps")
    def more(call_sid: str) -> Response:
        after = request.args.get("after", 0, type=int)
        told, count, over = steps(at, who_asks().person.id, _checked(call_sid), max(after, 0))
        answer = Response(render_template("practice/steps.html", **texts(), steps=told, zone=_zone(None)))
        answer.headers["X-Steps"] = str(count)
        answer.headers["X-Over"] = "1" if over else "0"
        return answer

    @area.get("/<call_sid>/kept")
    def left(call_sid: str) -> str:
        found = kept(at, viewer(), _checked(call_sid))
        if found is None and not _is_live(at, call_sid):
            raise NotFound("there is no such call")
        return render_template("practice/kept.html", **texts(), left=found, zone=_zone(found))

    @area.post("/<call_sid>/keys")
    def key(call_sid: str) -> Response:
        press(at, who_asks().person.id, _checked(call_sid), request.form.get("keys", ""))
        return Response(status=204)

    @area.post("/<call_sid>/hang-up")
    def end(call_sid: str) -> Response:
        hang_up(at, who_asks().person.id, _checked(call_sid))
        return Response(status=204)


def _is_live(at: Installation, call_sid: str) -> bool:
    """Whether the call goes on, and is theirs."""
    if not is_on(at):
        return False
    try:
        return not steps(at, who_asks().person.id, _checked(call_sid), 0)[2]
    except NotFound:
        return False


def _checked(call_sid: str) -> str:
    if not SID.fullmatch(call_sid):
        raise NotFound("there is no such call")
    return call_sid


def _zone(left: Kept | None) -> ZoneInfo:
    if left is not None:
        return ZoneInfo(left.call.line.centre.timezone)
    centre = who_asks().person.centre
    return ZoneInfo(centre.timezone) if centre is not None else NOWHERE
