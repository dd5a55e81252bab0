"""Which sound file is this, by its bytes, and is all of it there?

Nobody's file name is believed. And decoders are too kind here: they play what a cut-off file still holds and say
nothing, so that a notice could lose its last sentence, "press two", on the way. So the container's own account of
its length is compared with what is there, before anything is decoded.

WAV: RIFF chunks, Microsoft's *Multimedia Programming Interface and Data Specifications 1.0*. MP3: frame headers as in
ISO/IEC 11172-3 §2.4.2.3 and 13818-3 (half sampling rates), with MPEG 2.5 (a quarter) as everybody reads it.
"""

from typing import Literal

Container = Literal["wav", "mp3"]

UNKNOWN_LENGTHS = (0, 0xFFFFFFFF)
"""What programs write as the length of a WAV file before they know it; a finished file holds the real one."""

# kbit/s of MPEG 1 and of MPEG 2 and 2.5, layer III, by the header's index; 0: free format, which nobody writes
_BITRATES = {
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    0: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES_HZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_TAGS_BEHIND = (b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"ID3")


class NotWhole(Exception):
    """Part of the file is missing or unreadable; the message says which."""


def recognise(data: bytes) -> Container | None:
    """The container of `data`, or None for anything else."""
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "wav"
    start = _behind_id3(data)
    if mp3_frame_bytes(data, start) is not None:
        return "mp3"
    return None


def whole_sound(data: bytes, container: Container) -> bytes:
    """What a decoder needs of `data`: a WAV file as it is, the frames of an MP3 without the tags around them.

    Raises NotWhole when `data` ends before the sound does.
    """
    if container == "wav":
        _require_whole_wav(data)
        return data
    return data[_behind_id3(data) : _end_of_frames(data)]


def _require_whole_wav(data: bytes) -> None:
    at = 12
    while at + 8 <= len(data):
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        present = len(data) - at - 8
        if name == b"data":
            if length in UNKNOWN_LENGTHS:
                raise NotWhole("it was never finished, or is empty: no length is written in it")
            if length > present:
                raise NotWhole(f"it is cut off: {length} bytes of sound are announced, {present} are there")
            return
        at += 8 + length + length % 2
    raise NotWhole("it is cut off: the sound itself is missing")


def _end_of_frames(data: bytes) -> int:
    """Where the last frame ends. Raises NotWhole when it does not, or when it is not the last one."""
    at = _behind_id3(data)
    while at < len(data) and not _only_tags(data, at):
        length = mp3_frame_bytes(data, at)
        if length is None:
            if len(data) - at < 4:
                raise NotWhole("it is cut off within its last frame")
            raise NotWhole(f"it is damaged: no MP3 frame begins at byte {at}")
        if at + length > len(data):
            raise NotWhole("it is cut off within its last frame")
        at += length
    announced = _announced_frames_end(data)
    if announced is not None and announced > at:
        raise NotWhole(f"it is cut off: {announced} bytes are announced, {at} are there")
    return at


def mp3_frame_bytes(data: bytes, at: int) -> int | None:
    """The length in bytes of the layer III frame that begins at `at`, header included; None where none begins."""
    header = data[at : at + 4]
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    bitrate_index, rate_index, padding = header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1
    if version == 1 or layer != 1 or bitrate_index in (0, 15) or rate_index == 3:
        return None
    samples = 1152 if version == 3 else 576
    bits_per_s = _BITRATES[version][bitrate_index] * 1000
    return samples // 8 * bits_per_s // _RATES_HZ[version][rate_index] + padding


def _behind_id3(data: bytes) -> int:
    """Where the first frame begins: behind the ID3v2 tags, whose length is written in 7 bits a byte."""
    at = 0
    while data.startswith(b"ID3", at) and at + 10 <= len(data):
        length = 0
        for byte in data[at + 6 : at + 10]:
            length = length << 7 | byte & 0x7F
        footer = 10 if data[at + 5] & 0x10 else 0
        at += 10 + length + footer
    return at


def _only_tags(data: bytes, at: int) -> bool:
    """Whether what follows is no sound: tags that other programs put at the end, or padding."""
    return data.startswith(_TAGS_BEHIND, at) or not data[at:].strip(b"\0")


def _announced_frames_end(data: bytes) -> int | None:
    """Where the frames end by the encoder's own account (a Xing or Info header in the first frame), if it gives one."""
    start = _behind_id3(data)
    first = mp3_frame_bytes(data, start) or 0
    frame = data[start : start + first]
    at = max(frame.find(b"Xing"), frame.find(b"Info"))
    if at < 0:
        return None
    flags = int.from_bytes(frame[at + 4 : at + 8], "big")
    if not flags & 2:
        return None
    bytes_at = at + 8 + (4 if flags & 1 else 0)
    return start + int.from_bytes(frame[bytes_at : bytes_at + 4], "big")
