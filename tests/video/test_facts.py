"""What lies in the spool says what was known, and every reason has its words."""

from dataclasses import replace
from datetime import timedelta

from tests.docs.pages import ROOT
from tests.video.test_segments import NOW
from video.boxes import Fragment
from video.facts import Begun, Finished, Gap, Reason, Run, read_begun, read_finished, read_gap, written
from video.sources import Trouble

RUN = Run("r", "c", NOW, NOW - timedelta(hours=1), "hevc", 1920, 1080)
BEGUN = Begun("s", RUN, 3, NOW, 2_700_000)
FINISHED = Finished(BEGUN, NOW + timedelta(seconds=30), 800, (Fragment(800, 5000, 2_700_000, 90_000, 25, True),))


def test_what_is_written_is_read() -> None:
    gap = Gap("g", "c", NOW, None, Reason.STALLED)
    assert read_begun(written(BEGUN)) == BEGUN
    assert read_finished(written(FINISHED)) == FINISHED
    for each in (gap, gap.closed(NOW + timedelta(seconds=1))):
        assert read_gap(written(each)) == each


def test_a_gap_is_never_shorter_than_nothing() -> None:
    gap = Gap("g", "c", NOW, None, Reason.STALLED)
    assert gap.closed(NOW - timedelta(seconds=1)) == replace(gap, ended_at=NOW)


def test_every_reason_is_told_in_words_and_each_trouble_is_one() -> None:
    page = (ROOT / "docs" / "reference" / "states.md").read_text(encoding="utf-8")
    section = page.split("## Gaps\n")[1].split("\n## ")[0]
    assert {line.split("`")[1] for line in section.splitlines() if line.startswith("| `")} == set(Reason)
    assert set(Trouble) <= set(Reason)
