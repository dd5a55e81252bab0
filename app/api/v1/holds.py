"""/holds: what must not be deleted, for a case."""

from typing import Any

import sqlalchemy as sa
from apiflask import APIBlueprint
from flask import Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.api.once import bearer, once, viewer
from app.api.words import ONLY, CaseNumber, Cursor, In, Moment, MomentIn, ObjectId, Out, Paging, Text
from app.auth.policy import Viewer
from app.listings.listing import one, one_page, utc
from app.listings.rules import HOLDS
from app.moments import of_our_years
from app.privacy.hold_bounds import check_bounds, review_after
from app.privacy.holds import span_held
from app.sources import CAMERA, LINE, coded
from app.wiring import Installation
from storage.errors import NotFound, Refused
from storage.models import Hold, StoredObject
from storage.retention.holds import Span, Why, hold_objects, lift


class HoldOut(Out):
    hold: ObjectId
    case: str = Field(examples=["2026-17"])
    objects: int = Field(description="how many it keeps", examples=[3])
    in_keys: int | None = Field(description="how many of them are marked in the key database; null once lifted")
    in_store: int | None = Field(description="how many are under the store's legal hold; null once lifted")
    line: str | None = Field(description="centre/code, if it is over a span of a line", examples=["ast/front"])
    camera: str | None = Field(description="centre/code, if it is over a span of a camera", examples=["ast/door"])
    from_: Moment | None = Field(alias="from", description="begin of the span, if it is over one")
    to: Moment | None
    reason: str = Field(examples=["Letter of the court of 21 November"])
    set_at: Moment
    review_at: Moment
    lifted_at: Moment | None


class HoldsOut(Out):
    items: list[HoldOut]
    next: Cursor


class HoldIn(In):
    """Give either `objects`, or `line` or `camera` with `from` and `to`."""

    case: CaseNumber = Field(description="number of the case; name no person", examples=["2026-17"])
    reason: Text = Field(examples=["Letter of the court of 21 November"])
    objects: list[ObjectId] | None = Field(default=None, min_length=1, max_length=1000)
    line: str | None = Field(default=None, max_length=65, description="centre/code", examples=["ast/front"])
    camera: str | None = Field(default=None, max_length=65, description="centre/code", examples=["ast/door"])
    from_: MomentIn | None = Field(default=None, alias="from")
    to: MomentIn | None = None
    review_at: MomentIn | None = Field(
        default=None, description="when to ask whether it is still needed; in 90 days, a manager's within 30"
    )


class LiftIn(In):
    reason: Text = Field(examples=["The case is closed"])
    dry_run: bool = Field(default=False, description="only say what would go, and when")


class GoesLater(Out):
    object_id: ObjectId
    delete_after: Moment


class LiftedOut(Out):
    go_now: list[ObjectId]
    go_later: list[GoesLater]
    still_held: list[ObjectId] = Field(description="kept by other holds")


def add_holds(area: APIBlueprint, at: Installation) -> None:
    """/holds."""

    @area.get("/holds", **ONLY)
    @area.input(Paging, location="query")
    @area.output(HoldsOut, description="Some holds.")
    def holds(query_data: Paging) -> object:
        """Holds, the oldest first: all, or those that are about your centre alone."""
        with at.database.read() as session:
            return one_page(session, HOLDS, viewer(), query_data.limit, query_data.cursor)

    @area.post("/holds", **ONLY)
    @area.input(
        HoldIn, example={"case": "2026-17", "reason": "Letter of the court", "objects": ["0f0e0d0c0b0a0908" * 2]}
    )
    @area.output(HoldOut, 201, description="It is held. The worker marks keys and store within a second.")
    def hold(json_data: HoldIn) -> Response:
        """Hold objects, or all of a line or a camera in a span, also what is still to come.

        All or nothing: if one of the objects is gone, or being deleted, none is held (409).
        """
        return once(at, HoldOut, lambda session: _held(session, at, json_data), 201)

    @area.post("/holds/<hold_id>/lift", **ONLY)
    @area.input(LiftIn, example={"reason": "The case is closed"})
    @area.output(LiftedOut, description="What goes now, what later, what other holds keep.")
    def lifted(hold_id: str, json_data: LiftIn) -> Response:
        """Lift a hold."""
        return once(at, LiftedOut, lambda session: _lifted(session, at, hold_id, json_data), 200)


def _held(session: Session, at: Installation, asked: HoldIn) -> dict[str, Any]:
    now, who = at.clock.now(), viewer()
    why = Why(asked.case, asked.reason, bearer().person.id, asked.review_at or now + review_after(who.role))
    for name, at_moment in (("from", asked.from_), ("to", asked.to), ("review", asked.review_at)):
        if at_moment is not None:
            of_our_years(at_moment, name)
    if sum(map(bool, (asked.objects, asked.line, asked.camera))) != 1:
        raise Refused("give either objects, or line or camera with from and to")
    if asked.objects:
        _all_theirs(session, who, asked.objects)
        check_bounds(asked.objects, why, who.role, now)
        made = hold_objects(session, asked.objects, why, now)
    else:
        if asked.from_ is None or asked.to is None:
            raise Refused("from, to: give both with a line or a camera")
        kind, code = (LINE, asked.line) if asked.line else (CAMERA, asked.camera)
        found = coded(session, kind, code or "", who.centre_id)
        span = Span(found.id, asked.from_, asked.to)
        check_bounds(span, why, who.role, now)
        made, _ = span_held(session, span, why, now)
    session.flush()
    return one(session, HOLDS, Viewer(who.role, None, who.active), Hold.id == made.id)


def _lifted(session: Session, at: Installation, hold_id: str, asked: LiftIn) -> dict[str, Any]:
    one(session, HOLDS, viewer(), Hold.id == hold_id)
    told = lift(session, hold_id, asked.reason, at.clock.now(), dry_run=asked.dry_run)
    return {
        "go_now": list(told.go_now),
        "go_later": [{"object_id": each, "delete_after": utc(ends)} for each, ends in told.go_later],
        "still_held": list(told.still_held),
    }


def _all_theirs(session: Session, who: Viewer, ids: list[str]) -> None:
    """Raises NotFound for what is somebody else's, as for what never was (I11)."""
    query = sa.select(StoredObject.id).where(StoredObject.id.in_(ids))
    if who.centre_id is not None:
        query = query.where(StoredObject.centre_id == who.centre_id)
    if missing := sorted(set(ids) - set(session.scalars(query))):
        raise NotFound("no such objects, or they are not yours: {missing}. Nothing was held", missing=missing)
