"""Which codes are on a photo. What it is, is told by its bytes; never by a name, a type or anything written about it.

A photo comes from outside, and decoders of pictures and codes are large: they work in a process of their own, which has
so much time and memory and no more. If it dies, a photo was not read, and nothing else happens.
"""

import json
import os
import struct
import subprocess
import sys
import threading
from dataclasses import dataclass

from storage.errors import Refused

MOST_BYTES = 25 * 1024 * 1024
MOST_PIXELS = 64_000_000
LEAST_SIDE = 100
# The reader gives up by itself after 8 s; this is for one that hangs.
PATIENCE_S = 30.0
# Each takes up to half a gigabyte, of a large photo without a code. Nobody waits for one: waiting, a few who send many
# photos would hold all threads of a web process.
READERS = threading.BoundedSemaphore(2)
HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")
# Markers of a JPEG that begin a frame, and so tell its size.
FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})


class PhotoRefused(Refused):
    """A photo cannot be looked at at all. The message says what to send instead."""


class TooManyPhotos(Refused):
    """As many photos are being read as may be at once."""


@dataclass(frozen=True)
class Photo:
    """A photo as it was sent. `kind`: its media type, by its bytes."""

    content: bytes
    kind: str


def photo(content: bytes) -> Photo:
    """Look at what was sent, without decoding it.

    Raises:
        PhotoRefused: if it is no JPEG, PNG or WebP, or too large, or too small, or says no size.
    """
    if not content:
        raise PhotoRefused("no photo came: take one of the sign where it hangs, and send it")
    if len(content) > MOST_BYTES:
        raise PhotoRefused("this photo has more than {most} MB: send a smaller one", most=MOST_BYTES // (1024 * 1024))
    if content[4:8] == b"ftyp" and content[8:12] in HEIC_BRANDS:
        raise PhotoRefused(
            "this photo is a HEIC or AVIF file: send a JPEG. On an iPhone: Settings, Camera, Formats, Most Compatible; "
            "or send a screenshot of the photo"
        )
    try:
        kind, width, height = _measured(content)
    except (struct.error, IndexError):
        kind, width, height = "", 0, 0
    if not kind:
        raise PhotoRefused("this is no photo that can be read: send a JPEG, PNG or WebP file")
    if min(width, height) < LEAST_SIDE:
        raise PhotoRefused("this photo is too small: send it as the camera took it")
    if width * height > MOST_PIXELS:
        raise PhotoRefused(
            "this photo has {width} × {height} points: send one of at most {most} million",
            width=width,
            height=height,
            most=MOST_PIXELS // 1_000_000,
        )
    return Photo(content, kind)


def _measured(content: bytes) -> tuple[str, int, int]:
    """Media type, width and height as the file's header says them; "" if it is none of the three."""
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR":
        return ("image/png", *struct.unpack(">II", content[16:24]))
    if content.startswith(b"\xff\xd8\xff"):
        return ("image/jpeg", *_jpeg(content))
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return ("image/webp", *_webp(content))
    return ("", 0, 0)


def _jpeg(content: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 <= len(content):
        if content[at] != 0xFF:
            return 0, 0
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in FRAMES:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 if marker == 0x01 or 0xD0 <= marker <= 0xD8 else 2 + struct.unpack(">H", content[at + 2 : at + 4])[0]
    return 0, 0


def _webp(content: bytes) -> tuple[int, int]:
    form = content[12:16]
    if form == b"VP8X":
        return (1 + int.from_bytes(content[24:27], "little"), 1 + int.from_bytes(content[27:30], "little"))
    if form == b"VP8L" and content[20] == 0x2F:
        bits = int.from_bytes(content[21:25], "little")
        return (1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
    if form == b"VP8 " and content[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", content[26:30])
        return (width & 0x3FFF, height & 0x3FFF)
    return 0, 0


def codes_on(shot: Photo) -> list[str]:
    """What the QR codes on it say, each once; empty if none can be read.

    Takes 0.3 s and more: longest, some ten seconds, where there is none.

    Raises:
        TooManyPhotos: if two others are being read in this process.
    """
    if not READERS.acquire(blocking=False):
        raise TooManyPhotos("other photos are being read just now: try again in a moment")
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "video.photo_codes"],
            input=shot.content,
            capture_output=True,
            timeout=PATIENCE_S,
            check=True,
            env={name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPATH") if name in os.environ},
        )
        found = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError):
        return []
    finally:
        READERS.release()
    return [str(each) for each in found]
