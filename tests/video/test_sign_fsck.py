"""What fsck says of signs: nothing while all is well; each way in which a confirmation proves nothing, by its word."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from config.sign_texts import shipped_sign_texts
from storage.models import Camera, Segment, Sign, SignPosting, SignVersion, Zone
from storage.models.columns import random_id
from storage.retention.claim import claim
from tests.video import footage
from tests.video.signed import OWNER
from tests.video.site import Site
from tests.video.test_segments import NOW, write
from video.cameras import add_zone
from video.postings import post, withdraw
from video.salvage import recover
from video.sheets import sheet_for
from video.sign_fsck import SignsLook
from video.sign_versions import publish, publish_shipped_signs

HOUR = timedelta(hours=1)


@pytest.fixture
def door(site: Site, tmp_path: Path) -> str:
    """A camera with a minute's footage from NOW on, under a sign that was confirmed an hour before."""
    door = site.add("door", "rtsp://127.0.0.1/live")
    with site.house.database.begin() as session:
        publish_shipped_signs(session, shipped_sign_texts(), NOW - 3 * HOUR)
        confirm(session, site.zone_id)
    spool = site.spool.camera(door)
    recover(spool, NOW - timedelta(seconds=3)).end(NOW)
    write(spool, footage.make(tmp_path / "a.mp4", 150), camera_id=door)
    assert site.upload.run()
    return door


def confirm(session: Session, zone_id: str, earlier: timedelta = HOUR) -> SignPosting:
    at = NOW - earlier
    sheet = sheet_for(session, session.get_one(Zone, zone_id), OWNER, at)
    return post(session, sheet, by="operator", photo_object_id=None, now=at)


def found(site: Site) -> list[tuple[str, str]]:
    return [(each.kind, each.subject) for each in SignsLook(site.house.database, site.clock).look()]


def posting(session: Session) -> SignPosting:
    return session.scalars(sa.select(SignPosting)).one()


def another_zone(session: Session) -> Zone:
    zone = session.scalars(sa.select(Zone)).unique().one()
    return add_zone(session, centre=zone.centre, code="yard", name="Yard", now=NOW)


def give_another_zones_sheet(session: Session) -> None:
    other = sheet_for(session, another_zone(session), OWNER, NOW - 2 * HOUR)
    posting(session).sign_id = other.id


def bring_in_a_version(session: Session) -> None:
    known = session.scalars(sa.select(SignVersion)).one()
    row = SignVersion(
        id=random_id(),
        number=2,
        texts=known.texts,
        texts_sha256="0" * 64,
        grace_days=14,
        published_at=NOW - 2 * HOUR,
        effective_from=NOW - 2 * HOUR,
    )
    session.add(row)
    session.flush()
    session.get_one(Sign, posting(session).sign_id).version_id = row.id


def move_a_version(session: Session) -> None:
    session.scalars(sa.select(SignVersion)).one().effective_from = NOW - HOUR / 2


def delete_the_photo(session: Session) -> None:
    # Some object that was stored; then its deletion begins.
    segment = session.scalars(sa.select(Segment).order_by(Segment.began_at).limit(1)).one()
    posting(session).photo_object_id = segment.object_id
    session.flush()
    assert claim(session, segment.object_id, "policy", NOW)


def bring_in_a_confirmation(session: Session) -> None:
    known = posting(session)
    known.ended_at = NOW - HOUR / 2
    session.flush()
    session.add(
        SignPosting(
            id=random_id(),
            zone_id=known.zone_id,
            sign_id=known.sign_id,
            confirmed_at=NOW - HOUR / 2,
            confirmed_by="operator",
        )
    )


def test_all_is_well(site: Site, door: str) -> None:
    look = SignsLook(site.house.database, site.clock)
    assert list(look.look()) == []
    assert look.seen == 1
    assert site.segments(door)


@pytest.mark.parametrize(
    ("spoil", "kinds"),
    [
        # Under a sheet of another zone nothing may be recorded, either.
        (give_another_zones_sheet, {"posting_without_sheet", "unsigned_footage"}),
        (bring_in_a_version, {"posting_unpublished"}),
        (move_a_version, {"posting_unpublished"}),
        (delete_the_photo, {"photo_gone"}),
        (bring_in_a_confirmation, {"posting_untold"}),
    ],
)
def test_what_is_spoiled_is_found(site: Site, door: str, spoil: Callable[[Session], None], kinds: set[str]) -> None:
    with site.house.database.begin() as session:
        spoil(session)
    assert {kind for kind, _ in found(site)} == kinds


def test_footage_without_a_sign_is_found(site: Site, door: str) -> None:
    with site.house.database.begin() as session:
        camera = session.get_one(Camera, door)
        camera.zone_id = another_zone(session).id
    assert found(site) == [("unsigned_footage", door)]


def test_footage_after_a_sign_was_gone_is_found_and_not_what_was_on_its_way(site: Site, door: str) -> None:
    with site.house.database.begin() as session:
        row = posting(session)
        withdraw(session, session.get_one(Zone, site.zone_id), by="operator", reason="painted", now=NOW)
        row.ended_at = NOW - timedelta(minutes=1)
    assert found(site) == [], "a recorder that is cut off goes on for a minute"
    with site.house.database.begin() as session:
        posting(session).ended_at = NOW - timedelta(minutes=3)
    assert found(site) == [("unsigned_footage", door)]
    with site.house.database.begin() as session:
        confirm(session, site.zone_id, timedelta(minutes=2, seconds=30))
    assert found(site) == [], "another sign was confirmed in time"


def test_footage_after_a_grace_is_found(site: Site, door: str) -> None:
    texts = shipped_sign_texts()
    texts["en"]["purpose"] = "Another"
    with site.house.database.begin() as session:
        publish(session, texts, NOW - HOUR / 2, grace_days=0)
    assert found(site) == [("unsigned_footage", door)]
    with site.house.database.begin() as session:
        session.scalars(sa.select(SignVersion).where(SignVersion.number == 2)).one().grace_days = 1
    assert found(site) == []


def test_what_was_not_stored_is_not_told(site: Site, door: str) -> None:
    with site.house.database.begin() as session:
        session.get_one(Camera, door).zone_id = another_zone(session).id
        for row in session.scalars(sa.select(Segment)):
            assert claim(session, row.object_id, "policy", NOW)
    assert found(site) == []
