"""Recordings that people spoke, made ready for the telephone: checked, and all in one form.

A caller who cannot hear the notice was not told. So what could not be heard in full (cut off, silent, distorted) is
refused when it is published, in words that help whoever recorded it, and everything else becomes what the carrier
plays without converting it: WAV, 8 kHz, mono, 16-bit PCM. The same file always gives the same bytes, because a
recording of a call points at the hash of the audio that was heard.
"""

import hashlib
import io
import wave
from dataclasses import dataclass
from fractions import Fraction
from pathlib import PurePath

import av
import numpy as np
from numpy.typing import NDArray

from storage.errors import Refused
from telephony.sound_container import Container, NotWhole, recognise, whole_sound

RATE_HZ = 8000
MAX_BYTES = 20 * 1024 * 1024
MIN_SECONDS = 1
# What sound is recorded at. A header can say anything, and what it says is what a minute of it weighs.
RATES_HZ = (4_000, 192_000)
MAX_SECONDS = 60

SILENT_BELOW = 10 ** (-40 / 20)
"""−40 dBFS: on a telephone this is lost in the noise of the line."""

PEAK = 23197
"""Of 32,767: −3 dBFS. Every message is brought to it, so that none is louder or fainter than the one before."""

CLIPPED_AT = 0.98
CLIPPED_SHARE = 0.002
"""Tried with speech: 6 dB too loud clips 0.4 % of a WAV, 10 dB too loud 1.6 %, and 0.4 % as MP3; at 3 dB, which
nobody hears on a telephone, it is 0.05 %."""

Samples = NDArray[np.float32]


class AudioRejected(Refused):
    """This file cannot be played to callers. The message says what is wrong with it, and what to do."""


@dataclass(frozen=True)
class NoticeAudio:
    """What callers will hear: a WAV file, its SHA-256 (hexadecimal), and how long it plays, in milliseconds."""

    wav: bytes
    sha256: str
    duration_ms: int


def normalise(data: bytes, filename: str) -> NoticeAudio:
    """A WAV or MP3 file as the WAV that callers hear. Its content decides what it is; `filename` is for messages.

    What it gives goes through it unchanged. Raises AudioRejected.
    """
    try:
        channels, rate_hz = _decoded(data)
        _require_audible(channels, rate_hz)
        mono = _mixed(channels)
    except AudioRejected as error:
        # As text it names the file; what it says of it stays a sentence that can be looked up.
        error.args = (f"{PurePath(filename).name}: {error}",)
        raise
    return notice_audio(_levelled(_resampled(mono, rate_hz)))


def notice_audio(samples: NDArray[np.int16]) -> NoticeAudio:
    """Samples at 8 kHz as they are, in a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE_HZ)
        writer.writeframes(samples.astype("<i2").tobytes())
    data = file.getvalue()
    return NoticeAudio(data, hashlib.sha256(data).hexdigest(), wav_duration_ms(data))


def wav_duration_ms(data: bytes) -> int:
    """How long a PCM WAV file plays, in milliseconds, rounded. Raises AudioRejected for anything else."""
    if recognise(data) != "wav":
        raise AudioRejected("this is no WAV file")
    try:
        whole_sound(data, "wav")
        with wave.open(io.BytesIO(data), "rb") as reader:
            return round(Fraction(reader.getnframes() * 1000, reader.getframerate()))
    except (wave.Error, EOFError, ZeroDivisionError) as error:
        raise AudioRejected("this is no WAV file with PCM sound ({error})", error=error) from error
    except NotWhole as error:
        raise AudioRejected("{error}; export or upload it again", error=error) from error


def _decoded(data: bytes) -> tuple[Samples, int]:
    """The samples (channels × time, −1…1) and their rate in Hz."""
    if len(data) > MAX_BYTES:
        raise AudioRejected(
            "it is larger than {most} MB; export it as MP3, or as 16-bit mono WAV", most=MAX_BYTES // 1024 // 1024
        )
    container = recognise(data)
    if container is None:
        raise AudioRejected("it is neither a WAV nor an MP3 file, whatever its name says; export it as one of them")
    try:
        return _decode(whole_sound(data, container), container)
    except NotWhole as error:
        raise AudioRejected("{error}; export or upload it again", error=error) from error
    except (av.FFmpegError, ValueError) as error:
        raise AudioRejected("it is damaged: it cannot be decoded; export or upload it again") from error


def _decode(data: bytes, container: Container) -> tuple[Samples, int]:
    """FFmpeg's answer, with the container named, so that it does not guess at others."""
    parts: list[Samples] = []
    count = 0
    # titles and comments are often not in UTF-8, and nothing is wanted of them
    with av.open(io.BytesIO(data), "r", format=container, metadata_errors="ignore") as opened:
        if not opened.streams.audio:
            raise AudioRejected("it holds no sound")
        stream = opened.streams.audio[0]
        if stream.codec_context is None:
            raise AudioRejected("its sound is packed in an unknown way; export it as 16-bit PCM WAV or as MP3")
        codec, channels, rate_hz = stream.codec_context.name, stream.codec_context.channels, stream.rate
        if not RATES_HZ[0] <= rate_hz <= RATES_HZ[1]:
            raise AudioRejected("it has {rate} samples a second; export it with 44100", rate=rate_hz)
        if not codec.startswith(("pcm_", "mp3")):
            raise AudioRejected("its sound is packed as {codec}; export it as 16-bit PCM WAV or as MP3", codec=codec)
        if channels not in (1, 2):
            raise AudioRejected("it has {channels} channels; export it in mono or stereo", channels=channels)
        # only the form of a sample changes here, and the decoder's own channels stay apart
        to_float = av.AudioResampler(format="fltp", layout="mono" if channels == 1 else "stereo", rate=rate_hz)
        for frame in opened.decode(stream):
            for part in to_float.resample(frame):
                parts.append(np.asarray(part.to_ndarray(), np.float32))
                count += part.samples
            if count > MAX_SECONDS * rate_hz:
                raise AudioRejected("it is longer than {most} seconds; say it in fewer words", most=MAX_SECONDS)
        parts.extend(np.asarray(part.to_ndarray(), np.float32) for part in to_float.resample(None))
    if not parts:
        raise AudioRejected("it holds no sound")
    return np.nan_to_num(np.concatenate(parts, axis=1), nan=0.0, posinf=1.0, neginf=-1.0), rate_hz


