"""Notices as people meet them: what is heard now and later, what was, and bringing a new one into force."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.changed_words import Stretch, changed_words
from app.moments import FIRST_YEAR, LAST_YEAR
from app.privacy.people import address_of
from app.wiring import Installation
from storage.errors import Refused
from storage.models import Centre, Line, NoticeDraft, NoticeVersion, Person
from storage.notice_drafts import drafts, keep_draft, one_draft
from storage.notices import (
    LANGUAGES,
    MODES,
    NOTICE,
    PROMPTS,
    Use,
    all_versions,
    is_in_force,
    lines_using,
    named,
    state_at,
    use_of,
    versions_of,
)
from storage.publication import Draft
from telephony.audio import NoticeAudio, normalise
from telephony.placeholder import spoken
from telephony.practice.speech import SpeechFailed

USES = [*((NOTICE, mode) for mode in MODES), *((prompt, None) for prompt in PROMPTS)]


@dataclass(frozen=True)
class InUse:
    """What there is for one use: in force, scheduled (the next one first), waiting as drafts."""

    now: NoticeVersion | None
    coming: Sequence[NoticeVersion]
    drafts: Sequence[NoticeDraft]


@dataclass(frozen=True)
class OneVersion:
    """A version beside the one before it. `changes`: empty for the first."""

    version: NoticeVersion
    state: str
    changes: Sequence[Stretch]
    published_by: str | None
    """Their address; None: nobody of ours."""
    withdrawn_by: str | None

    @property
    def differs(self) -> bool:
        """Whether any word changed."""
        return _differs(self.changes)


@dataclass(frozen=True)
class Versions:
    """A version with its predecessors, the newest first. `newer`: the names of those that follow it, in order."""

    use: Use
    rows: Sequence[OneVersion]
    newer: Sequence[str]
    lines: Sequence[Line]
    drafts: Sequence[NoticeDraft]


@dataclass(frozen=True)
class OneDraft:
    """A draft beside what is heard now, and what comes."""

    draft: NoticeDraft
    use: Use
    now: NoticeVersion | None
    coming: Sequence[NoticeVersion]
    changes: Sequence[Stretch]
    lines: Sequence[Line]
    made_by: str | None

    @property
    def differs(self) -> bool:
        """Whether any word is another than now."""
        return _differs(self.changes)


def _differs(changes: Sequence[Stretch]) -> bool:
    return any(each.what != "kept" for each in changes)


def matrix(session: Session, now: datetime) -> Mapping[tuple[str, str | None], Mapping[str, InUse]]:
    """All uses by language."""
    versions: dict[Use, list[NoticeVersion]] = {}
    for each in all_versions(session):
        versions.setdefault(use_of(each), []).append(each)
    waiting = drafts(session)
    return {
        (kind, mode): {
            language: _in_use(versions.get(Use(kind, mode, language), []), waiting, Use(kind, mode, language), now)
            for language in LANGUAGES
        }
        for kind, mode in USES
    }


def _in_use(versions: Sequence[NoticeVersion], waiting: Sequence[NoticeDraft], use: Use, now: datetime) -> InUse:
    return InUse(
        next((each for each in versions if is_in_force(each, now)), None),
        _coming(versions, now),
        [each for each in waiting if _use_of_draft(each) == use],
    )


def _coming(versions: Sequence[NoticeVersion], now: datetime) -> list[NoticeVersion]:
    return sorted(
        (each for each in versions if state_at(each, now) == "scheduled"), key=lambda each: each.effective_from
    )


def _use_of_draft(draft: NoticeDraft) -> Use:
    return Use(draft.kind, draft.mode, draft.language)


def one_version(session: Session, version: str, centre_id: str | None, now: datetime) -> Versions:
    """A version with its predecessors. `centre_id`: whose lines may be named; None: all. Raises `NotFound`."""
    asked = named(session, version)
    use = use_of(asked)
    told: list[OneVersion] = []
    before: NoticeVersion | None = None
    versions = versions_of(session, use)
    for each in versions:
        changes = changed_words(before.text, each.text) if before is not None else []
        by = (address_of(session, who) for who in (each.published_by, each.withdrawn_by))
        told.append(OneVersion(each, state_at(each, now), changes, *by))
        # Nothing came after what was withdrawn.
        before = before if each.withdrawn_at is not None else each
    place = next(number for number, each in enumerate(versions) if each.id == asked.id)
    return Versions(
        use,
        told[place::-1],
        [each.version for each in versions[place + 1 :]],
        _lines(session, use, centre_id),
        [each for each in drafts(session) if _use_of_draft(each) == use],
    )


def one_draft_of(session: Session, draft_id: str, now: datetime) -> OneDraft:
    """A draft, and what it would follow. Raises `NotFound` if it does not wait, or does no more."""
    draft = one_draft(session, draft_id)
    use = _use_of_draft(draft)
    found = _in_use(versions_of(session, use), [], use, now)
    changes = changed_words(found.now.text, draft.text) if found.now is not None else []
    lines, made_by = lines_using(session, use), address_of(session, draft.made_by)
    return OneDraft(draft, use, found.now, found.coming, changes, lines, made_by)


def make_draft(at: Installation, person: Person, use: Use, text: str, sound: tuple[bytes, str] | None) -> str:
    """Keep a text with the sound that says it, as callers would hear it. Returns the draft's id.

    For `use`, `text`, `sound` and what is raised see `prepared`.
    """
    draft = prepared(use, text, sound)
    with at.database.begin() as session:
        return keep_draft(session, draft, person.id, at.clock.now()).id


def prepared(use: Use, text: str, sound: tuple[bytes, str] | None) -> Draft:
    """A text and the sound that says it, as callers would hear it. Takes its time, and no transaction.

    Args:
        use: what it is for.
        text: what is said, word for word.
        sound: a WAV or MP3 file and its name; None: a machine speaks the text for now.

    Raises:
        Refused: if there is no such use, no text, or the sound could not be heard on a telephone.
    """
    words = " ".join(text.split())
    Draft(use.kind, use.mode, use.language, words, b"", 0, sound is None).check()
    made = normalise(*sound) if sound is not None else _by_machine(words, use.language)
    return Draft(use.kind, use.mode, use.language, words, made.wav, made.duration_ms, sound is None)


def _by_machine(words: str, language: str) -> NoticeAudio:
    try:
        return spoken(words, language)
    except SpeechFailed as error:
        raise Refused(
            "text: the machine cannot speak it ({error}); upload a recording by a person", error=str(error)
        ) from error


def zones_for(session: Session, person: Person) -> list[ZoneInfo]:
    """In whose time somebody may say from when: their centre's first, else that in which most lines are; UTC last."""
    query = sa.select(Centre.timezone).outerjoin(Line, Line.centre_id == Centre.id)
    counted = Counter(session.scalars(query))
    names = sorted(counted, key=lambda name: (-counted[name], name))
    if person.centre is not None:
        names = [person.centre.timezone, *(name for name in names if name != person.centre.timezone)]
    return [ZoneInfo(name) for name in (*(name for name in names if name != "UTC"), "UTC")]


