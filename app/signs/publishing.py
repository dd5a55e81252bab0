"""What signs say, before it is published: drafts as posters beside what holds now, and what publishing would do."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.changed_words import Stretch, changed_words
from app.privacy.people import address_of
from app.public_zone import Said, told, words
from app.signs.printed import drawn
from app.wiring import Installation
from config.shipped import LANGUAGES
from storage.errors import Refused
from storage.ledger.log import canonical
from storage.models import Camera, Sign, SignDraft, SignVersion, Zone
from video.grace import GRACE, STALE, in_force
from video.sheets import content_of, owner_on_signs
from video.sign_drafts import one_draft, publish_draft
from video.sign_versions import known_versions, last_version, proposal, sign_versions
from video.signs import standing

# The page of a sign with the texts of all languages, as where a centre speaks them all.
ALL = "all"
# What stands on a sheet that nothing is known of yet.
NOWHERE = {"centre": "…", "zone": "…", "path": "/n/…/…", "window": "P30D"}


@dataclass(frozen=True)
class OneVersion:
    """A version as a page tells it. `state`: scheduled, published (in force), superseded."""

    said: Said
    state: str
    published_by: str | None
    """Their address; None: nobody of ours."""


@dataclass(frozen=True)
class Effect:
    """What publishing would do to what hangs when it comes into force.

    Attributes:
        effective_from: that moment.
        signs: how many zones have a sign under which cameras may record then.
        outdated: of those, how many would be outdated, and may hang on for a while: when that ends, how many.
        stopped: of those, how many would stop at once.
        cameras: how many cameras those have.
        shown: a hash over what was counted: these texts, as that version. A publication is bound to it.
    """

    effective_from: datetime
    signs: int
    outdated: Sequence[tuple[datetime, int]]
    stopped: int
    cameras: int
    shown: str


@dataclass(frozen=True)
class OneDraft:
    """A draft beside what was published last. `changes`: by language, where words are others."""

    draft: SignDraft
    made_by: str | None
    last: SignVersion | None
    changes: Mapping[str, Sequence[Stretch]]
    same: bool
    """Whether it says exactly what that says; else, without changes, headings alone are others."""


def versions_told(session: Session, language: str, now: datetime) -> list[OneVersion]:
    """All versions, the newest first, as somebody reads them."""
    valid = {each.number for each in in_force(known_versions(session), now)}
    newest = max(valid, default=0)
    return [
        OneVersion(
            each,
            "scheduled" if each.version.effective_from > now else _began(each.version, newest),
            address_of(session, each.version.published_by),
        )
        for each in reversed(told(sign_versions(session), language))
    ]


def _began(version: SignVersion, newest: int) -> str:
    return "published" if version.number == newest else "superseded"


def one_draft_of(session: Session, draft_id: str) -> OneDraft:
    """A draft, and what it would follow. Raises `NotFound` if it does not wait, or does no more."""
    draft, last = one_draft(session, draft_id), last_version(session)
    changes: dict[str, Sequence[Stretch]] = {}
    if last is not None:
        later = SignVersion(texts=draft.texts)
        found = {each: changed_words(words(last, each), words(later, each)) for each in LANGUAGES}
        changes = {each: parts for each, parts in found.items() if any(part.what != "kept" for part in parts)}
    same = last is not None and draft.texts == last.texts
    return OneDraft(draft, address_of(session, draft.made_by), last, changes, same)


def effect(
    session: Session, draft: SignDraft, now: datetime, effective_from: datetime | None, grace_days: int
) -> Effect:
    """What publishing a draft would do.

    Args:
        session: a transaction that may only read.
        draft: which.
        now: the present.
        effective_from: a moment to come; None: now.
        grace_days: how many days what it makes outdated may hang on.

    Raises:
        Refused: as publishing it would be.
    """
    proposed = proposal(session, draft.texts, now, effective_from, grace_days)
    begins = proposed.effective_from
    before = standing(session, begins)
    after = standing(session, begins, proposed=proposed.version)
    signed = [zone for zone, stands in before.items() if stands.may_record]
    until = Counter(after[zone].until for zone in signed if after[zone].word == GRACE)
    stopped = [zone for zone in signed if after[zone].word == STALE]
    cameras = sa.select(sa.func.count()).select_from(Camera).where(Camera.zone_id.in_(stopped))
    return Effect(
        begins,
        len(signed),
        sorted((moment, number) for moment, number in until.items() if moment is not None),
        len(stopped),
        session.scalar(cameras) or 0,
        _shown_hash(draft.texts, proposed.number),
    )


def publish_shown(
    session: Session,
    draft_id: str,
    shown: str,
    by: str,
    now: datetime,
    effective_from: datetime | None,
    grace_days: int,
) -> SignVersion:
    """Publish a draft of which somebody has seen what it says, and behind which version it comes.

    Raises:
        NotFound: if it does not wait any more.
        Refused: as `publish`, or if somebody changed it, or published another, since then: that can stop cameras of
            which nobody was told. Then the transaction must not be committed.
    """
    version = publish_draft(session, draft_id, by, now, effective_from, grace_days)
    if _shown_hash(version.texts, version.number) != shown:
        raise Refused("something else would be published now than what was shown: look at it again")
    return version


def _shown_hash(texts: Mapping[str, Mapping[str, str]], number: int) -> str:
    return hashlib.sha256(canonical({"texts": texts, "number": number})).hexdigest()


def preview(at: Installation, draft_id: str, which: str) -> bytes:
    """A draft as a poster, PNG. Its code is none of a sign: a photo of it confirms nothing.

    Args:
        at: the installation.
        draft_id: which draft.
        which: a language, or ALL.

    Raises:
        NotFound: if it does not wait any more.
    """
    now = at.clock.now()
    with at.database.read() as session:
        draft, last = one_draft(session, draft_id), last_version(session)
        zone = session.scalars(sa.select(Zone).order_by(Zone.created_at, Zone.id).limit(1)).one_or_none()
        owner = owner_on_signs(session, at.sign_owner)
        content = asdict(owner) | NOWHERE
        if zone is not None:
            try:
                content = content_of(session, zone, owner)
            except Refused:
                content |= {"centre": zone.centre.name, "zone": zone.name}
        number = 1 if last is None else last.number + 1
    version = SignVersion(number=number, texts=draft.texts)
    languages = list(LANGUAGES) if which == ALL else [which]
    sheet = Sign(code="draft", content=content | {"languages": languages}, issued_at=now, version=version)
    return drawn(sheet, "png")
