"""Drafts of notices: published with their sound, or gone with it."""

import hashlib
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.auth.people import give_access
from storage.errors import NotFound, Refused
from storage.models import Leaf, NoticeAudio, NoticeDraft, Person
from storage.notice_drafts import (
    FORGOTTEN_AFTER,
    discard_draft,
    drafts,
    forget_drafts,
    keep_draft,
    one_draft,
    publish_draft,
)
from storage.notices import audio, current
from storage.publication import Draft
from tests.storage.plain_house import PlainHouse

SOUND = b"RIFF and what follows"


@pytest.fixture
def pavel(plain: PlainHouse) -> str:
    with plain.database.begin() as session:
        email, now = "pavel@example.com", plain.clock.now()
        give_access(session, email=email, role="privacy_officer", centre=None, password_hash=None, now=now)
        return session.scalars(sa.select(Person.id)).one()


def kept(plain: PlainHouse, by: str, text: str = "Words.") -> str:
    with plain.database.begin() as session:
        what = Draft("notice", "stay", "ru", text, SOUND, 5000, True)
        return keep_draft(session, what, by, plain.clock.now()).id


def left(plain: PlainHouse) -> tuple[int, int, int]:
    """Drafts, sounds of callers, leaves."""
    with plain.database.read() as session:
        counts = [session.scalar(sa.select(sa.func.count()).select_from(of)) for of in (NoticeDraft, NoticeAudio, Leaf)]
        return counts[0] or 0, counts[1] or 0, counts[2] or 0


def test_a_draft_is_published_as_it_was_heard(plain: PlainHouse, pavel: str) -> None:
    before = left(plain)
    draft_id = kept(plain, pavel)
    assert left(plain) == (1, 0, before[2]), "nothing is told of what nobody has published"
    now = plain.clock.now()
    with plain.database.begin() as session:
        publish_draft(session, draft_id, "somebody", now, now + timedelta(hours=1))
    assert left(plain) == (0, 1, before[2] + 1)
    with plain.database.read() as session:
        version = current(session, "notice", "stay", "ru", now + timedelta(hours=1))
        assert (version.text, version.placeholder, version.duration_ms) == ("Words.", True, 5000)
        assert version.audio_sha256 == hashlib.sha256(SOUND).hexdigest()
        assert audio(session, version.audio_sha256).wav == SOUND


def test_one_that_is_refused_waits_on(plain: PlainHouse, pavel: str) -> None:
    draft_id = kept(plain, pavel)
    with pytest.raises(Refused, match="has passed"), plain.database.begin() as session:
        publish_draft(session, draft_id, "somebody", plain.clock.now(), plain.clock.now())
    with plain.database.read() as session:
        assert [each.id for each in drafts(session)] == [draft_id]


def test_one_that_is_discarded_takes_its_sound_along(plain: PlainHouse, pavel: str) -> None:
    draft_id = kept(plain, pavel)
    before = left(plain)
    with plain.database.begin() as session:
        discard_draft(session, draft_id)
    assert left(plain) == (0, 0, before[2])
    for deed in (discard_draft, one_draft):
        with pytest.raises(NotFound, match="no such draft"), plain.database.begin() as session:
            deed(session, draft_id)
    with pytest.raises(NotFound), plain.database.begin() as session:
        publish_draft(session, draft_id, "somebody", plain.clock.now())


def test_one_that_nobody_published_is_forgotten(plain: PlainHouse, pavel: str) -> None:
    kept(plain, pavel)
    plain.clock.sleep(FORGOTTEN_AFTER.total_seconds() - 1)
    newer = kept(plain, pavel)
    for passes, gone in ((0, 0), (1, 1), (1, 0)):
        plain.clock.sleep(passes)
        with plain.database.begin() as session:
            assert forget_drafts(session, plain.clock.now()) == gone
    with plain.database.read() as session:
        assert [each.id for each in drafts(session)] == [newer]


@pytest.mark.parametrize(
    ("mode", "text", "words"), [("stay", " \n", "text: a notice needs"), ("loud", "Words.", "mode 'loud': a notice")]
)
def test_what_could_not_be_published_is_no_draft(
    plain: PlainHouse, pavel: str, mode: str, text: str, words: str
) -> None:
    with pytest.raises(Refused, match=words), plain.database.begin() as session:
        keep_draft(session, Draft("notice", mode, "ru", text, SOUND, 5000, False), pavel, plain.clock.now())
    assert left(plain)[0] == 0
