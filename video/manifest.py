"""What a clip says of itself: from when to when, of which segments, what is missing and why, and how it is proven."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.ledger.ledger import Ledger
from storage.models import Clip, Leaf, LeafOpening, RecordingRun, Segment, SignedCheckpoint, StoredObject
from video.ahead import ahead_s
from video.clip import Cut, Plan
from video.footage import line
from video.timeline import GAP
from video.timing import TIMESCALE

CONVERTED = (
    "The pictures are encoded anew, smaller and fewer, to be looked at in a browser: this file proves nothing. The "
    "parts are what it was made of. The pictures follow one another without the gaps, which are listed."
)
TIME = (
    "The pictures follow one another without the gaps, which are listed; each part says when it was recorded. "
    "A part's bytes are those of the stored segment but for the time and the number in the head of each fragment."
)


class NotPlacedYet(Exception):
    """A segment's leaf has no place in the ledger yet: it gets one within a second."""


@dataclass(frozen=True)
class Draft:
    """A manifest but for what is known once the file is stored. `checkpoint`: the size of the tree it is proven by."""

    told: dict[str, Any]
    checkpoint: int


def draft(
    session: Session, ledger: Ledger, clip: Clip, plan: Plan, checkpoint: SignedCheckpoint, now: datetime
) -> Draft:
    """What a manifest says before the file is made. A day has some 2,900 parts: for a session that reads alone.

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
    told = {
        "version": 1,
        "clip": clip.id,
        "camera": f"{camera.centre.code}/{camera.code}",
        "asked": {"from": _utc(clip.from_at), "to": _utc(clip.to_at)},
        "given": {"from": _utc(plan.from_at), "to": _utc(plan.to_at)},
        "asked_by": clip.person.email,
        "asked_at": _utc(clip.asked_at),
        "purpose": "security",
        "converted": clip.converted,
        "video": {
            "seconds": round(plan.seconds, 3),
            "codec": run.codec,
            "width": run.width,
            "height": run.height,
            "time": CONVERTED if clip.converted else TIME,
        },
        "gaps": [{"from": _utc(each.begin), "to": _utc(each.end), "reason": each.reason} for each in gaps],
        "parts": _parts(session, ledger, plan, checkpoint),
        "ledger": {"verifier": ledger.verifier(), "checkpoint": checkpoint.note},
    }
    return Draft(told, checkpoint.size)


def manifest(drafted: Draft, row: StoredObject, now: datetime) -> dict[str, Any]:
    """The manifest of a clip whose bytes are known. Giving it out counts as giving out a checkpoint."""
    video = {"bytes": row.bytes, "sha256": row.sha256} | drafted.told["video"]
    return drafted.told | {"made_at": _utc(now), "video": video}


def _parts(session: Session, ledger: Ledger, plan: Plan, checkpoint: SignedCheckpoint) -> list[dict[str, Any]]:
    ids = [cut.segment.object_id for cut in plan.cuts]
    kept = session.execute(
        sa.select(
            StoredObject.id,
            StoredObject.sha256,
            StoredObject.bytes,
            StoredObject.stored_at,
            Segment.ended_at,
            RecordingRun.began_at.label("run_began_at"),
            RecordingRun.clock_said,
        )
        .join(Segment, Segment.object_id == StoredObject.id)
        .join(RecordingRun, RecordingRun.id == Segment.run_id)
        .where(StoredObject.id.in_(ids))
    )
    stored = {row.id: row for row in kept}
    leaves = {
        row.subject_id: row
        for row in session.execute(
            sa.select(
                LeafOpening.subject_id,
                LeafOpening.salt,
                LeafOpening.facts,
                Leaf.id,
                Leaf.kind,
                Leaf.at,
                Leaf.commitment,
                Leaf.position,
            )
            .join(Leaf, Leaf.id == LeafOpening.leaf_id)
            .where(LeafOpening.subject_id.in_(ids), Leaf.kind == "object_stored")
        )
    }
    places = [row.position for row in leaves.values() if row.position is not None and row.position < checkpoint.size]
    if len(places) < len(ids):
        raise NotPlacedYet
    proofs = ledger.proofs(session, places, checkpoint)
    return [
        _part(cut, stored[object_id], leaves[object_id], proofs) for cut, object_id in zip(plan.cuts, ids, strict=True)
    ]


def _part(
    cut: Cut, kept: sa.Row[*tuple[Any, ...]], leaf: sa.Row[*tuple[Any, ...]], proofs: dict[int, str]
) -> dict[str, Any]:
    return {
        "object_id": kept.id,
        "sha256": kept.sha256,
        "bytes": kept.bytes,
        "taken": {"from_byte": cut.start, "to_byte": cut.stop},
        "recorded": {"from": _utc(cut.pieces[0].at), "to": _utc(cut.pieces[-1].until)},
        # Above 0, it was recorded so many seconds before that: the recorder's clock was ahead.
        "clock_ahead_s": ahead_s(kept.ended_at, kept.stored_at, kept.run_began_at, kept.clock_said),
        "in_clip_s": [round(cut.clip_begin / TIMESCALE, 3), round(cut.clip_end / TIMESCALE, 3)],
        "leaf": {
            "index": leaf.position,
            "id": leaf.id,
            "kind": leaf.kind,
            "at": _utc(leaf.at),
            "commitment": leaf.commitment,
            "salt": leaf.salt,
            "facts": leaf.facts,
            "proof": proofs[leaf.position],
        },
    }


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
