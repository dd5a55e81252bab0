"""One recording that is kept: its policies, what holds it, and who may hear it."""

import sqlalchemy as sa

from app.viewing import grant, person_named
from storage.errors import NotFound
from storage.models import StoredObject
from storage.retention.publish import Change, set_policy
from tests.calls.watched import WatchedHouse
from tests.house import House


def policy(house: House, purpose: str, window: str, *, dry_run: bool = False) -> Change:
    with house.at.database.begin() as session:
        return set_policy(
            session,
            purpose=purpose,
            window=window,
            reason="a test",
            centre=None,
            now=house.clock.now(),
            dry_run=dry_run,
            asked_by=lambda: "somebody",
        )


def kept(house: WatchedHouse) -> StoredObject:
    (row,) = house.objects()
    return row


def may_hear(house: WatchedHouse, email: str = "alice@example.com", asked: str | None = None) -> str | None:
    """The purpose for which somebody is shown the object now; None: they see nothing."""
    with house.at.database.read() as session:
        person_id = person_named(session, email).id
    try:
        granted = grant(house.at, person_id, kept(house).id, "test", asked)
    except NotFound:
        return None
    assert b"".join(house.at.playback.read(granted.item)).startswith(b"RIFF")
    return granted.purpose


def hold(house: WatchedHouse, object_id: str, holds: int) -> None:
    with house.at.database.begin() as session:
        session.execute(sa.update(StoredObject).where(StoredObject.id == object_id).values(holds=holds))
