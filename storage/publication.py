"""Publishing a notice or a prompt, now or from a moment to come, and taking back what is still to come."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.errors import Refused
from storage.ledger.log import append
from storage.models import NoticeAudio, NoticeVersion
from storage.models.columns import random_id
from storage.notices import Use, audio, is_in_force, named, use_of, versions_of

# On PostgreSQL two publications at once would each end the same version. (SQLite has one writer; and whatever happens,
# no two versions have one name.)
NOTICE_LOCK = 0x65736B6E
# Who publishes by a command at the machine, and does not say who they are.
OPERATOR = "operator"


@dataclass(frozen=True)
class Draft:
    """What is to be published: a text and the sound that says it (8 kHz mono WAV)."""

    kind: str
    mode: str | None
    language: str
    text: str
    wav: bytes
    duration_ms: int
    placeholder: bool

    @property
    def use(self) -> Use:
        return Use(self.kind, self.mode, self.language)

    def check(self) -> None:
        """Raises `Refused` if there is no such use, or the text is empty."""
        self.use.check()
        if not self.text.strip():
            raise Refused("text: a notice needs the words that its sound says")


def publish(
    session: Session, draft: Draft, now: datetime, effective_from: datetime | None = None, by: str | None = None
) -> NoticeVersion:
    """Make a draft the version of its use that is in force from a moment on, until the next one that is scheduled.

    The one before ends there, and stays. Publishing what is in force at that moment anyway changes nothing.

    Args:
        session: the transaction. On PostgreSQL no other publishes until it ends.
        draft: the words and the sound.
        now: the present.
        effective_from: a moment to come; None: now.
        by: id of who publishes it, or OPERATOR; None: nobody, it is shipped.

    Raises:
        Refused: if the use does not exist, the text is empty, the moment has passed, or it is another version's.
    """
    draft.check()
    _one_at_a_time(session)
    versions = versions_of(session, draft.use)
    now = max([now, *(each.published_at for each in versions)])  # whoever had to wait comes behind whom it waited for
    begins = now if effective_from is None else _to_come(effective_from, now, versions)
    before = next((each for each in versions if is_in_force(each, begins)), None)
    audio_sha256 = hashlib.sha256(draft.wav).hexdigest()
    text_sha256 = hashlib.sha256(draft.text.encode()).hexdigest()
    if before is not None and (before.text_sha256, before.audio_sha256) == (text_sha256, audio_sha256):
        return before
    if session.get(NoticeAudio, audio_sha256) is None:
        session.add(NoticeAudio(sha256=audio_sha256, wav=draft.wav, duration_ms=draft.duration_ms))
    ends = before.superseded_at if before is not None else _next_begin(versions, begins)
    number = max((each.number for each in versions), default=0) + 1
    version = NoticeVersion(
        id=random_id(),
        version=f"{draft.mode or draft.kind}-{draft.language}-{number}",
        kind=draft.kind,
        mode=draft.mode,
        language=draft.language,
        number=number,
        text=draft.text,
        text_sha256=text_sha256,
        audio_sha256=audio_sha256,
        duration_ms=draft.duration_ms,
        placeholder=draft.placeholder,
        published_at=now,
        published_by=by,
        effective_from=begins,
        superseded_at=ends,
    )
    if before is not None:
        before.superseded_at = begins
    session.add(version)
    append(session, "notice_published", version.id, now, _facts(version, audio_sha256))
    return version


def withdraw(session: Session, version: str, reason: str, now: datetime, by: str) -> NoticeVersion:
    """Take back a version that is scheduled: it never comes into force, and the one before it has its time again.

    Args:
        session: the transaction. On PostgreSQL no other withdraws until it ends.
        version: its name.
        reason: for the ledger.
        now: the present.
        by: id of who withdraws it, or OPERATOR.

    Raises:
        NotFound: if there is no such version.
        Refused: if it is or was in force, or is withdrawn already, or the reason is missing.
    """
    if not reason.strip():
        raise Refused("reason: say why it is withdrawn; it is written into the ledger")
    _one_at_a_time(session)
    row = named(session, version)
    if row.withdrawn_at is not None:
        raise Refused("version {version}: it is withdrawn already", version=version)
    if row.effective_from <= now:
        raise Refused("version {version}: it is in force, or was; publish another one in its place", version=version)
    for each in versions_of(session, use_of(row)):
        # An interval that is empty, of one that another has replaced in the same moment, ends there but had no time.
        if each.superseded_at == row.effective_from and each.effective_from < row.effective_from:
            each.superseded_at = row.superseded_at
    row.superseded_at = row.effective_from
    row.withdrawn_at, row.withdrawn_by, row.withdrawn_reason = now, by, reason
    append(session, "notice_withdrawn", row.id, now, _withdrawn(row))
    return row


def _one_at_a_time(session: Session) -> None:
    """Until this transaction ends, nobody else publishes or withdraws."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(NOTICE_LOCK)))


def _to_come(moment: datetime, now: datetime, versions: Iterable[NoticeVersion]) -> datetime:
    moment = moment.astimezone(UTC)
    if moment <= now:
        raise Refused("from {moment}: that has passed; name a moment to come, or none to publish now", moment=moment)
    for each in versions:
        if each.effective_from == moment and each.withdrawn_at is None:
            raise Refused(
                "from {moment}: {version} comes into force at that very moment; "
                "choose another, or withdraw that one first",
                moment=moment,
                version=each.version,
            )
    return moment


def _next_begin(versions: Iterable[NoticeVersion], after: datetime) -> datetime | None:
    """When the next one begins, where none is in force yet."""
    begins = (each.effective_from for each in versions if each.withdrawn_at is None)
    return min((each for each in begins if each > after), default=None)


def _facts(version: NoticeVersion, audio_sha256: str) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "version": version.version,
        "text_sha256": hashlib.sha256(version.text.encode()).hexdigest(),
        "audio_sha256": audio_sha256,
    }
    if version.effective_from != version.published_at:
        facts["effective_from"] = version.effective_from.isoformat()
    return facts | _who(version.published_by)


def _withdrawn(version: NoticeVersion) -> dict[str, Any]:
    return {"version": version.version, "reason": version.withdrawn_reason} | _who(version.withdrawn_by)


def _who(by: str | None) -> dict[str, Any]:
    """Leaves that were told before this was noted do not say, and neither do their rows."""
    return {} if by is None else {"by": by}


def retell(session: Session, version_id: str) -> dict[str, Any] | None:
    """What the ledger was told of a version, from its text and its sound as they are now."""
    version = session.get(NoticeVersion, version_id)
    if version is None:
        return None
    return _facts(version, hashlib.sha256(audio(session, version.audio_sha256).wav).hexdigest())


def retell_withdrawn(session: Session, version_id: str) -> dict[str, Any] | None:
    """What the ledger was told when a version was withdrawn."""
    version = session.get(NoticeVersion, version_id)
    return None if version is None else _withdrawn(version)
