"""Sound files as other people's programs write them, for the tests of `telephony.audio`."""

import io
import wave

import av
import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]


def murmur(seconds: float, rate_hz: int = 44100, level: float = 0.5, seed: int = 1) -> Samples:
    """Something like a voice, its peak at `level` (0…1): noise below 3 kHz that swells four times a second."""
    count = round(seconds * rate_hz)
    noise = np.random.default_rng(seed).standard_normal(count)
    spectrum = np.fft.rfft(noise)
    spectrum[np.fft.rfftfreq(count, 1 / rate_hz) > 3000] = 0
    swelling = np.fft.irfft(spectrum, count) * (1.2 + np.sin(np.arange(count) / rate_hz * 8 * np.pi))
    voice: Samples = swelling / np.abs(swelling).max() * level
    return voice


def tone(frequency_hz: float, seconds: float, rate_hz: int, level: float = 0.5) -> Samples:
    sine: Samples = level * np.sin(2 * np.pi * frequency_hz * np.arange(round(seconds * rate_hz)) / rate_hz)
    return sine


def as_wav(*channels: Samples, rate_hz: int = 44100, bytes_per_sample: int = 2) -> bytes:
    """A PCM WAV file; what is beyond full scale is cut off there, as a recorder does."""
    interleaved = np.clip(np.stack(channels, axis=1), -1, 1)
    whole = np.rint(interleaved * (2 ** (8 * bytes_per_sample - 1) - 1)).astype("<i4")
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(len(channels))
        writer.setsampwidth(bytes_per_sample)
        writer.setframerate(rate_hz)
        writer.writeframes(whole.reshape(-1, 1).view(np.uint8)[:, :bytes_per_sample].tobytes())
    return file.getvalue()


def encoded(container: str, codec: str, mono: Samples, rate_hz: int = 44100, **options: str) -> bytes:
    """The sound by one of FFmpeg's encoders, in any container."""
    file = io.BytesIO()
    with av.open(file, "w", format=container, options=options) as opened:
        stream = opened.add_stream(codec, rate=rate_hz, layout="mono")
        assert isinstance(stream, av.AudioStream)
        clipped = np.clip(mono, -1, 1).astype(np.float32).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(clipped), format="fltp", layout="mono")
        frame.sample_rate = rate_hz
        for given in (frame, None):
            opened.mux(stream.encode(given))
    return file.getvalue()


def as_mp3(mono: Samples, rate_hz: int = 44100, **options: str) -> bytes:
    """An MP3 file by LAME; `write_xing="0"` leaves its own account of its length out."""
    return encoded("mp3", "libmp3lame", mono, rate_hz, **options)
