"""A request that comes again does nothing again, and gets the same answer word for word.

Whoever sends a request gives it a key. The answer is kept in the transaction of what the request did: either both are
there or neither, also when the process is killed. For a day; then the key is as good as new.
"""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Response, g, request
from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.auth.policy import Viewer
from app.auth.tokens import Bearer
from app.wiring import Installation
from storage.errors import Refused
from storage.models import KeptAnswer
from storage.models.columns import random_id

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEY = re.compile(r"[!-~]{1,200}")
KEPT_FOR = timedelta(days=1)


class KeyWrong(Refused):
    """A key that is none (422)."""


def bearer() -> Bearer:
    """Whose token opened the address, behind the gate."""
    shown: Bearer = g.bearer
    return shown


def viewer() -> Viewer:
    """The same, as app.auth.policy decides about them."""
    person = bearer().person
    return Viewer(person.role, person.centre_id, person.active)


def once(at: Installation, model: type[BaseModel], act: Callable[[Session], dict[str, Any]], status: int) -> Response:
    """Do something in one transaction, unless the request was there before.

    Args:
        at: the installation.
        model: what the answer is made of.
        act: does it, and returns the answer. What it raises leaves nothing behind, and no answer is kept.
        status: of the answer.

    Raises:
        KeyWrong: if the key is none.
        Refused: if the key was given with another request.
    """
    key = _key()
    if key is None:
        with at.database.begin() as session:
            return _answer(_written(model, act(session)), status)
    try:
        return _kept(at, key, model, act, status)
    except IntegrityError:
        # The same request was under way beside this one, and is done now: that answer stands.
        return _kept(at, key, model, act, status)


def answered_before(at: Installation) -> bool:
    """Whether the request was there before, so that `once` only gives its answer again. Raises `KeyWrong`."""
    key = _key()
    if key is None:
        return False
    which = (
        KeptAnswer.person_id == bearer().person.id,
        KeptAnswer.key_sha256 == hashlib.sha256(key.encode()).hexdigest(),
    )
    with at.database.read() as session:
        found = session.scalar(sa.select(KeptAnswer.id).where(*which, KeptAnswer.forget_after > at.clock.now()))
    return found is not None


def _key() -> str | None:
    key = request.headers.get(HEADER)
    if key is not None and not KEY.fullmatch(key):
        raise KeyWrong(f"{HEADER}: 1 to 200 visible ASCII characters")
    return key


def _kept(
    at: Installation, key: str, model: type[BaseModel], act: Callable[[Session], dict[str, Any]], status: int
) -> Response:
    now = at.clock.now()
    asked = request.path.encode() + b"\0" + request.get_data()
    which = {"person_id": bearer().person.id, "key_sha256": hashlib.sha256(key.encode()).hexdigest()}
    request_sha256 = hashlib.sha256(asked).hexdigest()
    with at.database.begin() as session:
        session.execute(sa.delete(KeptAnswer).filter_by(**which).where(KeptAnswer.forget_after <= now))
        found = session.scalars(sa.select(KeptAnswer).filter_by(**which)).one_or_none()
        if found is not None:
            if found.request_sha256 != request_sha256:
                raise Refused("{header}: this key was given with another request", header=HEADER)
            return _answer(found.body, found.status, replayed=True)
        row = KeptAnswer(
            id=random_id(),
            **which,
            request_sha256=request_sha256,
            status=status,
            body="",
            forget_after=now + KEPT_FOR,
        )
        session.add(row)
        # Before anything is done: whoever is at the same request waits here.
        session.flush()
        row.body = _written(model, act(session))
    return _answer(row.body, status)


def _written(model: type[BaseModel], content: dict[str, Any]) -> str:
    return json.dumps(model.model_validate(content).model_dump(mode="json", by_alias=True), ensure_ascii=False)


def _answer(body: str, status: int, *, replayed: bool = False) -> Response:
    return Response(body, status, {REPLAYED: "true"} if replayed else None, mimetype="application/json")
