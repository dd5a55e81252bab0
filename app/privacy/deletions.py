"""What was deleted, and the proof of it."""

import io
import zipfile
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.errors import NotFound
from storage.models import Centre, Leaf, Receipt, RetentionPolicy, StoredObject

A_PAGE = 50


@dataclass(frozen=True)
class ReceiptRow:
    """A deletion that is done. `leaf`: its place in the ledger; None for at most a second."""

    object_id: str
    deleted_at: datetime
    leaf: int | None
    kind: str
    cause: str
    centre: str
    content: dict[str, Any]


def receipts_there_are(
    session: Session, centre_id: str | None = None, before: str | None = None, at_most: int | None = None
) -> list[ReceiptRow]:
    """Receipts, the last first; of one centre, or of all. `before`: the object id of the last of the page before."""
    query = _receipts(centre_id).order_by(Receipt.deleted_at.desc(), Receipt.object_id.desc()).limit(at_most)
    if before is not None and (last := session.get(Receipt, before)) is not None:
        query = query.where(
            sa.or_(
                Receipt.deleted_at < last.deleted_at,
                sa.and_(Receipt.deleted_at == last.deleted_at, Receipt.object_id < last.object_id),
            )
        )
    return [_told(*row) for row in session.execute(query)]


def one_receipt(
    session: Session, object_id: str, centre_id: str | None
) -> tuple[ReceiptRow, dict[str, RetentionPolicy]]:
    """One, and the policies that it names, by their ids. Raises `NotFound` if it is not there, or not theirs to see."""
    found = session.execute(_receipts(centre_id).where(Receipt.object_id == object_id)).one_or_none()
    if found is None:
        raise NotFound("there is no such receipt, or it is not yours to see")
    row = _told(*found)
    named = [each["policy"] for each in row.content["purposes"]]
    policies = session.scalars(sa.select(RetentionPolicy).where(RetentionPolicy.id.in_(named)))
    return row, {policy.id: policy for policy in policies}


def zipped(files: dict[str, bytes], at: datetime) -> bytes:
    """Files in one archive, all of one moment."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as into:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, at.timetuple()[:6])
            entry.external_attr = 0o644 << 16
            into.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return archive.getvalue()


def _receipts(centre_id: str | None) -> sa.Select[Receipt, int | None, str, str]:
    query = (
        sa.select(Receipt, Leaf.position, StoredObject.kind, Centre.name)
        .join(Leaf, Leaf.id == Receipt.leaf_id)
        .join(StoredObject, StoredObject.id == Receipt.object_id)
        .join(Centre, Centre.id == StoredObject.centre_id)
    )
    return query if centre_id is None else query.where(StoredObject.centre_id == centre_id)


def _told(row: Receipt, leaf: int | None, kind: str, centre: str) -> ReceiptRow:
    return ReceiptRow(row.object_id, row.deleted_at, leaf, kind, row.content["cause"], centre, row.content)
