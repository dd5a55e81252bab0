"""Two workers on one database: each thing is done once, and neither waits for the other."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from app.wiring import Installation
from app.worker import Worker
from storage.ledger.log import sequence
from storage.models import Call, Deletion, Leaf, LeafOpening, Receipt
from storage.retention.evidence import delete_due_evidence
from tests.backend import about
from tests.calls.keeping import policy
from tests.calls.watched import WatchedHouse

CALLS = 4
YEARS = timedelta(days=4 * 365)
Claim = Callable[[Installation], Sequence[str]]


@contextmanager
def another(house: WatchedHouse) -> Iterator[Installation]:
    """A second machine of the same installation."""
    at = Installation(house.at.settings, house.clock)
    at.store, at.accounts, at.site = house.at.store, house.at.accounts, house.at.site
    try:
        yield at
    finally:
        at.database.dispose()
        at.keys.close()
        for carrier in vars(at).get("carriers", {}).values():
            carrier.close()


def close(at: Installation) -> Sequence[str]:
    taken = at.closing._take()
    return [taken.call_id] if taken is not None else []


def fetch(at: Installation) -> Sequence[str]:
    taken: Any = at.recordings._take()
    return [taken.row.id] if taken is not None else []


def remove_copy(at: Installation) -> Sequence[str]:
    taken = at.copy_removal._take()
    return [taken[0]] if taken is not None else []


def claim_deletion(at: Installation) -> Sequence[str]:
    before = deletions(at)
    at.deleter.claim_due(batch=1)
    return sorted(deletions(at) - before)


def deletions(at: Installation) -> set[str]:
    with at.database.read() as session:
        return set(session.scalars(sa.select(Deletion.object_id)))


def go_on_with_deletion(at: Installation) -> Sequence[str]:
    return at.deleter._take_unfinished(batch=1)


def delete_evidence(at: Installation) -> Sequence[str]:
    with at.database.begin() as session:
        before = set(session.scalars(sa.select(Call.id)))
        delete_due_evidence(session, at.clock.now(), batch=1)
        return sorted(before - set(session.scalars(sa.select(Call.id))))


def calls_are_over(house: WatchedHouse) -> None:
    for _ in range(CALLS):
        house.call("stay", "ru")


def recordings_wait(house: WatchedHouse) -> None:
    calls_are_over(house)
    house.at.closing.run(timedelta(hours=1))


def copies_wait(house: WatchedHouse) -> None:
    recordings_wait(house)
    house.at.recordings.run(timedelta(hours=1))


def all_is_due(house: WatchedHouse) -> None:
    for purpose in ("training", "quality"):
        policy(house, purpose, "PT1H")
    calls_are_over(house)
    house.work()
    house.clock.sleep(3600)


def deletions_wait(house: WatchedHouse) -> None:
    all_is_due(house)
    house.at.deleter.claim_due()


def evidence_is_due(house: WatchedHouse) -> None:
    all_is_due(house)
    house.work()
    house.clock.sleep(YEARS.total_seconds())


@about("PostgreSQL")
@pytest.mark.parametrize(
    ("prepare", "claim"),
    [
        (calls_are_over, close), (recordings_wait, fetch), (copies_wait, remove_copy), (all_is_due, claim_deletion),
        (deletions_wait, go_on_with_deletion), (evidence_is_due, delete_evidence),
    ],
    ids=lambda each: each.__name__,
)  # fmt: skip
def test_what_one_is_about_to_claim_the_other_passes_by(
    watched: WatchedHouse, prepare: Callable[[WatchedHouse], None], claim: Claim
) -> None:
    """The first stands still just before it commits its claim; the second claims all the rest meanwhile."""
    prepare(watched)
    with another(watched) as second, standing_still(watched.at, claim) as first:
        must_not_wait(second)
        got: list[str] = []
        while some := claim(second):
            got += some
        assert len(got) == len(set(got)) == CALLS - 1
    assert len(set(first) - set(got)) == 1


@about("PostgreSQL")
def test_one_gives_places_in_the_ledger_and_the_other_does_not_wait(watched: WatchedHouse) -> None:
    calls_are_over(watched)
    with another(watched) as second, standing_still(watched.at, give_places) as first:
        must_not_wait(second)
        assert give_places(second) == []
    assert len(first) == 1


def give_places(at: Installation) -> Sequence[str]:
    with at.database.begin() as session:
        return [str(placed)] if (placed := sequence(session)) else []


@contextmanager
def standing_still(at: Installation, claim: Claim) -> Iterator[list[str]]:
    """A thread that claims, and stands still before its commit until the block ends. What it claimed, afterwards."""
    claimed: list[str] = []
    there, go_on = threading.Event(), threading.Event()

    def stand(connection: sa.Connection) -> None:
        if threading.current_thread() is thread:
            there.set()
            assert go_on.wait(60)

    thread = threading.Thread(target=lambda: claimed.extend(claim(at)))
    event.listen(at.database.engine, "commit", stand)
    thread.start()
    try:
        assert there.wait(60)
        yield claimed
    finally:
        go_on.set()
        thread.join()
        event.remove(at.database.engine, "commit", stand)


def must_not_wait(at: Installation) -> None:
    """Let every wait for a lock fail."""

    @event.listens_for(at.database.engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.execute("SET lock_timeout = '100ms'")
        connection.commit()


def test_two_workers_over_many_rows_do_everything_once(watched: WatchedHouse) -> None:
    for purpose in ("training", "quality"):
        policy(watched, purpose, "PT1H")
    for number in range(12):
        watched.call(("stay", "opt_in", "opt_out")[number % 3], "kk", "press:1" if number % 3 == 1 else "listen")
    with another(watched) as second:
        workers = (Worker(watched.at), Worker(second))
        together(workers)
        assert [(row.state, row.attempt) for row in watched.objects()] == [("stored", 1)] * 24
        assert Counter(row.kind for row in watched.objects()) == {"recording": 12, "peaks": 12}
        assert len(watched.in_store()) == 24
        rows = watched.recordings()
        assert [(row.state, row.attempts, row.carrier_copy) for row in rows] == [("stored", 1, "deleted")] * 12
        watched.clock.sleep(3600)
        together(workers)
    assert {row.state for row in watched.objects()} == {"deleted"}
    assert watched.in_store() == []
    told = watched.ask(
        lambda s: Counter(map(tuple, s.execute(sa.select(Leaf.kind, LeafOpening.subject_id).join(Leaf))))
    )
    once = {kind for kind, _ in told if kind in {"object_stored", "object_deleted", "consent_given", "call_settled"}}
    assert once == {"object_stored", "object_deleted", "consent_given", "call_settled"}
    assert {count for (kind, _), count in told.items() if kind in {"object_stored", "object_deleted"}} == {1}
    assert watched.ask(lambda s: s.scalar(sa.select(sa.func.count()).select_from(Receipt))) == 24
    attempts = watched.ask(lambda s: s.scalars(sa.select(Deletion.attempts)).all())
    assert set(attempts) == {0}, "nobody stumbled over the other"
    positions = watched.ask(lambda s: s.scalars(sa.select(Leaf.position).order_by(Leaf.position)).all())
    assert list(positions) == list(range(len(positions)))


def together(workers: Sequence[Worker]) -> None:
    """Let both do all that can be done, at the same time, until nothing is left."""
    failures: list[BaseException] = []

    def work(worker: Worker, begin: threading.Barrier) -> None:
        try:
            jobs = [what for name, what, _, _ in worker.jobs() if name not in {"reconcile_day", "sweep_strays"}]
            for job in jobs * 3:
                begin.wait(60)
                job()
        except BaseException as error:  # noqa: BLE001 - told below, by the test's own thread
            failures.append(error)
            begin.abort()

    begin = threading.Barrier(len(workers))
    threads = [threading.Thread(target=work, args=(worker, begin)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
