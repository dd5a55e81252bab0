"""Asking for a purge of card data, and approving it: by two people, bound to one content and its stretches (I5).

PCI DSS 3.3.1: what authenticates a card is not kept after the authorisation, encrypted or not; caught, it goes at once.
So this alone goes through a hold: the worker puts a silenced copy in the object's place (`redaction.py`).
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.errors import NotFound, Refused
from storage.ledger.log import append, canonical
from storage.models import CardDataPurge, StoredObject
from storage.models.columns import random_id
from storage.retention.claim import claim

OPEN = ("asked", "approved")


def ask(
    session: Session,
    row: StoredObject,
    spans: Sequence[tuple[int, int]],
    lasts_ms: int,
    reason: str,
    asked_by: str,
    now: datetime,
) -> CardDataPurge:
    """Ask that stretches of an object be silenced for ever.

    Args:
        session: the transaction.
        row: the object.
        spans: [from, to) in milliseconds from its begin, in any order.
        lasts_ms: how long it is.
        reason: why, without the card data itself.
        asked_by: id of a person.
        now: the present.

    Raises:
        Refused: if a span is empty or not within the object, the reason is missing, the object is not stored (any
            more), or something is asked for it already.
    """
    if not reason.strip():
        raise Refused("reason: say why; it is written into the ledger")
    silent = stretches(spans, lasts_ms)
    session.refresh(row, with_for_update=True)
    if row.state != "stored" or row.sha256 is None:
        raise Refused("object {object_id} is deleted, or being deleted", object_id=row.id)
    before = session.scalars(
        sa.select(CardDataPurge).where(CardDataPurge.object_id == row.id, CardDataPurge.state.in_(OPEN))
    ).first()
    if before is not None:
        raise Refused(
            "purge {request_id} of this object is {purge_state} already: end or withdraw that one first",
            request_id=before.id,
            purge_state=before.state,
        )
    request = CardDataPurge(
        id=random_id(),
        object_id=row.id,
        sha256=row.sha256,
        spans=silent,
        reason=reason,
        request_sha256="",
        state="asked",
        asked_by=asked_by,
        asked_at=now,
    )
    request.request_sha256 = _hash(request)
    session.add(request)
    session.flush()
    append(session, "purge_asked", request.id, now, _asked(request))
    return request


def stretches(spans: Sequence[tuple[int, int]], lasts_ms: int) -> list[list[int]]:
    """What is to be silent, in order, each once: what touches or overlaps is one.

    Raises:
        Refused: if there is none, or one is empty or not within what lasts `lasts_ms`.
    """
    if not spans:
        raise Refused("--from and --to: say which seconds")
    for from_ms, to_ms in spans:
        if not 0 <= from_ms < to_ms:
            raise Refused(
                "--from {begin:g} --to {end:g}: a span ends after it begins", begin=from_ms / 1000, end=to_ms / 1000
            )
        if to_ms > lasts_ms:
            raise Refused("--to {end:g}: it is over after {lasts:g} seconds", end=to_ms / 1000, lasts=lasts_ms / 1000)
    return _merged(spans)


def approve(session: Session, request_id: str, request_sha256: str, approved_by: str, now: datetime) -> None:
    """Let it be done: from now on the worker does.

    Raises:
        NotFound: if nothing of that id was asked.
        Refused: if it is not waiting (any more), the same person asked, the hash is another one, or the object is not
            what it was.
    """
    request = _asked_for(session, request_id)
    if request.state != "asked":
        raise Refused(
            "purge {request_id} waits for nobody: it is {purge_state}", request_id=request_id, purge_state=request.state
        )
    if request.asked_by == approved_by:
        raise Refused("whoever asked for a purge cannot approve it: this takes a second person")
    if request_sha256 != request.request_sha256:
        raise Refused("--hash: this is not the hash of what was asked; read it again: `eskertu purge list`")
    if _hash(request) != request.request_sha256:
        raise Refused("what was asked was changed since: withdraw it, and run `eskertu ledger verify`")
    row = session.get_one(StoredObject, request.object_id, with_for_update=True, populate_existing=True)
    if row.state != "stored" or row.sha256 != request.sha256:
        raise Refused(
            "object {object_id} is not there any more as it was: nothing is left to be purged", object_id=row.id
        )
    request.state, request.approved_by, request.approved_at = "approved", approved_by, now
    request.next_attempt_at = now
    append(session, "purge_approved", request.id, now, _approved(request))


def withdraw(session: Session, request_id: str, withdrawn_by: str, reason: str, now: datetime) -> None:
    """Let it not be done, if it is not yet.

    Raises:
        NotFound: if nothing of that id was asked.
        Refused: if it is done or withdrawn, or the reason is missing.
    """
    if not reason.strip():
        raise Refused("reason: say why it is withdrawn; it is written into the ledger")
    request = _asked_for(session, request_id)
    if request.state not in OPEN:
        raise Refused(
            "purge {request_id} waits for nobody: it is {purge_state}", request_id=request_id, purge_state=request.state
        )
    request.withdrawn_by, request.withdrawn_reason = withdrawn_by, reason
    append(session, "purge_withdrawn", request.id, now, _withdrawn(request))
    end(session, request, "withdrawn", now)


def end(session: Session, request: CardDataPurge, state: str, now: datetime) -> None:
    """Let a request be over; a copy that was begun in vain goes. The caller holds the request's row."""
    if state != "done" and request.copy_id is not None:
        claim(session, request.copy_id, "never_came", now)
    request.state, request.ended_at, request.next_attempt_at, request.last_error = state, now, None, None