def _require_audible(channels: Samples, rate_hz: int) -> None:
    seconds = channels.shape[1] / rate_hz
    if seconds < MIN_SECONDS:
        raise AudioRejected(
            "it is {seconds:.2f} seconds long; a message takes at least {least} second",
            seconds=seconds,
            least=MIN_SECONDS,
        )
    if _peak(channels) < SILENT_BELOW:
        raise AudioRejected("it is silent, or nearly; record it closer to the microphone")
    if (share := clipped_share(channels)) > CLIPPED_SHARE:
        raise AudioRejected(
            "it is distorted: {share:.1%} of it is clipped; record it again at a lower level", share=share
        )


def _mixed(channels: Samples) -> Samples:
    # the few samples beyond full scale that were let pass must not make all the rest fainter
    mono: Samples = np.clip(channels, -1.0, 1.0).mean(axis=0, dtype=np.float32)
    if _peak(mono) < SILENT_BELOW:
        raise AudioRejected("its two channels cancel each other out; export it in mono")
    return mono


def clipped_share(channels: Samples) -> float:
    """The part (0…1) of the samples that a recorder cut off at its limit, in the channel that has most of them.

    PCM shows it as plateaus: three samples and more of one value, near full scale. In an MP3 the plateaus are
    rounded off again and swing beyond full scale.
    """
    over = np.abs(channels) > 1.0
    near = np.abs(channels) >= CLIPPED_AT
    level = np.abs(np.diff(channels, axis=1)) < 1 / 32768
    plateau = np.zeros_like(near)
    # a sample is on a plateau when it, its neighbour, and that one's neighbour are level and near the limit
    flat = level[:, :-1] & level[:, 1:] & near[:, 1:-1]
    for shift in range(3):
        plateau[:, shift : shift + flat.shape[1]] |= flat
    return float((over | plateau).mean(axis=1).max())


def _peak(samples: Samples) -> float:
    return float(np.abs(samples).max(initial=0.0))


def _resampled(mono: Samples, from_hz: int) -> Samples:
    """At 8 kHz; FFmpeg's resampler filters what lies above 4 kHz away before it drops samples."""
    if from_hz == RATE_HZ:
        return mono
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(mono.reshape(1, -1)), format="fltp", layout="mono")
    frame.sample_rate = from_hz
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=RATE_HZ)
    parts = [part.to_ndarray()[0] for given in (frame, None) for part in resampler.resample(given)]
    return np.concatenate(parts).astype(np.float32)


def _levelled(mono: Samples) -> NDArray[np.int16]:
    """16-bit samples whose loudest is at PEAK."""
    exact = mono.astype(np.float64)
    levelled: NDArray[np.int16] = np.rint(exact / np.abs(exact).max() * PEAK).astype(np.int16)
    return levelled
