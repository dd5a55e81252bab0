"""How objects end: dates, holds, deletions under way, receipts. All of it from rows."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from config.clock import Clock
from storage.database import Database
from storage.fsck.discrepancy import Discrepancy, Repair, Tell
from storage.models import Deletion, HeldObject, Hold, Receipt, StoredObject
from storage.retention.claim import claim
from storage.retention.dates import wrong_dates
from storage.retention.holds import KEPT, holds_change
from storage.retention.mirror_rows import note_change

# A worker that runs takes what is due within seconds.
OVERDUE = timedelta(hours=1)
STUCK = timedelta(days=1)


class EndingsLook:
    """Every date explained, every hold counted, every deletion on its way or proven."""

    name = "endings"

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.seen = 0

    def look(self) -> Iterator[Discrepancy]:
        with self._database.read() as session:
            self.seen = session.scalar(sa.select(sa.func.count()).select_from(StoredObject)) or 0
            found = [
                *self._dates(session),
                *self._late(session),
                *self._holds(session),
                *self._derived(session),
                *self._deletions(session),
            ]
        yield from found

    def _dates(self, session: Session) -> Iterator[Discrepancy]:
        for object_id, wrong in wrong_dates(session):
            yield Discrepancy(
                "date_unexplained",
                object_id,
                f"{wrong[0].upper()}{wrong[1:]}. `eskertu ledger verify` says what it was when it was stored.",
            )

    def _late(self, session: Session) -> Iterator[Discrepancy]:
        before = self._clock.now() - OVERDUE
        overdue = sa.select(StoredObject.id).where(
            StoredObject.state == "stored", StoredObject.holds == 0, StoredObject.delete_after < before
        )
        for object_id in session.scalars(overdue.order_by(StoredObject.id)):
            yield Discrepancy(
                "deletion_overdue",
                object_id,
                "Its date has passed more than an hour ago, nothing holds it, and it is there. Does the worker run? "
                "`eskertu retention run` deletes what is due.",
            )
        waiting = sa.select(StoredObject.id).where(
            StoredObject.state == "arriving", StoredObject.arrived_at < self._clock.now() - STUCK
        )
        for object_id in session.scalars(waiting.order_by(StoredObject.id)):
            yield Discrepancy(
                "arriving_long",
                object_id,
                "It has been arriving for more than a day. `eskertu recordings` says why it does not come.",
            )

    def _holds(self, session: Session) -> Iterator[Discrepancy]:
        counted = (
            sa.select(HeldObject.object_id, sa.func.count().label("number"))
            .join(Hold, Hold.id == HeldObject.hold_id)
            .where(Hold.lifted_at.is_(None))
            .group_by(HeldObject.object_id)
            .subquery()
        )
        number = sa.func.coalesce(counted.c.number, 0)
        wrong = (
            sa.select(StoredObject.id, StoredObject.holds, number)
            .outerjoin(counted, counted.c.object_id == StoredObject.id)
            .where(StoredObject.state.in_(KEPT), StoredObject.holds != number)
            .order_by(StoredObject.id)
        )
        for object_id, holds, known in session.execute(wrong):
            if holds < known:
                yield Discrepancy(
                    "hold_not_counted",
                    object_id,
                    f"{known} holds keep it, and its row counts {holds}.",
                    Repair(f"count {known}", partial(self._count_up, object_id)),
                )
            else:
                yield Discrepancy(
                    "hold_unknown",
                    object_id,
                    f"Its row counts {holds} holds, {known} are known. It stays held until a person lifts it.",
                )

    def _derived(self, session: Session) -> Iterator[Discrepancy]:
        parent = aliased(StoredObject)
        pairs = sa.select(StoredObject.id, parent.id).join(parent, parent.id == StoredObject.parent_id)
        kept = StoredObject.state.in_(KEPT)
        unheld = pairs.where(kept, StoredObject.holds == 0, parent.holds > 0, parent.state.in_(KEPT))
        for object_id, parent_id in session.execute(unheld.order_by(StoredObject.id)):
            yield Discrepancy(
                "hold_not_inherited",
                object_id,
                f"What it was derived from ({parent_id}) is held, and it is not.",
                Repair("hold it too", partial(self._inherit, object_id)),
            )
        left = pairs.where(kept, parent.state.in_(("deleting", "deleted")))
        for object_id, parent_id in session.execute(left.order_by(StoredObject.id)):
            yield Discrepancy(
                "derived_left",
                object_id,
                f"What it was derived from ({parent_id}) is deleted, and it is there.",
                Repair("delete it, unless it is held", partial(self._delete, object_id), deletes=True),
            )

    def _deletions(self, session: Session) -> Iterator[Discrepancy]:
        lost = (
            sa.select(StoredObject.id)
            .outerjoin(Deletion, Deletion.object_id == StoredObject.id)
            .where(StoredObject.state == "deleting")
            .where(sa.or_(Deletion.object_id.is_(None), Deletion.finished_at.is_not(None)))
        )
        for object_id in session.scalars(lost.order_by(StoredObject.id)):
            yield Discrepancy(
                "deletion_lost",
                object_id,
                "It is being deleted, and nothing goes on with it.",
                Repair("begin its deletion again", partial(self._begin_again, object_id)),
            )
        stuck = sa.select(Deletion).where(
            Deletion.finished_at.is_(None), Deletion.claimed_at < self._clock.now() - STUCK
        )
        for row in session.scalars(stuck.order_by(Deletion.object_id)):
            yield Discrepancy(
                "deletion_stuck",
                row.object_id,
                f"Its deletion has not come to its end for more than a day ({row.attempts} attempts): {row.last_error}",
            )
        unproven = (
            sa.select(StoredObject.id)
            .outerjoin(Receipt, Receipt.object_id == StoredObject.id)
            .where(StoredObject.state == "deleted", Receipt.object_id.is_(None))
        )
        for object_id in session.scalars(unproven.order_by(StoredObject.id)):
            yield Discrepancy(
                "receipt_missing",
                object_id,
                "It is deleted, and there is no receipt.",
                Repair("ask everywhere again, and write one", partial(self._begin_again, object_id)),
            )

    def _count_up(self, object_id: str, tell: Tell) -> bool:
        with self._database.begin() as session:
            holds_change(session)
            row = _kept(session, object_id)
            known = len(_open_holds(session, object_id))
            if row is None or row.holds >= known:
                return False
            row.holds = known
            note_change(session, [object_id], self._clock.now())
            tell(session)
        return True

    def _inherit(self, object_id: str, tell: Tell) -> bool:
        with self._database.begin() as session:
            holds_change(session)
            row = _kept(session, object_id)
            if row is None or row.parent_id is None:
                return False
            missing = set(_open_holds(session, row.parent_id)) - set(_open_holds(session, object_id))
            if not missing:
                return False
            session.add_all(HeldObject(hold_id=hold_id, object_id=object_id) for hold_id in missing)
            row.holds += len(missing)
            note_change(session, [object_id], self._clock.now())
            tell(session)
        return True

    def _delete(self, object_id: str, tell: Tell) -> bool:
        with self._database.begin() as session:
            claimed = claim(session, object_id, "policy", self._clock.now())
            if claimed:
                tell(session)
        return bool(claimed)

    def _begin_again(self, object_id: str, tell: Tell) -> bool:
        now = self._clock.now()
        with self._database.begin() as session:
            row = session.get(StoredObject, object_id, with_for_update=True)
            if row is None or row.state not in {"deleting", "deleted"}:
                return False
            if row.state == "deleted" and session.get(Receipt, object_id) is not None:
                return False
            deletion = session.get(Deletion, object_id)
            if deletion is not None and deletion.finished_at is None:
                return False
            if deletion is None:
                session.add(Deletion(object_id=object_id, cause="policy", claimed_at=now, next_attempt_at=now))
            else:
                deletion.finished_at = deletion.versions_gone_at = deletion.key_destroyed_at = None
                deletion.next_attempt_at = now
            row.state = "deleting"
            tell(session)
        return True


def _kept(session: Session, object_id: str) -> StoredObject | None:
    row = session.get(StoredObject, object_id, with_for_update=True)
    return row if row is not None and row.state in KEPT else None


def _open_holds(session: Session, object_id: str) -> Sequence[str]:
    return session.scalars(
        sa.select(Hold.id)
        .join(HeldObject, HeldObject.hold_id == Hold.id)
        .where(HeldObject.object_id == object_id, Hold.lifted_at.is_(None))
    ).all()
