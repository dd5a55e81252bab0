"""Who did what, by the address that colleagues know them by."""

from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from storage.models import Person

NOWHERE = ZoneInfo("UTC")


def address_of(session: Session, person_id: str | None) -> str | None:
    """Somebody's address; None where nobody of ours did it."""
    person = session.get(Person, person_id) if person_id else None
    return person.email if person is not None else None


def zone_of(person: Person) -> ZoneInfo:
    """The time somebody reads: their centre's; who belongs to all reads UTC."""
    return ZoneInfo(person.centre.timezone) if person.centre is not None else NOWHERE
