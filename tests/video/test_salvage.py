"""What a recorder that died leaves behind: whole fragments are kept, the rest is a gap, and nothing is told twice."""

import shutil
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.video import footage
from tests.video.test_segments import NOW, write
from video.facts import Finished, Gap, Reason
from video.salvage import recover
from video.spool import CameraSpool, Spool

LATER = NOW + timedelta(hours=1)


def reopened(root: Path) -> CameraSpool:
    """As a new process finds it."""
    return Spool(root, 1 << 30, reserve_bytes=0).camera("door")


def told(camera: CameraSpool) -> list[Finished | Gap]:
    return [thing for _, thing in camera.waiting()]


def check(camera: CameraSpool) -> tuple[list[int], list[Gap]]:
    """Everything is finished, and follows one another; gives the frames that are kept."""
    assert (
        not list(camera.folder.glob("*.part")) + list(camera.folder.glob("*.begun")) + list(camera.folder.glob("*.tmp"))
    )
    things = told(camera)
    for before, after in pairwise(things):
        began = after.begun.began_at if isinstance(after, Finished) else after.started_at
        assert before.ended_at == began
    assert things[-1].ended_at is None
    shown = [
        number
        for path, thing in camera.waiting()
        if isinstance(thing, Finished)
        for number in footage.numbers(path.read_bytes())
    ]
    assert len(shown) == sum(thing.packets for thing in things if isinstance(thing, Finished))
    return shown, [thing for thing in things if isinstance(thing, Gap)]


@pytest.fixture
def died(tmp_path: Path) -> Path:
    """A spool whose recorder died in its fourth segment, with the gap before its run closed."""
    camera = reopened(tmp_path / "spool")
    gap = recover(camera, NOW - timedelta(seconds=3))
    write(camera, footage.make(tmp_path / "a.mp4", 200), until=170, end=False)
    gap.end(NOW)
    return tmp_path / "spool"


def test_a_new_spool_begins_with_a_gap(tmp_path: Path) -> None:
    camera = reopened(tmp_path / "spool")
    gap = recover(camera, NOW)
    assert (gap.gap.started_at, gap.gap.ended_at, gap.gap.reason) == (NOW, None, Reason.STARTING)
    assert recover(reopened(tmp_path / "spool"), LATER).gap == gap.gap, "the same gap lasts, however often one starts"


def test_cut_off_at_any_byte_the_whole_fragments_are_kept(died: Path, tmp_path: Path) -> None:
    (part,) = (died / "door").glob("*.part")
    size = part.stat().st_size
    kept = set()
    for cut in sorted({0, 1, 30, size - 1, size, *range(0, size, 97)}):
        copy = tmp_path / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(died, copy)
        with (copy / "door" / part.name).open("rb+") as file:
            file.truncate(cut)
        camera = reopened(copy)
        recover(camera, LATER)
        shown, gaps = check(camera)
        assert shown == list(range(len(shown)))
        assert [gap.reason for gap in gaps] == [Reason.STARTING, Reason.RECORDER_KILLED]
        assert gaps[-1].started_at - NOW == timedelta(seconds=len(shown) / footage.FPS)
        kept.add(len(shown))
    assert kept == {125, 150}


def test_salvaging_again_changes_nothing(died: Path) -> None:
    first = recover(reopened(died), LATER)
    before = told(reopened(died))
    assert recover(reopened(died), LATER + timedelta(hours=1)).gap == first.gap
    assert told(reopened(died)) == before


def test_killed_at_any_write_of_the_disk_it_comes_to_the_same(died: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk stops after each change that salvage makes to it; the next salvage goes on."""
    import video.spool

    steps = 0
    real = video.spool._sync
    for stop_after in range(1, 40):
        copy = died.parent / f"copy{stop_after}"
        shutil.copytree(died, copy)
        left = [stop_after]

        def dying(path: Path, left: list[int] = left) -> None:
            real(path)
            left[0] -= 1
            if not left[0]:
                raise KeyboardInterrupt

        monkeypatch.setattr(video.spool, "_sync", dying)
        try:
            recover(reopened(copy), LATER)
            finished = True
        except KeyboardInterrupt:
            finished = False
            steps += 1
        monkeypatch.setattr(video.spool, "_sync", real)
        recover(reopened(copy), LATER)
        shown, gaps = check(reopened(copy))
        assert shown == list(range(150))
        assert [gap.reason for gap in gaps] == [Reason.STARTING, Reason.RECORDER_KILLED]
        if finished:
            break
    assert steps >= 3


def test_a_gap_that_nobody_ended_ends_where_the_run_began(tmp_path: Path) -> None:
    camera = reopened(tmp_path / "spool")
    recover(camera, NOW - timedelta(seconds=3))
    write(camera, footage.make(tmp_path / "a.mp4", 100), until=60, end=False)
    camera = reopened(tmp_path / "spool")
    recover(camera, LATER)
    shown, gaps = check(camera)
    assert (len(shown), gaps[0].ended_at) == (50, NOW)


@pytest.mark.parametrize("kind", [".begun", ".json", ".gap"])
def test_facts_that_cannot_be_read_are_set_aside_and_hold_up_nothing(died: Path, kind: str) -> None:
    path = max((died / "door").glob(f"*{kind}"))
    path.write_bytes(b'{"id": "b')
    camera = reopened(died)
    gap = recover(camera, LATER)
    assert [each.name for each in camera.folder.glob("*.unreadable")] == [f"{path.name}.unreadable"]
    things = told(camera)
    assert things[-1] == gap.gap
    assert len([thing for thing in things if isinstance(thing, Finished)]) == (4 if kind == ".gap" else 3)
    assert recover(reopened(died), LATER).gap == gap.gap


def test_a_segment_that_never_had_a_whole_fragment_leaves_only_a_gap(tmp_path: Path) -> None:
    camera = reopened(tmp_path / "spool")
    recover(camera, NOW - timedelta(seconds=3)).end(NOW)
    write(camera, footage.make(tmp_path / "a.mp4", 100), until=10, end=False)
    camera = reopened(tmp_path / "spool")
    recover(camera, LATER)
    shown, gaps = check(camera)
    assert shown == []
    assert gaps[-1].started_at == NOW
    assert camera.used_bytes == 0
