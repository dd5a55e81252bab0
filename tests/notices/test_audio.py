"""Recordings that people spoke: what becomes of good ones, and what those who recorded the others are told."""

import hashlib
import io
import wave

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.audio import AudioRejected, NoticeAudio, normalise, notice_audio, wav_duration_ms
from tests.notices.sounds import Samples, as_mp3, as_wav, encoded, murmur, tone

GOOD_WAV = as_wav(murmur(1.5, 8000), rate_hz=8000)
GOOD_MP3 = as_mp3(murmur(1.5, 16000), 16000)


def _samples(audio: NoticeAudio) -> Samples:
    with wave.open(io.BytesIO(audio.wav)) as reader:
        assert (reader.getframerate(), reader.getnchannels(), reader.getsampwidth()) == (8000, 1, 2)
        return np.frombuffer(reader.readframes(reader.getnframes()), "<i2").astype(float) / 32768


@pytest.mark.parametrize(
    "data",
    [
        as_wav(murmur(3)),
        as_wav(murmur(3), murmur(3, seed=2)),
        as_wav(murmur(3, 48000), rate_hz=48000, bytes_per_sample=3),
        as_wav(murmur(3, 96000), rate_hz=96000, bytes_per_sample=4),
        as_wav(murmur(3, 8000), rate_hz=8000),
        encoded("wav", "pcm_f32le", murmur(3)),
        encoded("wav", "pcm_mulaw", murmur(3, 8000), 8000),
        as_mp3(murmur(3)),
        as_mp3(murmur(3, 16000), 16000),
        as_mp3(murmur(3, 8000), 8000),
        as_mp3(murmur(3), write_xing="0"),
        as_mp3(murmur(3), write_id3v1="1") + bytes(100),
    ],
    ids=["wav", "stereo", "24-bit", "32-bit", "8k", "float", "mulaw", "mp3", "mpeg2", "mpeg2.5", "no-xing", "tags"],
)
def test_good_recordings_become_one_form(data: bytes) -> None:
    audio = normalise(data, "notice.any")
    assert audio == normalise(data, "another name"), "the same file always gives the same bytes"
    assert audio.sha256 == hashlib.sha256(audio.wav).hexdigest()
    assert audio.duration_ms == wav_duration_ms(audio.wav) == pytest.approx(3000, abs=60)
    assert 20 * np.log10(np.abs(_samples(audio)).max()) == pytest.approx(-3, abs=0.01)
    assert normalise(audio.wav, "notice.wav") == audio, "what it gives goes through it unchanged"


def test_titles_in_old_encodings_do_not_matter() -> None:
    title = "Ескерту".encode("cp1251") + b"\0"
    info = b"INFOINAM" + len(title).to_bytes(4, "little") + title
    id3 = b"TIT2" + (1 + len(title)).to_bytes(4, "big") + b"\0\0\3" + title
    titled_wav = GOOD_WAV + b"LIST" + len(info).to_bytes(4, "little") + info
    titled_mp3 = b"ID3\3\0\0\0\0\0" + bytes([len(id3)]) + id3 + GOOD_MP3
    assert normalise(titled_wav, "a.wav") == normalise(GOOD_WAV, "a.wav")
    assert normalise(titled_mp3, "a.mp3") == normalise(GOOD_MP3, "a.mp3")


@pytest.mark.parametrize("rate_hz", [8000, 11025, 22050, 44100, 48000])
def test_the_voice_stays_and_nothing_folds_into_it(rate_hz: int) -> None:
    beyond = tone(6000, 2, rate_hz) if rate_hz > 12000 else 0
    samples = _samples(normalise(as_wav(tone(1000, 2, rate_hz, 0.3) + beyond, rate_hz=rate_hz), "tone"))
    middle = samples[4000:12000]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert np.argmax(spectrum) == 1000
    spectrum[990:1011] = 0
    assert spectrum.max() < 0.01 * np.abs(np.fft.rfft(middle * np.hanning(len(middle)))).max()


