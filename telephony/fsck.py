"""Calls ↔ their recordings ↔ the carrier, as a part of looking at everything: both ways, reading only."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from config.clock import Clock
from storage.database import Database
from storage.fsck.discrepancy import Discrepancy, Repair, Tell
from storage.models import Call, ConsentRecord, Recording, StoredObject
from telephony.carrier.port import Carrier, CarrierError, CarrierRecording
from telephony.outcome import WITHOUT_MEDIA, WITHOUT_NUMBER
from telephony.reconcile import Reconciler
from telephony.settlement import refuse

# What is younger is on its way: reports come within seconds, the reconciler finds what was not reported in a minute.
ON_ITS_WAY = timedelta(minutes=5)
LONG = timedelta(days=1)


class CallsLook:
    """Whoever declined left nothing (I2), whatever is stored has its evidence (I3), nothing hangs (I7). From rows."""

    name = "calls"

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.seen = 0

    def look(self) -> Iterator[Discrepancy]:
        with self._database.read() as session:
            self.seen = session.scalar(sa.select(sa.func.count()).select_from(Recording)) or 0
            found = [*self._declined(session), *self._evidence(session), *self._hanging(session)]
        yield from found

    def _declined(self, session: Session) -> Iterator[Discrepancy]:
        known = sa.select(Call.id).where(Call.outcome.in_(WITHOUT_NUMBER), Call.from_number.is_not(None))
        for call_id in session.scalars(known.order_by(Call.id)):
            yield Discrepancy(
                "number_kept",
                call_id,
                "The call was not recorded, and the caller's number is there.",
                Repair("erase the number", partial(self._erase_number, call_id)),
            )
        # What is held goes when the hold is lifted; until then it is restricted.
        kept = (
            sa.select(Recording.id)
            .join(Call, Call.id == Recording.call_id)
            .join(StoredObject, StoredObject.id == Recording.object_id)
            .where(Call.outcome.in_(WITHOUT_MEDIA), StoredObject.state.in_(("arriving", "stored")))
            .where(~sa.and_(StoredObject.holds > 0, StoredObject.restricted_at.is_not(None)))
        )
        for recording_id in session.scalars(kept.order_by(Recording.id)):
            yield Discrepancy(
                "declined_media",
                recording_id,
                "The call was declined or unrecorded, and its media is kept.",
                Repair("delete it, unless it is held", partial(self._refuse, recording_id), deletes=True),
            )

    def _evidence(self, session: Session) -> Iterator[Discrepancy]:
        stored = (
            sa.select(Recording.id, Call.outcome, ConsentRecord.state)
            .join(StoredObject, StoredObject.id == Recording.object_id)
            .join(Call, Call.id == Recording.call_id)
            .outerjoin(ConsentRecord, ConsentRecord.call_id == Call.id)
            .where(StoredObject.state == "stored", Call.outcome.not_in(WITHOUT_MEDIA))
            .where(sa.or_(ConsentRecord.id.is_(None), ConsentRecord.state != "given"))
        )
        for recording_id, outcome, consent in session.execute(stored.order_by(Recording.id)):
            told = "no consent record" if consent is None else f"a consent record that is {consent}"
            yield Discrepancy(
                "evidence_missing", recording_id, f"Its media is stored, its call is {outcome}, and there is {told}."
            )
        lost = (
            sa.select(Recording.id)
            .outerjoin(StoredObject, StoredObject.id == Recording.object_id)
            .where(Recording.state == "stored", StoredObject.id.is_(None))
        )
        for recording_id in session.scalars(lost.order_by(Recording.id)):
            yield Discrepancy("object_lost", recording_id, "The recording says stored, and there is no object's row.")

    def _hanging(self, session: Session) -> Iterator[Discrepancy]:
        before = self._clock.now() - LONG
        for call_id in session.scalars(
            sa.select(Call.id).where(Call.outcome.is_(None), Call.ringing_at < before - LONG).order_by(Call.id)
        ):
            yield Discrepancy("call_open", call_id, "It rang more than two days ago, and how it ended is not known.")
        waiting = sa.select(Recording.id, Recording.last_error).where(
            Recording.state.in_(("pending", "fetching")), Recording.first_seen_at < before
        )
        for recording_id, why in session.execute(waiting.order_by(Recording.id)):
            yield Discrepancy("recording_waiting", recording_id, f"Not taken in for a day: {why or 'not tried'}.")
        copies = (
            sa.select(Recording.id, Recording.next_removal_at)
            .outerjoin(StoredObject, StoredObject.id == Recording.object_id)
            .where(Recording.carrier_copy == "present", Recording.first_seen_at < before)
            .where(
                sa.or_(
                    Recording.state == "refused",
                    sa.and_(Recording.state == "stored", StoredObject.state != "arriving"),
                )
            )
        )
        for recording_id, due in session.execute(copies.order_by(Recording.id)):
            yield Discrepancy(
                "carrier_copy_late",
                recording_id,
                "The carrier has had its copy for more than a day"
                + ("; it is asked to delete it, in vain." if due else ", and nobody asks it to delete it."),
                None if due else Repair("have it deleted", partial(self._remove_copy, recording_id), deletes=True),
            )

    def _erase_number(self, call_id: str, tell: Tell) -> bool:
        with self._database.begin() as session:
            call = session.get(Call, call_id, with_for_update={"of": Call})
            if call is None or call.outcome not in WITHOUT_NUMBER or call.from_number is None:
                return False
            call.from_number = None
            tell(session)
        return True

    def _refuse(self, recording_id: str, tell: Tell) -> bool:
        with self._database.begin() as session:
            row = session.get(Recording, recording_id)
            if row is None:
                return False
            call = session.get_one(Call, row.call_id, with_for_update={"of": Call})
            if call.outcome not in WITHOUT_MEDIA:
                return False
            refuse(session, row, self._clock.now())
            tell(session)
        return True

    def _remove_copy(self, recording_id: str, tell: Tell) -> bool:
        with self._database.begin() as session:
            row = session.get(Recording, recording_id, with_for_update={"of": Recording})
            if row is None or row.carrier_copy != "present" or row.next_removal_at is not None:
                return False
            row.next_removal_at = self._clock.now()
            tell(session)
        return True


class CarrierLook:
    """What the carrier has and we do not know of, and what we wait for and the carrier has no more."""

    name = "carrier"

    def __init__(
        self, database: Database, clock: Clock, carriers: Mapping[str, Carrier], reconciler: Reconciler
    ) -> None:
        self._database = database
        self._clock = clock
        self._carriers = carriers
        self._reconciler = reconciler
        self.seen = 0

    def look(self) -> Iterator[Discrepancy]:
        self.seen = 0
        for account_sid, carrier in self._carriers.items():
            try:
                yield from self._at(account_sid, carrier)
            except CarrierError as error:
                yield Discrepancy("carrier_unasked", account_sid, f"The carrier could not be asked: {error}")
        with self._database.read() as session:
            accounts = session.scalars(
                sa.select(Call.account_sid)
                .join(Recording, Recording.call_id == Call.id)
                .where(Recording.carrier_copy == "present")
                .distinct()
            ).all()
        for account_sid in sorted(set(accounts) - set(self._carriers)):
            yield Discrepancy(
                "account_unknown", account_sid, "Recordings are at this account, and it is not configured any more."
            )

    def _at(self, account_sid: str, carrier: Carrier) -> Iterator[Discrepancy]:
        told_of = set()
        for told in carrier.recordings_since(self._since(account_sid)):
            self.seen += 1
            told_of.add(told.recording_sid)
            if told.status == "completed" and not self._is_fresh(told):
                yield from self._judge(told)
        with self._database.read() as session:
            waiting = session.scalars(
                sa.select(Recording.recording_sid)
                .join(Call, Call.id == Recording.call_id)
                .where(
                    Call.account_sid == account_sid,
                    Recording.carrier_copy == "present",
                    Recording.state.in_(("pending", "fetching")),
                    Recording.first_seen_at < self._clock.now() - ON_ITS_WAY,
                )
            ).all()
        for sid in sorted(set(waiting) - told_of):
            if carrier.recording(sid) is None:
                yield Discrepancy("recording_lost", sid, "We wait for it, and the carrier has it no more.")

    def _since(self, account_sid: str) -> datetime:
        with self._database.read() as session:
            first = session.scalar(sa.select(sa.func.min(Call.ringing_at)).where(Call.account_sid == account_sid))
        return (first or self._clock.now()).astimezone(UTC) - LONG

    def _is_fresh(self, told: CarrierRecording) -> bool:
        if told.started_at is None:
            return False
        return told.started_at + timedelta(seconds=told.duration_s or 0) > self._clock.now() - ON_ITS_WAY

    def _judge(self, told: CarrierRecording) -> Iterator[Discrepancy]:
        sid = told.recording_sid
        with self._database.read() as session:
            copy = session.scalar(sa.select(Recording.carrier_copy).where(Recording.recording_sid == sid))
            call = session.execute(sa.select(Call.id, Call.outcome).where(Call.call_sid == told.call_sid)).one_or_none()
        if copy == "deleted":
            yield Discrepancy(
                "carrier_copy_left",
                sid,
                "We say that the carrier's copy is deleted, and the carrier has it.",
                Repair("have it deleted again", partial(self._remove_again, sid), deletes=True),
            )
        elif copy is None and call is None:
            yield Discrepancy(
                "unanswered_recording",
                sid,
                "The carrier has a recording of a call that we never answered. It stays.",
            )
        elif copy is None and call is not None:
            declined = call.outcome in WITHOUT_MEDIA
            what = "have it deleted there: the call was declined or unrecorded" if declined else "take it in"
            yield Discrepancy(
                "recording_unnoticed",
                sid,
                "The carrier has a recording of a call of ours, and we have no row of it.",
                Repair(what, partial(self._take_down, told), deletes=declined),
            )

    def _remove_again(self, sid: str, tell: Tell) -> bool:
        with self._database.begin() as session:
            row = session.scalars(
                sa.select(Recording).where(Recording.recording_sid == sid).with_for_update(of=Recording)
            ).one_or_none()
            if row is None or row.carrier_copy != "deleted":
                return False
            row.carrier_copy, row.next_removal_at = "present", self._clock.now()
            tell(session)
        return True

    def _take_down(self, told: CarrierRecording, tell: Tell) -> bool:
        with self._database.begin() as session:
            tell(session)
        self._reconciler.note(told)
        return True
