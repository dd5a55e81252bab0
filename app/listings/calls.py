"""Calls, their recordings, the objects that those became, and the receipts of what is gone."""

import sqlalchemy as sa

from app.auth.policy import Viewer
from app.listings.listing import Listing, Told, by_centre, utc
from app.paging import Query
from storage.models import Call, Leaf, Line, Receipt, Recording, StoredObject


def call_told(row: Call) -> Told:
    """A call. The caller's number is not in it."""
    return {
        "call_sid": row.call_sid,
        "line": f"{row.line.centre.code}/{row.line.code}",
        "language": row.language,
        "outcome": row.outcome,
        "notice_version": row.notice_version.version if row.notice_version else None,
        "notice_started_at": utc(row.notice_started_at),
        "notice_ended_at": utc(row.notice_ended_at),
    }


def _of_centre(query: Query, viewer: Viewer) -> Query:
    if viewer.centre_id is None:
        return query
    return query.where(Call.line_id.in_(sa.select(Line.id).where(Line.centre_id == viewer.centre_id)))


CALLS = Listing(lambda: sa.select(Call), call_told, _of_centre, (Call.ringing_at, Call.id))


def _recording(row: Recording, kept: StoredObject | None) -> Told:
    state = row.state
    if state == "stored" and kept is not None and kept.state in {"deleting", "deleted"}:
        state = kept.state
    return {
        "recording_sid": row.recording_sid,
        "call_sid": row.call.call_sid,
        "state": state,
        "object_id": row.object_id,
        "channels": row.channels,
        "duration_s": row.duration_s,
        "started_at": utc(row.started_at),
        "purposes": [
            {"purpose": each.purpose, "until": utc(each.until)} for each in (kept.purposes if kept is not None else [])
        ],
        "delete_after": utc(kept.delete_after) if kept is not None else None,
        "carrier_copy": row.carrier_copy,
    }


RECORDINGS = Listing(
    lambda: (
        sa.select(Recording, StoredObject)
        .join(Call, Call.id == Recording.call_id)
        .outerjoin(StoredObject, StoredObject.id == Recording.object_id)
    ),
    _recording,
    _of_centre,
    (Recording.id,),
)


def _object(row: StoredObject) -> Told:
    return {
        "object_id": row.id,
        "kind": row.kind,
        "state": row.state,
        "bucket": row.bucket,
        "key": row.key,
        "bytes": row.bytes,
        "sha256": row.sha256,
        "delete_after": utc(row.delete_after),
        "held": row.holds > 0,
    }


OBJECTS = Listing(lambda: sa.select(StoredObject), _object, by_centre(StoredObject.centre_id), (StoredObject.id,))


def _receipt(row: Receipt, leaf: Leaf) -> Told:
    return {"object_id": row.object_id, "deleted_at": utc(row.deleted_at), "leaf": leaf.position}


RECEIPTS = Listing(
    lambda: (
        sa.select(Receipt, Leaf)
        .join(Leaf, Leaf.id == Receipt.leaf_id)
        .join(StoredObject, StoredObject.id == Receipt.object_id)
    ),
    _receipt,
    by_centre(StoredObject.centre_id),
    (Receipt.object_id,),
)
