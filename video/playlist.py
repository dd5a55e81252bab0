"""A playlist of stored segments: HLS with fragmented MP4 and byte ranges (RFC 8216bis). Pure.

Nothing of the media is read for it: where the fragments lie, and what time they cover, stands in the segments' rows.
Fragments are put together into pieces that begin at a key frame. Where the line breaks off (a gap, another run, what is
deleted) the player is told, and each piece says when it was recorded.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from video.boxes import Fragment
from video.timing import TIMESCALE

PIECE_S = 4.0
HEAD = ("#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-PLAYLIST-TYPE:VOD", "#EXT-X-MEDIA-SEQUENCE:0")


@dataclass(frozen=True)
class Playing:
    """A segment as far as a playlist needs it."""

    object_id: str
    run_id: str
    began_at: datetime
    ended_at: datetime
    media_begin: int
    media_end: int
    init_bytes: int
    fragments: tuple[Fragment, ...]


@dataclass(frozen=True)
class Piece:
    """What a player fetches at once: bytes of a segment, and the time in them (ticks of its run)."""

    segment: Playing
    offset: int
    size: int
    begin: int
    end: int

    @property
    def seconds(self) -> float:
        return (self.end - self.begin) / TIMESCALE

    @property
    def at(self) -> datetime:
        """When it begins, in UTC: a segment's length there may differ a little from its media's."""
        whole = self.segment.media_end - self.segment.media_begin
        share = (self.begin - self.segment.media_begin) / whole if whole else 0.0
        return self.segment.began_at + (self.segment.ended_at - self.segment.began_at) * share

    @property
    def until(self) -> datetime:
        """When it ends, in UTC."""
        whole = self.segment.media_end - self.segment.media_begin
        share = (self.end - self.segment.media_begin) / whole if whole else 1.0
        return self.segment.began_at + (self.segment.ended_at - self.segment.began_at) * share


def pieces(segment: Playing, least_s: float = PIECE_S) -> Iterator[Piece]:
    """A segment's pieces: each begins at a key frame (but for the first of a segment that does not), none overlap."""
    begun: list[Fragment] = []
    for fragment in segment.fragments:
        if begun and fragment.key and (begun[-1].end - begun[0].begin) >= least_s * TIMESCALE:
            yield _piece(segment, begun)
            begun = []
        begun.append(fragment)
    if begun:
        yield _piece(segment, begun)


def _piece(segment: Playing, fragments: Sequence[Fragment]) -> Piece:
    first, last = fragments[0], fragments[-1]
    return Piece(segment, first.offset, last.offset + last.size - first.offset, first.begin, last.end)


def follows(before: Playing | None, segment: Playing) -> bool:
    """Whether a segment goes on where another ended, on the same timeline."""
    return before is not None and (before.run_id, before.media_end) == (segment.run_id, segment.media_begin)


def playlist(segments: Sequence[Playing], begin: datetime, end: datetime, media: str) -> str:
    """The playlist of what of these segments lies between two moments.

    Args:
        segments: in order.
        begin: no piece that ends before this is in it.
        end: no piece that begins at this, or later.
        media: address of the segments' bytes, up to the object's id.
    """
    lines: list[str] = []
    longest, last = 0.0, None
    for segment in segments:
        wanted = [each for each in pieces(segment) if each.until > begin and each.at < end]
        if not wanted:
            continue
        address = f"{media}{segment.object_id}"
        if last is not None and not follows(last, segment):
            lines.append("#EXT-X-DISCONTINUITY")
        if last is None or last.run_id != segment.run_id:
            lines.append(f'#EXT-X-MAP:URI="{address}",BYTERANGE="{segment.init_bytes}@0"')
        for piece in wanted:
            longest = max(longest, piece.seconds)
            lines += [
                f"#EXT-X-PROGRAM-DATE-TIME:{_written(piece.at)}",
                f"#EXTINF:{piece.seconds:.5f},",
                f"#EXT-X-BYTERANGE:{piece.size}@{piece.offset}",
                address,
            ]
        last = segment
    target = f"#EXT-X-TARGETDURATION:{max(1, math.ceil(longest))}"
    return "\n".join([*HEAD, target, *lines, "#EXT-X-ENDLIST", ""])


def _written(at: datetime) -> str:
    rounded = at.astimezone(UTC) + timedelta(microseconds=500)
    return rounded.isoformat(timespec="milliseconds").replace("+00:00", "Z")
