"""Notices and prompts: published in versions that never change, one current version for each use."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.errors import NotFound, Refused
from storage.ledger.log import append
from storage.models import Line, NoticeAudio, NoticeVersion
from storage.models.columns import random_id

LANGUAGES = ("kk", "ru", "en")
MODES = ("stay", "opt_out", "opt_in")
NOTICE = "notice"
MENU = "menu"
UNRECORDED = "unrecorded"
UNKNOWN_NUMBER = "unknown_number"
UNAVAILABLE = "unavailable"
PROMPTS = (MENU, UNRECORDED, UNKNOWN_NUMBER, UNAVAILABLE)


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


def publish(session: Session, draft: Draft, now: datetime) -> NoticeVersion:
    """Make a draft the current version of its kind, mode and language. The one before stays, superseded.

    Publishing what is current already changes nothing.

    Raises:
        Refused: if the kind, mode or language does not exist, or the text is empty.
    """
    _check(draft)
    audio_sha256 = hashlib.sha256(draft.wav).hexdigest()
    text_sha256 = hashlib.sha256(draft.text.encode()).hexdigest()
    if session.get(NoticeAudio, audio_sha256) is None:
        session.add(NoticeAudio(sha256=audio_sha256, wav=draft.wav, duration_ms=draft.duration_ms))
    before = find_current(session, draft.kind, draft.mode, draft.language)
    if before is not None:
        if (before.text_sha256, before.audio_sha256) == (text_sha256, audio_sha256):
            return before
        before.state = "superseded"
        before.superseded_at = now
    number = before.number + 1 if before is not None else 1
    version = NoticeVersion(
        id=random_id(),
        version=f"{draft.mode or draft.kind}-{draft.language}-{number}",
        kind=draft.kind,
        mode=draft.mode,
        language=draft.language,
        number=number,
        state="published",
        text=draft.text,
        text_sha256=text_sha256,
        audio_sha256=audio_sha256,
        duration_ms=draft.duration_ms,
        placeholder=draft.placeholder,
        published_at=now,
    )
    session.add(version)
    append(session, "notice_published", version.id, now, _facts(version, audio_sha256))
    return version


def _facts(version: NoticeVersion, audio_sha256: str) -> dict[str, Any]:
    return {
        "version": version.version,
        "text_sha256": hashlib.sha256(version.text.encode()).hexdigest(),
        "audio_sha256": audio_sha256,
    }


def retell(session: Session, version_id: str) -> dict[str, Any] | None:
    """What the ledger was told of a version, from its text and its sound as they are now."""
    version = session.get(NoticeVersion, version_id)
    if version is None:
        return None
    return _facts(version, hashlib.sha256(audio(session, version.audio_sha256).wav).hexdigest())


def _check(draft: Draft) -> None:
    if draft.language not in LANGUAGES:
        raise Refused(f"language {draft.language!r}: choose one of {', '.join(LANGUAGES)}")
    if draft.kind == NOTICE and draft.mode not in MODES:
        raise Refused(f"mode {draft.mode!r}: a notice needs one of {', '.join(MODES)}")
    if draft.kind != NOTICE and (draft.kind not in PROMPTS or draft.mode is not None):
        raise Refused(f"kind {draft.kind!r} with mode {draft.mode!r}: choose {NOTICE} with a mode, or one of {PROMPTS}")
    if not draft.text.strip():
        raise Refused("text: a notice needs the words that its sound says")


def find_current(session: Session, kind: str, mode: str | None, language: str) -> NoticeVersion | None:
    """The published version for a use, or None."""
    return session.scalars(
        sa.select(NoticeVersion).where(
            NoticeVersion.kind == kind,
            NoticeVersion.mode.is_(None) if mode is None else NoticeVersion.mode == mode,
            NoticeVersion.language == language,
            NoticeVersion.state == "published",
        )
    ).one_or_none()


def current(session: Session, kind: str, mode: str | None, language: str) -> NoticeVersion:
    """The published version for a use.

    Raises:
        NotFound: if there is none.
    """
    version = find_current(session, kind, mode, language)
    if version is None:
        what = f"{kind} for mode {mode}" if mode else kind
        raise NotFound(f"no published {what} in {language}: publish one with `eskertu notice publish`")
    return version


def missing(session: Session, mode: str, languages: Iterable[str]) -> list[str]:
    """What a line with this mode and these languages would need and has not, in words."""
    spoken = list(languages)
    needed: list[tuple[str, str | None, str]] = [(NOTICE, mode, language) for language in spoken]
    needed += [(prompt, None, language) for prompt in (UNRECORDED, UNAVAILABLE) for language in spoken]
    if len(spoken) > 1:
        needed += [(MENU, None, language) for language in spoken]
    return [" ".join(part for part in use if part) for use in needed if find_current(session, *use) is None]


def all_versions(session: Session) -> Sequence[NoticeVersion]:
    """Every version, current and superseded, in order."""
    return session.scalars(
        sa.select(NoticeVersion).order_by(
            NoticeVersion.kind, NoticeVersion.mode, NoticeVersion.language, NoticeVersion.number
        )
    ).all()


def audio(session: Session, sha256: str) -> NoticeAudio:
    """The sound file of that hash.

    Raises:
        NotFound: if it was never published.
    """
    found = session.get(NoticeAudio, sha256)
    if found is None:
        raise NotFound("no such audio")
    return found


def lines_using(session: Session, mode: str, language: str) -> list[Line]:
    """The lines on which a notice of this mode and language is heard."""
    lines = session.scalars(sa.select(Line).where(Line.mode == mode)).unique()
    return [line for line in lines if language in line.languages]
