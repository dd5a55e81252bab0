"""What storage does not know of recordings when card data is purged from one: their format, and whose row it is."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.models import Call, Recording
from storage.retention.redaction import CannotRedact
from telephony.peaks import want_peaks
from telephony.silence import lasts_ms, silenced
from telephony.wav import NotWholeWav, read_header


class RecordingRedactor:
    """The port through which storage has recordings silenced."""

    kind = "recording"

    def lasts_ms(self, chunks: Iterable[bytes]) -> int:
        try:
            return lasts_ms(read_header(iter(chunks))[0])
        except NotWholeWav as error:
            raise CannotRedact(str(error)) from error

    def redacted(self, chunks: Iterable[bytes], spans: Sequence[tuple[int, int]]) -> Iterator[bytes]:
        try:
            yield from silenced(chunks, spans)
        except NotWholeWav as error:
            raise CannotRedact(str(error)) from error

    def lock(self, session: Session, object_id: str) -> None:
        # The one order in which rows are locked: call, recordings, objects.
        of_object = sa.select(Recording.call_id).where(Recording.object_id == object_id)
        session.execute(sa.select(Call.id).where(Call.id.in_(of_object)).with_for_update(of=Call)).all()
        session.execute(sa.select(Recording.id).where(Recording.object_id == object_id).with_for_update()).all()

    def replace(self, session: Session, object_id: str, copy_id: str, now: datetime) -> None:
        session.execute(sa.update(Recording).where(Recording.object_id == object_id).values(object_id=copy_id))
        want_peaks(session, copy_id, now)
