"""Calls found by line, time, outcome, language, score and caller: those of the viewer's centres, the newest first.

A caller is searched for by number, and found calls are named by *another of their calls*: an address, a log or a
bookmark then holds a random id, from which no way leads to the number, and which means nothing once that call is gone.

Each search walks an index backwards from where its page begins, and stops when the page is full. Where several lines
are wanted, each line's newest are taken and put in order: what a page costs does not grow with the calls there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.policy import Viewer
from app.auth.roles import REVIEWERS
from app.paging import beyond, read_cursor, written
from app.search.score import ANY_SCORE, Scores
from storage.errors import NotFound, Refused
from storage.models import Call, Centre, Line, Recording, StoredObject
from telephony.lines import e164

OUTCOMES = ("recorded", "declined_hangup", "declined_key", "unrecorded", "incomplete")
OPEN = "open"
# Nobody has called from there: what a search for a number answers, and an address says, instead of a call.
NOBODY = "nobody"
# SQLite takes 500 parts in one statement. Beyond that many lines, one walk over all of them.
LINES_AT_MOST = 200
ORDER = (Call.ringing_at, Call.id)


@dataclass(frozen=True)
class Wanted:
    """What is searched for. None: any."""

    line: str | None = None
    """`centre/code`."""
    from_at: datetime | None = None
    until: datetime | None = None
    """Exclusive."""
    outcome: str | None = None
    """One of OUTCOMES, or OPEN: not settled yet."""
    language: str | None = None
    caller: str | None = None
    """The id of a call of theirs, or NOBODY."""
    scores: Scores = ANY_SCORE
    """Of the review that was submitted last."""

    @property
    def scored(self) -> bool:
        """Whether it is searched by score, which is for those who may see scores."""
        return not self.scores.any


@dataclass(frozen=True)
class FoundCall:
    """A call, the object that was recorded of it, if any, and what it was scored at, unless that is restricted."""

    call: Call
    object_id: str | None
    score: int | None


@dataclass(frozen=True)
class FoundCalls:
    """Some of them. `next` says where the next page begins; None: this is the last."""

    rows: Sequence[FoundCall]
    next: str | None


def sees_scores(viewer: Viewer) -> bool:
    """Whether somebody is shown what reviewers said of calls."""
    return viewer.role in REVIEWERS


def lines_of(session: Session, viewer: Viewer) -> list[Line]:
    """The lines whose calls the viewer may know of."""
    query = sa.select(Line).join(Centre).order_by(Centre.code, Line.code)
    if viewer.centre_id is not None:
        query = query.where(Line.centre_id == viewer.centre_id)
    return list(session.scalars(query))


def find_calls(
    session: Session, viewer: Viewer, wanted: Wanted, limit: int = 25, cursor: str | None = None
) -> FoundCalls:
    """Calls of the viewer's centres.

    Raises:
        CursorWrong: if the cursor is none of ours.
        NotFound: if the viewer knows no such line, or no call of such a caller (any more).
        Refused: if they search by score and see none.
    """
    if wanted.scored and not sees_scores(viewer):
        raise Refused("scores are for those who review")
    lines = lines_of(session, viewer)
    if wanted.line is not None:
        lines = [line for line in lines if f"{line.centre.code}/{line.code}" == wanted.line]
        if not lines:
            raise NotFound("there is no such line")
    conditions = _conditions(wanted)
    if cursor is not None:
        conditions.append(beyond(ORDER, read_cursor(cursor, ORDER), newest_first=True))
    ids = [line.id for line in lines]
    if wanted.caller == NOBODY or not ids:
        return FoundCalls((), None)
    if wanted.caller is not None:
        number = _call(session, viewer, wanted.caller).from_number
        if number is None:
            raise NotFound("the number of this call is not kept")
        streams = [sa.and_(Call.from_number == number, Call.line_id.in_(ids))]
    elif len(ids) > LINES_AT_MOST:
        streams = [Call.line_id.in_(ids)]
    elif wanted.outcome is None and wanted.line is None and viewer.centre_id is None and not wanted.scored:
        streams = [sa.true()]
    else:
        streams = [Call.line_id == each for each in ids]
    found = session.execute(_newest(streams, conditions, limit + 1)).all()
    rows = found[:limit]
    calls = _with_objects(session, [row.id for row in rows])
    return FoundCalls(
        [calls[row.id] for row in rows],
        written([rows[-1].ringing_at, rows[-1].id]) if len(found) > limit else None,
    )


def call_of_number(session: Session, viewer: Viewer, number: str) -> str:
    """The newest call from a number that the viewer may know of: its id, or NOBODY.

    Raises:
        Refused: if it is no number. The message does not repeat it.
    """
    dialled = e164(number)
    if dialled is None:
        raise Refused("number: give it with its country, such as +77010000000")
    query = sa.select(Call.id).where(Call.from_number == dialled).order_by(Call.ringing_at.desc()).limit(1)
    if viewer.centre_id is not None:
        query = query.join(Line).where(Line.centre_id == viewer.centre_id)
    return session.scalar(query) or NOBODY


def one_call(session: Session, viewer: Viewer, call_id: str) -> FoundCall:
    """A call of the viewer's centres.

    Raises:
        NotFound: if they know none of that id.
    """
    call = _call(session, viewer, call_id)
    return _with_objects(session, [call.id])[call.id]


def _call(session: Session, viewer: Viewer, call_id: str) -> Call:
    call = session.get(Call, call_id)
    if call is None or viewer.centre_id not in (None, call.line.centre_id):
        raise NotFound("there is no such call, or you may not know of it")
    return call


def _conditions(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.from_at is not None:
        conditions.append(Call.ringing_at >= wanted.from_at)
    if wanted.until is not None:
        conditions.append(Call.ringing_at < wanted.until)
    if wanted.outcome is not None:
        conditions.append(Call.outcome.is_(None) if wanted.outcome == OPEN else Call.outcome == wanted.outcome)
    if wanted.language is not None:
        conditions.append(Call.language == wanted.language)
    if wanted.scored:
        conditions.append(~_restricted())
    return conditions + wanted.scores.conditions(Call.score)


def _newest(
    streams: Sequence[sa.ColumnElement[bool]], conditions: Sequence[sa.ColumnElement[bool]], limit: int
) -> sa.Select[Any]:
    each = [
        sa.select(Call.id, Call.ringing_at)
        .where(stream, *conditions)
        .order_by(Call.ringing_at.desc(), Call.id.desc())
        .limit(limit)
        .subquery()
        for stream in streams
    ]
    put_together = sa.union_all(*(sa.select(part.c.id, part.c.ringing_at) for part in each)).subquery()
    return (
        sa.select(put_together.c.id, put_together.c.ringing_at)
        .order_by(put_together.c.ringing_at.desc(), put_together.c.id.desc())
        .limit(limit)
    )


def _with_objects(session: Session, ids: Sequence[str]) -> dict[str, FoundCall]:
    recorded = sa.select(Recording.call_id, Recording.object_id).where(
        Recording.call_id.in_(ids), Recording.object_id.is_not(None)
    )
    objects = {row.call_id: row.object_id for row in session.execute(recorded)}
    calls = session.execute(sa.select(Call, _restricted()).where(Call.id.in_(ids)))
    return {
        call.id: FoundCall(call, objects.get(call.id), None if restricted else call.score) for call, restricted in calls
    }


def _restricted() -> sa.ColumnElement[bool]:
    """Whether what was recorded of a call is kept, and used for nothing: its score is not shown either."""
    return (
        sa.select(Recording.id)
        .join(StoredObject, StoredObject.id == Recording.object_id)
        .where(Recording.call_id == Call.id, StoredObject.restricted_at.is_not(None))
        .exists()
    )