def typed_moment(text: str, zone: str, zones: Sequence[ZoneInfo]) -> datetime:
    """A day and a time of day as a form gives them (`2026-12-01T00:00`), in one of these zones, as a moment in UTC.

    Raises:
        Refused: if it is none, or of no year of this century, another zone is named, or the clocks of that zone never
            show it, or twice.
    """
    chosen = next((each for each in zones if each.key == zone), None)
    if chosen is None:
        raise Refused("zone {zone!r}: choose one of {zones}", zone=zone, zones=[each.key for each in zones])
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused("from {typed!r}: name a day and a time, like 2026-12-01T00:00", typed=text) from error
    if not FIRST_YEAR <= read.year <= LAST_YEAR:
        raise Refused("from {typed!r}: name a day of this century", typed=text)
    if read.tzinfo is not None:
        raise Refused("from {typed!r}: leave the zone out here, and choose it beside", typed=text)
    local = read.replace(tzinfo=chosen)
    if len({local.replace(fold=fold).utcoffset() for fold in (0, 1)}) > 1:
        raise Refused(
            "from {typed!r}: the clocks of {zone} are changed then; choose another hour", typed=text, zone=zone
        )
    return local.astimezone(UTC)


def _lines(session: Session, use: Use, centre_id: str | None) -> list[Line]:
    return [each for each in lines_using(session, use) if centre_id in (None, each.centre_id)]
