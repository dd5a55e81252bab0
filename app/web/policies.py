"""Policies: how long things are kept, and changing that with what would go before one's eyes."""

import sqlalchemy as sa
from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from app.auth.policy import may
from app.privacy.people import address_of, zone_of
from app.privacy.policies import (
    APPROVE,
    Terms,
    approve_policy,
    one_policy,
    policies_there_are,
    preview_change,
    set_shown,
    shown_hash,
    waiting,
    withdraw_policy,
)
from app.web.gate import viewer, who_asks
from app.web.messages import texts
from app.web.refusals import Said, said
from app.wiring import Installation
from storage.errors import Refused
from storage.models import Centre, PolicyPreview
from storage.retention.policy import PURPOSES


def policies(at: Installation) -> Blueprint:
    """/policies."""
    area = Blueprint("policies", __name__)

    @area.get("/policies")
    def listed() -> str:
        with at.database.read() as session:
            rows = policies_there_are(session, viewer().centre_id)
        return render_template(
            "officer/policies.html",
            **texts(),
            current=sorted(
                (row for row in rows if row.policy.state == "published"), key=lambda row: row.policy.purpose
            ),
            waits=[row for row in rows if row.policy.state == "awaiting"],
            before=[row for row in reversed(rows) if row.policy.state not in ("published", "awaiting")],
            zone=zone_of(who_asks().person),
        )

    @area.get("/policies/new")
    def new() -> tuple[str, int]:
        return _form(at, 200)

    @area.post("/policies/preview")
    def preview() -> str | tuple[str, int]:
        terms = _terms()
        try:
            with at.database.begin() as session:
                change = preview_change(session, who_asks().person, terms, at.clock.now())
        except Refused as refused:
            return _form(at, 400, said(refused))
        return render_template(
            "officer/policy_preview.html",
            **texts(),
            terms=terms,
            change=change,
            shown=shown_hash(change),
            zone=zone_of(who_asks().person),
        )

    @area.post("/policies/set")
    def made() -> Response:
        shown = request.form.get("shown", "")
        with at.database.begin() as session:
            change = set_shown(session, who_asks().person, _terms(), shown, at.clock.now())
        return redirect(f"/policies/{change.proposal.policy_id}" if change.proposal else "/policies", 303)

    @area.get("/policies/<policy_id>")
    def one(policy_id: str) -> str:
        who = viewer()
        with at.database.read() as session:
            policy = one_policy(session, policy_id, who.centre_id)
            preview = session.get(PolicyPreview, policy_id)
            centre = session.get(Centre, policy.centre_id) if policy.centre_id else None
            asked_by = address_of(session, preview.asked_by) if preview else None
            decided_by = address_of(session, preview.decided_by) if preview else None
            what = waiting(session, policy_id)
        mine = preview is not None and preview.asked_by == who_asks().person.id
        entitled = may(who, APPROVE, policy.centre_id)
        return render_template(
            "officer/policy.html",
            **texts(),
            policy=policy,
            centre=centre,
            preview=preview,
            asked_by=asked_by,
            decided_by=decided_by,
            what=what,
            may_approve=entitled and not mine,
            may_withdraw=entitled or mine,
            mine=mine,
            expired=preview is not None and preview.expires_at <= at.clock.now(),
            zone=zone_of(who_asks().person),
        )

    @area.post("/policies/<policy_id>/approve")
    def approved(policy_id: str) -> Response:
        with at.database.begin() as session:
            one_policy(session, policy_id, viewer().centre_id)
            approve_policy(session, who_asks().person, policy_id, request.form.get("preview", ""), at.clock.now())
        return redirect(f"/policies/{policy_id}", 303)

    @area.post("/policies/<policy_id>/withdraw")
    def withdrawn(policy_id: str) -> Response:
        reason = request.form.get("reason", "")
        with at.database.begin() as session:
            one_policy(session, policy_id, viewer().centre_id)
            withdraw_policy(session, who_asks().person, policy_id, reason, at.clock.now())
        return redirect(f"/policies/{policy_id}", 303)

    return area


def _form(at: Installation, status: int, told: Said | None = None) -> tuple[str, int]:
    with at.database.read() as session:
        query = sa.select(Centre).order_by(Centre.code)
        if (centre_id := viewer().centre_id) is not None:
            query = query.where(Centre.id == centre_id)
        centres = session.scalars(query).all()
    page = render_template(
        "officer/policy_new.html",
        **texts(),
        centres=centres,
        purposes=PURPOSES,
        typed=request.form if request.method == "POST" else request.args,
        everywhere=viewer().centre_id is None,
        said=told,
    )
    return page, status


def _terms() -> Terms:
    typed = request.form
    return Terms(
        typed.get("purpose", ""), typed.get("window", ""), typed.get("reason", ""), typed.get("centre", "") or None
    )
