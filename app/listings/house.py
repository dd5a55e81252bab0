"""The house itself: its centres and lines, its people, its ledger, and what waits for a person's eyes."""

import sqlalchemy as sa

from app.listings.listing import Listing, Told, by_centre, to_all, utc
from storage.models import Centre, Finding, Leaf, Line, Person


def _centre(row: Centre) -> Told:
    return {
        "centre": row.code,
        "name": row.name,
        "jurisdiction": row.jurisdiction,
        "timezone": row.timezone,
        "languages": row.languages,
    }


CENTRES = Listing(lambda: sa.select(Centre), _centre, by_centre(Centre.id), (Centre.code,))


def _line(row: Line) -> Told:
    return {
        "line": f"{row.centre.code}/{row.code}",
        "number": row.number,
        "mode": row.mode,
        "languages": row.languages,
        "forward_to": row.forward_to,
    }


LINES = Listing(lambda: sa.select(Line), _line, by_centre(Line.centre_id), (Line.id,))


def _person(row: Person) -> Told:
    return {
        "email": row.email,
        "role": row.role,
        "centre": row.centre.code if row.centre else None,
        "active": row.active,
        "has_password": row.password_hash is not None,
        "person": row.id,
    }


PEOPLE = Listing(lambda: sa.select(Person), _person, by_centre(Person.centre_id), (Person.id,))


def _leaf(row: Leaf) -> Told:
    return {"leaf": row.position, "id": row.id, "kind": row.kind, "at": utc(row.at), "commitment": row.commitment}


LEAVES = Listing(lambda: sa.select(Leaf).where(Leaf.position.is_not(None)), _leaf, to_all, (Leaf.position,))


def _finding(row: Finding) -> Told:
    return {
        "kind": row.kind,
        "subject": row.subject,
        "explanation": row.explanation,
        "first_seen_at": utc(row.first_seen_at),
        "last_seen_at": utc(row.last_seen_at),
    }


FINDINGS = Listing(
    lambda: sa.select(Finding).where(Finding.closed_at.is_(None)), _finding, to_all, (Finding.first_seen_at, Finding.id)
)
