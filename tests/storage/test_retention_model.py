"""Objects, purposes, policies, holds, restrictions, deletions and outages against a plain model, step by step.

By default some 1,500 steps; RETENTION_STEPS=20000 runs that many.
"""

import os
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from storage.errors import NotFound, Refused
from storage.models import StoredObject
from storage.objects.store import StoreUnavailable
from storage.playback import playable
from storage.retention.approval import Proposal, approve, withdraw
from storage.retention.claim import purge
from storage.retention.dates import wrong_dates
from storage.retention.holds import Why, hold_objects, lift
from storage.retention.publish import set_policy
from storage.retention.restriction import release, restrict
from tests.backend import MadeDatabases
from tests.storage.plain_house import PlainHouse

STEPS = int(os.environ.get("RETENTION_STEPS", "1500"))
STEPS_A_LIFE = 50
SHIPPED = {"training": timedelta(days=90), "quality": timedelta(days=30), "security": timedelta(days=30)}
PURPOSES = sorted(SHIPPED)


class Kept:
    """What the model knows of an object."""

    def __init__(self, ends: dict[str, datetime]) -> None:
        self.ends = ends
        self.began = datetime.min.replace(tzinfo=UTC)
        self.holds: set[str] = set()
        self.restricted = False
        self.purged = False
        self.state = "stored"

    def is_due(self, now: datetime) -> bool:
        return self.state == "stored" and not self.holds and (self.purged or max(self.ends.values()) <= now)


class Waiting:
    """What the model knows of a policy that waits for an approval."""

    def __init__(self, proposal: Proposal, purpose: str, window: timedelta, ends: dict[str, datetime]) -> None:
        self.proposal = proposal
        self.purpose = purpose
        self.window = window
        self.ends = ends
        """(object id: the end it would get) of what was previewed."""
        self.state = "awaiting"


