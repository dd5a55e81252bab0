"""A placeholder voice in Kazakh, Russian and English, until people have recorded the notices.

The carrier has no Kazakh voice, so everything that a caller hears is a sound file. Where nobody has recorded it yet,
espeak-ng says it: understandable, and plainly a machine. Its library is not thread-safe, so every utterance runs in
a process of its own (see `espeak`). Two runs are not bit-identical: what is shipped is made once and kept by its hash.
"""

import struct
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

VOICES = {"kk": "kk", "ru": "ru", "en": "en"}
"""espeak-ng's voice for each language that callers can choose; its plain `en` is British."""

WORDS_PER_MINUTE = 150
"""Slower than espeak-ng's own 175: a telephone cuts away what lies above 3.4 kHz, and with it the consonants."""

TIMEOUT_S = 30.0
"""A minute of speech takes well under a second; what takes longer hangs, and is killed."""

PEAK = 10 ** (-3 / 20)
"""−3 dBFS: loud, with room for the filters on the way to a telephone."""

_ESPEAK = Path(__file__).with_name("espeak.py")
_RATE = struct.Struct("<I")


class SpeechFailed(Exception):
    """The text could not be spoken; the message says why. A repetition will not help."""


def speak(text: str, language: str, *, rate_hz: int = 8000) -> NDArray[np.int16]:
    """`text` as mono samples at `rate_hz`, its peak at −3 dBFS. Safe to call from any number of threads.

    Raises SpeechFailed for a language without a voice, a text without words, and when espeak-ng fails or hangs.
    """
    voice = VOICES.get(language)
    if voice is None:
        raise SpeechFailed(f"no voice speaks {language!r}; there are {', '.join(VOICES)}")
    if not any(character.isalnum() for character in text):
        raise SpeechFailed("the text holds no word that could be spoken")
    if "\0" in text:
        raise SpeechFailed("the text holds a NUL character, where espeak-ng would stop")
    native_hz, samples = _in_a_process(text, voice)
    return _normalised(_resampled(samples, native_hz, rate_hz))


def _in_a_process(text: str, voice: str) -> tuple[int, NDArray[np.int16]]:
    """espeak-ng's own rate (Hz) and samples."""
    # -P: this folder is not put on the path of imports, where its file names would hide other people's modules
    command = [sys.executable, "-P", str(_ESPEAK), voice, str(WORDS_PER_MINUTE)]
    try:
        done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise SpeechFailed(f"espeak-ng did not end within {TIMEOUT_S:g} s and was killed") from error
    except (OSError, UnicodeEncodeError) as error:
        raise SpeechFailed(f"espeak-ng could not be started: {error}") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise SpeechFailed(said[-1] if said else f"espeak-ng ended with code {done.returncode}")
    if len(done.stdout) <= _RATE.size:
        raise SpeechFailed("espeak-ng said nothing")
    (native_hz,) = _RATE.unpack_from(done.stdout)
    return native_hz, np.frombuffer(done.stdout, dtype=np.int16, offset=_RATE.size)


def _resampled(samples: NDArray[np.int16], from_hz: int, to_hz: int) -> NDArray[np.float32]:
    """The samples at another rate, as floats in −1…1.

    FFmpeg's resampler filters what lies above half of the new rate away before it drops samples; taking every third
    sample instead would fold the sibilants down into the voice.
    """
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = from_hz
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=to_hz)
    parts = [part.to_ndarray()[0] for given in (frame, None) for part in resampler.resample(given)]
    return np.concatenate(parts).astype(np.float32)


def _normalised(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """16-bit samples whose loudest is at PEAK."""
    loudest = float(np.abs(samples).max())
    if loudest == 0.0:
        raise SpeechFailed("espeak-ng gave silence")
    loud: NDArray[np.int16] = np.rint(samples * (PEAK / loudest * 32767)).astype(np.int16)
    return loud
