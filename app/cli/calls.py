"""`calls`, `recordings`."""

import click
import sqlalchemy as sa

from app.cli.terminal import installation, json_lines, show, utc
from storage.models import Call, Recording, StoredObject


@click.command()
@json_lines
def calls(as_json: bool) -> None:
    """Calls and how they ended."""
    at = installation()
    with at.database.read() as session:
        rows = [
            {
                "call_sid": row.call_sid,
                "line": f"{row.line.centre.code}/{row.line.code}",
                "language": row.language,
                "outcome": row.outcome,
                "notice_version": row.notice_version.version if row.notice_version else None,
                "notice_started_at": utc(row.notice_started_at),
                "notice_ended_at": utc(row.notice_ended_at),
            }
            for row in session.scalars(sa.select(Call).order_by(Call.ringing_at, Call.id))
        ]
    show(rows, as_json=as_json, empty="No call yet.")


@click.command()
@json_lines
def recordings(as_json: bool) -> None:
    """Recordings, where they are, and until when."""
    at = installation()
    with at.database.read() as session:
        found = session.execute(
            sa.select(Recording, StoredObject)
            .outerjoin(StoredObject, StoredObject.id == Recording.object_id)
            .order_by(Recording.first_seen_at, Recording.id)
        )
        rows = [_told(row, kept) for row, kept in found]
    show(rows, as_json=as_json, empty="No recording yet.")


def _told(row: Recording, kept: StoredObject | None) -> dict[str, object]:
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


COMMANDS = (calls, recordings)
