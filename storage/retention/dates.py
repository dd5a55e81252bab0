"""Is every date what the policies say? For whoever checks an installation."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.models import RetentionPolicy, StoredObject
from storage.retention.policy import window_end, windows_begin

AT_ONCE = 1000
# Put together from several (composed.py): these have a date of their own, before their policy's.
DATED_EARLIER = frozenset({"export"})


def wrong_dates(session: Session) -> Iterator[tuple[str, str]]:
    """(object id, what is wrong) of stored objects whose dates no published policy version explains (I4)."""
    windows = {row.id: row.window for row in session.scalars(sa.select(RetentionPolicy))}
    last = ""
    while some := session.scalars(
        sa.select(StoredObject)
        .where(StoredObject.state == "stored", StoredObject.id > last)
        .order_by(StoredObject.id)
        .limit(AT_ONCE)
    ).all():
        for row in some:
            yield from ((row.id, wrong) for wrong in _wrong(row, windows))
        last = some[-1].id
        session.expunge_all()


def _wrong(row: StoredObject, windows: dict[str, str]) -> Iterator[str]:
    if not row.purposes:
        yield "it has no purpose"
        return
    begins = windows_begin(row.counted_from, row.stored_at)
    for each in row.purposes:
        window = windows.get(each.policy_id)
        if window is None or each.until != window_end(begins, window):
            yield f"its end for {each.purpose} is not what its policy says"
    latest = max(each.until for each in row.purposes)
    if row.kind in DATED_EARLIER:
        if row.delete_after is None or row.delete_after > latest:
            yield "its deletion date is later than its purposes allow"
    elif row.restricted_at is None and row.delete_after != latest:
        yield "its deletion date is not the latest end of its purposes"
