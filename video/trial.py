"""Does a camera answer, and what does it show? One try, within seconds, of which nothing is kept."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from video.addresses import Allowed, Credentials, Forbidden
from video.looking import NothingToSee, one_picture
from video.sources import Pictures, Source, StreamLost, open_source

OPEN_WITHIN_S = 6.0
READ_WITHIN_S = 4.0
# A camera's key frames are seldom further apart.
LOOKS_FOR_S = 6.0
MOST_BYTES = 8 << 20


@dataclass(frozen=True)
class Trial:
    """What came of it. `trouble`: why there is nothing, a gap's reason. `picture`: a JPEG, where one was asked for."""

    trouble: str | None
    pictures: Pictures | None = None
    picture: bytes | None = None


def try_camera(
    networks: Sequence[str],
    folder: Path | None,
    address: str,
    credentials: Credentials | None,
    *,
    picture: bool = False,
) -> Trial:
    """Open a stream as the recorder would, within the same networks, and give it back.

    Raises:
        Refused: if the address cannot be one.
    """
    allowed = Allowed(tuple(networks), folder)
    try:
        with closing(open_source(allowed.reach(address, credentials), OPEN_WITHIN_S, READ_WITHIN_S)) as source:
            return _first_picture(source) if picture else Trial(None, source.pictures)
    except StreamLost as lost:
        return Trial(lost.trouble.value)
    except Forbidden:
        return Trial("forbidden")
    except NothingToSee:
        return Trial("unsupported")
    except OSError:
        return Trial("unreachable")


def _first_picture(source: Source) -> Trial:
    until, taken = monotonic() + LOOKS_FOR_S, 0
    for packet in source.packets():
        taken += packet.size
        if packet.is_keyframe:
            return Trial(None, source.pictures, one_picture(source.stream, packet))
        if monotonic() > until or taken > MOST_BYTES:
            break
    return Trial("stalled", source.pictures)
