"""What a clip says of itself: from when to when, of which segments, what is missing and why, and how it is proven."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.ledger.ledger import Ledger
from storage.models import Clip, Leaf, LeafOpening, RecordingRun, StoredObject
from video.clip import Plan
from video.footage import line
from video.timeline import GAP
from video.timing import TIMESCALE

TIME = (
    "The pictures follow one another without the gaps, which are listed; each part says when it was recorded. "
    "A part's bytes are those of the stored segment but for the time and the number in the head of each fragment."
)


class NotPlacedYet(Exception):
    """A segment's leaf has no place in the ledger yet: it gets one within a second."""


def manifest(
    session: Session, ledger: Ledger, clip: Clip, plan: Plan, row: StoredObject, now: datetime
) -> dict[str, Any]:
    """The manifest of a clip whose bytes are known. Giving it out counts as giving out a checkpoint.

    Raises:
        NotPlacedYet: see there.
    """
    camera = clip.camera
    run = session.get_one(RecordingRun, plan.cuts[0].segment.run_id)
    gaps = [
        each
        for each in line(session, camera.id, min(plan.from_at, clip.from_at), max(plan.to_at, clip.to_at), now)
        if each.kind == GAP
    ]
    return {
        "version": 1,
        "clip": clip.id,
        "camera": f"{camera.centre.code}/{camera.code}",
        "asked": {"from": _utc(clip.from_at), "to": _utc(clip.to_at)},
        "given": {"from": _utc(plan.from_at), "to": _utc(plan.to_at)},
        "asked_by": clip.person.email,
        "asked_at": _utc(clip.asked_at),
        "made_at": _utc(now),
        "purpose": "security",
        "video": {
            "bytes": row.bytes,
            "sha256": row.sha256,
            "seconds": round(plan.seconds, 3),
            "codec": run.codec,
            "width": run.width,
            "height": run.height,
            "time": TIME,
        },
        "gaps": [{"from": _utc(each.begin), "to": _utc(each.end), "reason": each.reason} for each in gaps],
        "parts": [_part(session, ledger, plan, number) for number in range(len(plan.cuts))],
        "ledger": {"verifier": ledger.verifier(), "checkpoint": ledger.checkpoint(session, given=True).note},
    }


def _part(session: Session, ledger: Ledger, plan: Plan, number: int) -> dict[str, Any]:
    cut = plan.cuts[number]
    kept = session.get_one(StoredObject, cut.segment.object_id)
    found = session.execute(
        sa.select(Leaf, LeafOpening)
        .join(LeafOpening, LeafOpening.leaf_id == Leaf.id)
        .where(LeafOpening.subject_id == kept.id, Leaf.kind == "object_stored")
    ).first()
    position = None if found is None else found[0].position
    if found is None or position is None:
        raise NotPlacedYet
    leaf, opening = found
    return {
        "object_id": kept.id,
        "sha256": kept.sha256,
        "bytes": kept.bytes,
        "taken": {"from_byte": cut.start, "to_byte": cut.stop},
        "recorded": {"from": _utc(cut.pieces[0].at), "to": _utc(cut.pieces[-1].until)},
        "in_clip_s": [round(cut.clip_begin / TIMESCALE, 3), round(cut.clip_end / TIMESCALE, 3)],
        "leaf": {
            "index": position,
            "id": leaf.id,
            "kind": leaf.kind,
            "at": _utc(leaf.at),
            "commitment": leaf.commitment,
            "salt": opening.salt,
            "facts": opening.facts,
            "proof": ledger.proof(session, position),
        },
    }


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
