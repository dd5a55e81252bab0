"""What is held, and how long things are kept."""

import sqlalchemy as sa

from app.auth.policy import Viewer
from app.listings.listing import Listing, Told, utc
from app.paging import Query
from app.sources import CAMERA, LINE, ids_of, path_of
from storage.models import (
    Centre,
    HeldObject,
    Hold,
    HoldMirror,
    PolicyPreview,
    RetentionPolicy,
    StoredObject,
)


def _count(*conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    """Of a hold: how many of its objects."""
    counted = sa.select(sa.func.count()).select_from(HeldObject)
    if conditions:
        counted = counted.join(HoldMirror, HoldMirror.object_id == HeldObject.object_id)
    return counted.where(HeldObject.hold_id == Hold.id, *conditions).correlate(Hold).scalar_subquery()


def _hold(row: Hold, objects: int, keys: int, store: int, line: str | None, camera: str | None) -> Told:
    return {
        "hold": row.id,
        "case": row.case,
        "objects": objects,
        "in_keys": keys if row.lifted_at is None else None,
        "in_store": store if row.lifted_at is None else None,
        "line": line,
        "camera": camera,
        "from": utc(row.from_at),
        "to": utc(row.to_at),
        "reason": row.reason,
        "set_at": utc(row.set_at),
        "review_at": utc(row.review_at),
        "lifted_at": utc(row.lifted_at),
    }


def _wholly_of_centre(query: Query, viewer: Viewer) -> Query:
    # A case and its reason are known where it is about nobody else's: all it keeps, and all it will, is theirs.
    if viewer.centre_id is None:
        return query
    others = (
        sa.select(HeldObject.hold_id)
        .join(StoredObject, StoredObject.id == HeldObject.object_id)
        .where(HeldObject.hold_id == Hold.id, StoredObject.centre_id != viewer.centre_id)
        .correlate(Hold)
    )
    held = sa.select(HeldObject.hold_id).where(HeldObject.hold_id == Hold.id).correlate(Hold)
    return query.where(
        ~others.exists(),
        sa.or_(Hold.source_id.in_(ids_of(viewer.centre_id)), sa.and_(Hold.source_id.is_(None), held.exists())),
    )


HOLDS = Listing(
    lambda: sa.select(
        Hold,
        _count(),
        _count(HoldMirror.in_keys_at.is_not(None)),
        _count(HoldMirror.in_store_at.is_not(None)),
        path_of(LINE, Hold.source_id),
        path_of(CAMERA, Hold.source_id),
    ),
    _hold,
    _wholly_of_centre,
    (Hold.set_at, Hold.id),
)


def _policy(row: RetentionPolicy, preview: PolicyPreview | None, centre: str | None) -> Told:
    # What waits has never been published, nor has what was withdrawn or superseded while it waited.
    published = row.state != "awaiting" and (preview is None or preview.changed is not None)
    waits = preview if row.state == "awaiting" else None
    return {
        "purpose": row.purpose,
        "window": row.window,
        "centre": centre,
        "jurisdictions": row.jurisdictions,
        "state": row.state,
        "published_at": utc(row.published_at) if published else None,
        "reason": row.reason["en"],
        "policy": row.id,
        "preview": waits.sha256 if waits else None,
        "asked_at": utc(preview.asked_at) if preview else None,
        "expires_at": utc(waits.expires_at) if waits else None,
    }


def _of_centre_or_all(query: Query, viewer: Viewer) -> Query:
    if viewer.centre_id is None:
        return query
    return query.where(sa.or_(RetentionPolicy.centre_id.is_(None), RetentionPolicy.centre_id == viewer.centre_id))


POLICIES = Listing(
    lambda: (
        sa.select(RetentionPolicy, PolicyPreview, Centre.code)
        .outerjoin(PolicyPreview, PolicyPreview.policy_id == RetentionPolicy.id)
        .outerjoin(Centre, Centre.id == RetentionPolicy.centre_id)
    ),
    _policy,
    _of_centre_or_all,
    (RetentionPolicy.published_at, RetentionPolicy.id),
)