@settings(deadline=None, max_examples=40)
@given(
    seconds=st.floats(1, 4), rate_hz=st.sampled_from([8000, 11025, 16000, 22050, 44100]), level_db=st.floats(-38, -0.5)
)
def test_any_length_rate_and_level_that_can_be_heard_is_taken(seconds: float, rate_hz: int, level_db: float) -> None:
    spoken = murmur(seconds + 1 / rate_hz, rate_hz, 10 ** (level_db / 20))
    audio = normalise(as_wav(spoken, rate_hz=rate_hz), "a.wav")
    assert audio.duration_ms == pytest.approx(seconds * 1000, abs=5)
    assert normalise(audio.wav, "b.wav") == audio


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "neither a WAV nor an MP3"),
        (b"<?xml version='1.0'?><TwilioResponse/>", "neither a WAV nor an MP3"),
        (encoded("ogg", "libopus", murmur(2, 48000), 48000), "neither a WAV nor an MP3"),
        (encoded("flac", "flac", murmur(2)), "neither a WAV nor an MP3"),
        (encoded("adts", "aac", murmur(2)), "neither a WAV nor an MP3"),
        (encoded("mp2", "mp2", murmur(2)), "neither a WAV nor an MP3"),
        (encoded("wav", "adpcm_ima_wav", murmur(2)), "packed as adpcm_ima_wav; export it"),
        (as_wav(murmur(2), murmur(2), murmur(2)), "3 channels; export it in mono"),
        (as_wav(murmur(2), rate_hz=400_000), "400000 samples a second"),
        (as_wav(murmur(0.9)), r"0\.90 seconds long; a message takes at least 1"),
        (as_wav(np.zeros(0)), "never finished, or is empty"),
        (as_wav(murmur(60.1, 8000), rate_hz=8000), "longer than 60 seconds"),
        (as_mp3(murmur(70, 8000), 8000), "longer than 60 seconds"),
        (as_wav(murmur(2, level=0.009)), "silent, or nearly; record it closer"),
        (as_mp3(np.zeros(88200)), "silent, or nearly; record it closer"),
        (as_wav(murmur(2), -murmur(2)), "cancel each other out"),
        (as_wav(murmur(2, level=3)), "distorted: .*% of it is clipped"),
        (as_mp3(murmur(2, level=4)), "distorted: .*% of it is clipped"),
        (as_wav(murmur(2), murmur(2, level=3)), "distorted: .*% of it is clipped"),
        (as_wav(murmur(1)) + bytes(20 * 1024 * 1024), "larger than 20 MB"),
        (GOOD_WAV[:-2000], "cut off: .* bytes of sound are announced"),
        (GOOD_WAV[:30], "the sound itself is missing"),
        (GOOD_WAV[:40] + b"\xff" * 4 + GOOD_WAV[44:], "never finished"),
        (GOOD_MP3[:-50], "cut off within its last frame"),
        (GOOD_MP3[: len(GOOD_MP3) // 2], "cut off"),
        (as_mp3(murmur(2), write_xing="0")[:-50], "cut off within its last frame"),
        (GOOD_MP3[:3000] + b"<html>" + GOOD_MP3[3000:], "damaged: no MP3 frame begins"),
        (GOOD_WAV[:22] + b"\0\0" + GOOD_WAV[24:], "damaged|channels"),
        (GOOD_WAV[:24] + b"\0\0\0\0" + GOOD_WAV[28:], "damaged"),
    ],
)
def test_what_could_not_be_heard_in_full_is_refused_with_advice(data: bytes, message: str) -> None:
    with pytest.raises(AudioRejected, match=f"^ескерту.mp3: .*({message})"):
        normalise(data, "/home/aigul/ескерту.mp3")


def test_the_limits_themselves_are_allowed() -> None:
    assert normalise(as_wav(murmur(60, 8000), rate_hz=8000), "a").duration_ms == 60000
    assert normalise(as_wav(murmur(1, 8000), rate_hz=8000), "a").duration_ms == 1000


def test_a_click_beyond_full_scale_does_not_make_the_voice_faint() -> None:
    spoken = murmur(2, level=0.9)
    spoken[1000] = 500.0
    file = io.BytesIO(encoded("wav", "pcm_f32le", spoken))
    data = file.getvalue().replace(np.float32(1.0).tobytes(), np.float32(500.0).tobytes(), 1)
    assert np.float32(500.0).tobytes() in data
    assert np.sqrt(np.mean(_samples(normalise(data, "a.wav")) ** 2)) > 0.05


@pytest.mark.parametrize("whole", [GOOD_WAV, GOOD_MP3], ids=["wav", "mp3"])
@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_wherever_a_file_is_cut_off_it_is_noticed(whole: bytes, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(AudioRejected):
        normalise(whole[:cut], "cut")


@pytest.mark.parametrize("whole", [GOOD_WAV, GOOD_MP3], ids=["wav", "mp3"])
@settings(deadline=None, max_examples=200)
@given(data=st.data())
def test_damage_is_refused_or_played_but_never_crashes(whole: bytes, data: st.DataObject) -> None:
    damaged = bytearray(whole)
    at = st.one_of(st.integers(0, 200), st.integers(0, len(whole) - 1))
    for place, byte in data.draw(st.lists(st.tuples(at, st.integers(0, 255)), min_size=1, max_size=8)):
        damaged[place] = byte
    try:
        audio = normalise(bytes(damaged), "damaged")
    except AudioRejected:
        return
    assert normalise(audio.wav, "again") == audio


@given(st.binary(max_size=500), st.sampled_from([b"", b"RIFF\0\0\0\0WAVE", b"ID3\4\0\0\0\0\0\0", b"\xff\xfb\x90\x00"]))
def test_arbitrary_bytes_are_refused(data: bytes, beginning: bytes) -> None:
    with pytest.raises(AudioRejected):
        normalise(beginning + data, "noise")
    with pytest.raises(AudioRejected):
        wav_duration_ms(beginning + data)


@given(st.integers(1, 100_000))
def test_duration_is_rounded_to_the_millisecond(count: int) -> None:
    audio = notice_audio(np.zeros(count, np.int16))
    assert abs(audio.duration_ms - count / 8) <= 0.5


def test_duration_of_something_else_is_an_error() -> None:
    for data in (GOOD_MP3, GOOD_WAV[:-1], encoded("wav", "pcm_mulaw", murmur(1, 8000), 8000)):
        with pytest.raises(AudioRejected):
            wav_duration_ms(data)
