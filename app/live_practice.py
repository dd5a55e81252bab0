"""A practice call that somebody lives through in a browser: dialled, answered with keys, hung up; and what was kept.

The call itself goes on at the practice phone, a process of its own, which is asked over loopback. So any web process
can answer for it, and keeps nothing between two requests.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests
import sqlalchemy as sa

from app.auth.policy import Viewer, purposes_for
from app.practice_numbers import account, own_number
from app.wiring import Account, Installation, practice_account
from storage import notices
from storage.errors import NotFound, Refused
from storage.models import Call, Line, NoticeVersion, Recording, StoredObject
from storage.retention.policy import usable_for

# So long a request may wait for a step: shorter than a browser's patience, longer than a tick of the call.
WAIT_S = 2.0
TALK_S = 60.0
CALLER = "+77015550123"
AWAY = "the practice phone does not answer: is `eskertu up` running?"
SOUND = re.compile(r"/twilio/audio/([0-9a-f]{64})\.wav")
# What a newcomer needs not see: how documents follow one another, and what is told to the application.
UNSAID = frozenset({"fetched", "heard-to-end", "callback", "result"})


@dataclass(frozen=True)
class Step:
    """One step, for who reads along. `name` is also the text it is shown by; `said` is what sounds, word for word."""

    name: str
    at: datetime | None
    said: NoticeVersion | None = None
    keys: str = ""
    seconds: float | None = None


@dataclass(frozen=True)
class Kept:
    """What is left of a call. `settled`: nothing more will come of it."""

    call: Call
    recording: Recording | None
    kept: StoredObject | None
    purposes: Sequence[str]
    settled: bool


def is_on(at: Installation) -> bool:
    """Whether there is a practice phone at all."""
    return at.settings.practice_is_on and practice_account(at.home) is not None


def lines_of(at: Installation, viewer: Viewer) -> Sequence[Line]:
    """The lines that somebody may dial: those of their centre, or all."""
    query = sa.select(Line).order_by(Line.centre_id, Line.code)
    if viewer.centre_id is not None:
        query = query.where(Line.centre_id == viewer.centre_id)
    with at.database.read() as session:
        return session.scalars(query).unique().all()


def dial(at: Installation, viewer: Viewer, person_id: str, line_id: str) -> str:
    """Call a line. Returns the call's SID.

    Raises:
        NotFound: if there is no such line among those that they may dial.
        Refused: if the practice phone is off, does not answer, or has too much to do.
    """
    line = next((each for each in lines_of(at, viewer) if each.id == line_id), None)
    if line is None:
        raise NotFound("there is no such line")
    own_number(at, line.number)
    plan = {"to": line.number, "from_number": CALLER, "talk_s": TALK_S, "language": line.languages[0]}
    begun = _ask(account(at), "POST", "", {"owner": person_id, "plan": plan})
    return str(begun["call_sid"])


def steps(at: Installation, person_id: str, call_sid: str, after: int) -> tuple[list[Step], int, bool]:
    """What happened since, how many steps that makes in all, and whether the call is over. Waits a moment for some.

    Raises:
        NotFound: if no such call of theirs goes on, or did a short while ago.
        Refused: if the practice phone does not answer.
    """
    found = _ask(account(at), "GET", f"/{call_sid}", {"owner": person_id, "after": after, "wait": WAIT_S})
    with at.database.read() as session:
        texts = {row.audio_sha256: row for row in notices.all_versions(session)}
    told = [_told(each, texts, call_sid) for each in found["steps"] if each["kind"] not in UNSAID]
    return told, after + len(found["steps"]), bool(found["over"])


def press(at: Installation, person_id: str, call_sid: str, keys: str) -> None:
    """Press keys in a call of theirs, now.

    Raises:
        NotFound: if no such call of theirs goes on.
        Refused: if these are no keys, or the practice phone does not answer.
    """
    _ask(account(at), "POST", f"/{call_sid}/keys", {"owner": person_id, "keys": keys})


def hang_up(at: Installation, person_id: str, call_sid: str) -> None:
    """Hang up a call of theirs, now. One that has ended already is no error.

    Raises:
        NotFound: if no such call of theirs goes on, or did a short while ago.
        Refused: if the practice phone does not answer.
    """
    _ask(account(at), "POST", f"/{call_sid}/hang-up", {"owner": person_id})


def kept(at: Installation, viewer: Viewer, call_sid: str) -> Kept | None:
    """What is left of a practice call; None: it has not reached us yet, or is none of theirs to know.

    Calls that were not made with the practice phone are nobody's practice: they are not told of here.
    """
    own = practice_account(at.home)
    with at.database.read() as session:
        call = session.scalars(sa.select(Call).where(Call.call_sid == call_sid)).one_or_none()
        if call is None or own is None or call.account_sid != own.account_sid:
            return None
        centre_id = call.line.centre_id
        if viewer.centre_id not in (None, centre_id):
            return None
        recording = session.scalars(sa.select(Recording).where(Recording.call_id == call.id)).first()
        row = session.get(StoredObject, recording.object_id) if recording is not None and recording.object_id else None
        there = row if row is not None and row.state == "stored" else None
        purposes: Sequence[str] = ()
        if there is not None and there.restricted_at is None:
            usable = usable_for(((each.purpose, each.until) for each in there.purposes), at.clock.now())
            purposes = purposes_for(viewer, there.kind, centre_id, usable)
        settled = call.outcome is not None and (call.outcome != "recorded" or row is not None)
    return Kept(call, recording, there, purposes, settled)


def _told(step: dict[str, Any], texts: dict[str, NoticeVersion], call_sid: str) -> Step:
    kind, details = step["kind"].replace("-", "_"), step.get("details", {})
    name = kind
    if kind == "pressed" and details["lost"]:
        name = "pressed_in_vain"
    if kind == "answered" and details["call_sid"] != call_sid:
        name = "picked_up"
    if kind == "hung_up":
        name = {"caller": "hung_up", "callee": "hung_up_there"}.get(details["by"], "hung_up_network")
    if name in ("play_failed", "error"):
        name = "failed"
    sound = SOUND.search(details.get("audio", ""))
    return Step(
        name,
        datetime.fromisoformat(step["at"]) if "at" in step else None,
        texts.get(sound[1]) if sound else None,
        str(details.get("keys", "")),
        details.get("seconds"),
    )


def _ask(practice: Account, method: str, path: str, given: dict[str, Any]) -> dict[str, Any]:
    address = f"{practice.api_base_url}/practice/live{path}"
    auth = (practice.account_sid, practice.auth_token)
    sent = {"params": given} if method == "GET" else {"json": given}
    try:
        with requests.request(method, address, auth=auth, timeout=(5, 15), **sent) as answer:  # type: ignore[arg-type]
            if answer.status_code == 404:
                raise NotFound("there is no such call, or it is not yours")
            told: dict[str, Any] = answer.json() if answer.content else {}
            if answer.status_code >= 400:
                raise Refused("the practice phone did not do it: {error}", error=told.get("error", answer.status_code))
            return told
    except requests.RequestException as error:
        raise Refused(AWAY) from error
