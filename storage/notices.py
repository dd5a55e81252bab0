"""Notices and prompts, in versions whose words and sound never change: exactly one is in force for each use at a time.

A version is in force in an interval: from `effective_from` until, exclusively, `superseded_at`; null is for ever. The
intervals of a use never overlap and leave no gap behind the first. What callers hear follows from them and from the
moment alone, so it changes at that very moment, and nothing has to wake up for it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.errors import NotFound, Refused
from storage.models import Line, NoticeAudio, NoticeVersion

LANGUAGES = ("kk", "ru", "en")
MODES = ("stay", "opt_out", "opt_in")
NOTICE = "notice"
MENU = "menu"
UNRECORDED = "unrecorded"
UNKNOWN_NUMBER = "unknown_number"
UNAVAILABLE = "unavailable"
PROMPTS = (MENU, UNRECORDED, UNKNOWN_NUMBER, UNAVAILABLE)


@dataclass(frozen=True)
class Use:
    """What is heard when: the kind, the mode (of notices alone), the language."""

    kind: str
    mode: str | None
    language: str

    def __str__(self) -> str:
        return " ".join(part for part in (self.kind, self.mode, self.language) if part)

    def check(self) -> None:
        """Raises `Refused` if there is no such use."""
        if self.language not in LANGUAGES:
            raise Refused(
                "language {language!r}: choose one of {languages}", language=self.language, languages=LANGUAGES
            )
        if self.kind == NOTICE and self.mode not in MODES:
            raise Refused("mode {mode!r}: a notice needs one of {modes}", mode=self.mode, modes=MODES)
        if self.kind != NOTICE and (self.kind not in PROMPTS or self.mode is not None):
            raise Refused(
                "kind {kind!r} with mode {mode!r}: choose a notice with a mode, or one of {prompts} without",
                kind=self.kind,
                mode=self.mode,
                prompts=PROMPTS,
            )


def use_of(version: NoticeVersion) -> Use:
    return Use(version.kind, version.mode, version.language)


def is_in_force(version: NoticeVersion, at: datetime) -> bool:
    """Whether this is what callers hear at a moment. Of a use, it is one at most."""
    return version.effective_from <= at and (version.superseded_at is None or at < version.superseded_at)


def in_force(at: datetime) -> sa.ColumnElement[bool]:
    """The same, asked of the database."""
    ends = NoticeVersion.superseded_at
    return sa.and_(NoticeVersion.effective_from <= at, sa.or_(ends.is_(None), ends > at))


def state_at(version: NoticeVersion, at: datetime) -> str:
    """`scheduled`, `published` (in force), `superseded` or `withdrawn`, at a moment."""
    if version.withdrawn_at is not None:
        return "withdrawn"
    if at < version.effective_from:
        return "scheduled"
    return "published" if is_in_force(version, at) else "superseded"


def find_current(session: Session, kind: str, mode: str | None, language: str, now: datetime) -> NoticeVersion | None:
    """The version for a use that is in force, or None."""
    return session.scalars(sa.select(NoticeVersion).where(_for(Use(kind, mode, language)), in_force(now))).one_or_none()


def current(session: Session, kind: str, mode: str | None, language: str, now: datetime) -> NoticeVersion:
    """The version for a use that is in force.

    Raises:
        NotFound: if there is none.
    """
    version = find_current(session, kind, mode, language, now)
    if version is None:
        use = Use(kind, mode, language)
        raise NotFound("not in force: {lacking}. Publish it with `eskertu notice publish`", lacking=[str(use)])
    return version


def missing(session: Session, mode: str, languages: Iterable[str], now: datetime) -> list[str]:
    """What a line with this mode and these languages would need and has not, in words."""
    spoken = list(languages)
    needed = [Use(NOTICE, mode, language) for language in spoken]
    needed += [Use(prompt, None, language) for prompt in (UNRECORDED, UNAVAILABLE) for language in spoken]
    if len(spoken) > 1:
        needed += [Use(MENU, None, language) for language in spoken]
    return [str(use) for use in needed if find_current(session, use.kind, use.mode, use.language, now) is None]


def versions_of(session: Session, use: Use) -> Sequence[NoticeVersion]:
    """Every version for a use, withdrawn ones too, in the order in which they come into force."""
    return session.scalars(
        sa.select(NoticeVersion)
        .where(_for(use))
        .order_by(NoticeVersion.effective_from, NoticeVersion.number)
        .execution_options(populate_existing=True)
    ).all()


def _for(use: Use) -> sa.ColumnElement[bool]:
    return sa.and_(
        NoticeVersion.kind == use.kind,
        NoticeVersion.mode.is_(None) if use.mode is None else NoticeVersion.mode == use.mode,
        NoticeVersion.language == use.language,
    )


def named(session: Session, version: str) -> NoticeVersion:
    """The version of that name.

    Raises:
        NotFound: if there is none.
    """
    row = session.scalars(sa.select(NoticeVersion).where(NoticeVersion.version == version)).one_or_none()
    if row is None:
        raise NotFound("there is no version {version!r}; see `eskertu notice list`", version=version)
    return row


def all_versions(session: Session) -> Sequence[NoticeVersion]:
    """Every version, in order."""
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


def lines_using(session: Session, use: Use) -> list[Line]:
    """The lines on which it can be heard. A number that is no line of ours has none."""
    query = sa.select(Line).order_by(Line.centre_id, Line.code)
    if use.kind == NOTICE:
        query = query.where(Line.mode == use.mode)
    lines = [line for line in session.scalars(query).unique() if use.language in line.languages]
    if use.kind == MENU:
        return [line for line in lines if len(line.languages) > 1]
    return [] if use.kind == UNKNOWN_NUMBER else lines
