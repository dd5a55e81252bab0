"""A purge of card data beside holds, lifts and policies of the same moment: what is held stays held, once (I5)."""

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.errors import Refused
from storage.models import HeldObject, Hold, StoredObject
from storage.retention.card_data import approve, ask
from storage.retention.dates import wrong_dates
from storage.retention.holds import Span, Why, hold_objects, hold_span, lift
from storage.retention.publish import set_policy
from storage.retention.redaction import CardDataPurges
from tests.storage.plain_house import LINE, PlainHouse

ROUNDS = 12


class Zeros:
    """A redactor of objects that nothing points at."""

    kind = "recording"

    def lasts_ms(self, chunks: Iterable[bytes]) -> int:
        return 1000 * len(b"".join(chunks))

    def redacted(self, chunks: Iterable[bytes], spans: Sequence[tuple[int, int]]) -> Iterator[bytes]:
        return (bytes(len(chunk)) for chunk in chunks)

    def lock(self, session: Session, object_id: str) -> None:
        pass

    def replace(self, session: Session, object_id: str, copy_id: str, now: datetime) -> None:
        pass


def at_once(chance: random.Random, *deeds: Callable[[], object]) -> list[BaseException]:
    """Do all of them within some milliseconds. Returns what they raised."""
    raised: list[BaseException] = []
    barrier = threading.Barrier(len(deeds))

    def go(deed: Callable[[], object], after: float) -> None:
        barrier.wait()
        time.sleep(after)
        try:
            deed()
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            raised.append(error)

    # The first takes longest: the others come before it, amid it, after it.
    threads = [threading.Thread(target=go, args=(deed, n and chance.uniform(0, 0.15))) for n, deed in enumerate(deeds)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return raised


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_whatever_comes_at_the_same_moment_what_is_held_stays_held_and_is_counted(
    plain: PlainHouse, round_: int
) -> None:
    house, now = plain, plain.clock.now()
    why = Why("1", "r", "x", now + timedelta(days=999))
    purges = CardDataPurges(house.database, house.clock, house.intake, house.playback, [Zeros()])
    original = house.keep()
    with house.database.begin() as session:
        before = hold_objects(session, [original], why, now).id
        stays = hold_objects(session, [original], why, now).id
        request = ask(session, session.get_one(StoredObject, original), [(0, 1)], 1000, "r", "a", now)
    with house.database.begin() as session:
        approve(session, request.id, request.request_sha256, "b", now)

    def transaction(deed: Callable[[Session], object]) -> Callable[[], object]:
        def begun() -> None:
            with house.database.begin() as session:
                deed(session)

        return begun

    span = Span(LINE, now - timedelta(days=1), now + timedelta(days=1))
    raised = at_once(
        random.Random(round_),
        purges.run,
        transaction(lambda session: hold_objects(session, [original], why, now)),
        transaction(lambda session: hold_span(session, span, why, now)),
        transaction(lambda session: lift(session, before, "closed", now)),
        transaction(
            lambda session: set_policy(
                session, purpose="training", window="P9D", reason="r", centre=None, now=now, dry_run=False
            )
        ),
    )
    assert [error for error in raised if not isinstance(error, Refused)] == []
    assert [str(error) for error in raised if "too late" not in str(error)] == []
    house.clock.sleep(60)
    purges.run()
    house.deleter.run()
    states = house.states()
    assert states.pop(original) == "deleted"
    ((copy, state),) = states.items()
    assert state == "stored"
    with house.database.read() as session:
        holding = set(
            session.scalars(
                sa.select(HeldObject.hold_id)
                .join(Hold, Hold.id == HeldObject.hold_id)
                .where(HeldObject.object_id == copy, Hold.lifted_at.is_(None))
            )
        )
        assert list(wrong_dates(session)) == []
        left = session.scalars(sa.select(HeldObject.hold_id).where(HeldObject.object_id == original)).all()
    assert house.row(copy).holds == len(holding)
    assert stays in holding
    assert before not in holding
    assert len(holding) == 3 - len(raised)
    assert set(left) <= {before}, "only what was lifted before is still told of it"
    assert {each.purpose: (each.until - now).days for each in house.row(copy).purposes}["training"] == 9
