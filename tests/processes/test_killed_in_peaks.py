"""The worker, killed at every milestone of making peaks: made once, whole, and gone with their recording (I6, I7)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from config.milestones import Milestone
from storage.models import PeaksTask, Receipt
from telephony.peaks import document
from telephony.waveform import waveform
from tests.processes.entry import WITH_PEAKS
from tests.processes.plant import KEPT_FOR_S, Plant, Template
from tests.processes.test_killed_at_milestones import IN_PEAKS, everything_agrees, is_empty

# The recording itself reaches these first.
OF_INTAKE = [
    Milestone.ARRIVING_COMMITTED,
    Milestone.KEY_MADE,
    Milestone.OBJECT_PUT,
    Milestone.OBJECT_COMMITTED,
]


@pytest.fixture
def drawing(tmp_path: Path, site: Template, store_settings: dict[str, str]) -> Iterator[Plant]:
    """A plant that makes peaks."""
    (tmp_path / WITH_PEAKS).touch()
    with Plant(tmp_path, site, store_settings).open() as plant:
        yield plant


@pytest.mark.parametrize(("milestone", "nth"), [(each, 1) for each in sorted(IN_PEAKS)] + [(m, 2) for m in OF_INTAKE])
def test_killed_there_peaks_are_made_once_and_go_with_the_recording(
    drawing: Plant, milestone: Milestone, nth: int
) -> None:
    drawing.arm(milestone, nth, whole=True)
    result = drawing.call()
    drawing.until(lambda: drawing.outcome(result.call_sid) == "recorded", "the call is settled", pace=20)
    drawing.until(lambda: are_made(drawing), "the peaks are made", pace=5)
    assert drawing.fuse.died is not None, "the milestone was never reached"
    drawing.until(lambda: drawing.deaths == [("worker", -9)], "the worker died, once")
    kept = {each.kind: each for each in drawing.objects() if each.state != "deleted"}
    recording, peaks = kept["recording"], kept["peaks"]
    assert (peaks.parent_id, peaks.delete_after) == (recording.id, recording.delete_after)
    assert drawing.plain(peaks) == document(waveform([drawing.plain(recording)]))
    assert sorted(drawing.in_store()) == sorted(str(each.key) for each in kept.values())
    assert set(drawing.at.keys.object_ids()) == {recording.id, peaks.id}
    everything_agrees(drawing)
    drawing.clock.advance(KEPT_FOR_S)
    drawing.until(lambda: {each.state for each in drawing.objects()} == {"deleted"}, "all is deleted", pace=20)
    receipts = drawing.ask(lambda s: s.scalars(sa.select(Receipt.object_id)).all())
    assert sorted(receipts) == sorted([recording.id, peaks.id])
    is_empty(drawing)
    everything_agrees(drawing)


def are_made(plant: Plant) -> bool:
    stored = sorted(each.kind for each in plant.objects() if each.state == "stored")
    waiting = plant.ask(lambda s: s.scalar(sa.select(sa.func.count()).select_from(PeaksTask)))
    return stored == ["peaks", "recording"] and not waiting
