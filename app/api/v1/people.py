"""/people: who works with Eskertu, and with which role."""

from typing import Any

import sqlalchemy as sa
from apiflask import APIBlueprint
from flask import Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.api.once import bearer, once, viewer
from app.api.words import ONLY, Cursor, In, ObjectId, Out, Paging
from app.auth.people import another, checked_address, end_access, give_access
from app.auth.roles import ROLES
from app.listings.house import PEOPLE
from app.listings.listing import one, one_page
from app.wiring import Installation
from storage.errors import NotFound
from storage.models import Centre, Person


class PersonOut(Out):
    email: str = Field(examples=["aru@example.com"])
    role: str = Field(examples=["qa_reviewer"])
    centre: str | None = Field(description="null: every centre", examples=["ast"])
    active: bool = Field(examples=[True])
    has_password: bool = Field(description="without one they cannot sign in", examples=[False])
    person: ObjectId


class PeopleOut(Out):
    items: list[PersonOut]
    next: Cursor


class PersonIn(In):
    """They set their password themselves, by a link that a person makes for them; never a program."""

    email: str = Field(max_length=254, pattern=r"^[!-?A-~]+@[!-?A-~]+$", examples=["aru@example.com"])
    role: str = Field(pattern=f"^({'|'.join(ROLES)})$", examples=["qa_reviewer"])
    centre: str | None = Field(default=None, max_length=32, description="null: every centre", examples=["ast"])


def add_people(area: APIBlueprint, at: Installation) -> None:
    """/people."""

    @area.get("/people", **ONLY)
    @area.input(Paging, location="query")
    @area.output(PeopleOut, description="Some people.")
    def people(query_data: Paging) -> object:
        """The people who work with Eskertu, and those whose access was ended."""
        with at.database.read() as session:
            return one_page(session, PEOPLE, viewer(), query_data.limit, query_data.cursor)

    @area.post("/people", **ONLY)
    @area.input(PersonIn, example={"email": "aru@example.com", "role": "qa_reviewer", "centre": "ast"})
    @area.output(PersonOut, 201, description="They have that role. They cannot sign in before they have a password.")
    def person(json_data: PersonIn) -> Response:
        """Let somebody in, with one role."""
        return once(at, PersonOut, lambda session: _let_in(session, at, json_data), 201)

    @area.post("/people/<person_id>/end", **ONLY)
    @area.output(PersonOut, description="They may come in no more.")
    def ended(person_id: str) -> Response:
        """Let somebody in no more: their sessions and tokens end at once."""

        def act(session: Session) -> dict[str, Any]:
            row = session.get(Person, person_id, with_for_update={"of": Person})
            if row is None:
                raise NotFound("there is no such person")
            another(row, bearer().person.id)
            end_access(session, row, at.clock.now())
            session.flush()
            return one(session, PEOPLE, viewer(), Person.id == person_id)

        return once(at, PersonOut, act, 200)


def _let_in(session: Session, at: Installation, asked: PersonIn) -> dict[str, Any]:
    centre = None
    if asked.centre is not None:
        centre = session.scalars(sa.select(Centre).where(Centre.code == asked.centre)).one_or_none()
        if centre is None:
            raise NotFound("there is no such centre")
    made = give_access(
        session,
        email=checked_address(asked.email),
        role=asked.role,
        centre=centre,
        password_hash=None,
        now=at.clock.now(),
    )
    session.flush()
    return one(session, PEOPLE, viewer(), Person.id == made.id)
