"""Fragmented MP4, as far as recording needs it: where fragments lie and what time they cover. Pure.

A file is `ftyp moov` and then pairs of `moof mdat` (ISO/IEC 14496-12). Whole is what ends with a whole `mdat`; a
process that was killed leaves at most one pair that is not. One track, as we write it ourselves.
"""

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass

Buffer = bytes | bytearray | mmap.mmap
HEADER = 8
# trun: which fields are there (14496-12, 8.8.8); tfhd likewise (8.8.7).
DATA_OFFSET, FIRST_FLAGS, DURATION, SIZE, FLAGS, COMPOSITION = 0x1, 0x4, 0x100, 0x200, 0x400, 0x800
BASE_OFFSET, DESCRIPTION, DEFAULT_DURATION, DEFAULT_SIZE, DEFAULT_FLAGS = 0x1, 0x2, 0x8, 0x10, 0x20
NO_KEY_FRAME = 0x10000


class NotWhole(Exception):
    """The bytes are not what a fragmented MP4 of ours looks like."""


@dataclass(frozen=True)
class Box:
    """A box by its place: `offset` and `size` in bytes, header included."""

    kind: bytes
    offset: int
    size: int

    @property
    def end(self) -> int:
        return self.offset + self.size


@dataclass(frozen=True)
class Fragment:
    """One `moof` with its `mdat`: where it lies (bytes), what it covers (ticks), how many packets, how it begins."""

    offset: int
    size: int
    begin: int
    length: int
    packets: int
    key: bool

    @property
    def end(self) -> int:
        """Where its last packet ends, in ticks."""
        return self.begin + self.length

    def row(self) -> list[int]:
        """As it is kept in the database."""
        return [self.offset, self.size, self.begin, self.length, self.packets, int(self.key)]

    @classmethod
    def of(cls, row: list[int]) -> "Fragment":
        """From what is kept."""
        offset, size, begin, length, packets, key = row
        return cls(offset, size, begin, length, packets, bool(key))


@dataclass(frozen=True)
class Layout:
    """What a file holds: the length of its init part, its whole fragments, and the length up to the last of them."""

    init_bytes: int
    fragments: tuple[Fragment, ...]

    @property
    def whole_bytes(self) -> int:
        return self.fragments[-1].offset + self.fragments[-1].size if self.fragments else self.init_bytes


def boxes(data: Buffer, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The whole boxes from `start` on, one behind the other; what is cut off is left out. Raises `NotWhole`."""
    end = len(data) if end is None else end
    while start + HEADER <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        if size == 1 and start + 16 <= end:
            (size,) = struct.unpack_from(">Q", data, start + HEADER)
        if size < HEADER:
            raise NotWhole(f"a box of {size} bytes at {start}")
        if start + size > end:
            return
        yield Box(bytes(kind), start, size)
        start += size


def child(data: Buffer, within: Box, *path: bytes) -> Box:
    """The first box below another, by the kinds on the way. Raises `NotWhole` if there is none."""
    for kind in path:
        found = next((each for each in boxes(data, within.offset + HEADER, within.end) if each.kind == kind), None)
        if found is None:
            raise NotWhole(f"no {kind.decode()} in {within.kind.decode()}")
        within = found
    return within


def layout(data: Buffer) -> Layout:
    """What of a file is whole. Whatever is behind the last whole fragment is not looked at. Raises `NotWhole`."""
    fragments: list[Fragment] = []
    init, moof = 0, None
    for box in boxes(data):
        if box.kind in (b"ftyp", b"moov") and not fragments and moof is None:
            init = box.end
        elif box.kind == b"moof" and moof is None:
            moof = box
        elif box.kind == b"mdat" and moof is not None:
            fragments.append(fragment(data, moof, box.end - moof.offset))
            moof = None
        else:
            raise NotWhole(f"a {box.kind!r} at {box.offset}")
    return Layout(init, tuple(fragments))


def fragment(data: Buffer, moof: Box, size: int) -> Fragment:
    """What a `moof` says. `size` is its own and its `mdat`'s, in bytes. Raises `NotWhole`."""
    traf = child(data, moof, b"traf")
    default, default_flags = _defaults(data, child(data, traf, b"tfhd"))
    begin, length, packets, key = _tfdt(data, child(data, traf, b"tfdt")), 0, 0, False
    for trun in boxes(data, traf.offset + HEADER, traf.end):
        if trun.kind != b"trun":
            continue
        flags, count = struct.unpack_from(">II", data, trun.offset + HEADER)
        flags &= 0xFFFFFF
        at = trun.offset + HEADER + 8 + (4 if flags & DATA_OFFSET else 0)
        if not packets:
            first = struct.unpack_from(">I", data, at)[0] if flags & FIRST_FLAGS else None
            own = at + (4 if flags & FIRST_FLAGS else 0) + 4 * (flags & (DURATION | SIZE)).bit_count()
            if first is None:
                first = struct.unpack_from(">I", data, own)[0] if flags & FLAGS else default_flags
            key = not first & NO_KEY_FRAME
        at += 4 if flags & FIRST_FLAGS else 0
        width = 4 * (flags & (DURATION | SIZE | FLAGS | COMPOSITION)).bit_count()
        for _ in range(count):
            length += struct.unpack_from(">I", data, at)[0] if flags & DURATION else default
            at += width
        packets += count
    return Fragment(moof.offset, size, begin, length, packets, key)


def _defaults(data: Buffer, tfhd: Box) -> tuple[int, int]:
    """The duration and the flags of a packet for which nothing else is said."""
    (flags,) = struct.unpack_from(">I", data, tfhd.offset + HEADER)
    flags &= 0xFFFFFF
    at, told = tfhd.offset + HEADER + 8, {}
    for bit, width in (
        (BASE_OFFSET, 8),
        (DESCRIPTION, 4),
        (DEFAULT_DURATION, 4),
        (DEFAULT_SIZE, 4),
        (DEFAULT_FLAGS, 4),
    ):
        if flags & bit:
            told[bit] = int.from_bytes(data[at : at + width])
            at += width
    return told.get(DEFAULT_DURATION, 0), told.get(DEFAULT_FLAGS, 0)


def _tfdt(data: Buffer, tfdt: Box) -> int:
    version = data[tfdt.offset + HEADER]
    begin: int = struct.unpack_from(">Q" if version else ">I", data, tfdt.offset + HEADER + 4)[0]
    return begin


def shift(data: bytearray, by: int) -> None:
    """Let a whole fragment's (`moof` and `mdat`) time begin `by` ticks later, so that time goes on over files.

    Raises `NotWhole`, also if its `tfdt` is of the short kind: 32 bits of 90,000 a second end after 13 hours.
    """
    moof = next(boxes(data), None)
    if moof is None or moof.kind != b"moof":
        raise NotWhole("no moof")
    tfdt = child(data, moof, b"traf", b"tfdt")
    if not data[tfdt.offset + HEADER]:
        raise NotWhole("a tfdt of 32 bits")
    struct.pack_into(">Q", data, tfdt.offset + HEADER + 4, _tfdt(data, tfdt) + by)