def _asked_for(session: Session, request_id: str) -> CardDataPurge:
    request = session.get(CardDataPurge, request_id, with_for_update=True, populate_existing=True)
    if request is None:
        raise NotFound("there is no purge {request_id!r}; see `eskertu purge list`", request_id=request_id)
    return request


def _merged(spans: Sequence[tuple[int, int]]) -> list[list[int]]:
    merged: list[list[int]] = []
    for from_ms, to_ms in sorted(spans):
        if merged and from_ms <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], to_ms)
        else:
            merged.append([from_ms, to_ms])
    return merged


def _terms(request: CardDataPurge) -> dict[str, Any]:
    return {
        "purge": request.id,
        "object": request.object_id,
        "sha256": request.sha256,
        "spans": request.spans,
        "reason": request.reason,
        "asked_by": request.asked_by,
        "asked_at": request.asked_at.isoformat(),
    }


def _hash(request: CardDataPurge) -> str:
    return hashlib.sha256(canonical(_terms(request))).hexdigest()


def _asked(request: CardDataPurge) -> dict[str, Any]:
    return _terms(request) | {"hash": _hash(request)}


def _approved(request: CardDataPurge) -> dict[str, Any]:
    return {"purge": request.id, "hash": _hash(request), "approved_by": request.approved_by}


def _withdrawn(request: CardDataPurge) -> dict[str, Any]:
    return {"purge": request.id, "withdrawn_by": request.withdrawn_by, "reason": request.withdrawn_reason}


def done_facts(request: CardDataPurge, copy_sha256: str | None) -> dict[str, Any]:
    """What the ledger is told when it is done: from what the copy was derived, and how."""
    return {
        "purge": request.id,
        "hash": _hash(request),
        "object": request.object_id,
        "copy": request.copy_id,
        "copy_sha256": copy_sha256,
    }


def retell_asked(session: Session, request_id: str) -> dict[str, Any] | None:
    """What the ledger was told when it was asked for, from its row as it is now."""
    request = session.get(CardDataPurge, request_id)
    return None if request is None else _asked(request)


def retell_approved(session: Session, request_id: str) -> dict[str, Any] | None:
    """What the ledger was told of its approval."""
    request = session.get(CardDataPurge, request_id)
    return None if request is None else _approved(request)


def retell_withdrawn(session: Session, request_id: str) -> dict[str, Any] | None:
    """What the ledger was told when it was withdrawn."""
    request = session.get(CardDataPurge, request_id)
    return None if request is None else _withdrawn(request)


def retell_done(session: Session, request_id: str) -> dict[str, Any] | None:
    """What the ledger was told when it was done, the copy's hash from the copy's own row."""
    request = session.get(CardDataPurge, request_id)
    if request is None or request.copy_id is None:
        return None
    copy = session.get(StoredObject, request.copy_id)
    return None if copy is None else done_facts(request, copy.sha256)
