"""Where fragments lie: told by our own reading and by PyAV's, and cut off anywhere."""

import struct
from io import BytesIO

import av
import pytest

from tests.video import footage
from video.boxes import NotWhole, layout, shift
from video.segments import Muxer
from video.timing import TIMESCALE


@pytest.fixture(scope="module")
def fragmented(tmp_path_factory: pytest.TempPathFactory) -> list[bytearray]:
    """Four seconds, as the muxer gives them: the init part, fragments."""
    folder = tmp_path_factory.mktemp("fragmented")
    path = footage.make(folder / "short.mp4", 100)
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        muxer = Muxer(stream)
        return [piece for packet in file.demux(stream) if packet.size for piece in muxer.mux(packet)] + muxer.close()


def test_each_fragment_is_where_it_is_said_to_be(fragmented: list[bytearray]) -> None:
    data = b"".join(fragmented)
    found = layout(data)
    assert found.init_bytes == len(fragmented[0])
    assert found.whole_bytes == len(data)
    assert [data[each.offset : each.offset + each.size] for each in found.fragments] == fragmented[1:]
    assert [(each.begin, each.length, each.packets, each.key) for each in found.fragments] == [
        (second * TIMESCALE, TIMESCALE, 25, True) for second in range(4)
    ]


def test_cut_off_anywhere_what_is_whole_is_found_and_can_be_shown(fragmented: list[bytearray]) -> None:
    data = b"".join(fragmented)
    ends = [sum(map(len, fragmented[: number + 1])) for number in range(len(fragmented))]
    for cut in {0, 1, 7, 8, *ends, *(end + more for end in ends for more in (-1, 1, 9, 100))}:
        if not 0 <= cut <= len(data):
            continue
        found = layout(data[:cut])
        whole = max((end for end in ends if end <= cut), default=0)
        if cut >= ends[0]:
            assert found.whole_bytes == whole
        if found.fragments:
            assert footage.numbers(data[: found.whole_bytes]) == list(range(25 * len(found.fragments)))


def test_a_fragments_time_goes_on(fragmented: list[bytearray]) -> None:
    moved = [bytearray(piece) for piece in fragmented[1:]]
    for piece in moved:
        shift(piece, 5_000_000_000)
    with av.open(BytesIO(fragmented[0] + b"".join(moved)), "r") as file:
        times = [packet.dts for packet in file.demux(file.streams.video[0]) if packet.size]
    assert times == [5_000_000_000 + number * 3600 for number in range(100)]


@pytest.mark.parametrize(
    "data",
    [struct.pack(">I4s", 4, b"moov"), struct.pack(">I4s", 8, b"free"), struct.pack(">I4s", 8, b"mdat")],
)
def test_what_is_no_segment_of_ours_is_refused(data: bytes) -> None:
    with pytest.raises(NotWhole):
        layout(data)
    with pytest.raises(NotWhole):
        shift(bytearray(data), 1)
