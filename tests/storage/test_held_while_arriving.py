"""A hold over a span, set while an object of that span is being committed: both go through, and it is held (I5)."""

import threading
import time
from datetime import timedelta

import sqlalchemy as sa

from storage.intake import Arrival
from storage.models import StoredObject
from storage.retention.holds import Span, Why, hold_span, holds_change
from tests.backend import about
from tests.storage.plain_house import CONTENT, LINE, PlainHouse


@about("PostgreSQL")
def test_whoever_waits_for_the_other_has_locked_nothing_that_the_other_needs(plain: PlainHouse) -> None:
    now = plain.clock.now()
    arrival = Arrival("recording", plain.centre_id, "audio/wav", ("training",), LINE, now, now, None)
    with plain.database.begin() as session:
        ticket = plain.intake.expect(session, arrival)
    failed: list[BaseException] = []

    def bring_in() -> None:
        try:
            plain.intake.bring_in(ticket, arrival, [CONTENT], len(CONTENT), lambda _session, _row: None)
        except BaseException as error:
            failed.append(error)
            raise

    with plain.database.begin() as session:
        holds_change(session)
        arriving = threading.Thread(target=bring_in)
        arriving.start()
        until_somebody_waits(plain)
        why = Why("1", "r", "x", now + timedelta(days=9))
        hold_span(session, Span(LINE, now - timedelta(hours=1), now + timedelta(hours=1)), why, now)
    arriving.join()
    assert failed == []
    with plain.database.read() as session:
        row = session.get_one(StoredObject, ticket.object_id)
        assert (row.state, row.holds) == ("stored", 1)


def until_somebody_waits(plain: PlainHouse) -> None:
    """Until another transaction waits for the lock of holds."""
    ends = time.monotonic() + 10
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    while True:
        with plain.database.read() as session:
            if session.scalar(waiting):
                return
        assert time.monotonic() < ends, "nobody waits"
        time.sleep(0.02)
