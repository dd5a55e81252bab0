"""What looking at footage costs: where something moved, and how soon the first picture is there.

Motion is beside a bare frame difference on one core, over the same pictures. The first picture is what a player asks
for before it can show one: the init part and the first fragment of a segment that nobody has opened yet, through the
right, the ledger and the cipher; beside the same ranges of the store's bytes by the bare client, which are what a
direct read would be. Once of a camera of 1080p at some 4 Mbit/s, once of a tiny picture, where all there is is what a
request costs.
"""

import statistics
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from storage.models import Segment, StoredObject
from storage.playback import Playback
from tests.bench import ground
from tests.bench.measure import in_turn, in_turn_of, rate, say_rates, say_times, timed
from tests.house import House
from tests.pages.filmed import Filmed, filmed
from tests.pages.people import Town, Visitor
from tests.seaweed import Seaweed
from video.motion import Motion

FRAMES, WIDTH, HEIGHT, COMPARED_AT = 300, 768, 576, (320, 240)
ASKED = 40


def run(folder: Path) -> None:
    _motion()
    with ground.seaweed(folder) as seaweed, House(folder, seaweed.store(ground.BUCKET)).open() as house:
        town = Town(house)
        centre_id = town.person("mira").centre_id
        assert centre_id is not None
        large = partial(_noisy, folder / "noisy.mp4")
        _first_picture(town, seaweed, filmed(house, centre_id, runs=1, code="large", made=large))
        _first_picture(town, seaweed, filmed(house, centre_id, code="tiny"))


def _motion() -> None:
    pictures = list(_scene())

    def ours() -> None:
        motion = Motion()
        for number, picture in enumerate(pictures):
            motion.see(picture, float(number))

    def theirs() -> None:
        before = None
        for picture in pictures:
            small = cv2.resize(picture, COMPARED_AT, interpolation=cv2.INTER_AREA)
            if before is not None:
                cv2.countNonZero(cv2.threshold(cv2.absdiff(small, before), 18, 255, cv2.THRESH_BINARY)[1])
            before = small

    cv2.setNumThreads(1)
    mine, their = in_turn(ours, theirs)
    name = f"motion in pictures of {WIDTH} x {HEIGHT}, a core"
    say_rates(name, rate(FRAMES, mine), "bare frame difference at 320 px", rate(FRAMES, their), "frames/s", "≥ 0.7")


def _scene() -> Iterator[NDArray[Any]]:
    """Noise as a camera has it, with somebody who walks through."""
    chance = np.random.default_rng(1)
    ground_ = chance.integers(60, 120, (HEIGHT, WIDTH), np.uint8)
    for number in range(FRAMES):
        picture = ground_ + chance.integers(0, 6, (HEIGHT, WIDTH), np.uint8)
        picture[200:440, (number * 3) % (WIDTH - 90) :][:, :90] = 200
        yield picture


def _first_picture(town: Town, seaweed: Seaweed, here: Filmed) -> None:
    mira, client = town.signed_in("mira"), seaweed.client()
    row, kept = town.house.ask(
        lambda s: s.execute(
            sa.select(Segment, StoredObject)
            .join(StoredObject, StoredObject.id == Segment.object_id)
            .where(Segment.camera_id == here.camera_id)
            .order_by(Segment.began_at)
        ).first()
    )
    offset, size, *_ = row.fragments[0]
    ranges = [(0, row.init_bytes), (offset, size)]
    path = f"/cameras/{here.camera_id}/media/{kept.id}"

    def direct() -> None:
        for begin, length in ranges:
            answer = client.get_object(ground.BUCKET, kept.key, begin, length)
            answer.read()
            answer.close()
            answer.release_conn()

    ask = _asked(mira, path, ranges)

    def first() -> float:
        # As if nobody had opened it before.
        town.house.at.playback = Playback(town.house.at.store, town.house.at.keys)
        return timed(ask)

    ours, theirs = in_turn_of(first, lambda: timed(direct), ASKED)
    name = f"first picture ({sum(length for _, length in ranges) / 1000:.0f} kB in two ranges)"
    say_times(name, statistics.median(ours), "direct read", statistics.median(theirs), "≤ 1.3")


def _noisy(path: Path) -> Path:
    """Two seconds of 1080p25 at some 4 Mbit/s, a key frame each second."""
    chance = np.random.default_rng(1)
    options = {"g": "25", "preset": "ultrafast", "tune": "zerolatency", "nal-hrd": "cbr"}
    with av.open(path, "w") as out:
        stream = out.add_stream("libx264", rate=25, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 1920, 1080, "yuv420p", 4_000_000
        stream.codec_context.time_base = Fraction(1, 25)
        for number in range(50):
            small = chance.integers(60, 120, (270, 480), np.uint8)
            picture = cv2.resize(small, (1920, 1080)).astype(np.uint8)
            made = av.VideoFrame.from_ndarray(picture, format="gray").reformat(format="yuv420p")
            made.pts = number
            out.mux(stream.encode(made))
        out.mux(stream.encode())
    return path


def _asked(visitor: Visitor, path: str, ranges: list[tuple[int, int]]) -> Callable[[], None]:
    def ask() -> None:
        for begin, length in ranges:
            answer = visitor.get(path, Range=f"bytes={begin}-{begin + length - 1}")
            assert (answer.status_code, len(answer.data)) == (206, length)

    return ask
