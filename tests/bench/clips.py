"""How fast a span becomes one MP4, beside `ffmpeg -f concat -c copy` over the same segments as plain files.

Ours opens each segment from the store, puts its fragments behind one another, seals the file into the store again, and
proves it; ffmpeg reads plain files and writes one. The second line leaves the store out of ours, too. Needs `ffmpeg`.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from storage.ledger.log import sequence
from storage.models import Camera, Segment, StoredObject
from storage.playback import whole
from tests.bench import ground
from tests.bench.measure import in_turn, rate, say_rates
from tests.bench.recorder import make_film
from tests.house import House
from tests.pages.filmed import add_camera
from tests.pages.people import Town
from tests.video.test_segments import write
from video.clip import fragments_of, plan
from video.clips_asked import ask
from video.footage import playable_between
from video.salvage import recover
from video.spool import Spool
from video.upload import Upload

MB, ROUNDS, CHUNK = 1024 * 1024, 3, 1 << 20


def run(folder: Path) -> None:
    if shutil.which("ffmpeg") is None:
        sys.stdout.write("clips: not measured: ffmpeg is not installed\n")
        return
    with ground.seaweed(folder) as seaweed, House(folder, seaweed.store(ground.BUCKET)).open() as house:
        at, town = house.at, Town(house)
        mira = town.person("mira")
        assert mira.centre_id is not None
        camera_id = add_camera(house, mira.centre_id, "bench")
        began = house.clock.now() - timedelta(minutes=10)
        spool = Spool(folder / "spool", 1 << 40, reserve_bytes=0)
        recover(spool.camera(camera_id), began - timedelta(seconds=3)).end(began)
        write(spool.camera(camera_id), make_film(folder), camera_id=camera_id, began_at=began)
        assert Upload(spool, at.database, at.intake, house.clock).run()
        files = _plain_files(house, folder)
        size = sum(path.stat().st_size for path in files) / MB
        span = began, began + timedelta(minutes=10)

        def ours() -> None:
            with at.database.begin() as session:
                clip_id = ask(session, session.get_one(Camera, camera_id), span, mira.id, house.clock.now()).id
                while sequence(session):
                    pass
            assert at.clips.run(clip_id=clip_id) == 1

        whole_, theirs = in_turn(ours, lambda: _concatenated(files, folder), ROUNDS)
        name = f"export of {size:.0f} MB (opened, put together, sealed, stored, proven)"
        say_rates(name, rate(size, whole_), "ffmpeg concat", rate(size, theirs), "MB/s", "≥ 0.8")
        alone, theirs = in_turn(
            lambda: _put_together(house, camera_id, span, files, folder), lambda: _concatenated(files, folder), ROUNDS
        )
        say_rates("export, put together alone", rate(size, alone), "ffmpeg concat", rate(size, theirs), "MB/s")


def _plain_files(house: House, folder: Path) -> list[Path]:
    """The segments as plain files, in order, named by their objects."""
    found = []
    joined = sa.select(StoredObject).join(Segment, Segment.object_id == StoredObject.id)
    for row in house.ask(lambda s: s.scalars(joined.order_by(Segment.began_at)).all()):
        path = folder / f"{row.id}.mp4"
        path.write_bytes(b"".join(house.at.playback.read(whole(row))))
        found.append(path)
    return found


def _concatenated(files: list[Path], folder: Path) -> None:
    listed = folder / "list.txt"
    listed.write_text("".join(f"file '{path}'\n" for path in files), encoding="utf-8")
    command = ["ffmpeg", "-v", "error", "-y", "-f", "concat", "-safe", "0", "-i", str(listed), "-c", "copy"]
    subprocess.run([*command, str(folder / "concat.mp4")], check=True)


def _put_together(
    house: House, camera_id: str, span: tuple[datetime, datetime], files: list[Path], folder: Path
) -> None:
    made = plan(house.ask(lambda s: playable_between(s, camera_id, *span)), *span)
    number = 0
    with (folder / "alone.mp4").open("wb") as out:
        out.write(files[0].read_bytes()[: made.cuts[0].segment.init_bytes])
        out.write(made.index())
        for cut, path in zip(made.cuts, files, strict=True):
            for piece in fragments_of(cut, _chunks(path, cut.start, cut.stop), number):
                out.write(piece)
            number += len(cut.fragments)


def _chunks(path: Path, start: int, stop: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while (left := stop - file.tell()) > 0:
            yield file.read(min(CHUNK, left))
