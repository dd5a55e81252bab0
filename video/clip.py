"""A span of stored segments as one MP4, without re-encoding. Pure: rows and bytes in, bytes out.

The file is what the segments are: fragments, one behind the other, as they were recorded, only that their time begins
with zero and goes on over gaps. In front of them stands an index (`sidx`), so that a player knows how long it is and
can go anywhere. So nothing is muxed anew, memory does not grow with the length, and how long the file will be is known
before a byte of it is read.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from video.boxes import HEADER, Fragment, NotWhole, boxes, child, shift
from video.playlist import Piece, Playing, pieces
from video.timing import TIMESCALE

LEAST_PIECE_S = 1.0
STARTS_WITH_SAP = 0x9000_0000
SIDX_HEAD = 40
# Of an entry for pictures (ISO/IEC 14496-12, 12.1.3): where width and height stand, where boxes in it begin.
SIZE_AT, ENTRY_HEAD = 32, 86
CONFIGURATION = (b"avcC", b"hvcC")
# What an entry of the index holds of a piece's length: 31 bits.
MOST_PIECE_BYTES = (1 << 31) - 1
MOST_PIECES = 0xFFFF


class NothingThere(Exception):
    """Nothing of the span is stored."""


class TooManyPieces(Exception):
    """The span is longer than an index can tell."""


@dataclass(frozen=True)
class Cut:
    """What is taken of a segment: bytes, and the time in them, in ticks of its run and in ticks of the clip."""

    segment: Playing
    fragments: tuple[Fragment, ...]
    pieces: tuple[Piece, ...]
    clip_begin: int

    @property
    def start(self) -> int:
        return self.fragments[0].offset

    @property
    def stop(self) -> int:
        return self.fragments[-1].offset + self.fragments[-1].size

    @property
    def shift(self) -> int:
        """By how many ticks its time is moved."""
        return self.clip_begin - self.fragments[0].begin

    @property
    def clip_end(self) -> int:
        return self.fragments[-1].end + self.shift


@dataclass(frozen=True)
class Plan:
    """A clip before it is made."""

    cuts: tuple[Cut, ...]

    @property
    def from_at(self) -> datetime:
        """Where it begins: at the key frame before the moment that was asked for."""
        return self.cuts[0].pieces[0].at

    @property
    def to_at(self) -> datetime:
        """Where it ends."""
        return self.cuts[-1].pieces[-1].until

    @property
    def seconds(self) -> float:
        return self.cuts[-1].clip_end / TIMESCALE

    @property
    def size(self) -> int:
        """How long the file will be."""
        taken = sum(each.stop - each.start for each in self.cuts)
        return self.cuts[0].segment.init_bytes + len(self.index()) + taken

    def index(self) -> bytes:
        """The `sidx` (ISO/IEC 14496-12, 8.16.3): a line for each piece."""
        found = [piece for cut in self.cuts for piece in cut.pieces]
        head = struct.pack(">I4sBxxxIIQQHH", SIDX_HEAD + 12 * len(found), b"sidx", 1, 1, TIMESCALE, 0, 0, 0, len(found))
        lines = [struct.pack(">III", each.size, each.end - each.begin, STARTS_WITH_SAP) for each in found]
        return head + b"".join(lines)


def plan(segments: Sequence[Playing], begin: datetime, end: datetime) -> Plan:
    """What of the segments a clip takes: from the key frame before `begin` to the first one at or behind `end`.

    Raises:
        NothingThere: if that is nothing.
        TooManyPieces: if it is too much for one file.
    """
    cuts: list[Cut] = []
    now = 0
    for segment in segments:
        wanted = [each for each in pieces(segment, LEAST_PIECE_S) if each.until > begin and each.at < end]
        if not wanted:
            continue
        first, last = wanted[0].begin, wanted[-1].end
        taken = tuple(each for each in segment.fragments if first <= each.begin < last)
        cuts.append(Cut(segment, taken, tuple(wanted), now))
        now = cuts[-1].clip_end
    if not cuts:
        raise NothingThere
    found = [piece for cut in cuts for piece in cut.pieces]
    if len(found) > MOST_PIECES or max(each.size for each in found) > MOST_PIECE_BYTES:
        raise TooManyPieces
    return Plan(tuple(cuts))


def format_of(init: bytes) -> bytes:
    """How the pictures are encoded (of `stsd`), from a file's init part: what must be the same all over a clip.

    Raises NotWhole.
    """
    moov = next((each for each in boxes(init) if each.kind == b"moov"), None)
    if moov is None:
        raise NotWhole("no moov")
    stsd = child(init, moov, b"trak", b"mdia", b"minf", b"stbl", b"stsd")
    # One entry: its kind, its size in pixels, and the decoder's configuration; a bit rate beside them is no matter.
    entry = next(boxes(init, stsd.offset + HEADER + 8, stsd.end), None)
    if entry is None:
        raise NotWhole("no entry in stsd")
    size = init[entry.offset + SIZE_AT : entry.offset + SIZE_AT + 4]
    inner = boxes(init, entry.offset + ENTRY_HEAD, entry.end)
    return entry.kind + size + b"".join(init[each.offset : each.end] for each in inner if each.kind in CONFIGURATION)


def fragments_of(cut: Cut, chunks: Iterator[bytes], first_number: int) -> Iterator[bytes]:
    """The fragments of a cut, with the clip's time and numbers.

    Args:
        cut: which.
        chunks: the segment's bytes from `cut.start` to `cut.stop`, in pieces of any size.
        first_number: how many fragments stand in front of it.

    Raises:
        NotWhole: if the bytes are not what the row says.
    """
    have = bytearray()
    for number, fragment in enumerate(cut.fragments, first_number + 1):
        while len(have) < fragment.size:
            chunk = next(chunks, None)
            if chunk is None:
                raise NotWhole("a segment is shorter than its row says")
            have += chunk
        data = have[: fragment.size]
        del have[: fragment.size]
        shift(data, cut.shift)
        _number(data, number)
        yield bytes(data)


def _number(data: bytearray, number: int) -> None:
    moof = next(boxes(data))
    struct.pack_into(">I", data, child(data, moof, b"mfhd").offset + HEADER + 4, number)