class Retention(RuleBasedStateMachine):
    """The real thing beside the model."""

    made: MadeDatabases

    def __init__(self) -> None:
        super().__init__()
        self.ends = ExitStack()
        home = Path(self.ends.enter_context(tempfile.TemporaryDirectory(prefix="eskertu-model-")))
        databases = self.ends.enter_context(type(self).made())
        self.house = self.ends.enter_context(PlainHouse(home, databases).open())
        self.windows = dict(SHIPPED)
        self.model: dict[str, Kept] = {}
        self.holds: dict[str, set[str]] = {}
        self.waiting: list[Waiting] = []
        self.away = False

    @initialize()
    def begin(self) -> None:
        self.keep(["training", "quality"])

    def teardown(self) -> None:
        self.ends.close()

    def some(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(list(self.model)))

    @precondition(lambda self: not self.away and len(self.model) < 12)
    @rule(purposes=st.lists(st.sampled_from(PURPOSES), min_size=1, max_size=3, unique=True))
    def keep(self, purposes: list[str]) -> None:
        now = self.house.clock.now()
        object_id = self.house.keep(tuple(purposes))
        self.model[object_id] = Kept({purpose: now + self.windows[purpose] for purpose in purposes})
        self.model[object_id].began = now

    @rule(hours=st.sampled_from([1, 24, 24 * 7, 24 * 31]))
    def time_passes(self, hours: int) -> None:
        self.house.clock.sleep(hours * 3600)

    @rule(purpose=st.sampled_from(PURPOSES), days=st.integers(1, 120))
    def publish(self, purpose: str, days: int) -> None:
        window = timedelta(days=days)
        with self.house.database.begin() as session:
            change = set_policy(
                session,
                purpose=purpose,
                window=f"P{days}D",
                reason="a step",
                centre=None,
                now=self.house.clock.now(),
                dry_run=False,
                asked_by=lambda: "Alice",
            )
        assert change.waits_for_approval == (window > self.windows[purpose])
        for each in self.waiting:
            if each.purpose == purpose and each.state == "awaiting":
                each.state = "superseded"
        if change.proposal is not None:
            self.waiting.append(Waiting(change.proposal, purpose, window, self._longer(purpose, window)))
            return
        self.windows[purpose] = window
        for kept in self.model.values():
            if kept.state == "stored" and purpose in kept.ends:
                kept.ends[purpose] = min(kept.ends[purpose], kept.began + window)

    def _longer(self, purpose: str, window: timedelta) -> dict[str, datetime]:
        now = self.house.clock.now()
        return {
            object_id: kept.began + window
            for object_id, kept in self.model.items()
            if kept.state == "stored" and (end := kept.ends.get(purpose)) is not None
            if kept.began + window < end or kept.began + window > end > now
        }

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), by=st.sampled_from(["Alice", "Bob", "Bob"]))
    def approve(self, data: st.DataObject, by: str) -> None:
        chosen = data.draw(st.sampled_from(self.waiting))
        now = self.house.clock.now()
        may = chosen.state == "awaiting" and by != "Alice" and now < chosen.proposal.expires_at
        try:
            with self.house.database.begin() as session:
                approve(session, chosen.proposal.policy_id, chosen.proposal.sha256, by, now)
        except Refused:
            assert not may
            return
        assert may
        chosen.state = "published"
        self.windows[chosen.purpose] = chosen.window
        for object_id, end in chosen.ends.items():
            kept = self.model[object_id]
            if kept.state == "stored" and (end < kept.ends[chosen.purpose] or kept.ends[chosen.purpose] > now):
                kept.ends[chosen.purpose] = end

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        chosen = data.draw(st.sampled_from(self.waiting))
        try:
            with self.house.database.begin() as session:
                withdraw(session, chosen.proposal.policy_id, "Bob", "a step", self.house.clock.now())
        except Refused:
            assert chosen.state != "awaiting"
            return
        assert chosen.state == "awaiting"
        chosen.state = "withdrawn"

    @rule(data=st.data())
    def hold(self, data: st.DataObject) -> None:
        object_id = self.some(data)
        now = self.house.clock.now()
        try:
            with self.house.database.begin() as session:
                made = hold_objects(session, [object_id], Why("1", "r", "operator", now + timedelta(days=1)), now)
        except Refused:
            assert self.model[object_id].state != "stored"
            return
        assert self.model[object_id].state == "stored"
        self.model[object_id].holds.add(made.id)
        self.holds[made.id] = {object_id}

    @precondition(lambda self: self.holds)
    @rule(data=st.data())
    def lift(self, data: st.DataObject) -> None:
        hold_id = data.draw(st.sampled_from(list(self.holds)))
        with self.house.database.begin() as session:
            lift(session, hold_id, "a step", self.house.clock.now())
        for object_id in self.holds.pop(hold_id):
            self.model[object_id].holds.discard(hold_id)

    @rule(data=st.data())
    def purge(self, data: st.DataObject) -> None:
        kept = self.model[object_id := self.some(data)]
        try:
            with self.house.database.begin() as session:
                purge(session, object_id, "a step", self.house.clock.now())
        except Refused:
            assert kept.holds or kept.state != "stored"
            return
        assert not kept.holds
        kept.state = "deleting"

    @rule(data=st.data())
    def restrict_or_release(self, data: st.DataObject) -> None:
        kept = self.model[object_id := self.some(data)]
        act = release if kept.restricted else restrict
        try:
            with self.house.database.begin() as session:
                act(session, object_id, "a step", self.house.clock.now())
        except (NotFound, Refused):
            ended = max(kept.ends.values()) <= self.house.clock.now()
            assert kept.state != "stored" or (kept.restricted and ended)
            return
        kept.restricted = not kept.restricted

    @rule()
    def store_goes_or_comes(self) -> None:
        self.away = not self.away
        self.house.store.failing = StoreUnavailable("away") if self.away else None

    @rule()
    def sweep(self) -> None:
        now = self.house.clock.now()
        for kept in self.model.values():
            if kept.is_due(now):
                kept.state = "deleting"
        for _ in range(3):
            self.house.deleter.run()
            self.house.clock.sleep(600)
        later = self.house.clock.now()
        for kept in self.model.values():
            if kept.is_due(later - timedelta(seconds=600)):
                kept.state = "deleting"
        if not self.away:
            for kept in self.model.values():
                if kept.state == "deleting":
                    kept.state = "deleted"

    @invariant()
    def states_agree(self) -> None:
        assert self.house.states() == {object_id: kept.state for object_id, kept in self.model.items()}

    @invariant()
    def only_what_may_be_used_can_be(self) -> None:
        now = self.house.clock.now()
        with self.house.database.read() as session:
            rows = session.scalars(sa.select(StoredObject)).all()  # read once, not for each question
            assert len(rows) == len(self.model)
            for object_id, kept in self.model.items():
                for purpose in PURPOSES:
                    may = kept.state == "stored" and not kept.restricted and kept.ends.get(purpose, now) > now
                    try:
                        playable(session, object_id, purpose, now)
                        can = True
                    except NotFound:
                        can = False
                    assert can == may, (object_id, purpose)

    @invariant()
    def every_date_is_what_a_policy_says(self) -> None:
        with self.house.database.read() as session:
            assert list(wrong_dates(session)) == []

    @invariant()
    def what_is_stored_is_there_and_what_is_deleted_is_gone(self) -> None:
        keys = set(self.house.keys.object_ids())
        alive = {object_id for object_id, kept in self.model.items() if kept.state == "stored"}
        gone = {object_id for object_id, kept in self.model.items() if kept.state == "deleted"}
        assert alive <= keys
        assert not gone & keys
        if not self.away:
            there = {version.key.partition("/")[0] for version in self.house.store.versions("")}
            assert alive <= there
            assert not gone & there


@pytest.mark.timeout(1500)
def test_retention_behaves_like_its_plain_model(made_databases: MadeDatabases) -> None:
    Retention.made = staticmethod(made_databases)
    run_state_machine_as_test(
        Retention,
        settings=settings(
            max_examples=max(1, STEPS // STEPS_A_LIFE),
            stateful_step_count=STEPS_A_LIFE,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
