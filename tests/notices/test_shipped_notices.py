"""The shipped texts and their audio: complete, unchanged, in their own language, audible, and not rushed."""

import hashlib
import io
import shutil
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import config.shipped
from config.shipped import EXPECTED, ShippedDataBroken, ShippedNotice, shipped_audio, shipped_notices
from telephony.audio import wav_duration_ms

SHIPPED = Path(config.__path__[0])
CYRILLIC = set("абвгдеёжзийклмнопрстуфхцчшщъыьэюя")
KAZAKH = set("әғқңөұүһі")
LATIN = set("abcdefghijklmnopqrstuvwxyz")
ALPHABETS = {"kk": CYRILLIC | KAZAKH, "ru": CYRILLIC, "en": LATIN}
KEY_WORDS = {
    "kk": {1: "бірді", 2: "екіні"},
    "ru": {1: "нажмите один", 2: "нажмите два"},
    "en": {1: "press one", 2: "press two"},
}
MENU_KEYS = {"kk": "бірді", "ru": "два", "en": "three"}
HANG_UP = {"kk": "қоңырауды аяқта", "ru": "завершите звонок", "en": "hang up"}

every_notice = pytest.mark.parametrize("notice", shipped_notices(), ids=lambda n: f"{n.kind}-{n.mode}-{n.language}")


def test_every_language_has_every_kind_and_mode() -> None:
    found = [(notice.kind, notice.mode, notice.language) for notice in shipped_notices()]
    assert sorted(found, key=str) == sorted(EXPECTED, key=str)
    assert len(found) == (3 + 4) * 3


@every_notice
def test_text_and_audio_are_what_their_hashes_say(notice: ShippedNotice) -> None:
    assert hashlib.sha256(notice.text.encode()).hexdigest() == notice.text_sha256
    data = shipped_audio(notice.audio_sha256)
    assert hashlib.sha256(data).hexdigest() == notice.audio_sha256
    assert wav_duration_ms(data) == notice.duration_ms
    assert notice.version == 1


@every_notice
def test_text_has_the_letters_of_its_language_alone(notice: ShippedNotice) -> None:
    letters = {letter for letter in notice.text.casefold() if letter.isalpha()}
    assert letters <= ALPHABETS[notice.language]
    assert not any(character.isdigit() for character in notice.text), "numbers are written as words"
    if notice.language == "kk":
        assert letters & KAZAKH


@every_notice
def test_audio_is_what_the_carrier_plays_as_it_is(notice: ShippedNotice) -> None:
    with wave.open(io.BytesIO(shipped_audio(notice.audio_sha256))) as reader:
        assert (reader.getframerate(), reader.getnchannels(), reader.getsampwidth()) == (8000, 1, 2)
        samples = np.frombuffer(reader.readframes(reader.getnframes()), "<i2").astype(float) / 32768
    assert 20 * np.log10(np.abs(samples).max()) == pytest.approx(-3, abs=0.5)
    assert 20 * np.log10(np.sqrt(np.mean(samples**2))) > -30
    if notice.placeholder:
        assert not samples[:1600].any(), "200 ms of silence come first"


@every_notice
def test_audio_is_as_long_as_its_text_takes(notice: ShippedNotice) -> None:
    assert 8 <= len(notice.text) / (notice.duration_ms / 1000) <= 25


@every_notice
def test_notices_say_how_to_decline(notice: ShippedNotice) -> None:
    text = notice.text.casefold()
    keys = KEY_WORDS[notice.language]
    if notice.mode == "stay":
        assert HANG_UP[notice.language] in text
    if notice.mode in ("opt_out", "opt_in"):
        assert keys[2] in text
    assert (keys[1] in text) == (notice.mode == "opt_in" or (notice.kind, notice.language) == ("menu", "kk"))
    if notice.kind == "menu":
        assert MENU_KEYS[notice.language] in text


def test_every_audio_file_is_spoken_by_some_notice() -> None:
    files = {path.stem for path in (SHIPPED / "notices" / "audio").iterdir()}
    assert files == {notice.audio_sha256 for notice in shipped_notices()}


@pytest.mark.parametrize("sha256", ["0" * 64, "", "../manifest.toml", "A" * 64, "é" * 64])
def test_audio_that_is_not_shipped_is_an_error(sha256: str) -> None:
    with pytest.raises(ShippedDataBroken):
        shipped_audio(sha256)


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the shipped data, read instead of it; what was read before is forgotten."""
    folder = tmp_path / "config"
    shutil.copytree(SHIPPED / "notices", folder / "notices")
    monkeypatch.setattr(config.shipped, "files", lambda _package: folder)
    shipped_notices.cache_clear()
    yield folder / "notices"
    shipped_notices.cache_clear()


def _edited(name: str, old: str, new: str) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        path = folder / name
        before = path.read_text("utf-8")
        assert old in before
        path.write_text(before.replace(old, new, 1), "utf-8")

    return edit


def _first_audio(folder: Path) -> Path:
    return folder / "audio" / f"{shipped_notices.__wrapped__()[0].audio_sha256}.wav"


def _flip_a_bit(folder: Path) -> None:
    path = _first_audio(folder)
    data = bytearray(path.read_bytes())
    data[5000] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("breakage", "message"),
    [
        (_edited("texts.toml", "hang up now", "stay"), "notice/stay/en says something else"),
        (_edited("texts.toml", 'language = "kk"', 'language = "kz"'), "stands there"),
        (_edited("texts.toml", 'mode = "stay"\n', ""), "stands there"),
        (_edited("texts.toml", "version = 1", "version = 2"), "says something else than version 2"),
        (_edited("texts.toml", "version = 1", "version = 0"), "whole number"),
        (_edited("texts.toml", "version = 1\n", ""), "lacks 'version'"),
        (_edited("texts.toml", 'text = "For', 'text = " For'), "space around"),
        (_edited("texts.toml", 'text = "For', "text = For"), "cannot be read"),
        (_edited("manifest.toml", "duration_ms =", "duration ="), "duration_ms missing"),
        (_edited("manifest.toml", 'kind = "menu"', 'kind = "memo"'), "stands there"),
        (_edited("manifest.toml", 'kind = "menu"\nlanguage = "ru"', 'kind = "menu"\nlanguage = "kk"'), "two lines"),
        (lambda folder: (folder / "manifest.toml").unlink(), "cannot be read"),
        (lambda folder: _first_audio(folder).unlink(), "is missing"),
        (_flip_a_bit, "was changed"),
    ],
)
def test_broken_data_is_named_and_not_used(copy: Path, breakage: Callable[[Path], None], message: str) -> None:
    breakage(copy)
    with pytest.raises(ShippedDataBroken, match=message):
        shipped_notices()
