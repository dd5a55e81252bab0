"""/policies: how long things are kept, and what waits for a second person."""

from typing import Any

import sqlalchemy as sa
from apiflask import APIBlueprint
from flask import Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.api.once import bearer, once, viewer
from app.api.words import ONLY, Cursor, In, Moment, ObjectId, Out, Paging, Sha256, Text, Word
from app.auth.policy import may
from app.listings.listing import one, one_page, utc
from app.listings.rules import POLICIES
from app.wiring import Installation
from storage.errors import NotFound
from storage.models import Centre, PolicyPreview, RetentionPolicy
from storage.retention.approval import approve, withdraw
from storage.retention.publish import Change, set_policy

EXAMPLE = {"purpose": "training", "window": "P90D", "reason": "What training needs", "centre": "ast"}
ASK = "ask for a policy that keeps longer"
APPROVE = "approve a policy"


class PolicyOut(Out):
    purpose: str = Field(examples=["training"])
    window: str = Field(description="ISO 8601 duration", examples=["P90D"])
    centre: str | None = Field(description="null: every centre", examples=["ast"])
    jurisdictions: list[str] | None = Field(description="null: every one", examples=[["KZ"]])
    state: str = Field(description="published, awaiting, superseded or withdrawn", examples=["published"])
    published_at: Moment | None
    reason: str = Field(examples=["What training needs"])
    policy: ObjectId
    preview: Sha256 | None = Field(description="while it waits: the hash that an approval is bound to")
    asked_at: Moment | None
    expires_at: Moment | None = Field(description="while it waits: until when it can be approved")


class PoliciesOut(Out):
    items: list[PolicyOut]
    next: Cursor


class PolicyIn(In):
    purpose: Word = Field(description="training, quality, security or evidence", examples=["training"])
    window: Word = Field(description="ISO 8601 duration", examples=["P90D"])
    reason: Text = Field(description="published with the policy", examples=["What training needs"])
    centre: str | None = Field(default=None, max_length=32, description="only there; null: every centre of yours")


class KeptLongerOut(Out):
    centre: str = Field(examples=["ast"])
    objects: int = Field(examples=[12])
    bytes: int = Field(examples=[984044])
    oldest: Moment
    held: int = Field(description="of these, how many are held anyway", examples=[0])


class ChangeOut(Out):
    purpose: str = Field(examples=["training"])
    window: str = Field(examples=["P90D"])
    before: dict[str, str] = Field(description="the window until now, by centre", examples=[{"ast": "P30D"}])
    objects_earlier: int = Field(description="how many go earlier with it", examples=[0])
    bytes_earlier: int = Field(examples=[0])
    due_at_once: int = Field(description="of these, how many go now", examples=[0])
    waits_for_approval: bool = Field(description="it keeps something longer: nothing changes yet", examples=[True])
    kept_longer: list[KeptLongerOut]
    policy: ObjectId | None = Field(description="what a second person approves; null where nothing waits")
    preview: Sha256 | None
    expires_at: Moment | None


class ApproveIn(In):
    preview: Sha256 = Field(description="the hash of the preview that you have read")


class ApprovedOut(Out):
    changed: int = Field(description="objects that have the dates of the preview", examples=[12])
    gone: int = Field(description="objects of the preview that are gone meanwhile", examples=[0])
    otherwise: int = Field(description="objects of the preview that keep the date they have", examples=[0])


class WithdrawIn(In):
    reason: Text = Field(examples=["Asked for by mistake"])


