"""The placeholder voice: it speaks all three languages, from many threads, and its failures are told, not suffered."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from telephony.practice import speech
from telephony.practice.speech import SpeechFailed, speak

GREETINGS = {
    "kk": "Қайырлы таң, сізді тыңдап тұрмын.",
    "ru": "Доброе утро, слушаю вас.",
    "en": "Good morning, how can I help?",
}


@pytest.mark.parametrize("language", GREETINGS)
def test_each_language_is_spoken_audibly_and_at_a_human_pace(language: str) -> None:
    samples = speak(GREETINGS[language], language)
    assert samples.dtype == np.int16
    assert samples.ndim == 1
    assert np.abs(samples).max() == pytest.approx(32767 * 10 ** (-3 / 20), abs=1)
    assert np.sqrt(np.mean(samples.astype(float) ** 2)) > 1000
    assert 8 <= len(GREETINGS[language]) / (len(samples) / 8000) <= 25


def test_another_rate_takes_as_long() -> None:
    at_8_khz, at_16_khz = speak("Good morning", "en"), speak("Good morning", "en", rate_hz=16000)
    assert len(at_16_khz) / 16000 == pytest.approx(len(at_8_khz) / 8000, abs=0.02)


def test_nothing_above_the_telephone_band_is_folded_into_it() -> None:
    tone = (20000 * np.sin(2 * np.pi * 6000 * np.arange(22050) / 22050)).astype(np.int16)
    heard = speech._resampled(tone, 22050, 8000)
    assert np.abs(heard[400:-400]).max() < 0.01


def test_four_threads_speak_at_once() -> None:
    wanted = [(GREETINGS[language], language) for language in GREETINGS] * 4
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda one: speak(*one), wanted))
    for (text, language), samples in zip(wanted, together, strict=True):
        assert len(samples) == pytest.approx(len(speak(text, language)), rel=0.02)


@pytest.mark.parametrize(
    ("text", "language", "message"),
    [
        ("Guten Tag", "de", "no voice speaks 'de'"),
        ("", "en", "no word"),
        (" … !", "ru", "no word"),
        ("one\0two", "en", "NUL"),
        ("\ud800 one", "en", "could not be started"),
    ],
)
def test_what_cannot_be_spoken_is_refused(text: str, language: str, message: str) -> None:
    with pytest.raises(SpeechFailed, match=message):
        speak(text, language)


def test_a_voice_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "TIMEOUT_S", 0.001)
    with pytest.raises(SpeechFailed, match="was killed"):
        speak("Good morning", "en")


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "ended with code"),
        ("import sys; sys.exit('espeak-ng finds no voices')", "finds no voices"),
        ("", "said nothing"),
    ],
)
def test_a_voice_that_fails_does_so_in_its_own_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, message: str
) -> None:
    (tmp_path / "espeak.py").write_text(program)
    monkeypatch.setattr(speech, "_ESPEAK", tmp_path / "espeak.py")
    with pytest.raises(SpeechFailed, match=message):
        speak("Good morning", "en")


def test_an_unknown_voice_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(speech.VOICES, "en", "no-such-voice")
    with pytest.raises(SpeechFailed, match="no voice 'no-such-voice'"):
        speak("Good morning", "en")