def add_policies(area: APIBlueprint, at: Installation) -> None:
    """/policies."""

    @area.get("/policies", **ONLY)
    @area.input(Paging, location="query")
    @area.output(PoliciesOut, description="Some policies.")
    def policies(query_data: Paging) -> object:
        """The policies there are, and were: all versions, the oldest first."""
        with at.database.read() as session:
            return one_page(session, POLICIES, viewer(), query_data.limit, query_data.cursor)

    @area.post("/policies", **ONLY)
    @area.input(PolicyIn, example=EXAMPLE)
    @area.output(ChangeOut, 201, description="What has changed, or waits.")
    def policy(json_data: PolicyIn) -> Response:
        """Publish a policy. Earlier dates hold at once; what keeps longer waits for a second person, as a whole."""
        return once(at, ChangeOut, lambda session: _set(session, at, json_data, dry_run=False), 201)

    @area.post("/policies/preview", **ONLY)
    @area.input(PolicyIn, example=EXAMPLE)
    @area.output(ChangeOut, description="What would change.")
    def preview(json_data: PolicyIn) -> Response:
        """What a policy would change. Changes nothing."""
        return once(at, ChangeOut, lambda session: _set(session, at, json_data, dry_run=True), 200)

    @area.post("/policies/<policy_id>/approve", **ONLY)
    @area.input(ApproveIn, example={"preview": "9f86d081884c7d659a2feaa0c55ad015" * 2})
    @area.output(ApprovedOut, description="It is published.")
    def approved(policy_id: str, json_data: ApproveIn) -> Response:
        """Publish a policy that waits, and do exactly what its preview said. Takes another person than who asked."""

        def act(session: Session) -> dict[str, Any]:
            _policy(session, policy_id, APPROVE)
            done = approve(session, policy_id, json_data.preview, bearer().person.id, at.clock.now())
            return {"changed": done.changed, "gone": done.gone, "otherwise": done.otherwise}

        return once(at, ApprovedOut, act, 200)

    @area.post("/policies/<policy_id>/withdraw", **ONLY)
    @area.input(WithdrawIn, example={"reason": "Asked for by mistake"})
    @area.output(PolicyOut, description="It waits no more.")
    def withdrawn(policy_id: str, json_data: WithdrawIn) -> Response:
        """Let a policy wait no more: whoever asked for it may, and whoever may approve it."""

        def act(session: Session) -> dict[str, Any]:
            person = bearer().person.id
            asked = session.get(PolicyPreview, policy_id)
            _policy(session, policy_id, ASK if asked is not None and asked.asked_by == person else APPROVE)
            withdraw(session, policy_id, person, json_data.reason, at.clock.now())
            session.flush()
            return one(session, POLICIES, viewer(), RetentionPolicy.id == policy_id)

        return once(at, PolicyOut, act, 200)


def _set(session: Session, at: Installation, asked: PolicyIn, *, dry_run: bool) -> dict[str, Any]:
    who, person = viewer(), bearer().person.id
    centre = None
    if asked.centre is not None:
        centre = session.scalars(sa.select(Centre).where(Centre.code == asked.centre)).one_or_none()
    if (centre is None and asked.centre is not None) or not may(who, ASK, centre.id if centre else None):
        raise NotFound("there is no such centre, or it is not yours; for every centre, belong to none")
    change = set_policy(
        session,
        purpose=asked.purpose,
        window=asked.window,
        reason=asked.reason,
        centre=centre,
        now=at.clock.now(),
        dry_run=dry_run,
        asked_by=lambda: person,
    )
    return _told(change)


def _told(change: Change) -> dict[str, Any]:
    waits = change.proposal
    return {
        "purpose": change.purpose,
        "window": change.window,
        "before": change.before,
        "objects_earlier": change.objects_earlier,
        "bytes_earlier": change.bytes_earlier,
        "due_at_once": change.due_at_once,
        "waits_for_approval": change.waits_for_approval,
        "kept_longer": [
            {
                "centre": each.centre,
                "objects": each.objects,
                "bytes": each.bytes,
                "oldest": utc(each.oldest),
                "held": each.held,
            }
            for each in change.kept_longer
        ],
        "policy": waits.policy_id if waits else None,
        "preview": waits.sha256 if waits else None,
        "expires_at": utc(waits.expires_at) if waits else None,
    }


def _policy(session: Session, policy_id: str, task: str) -> None:
    """Raises NotFound unless there is one with which the bearer may do a task."""
    row = session.get(RetentionPolicy, policy_id)
    if row is None or not may(viewer(), task, row.centre_id):
        raise NotFound("there is no such policy, or you may not {task} there", task=task)
