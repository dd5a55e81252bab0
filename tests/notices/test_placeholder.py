"""The tool that gives texts a voice: it speaks what is new, keeps what there is, and never says a version anew."""

import shutil
from pathlib import Path

import pytest

import config.shipped
from telephony import placeholder
from telephony.placeholder import TextChanged, write_placeholders


@pytest.fixture
def notices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of config/notices, which the loader reads too."""
    shutil.copytree(Path(config.__path__[0]) / "notices", tmp_path / "notices")
    monkeypatch.setattr(config.shipped, "files", lambda _package: tmp_path)
    return tmp_path / "notices"


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _replace(path: Path, old: str, new: str) -> None:
    before = path.read_text("utf-8")
    assert old in before
    path.write_text(before.replace(old, new, 1), "utf-8")


def test_what_is_complete_stays_byte_for_byte(notices: Path) -> None:
    before = _contents(notices)
    assert write_placeholders(notices) == []
    assert _contents(notices) == before


def test_a_new_version_is_spoken_and_the_old_audio_goes(notices: Path) -> None:
    before = {notice.language: notice for notice in config.shipped.shipped_notices() if notice.kind == "menu"}
    old_line = 'version = 1\ntext = "For English, press three."'
    _replace(notices / "texts.toml", old_line, 'version = 2\ntext = "To continue in English, press three."')

    spoken, removed = write_placeholders(notices)

    assert spoken.startswith("spoken: menu/en")
    assert before["en"].audio_sha256 in removed
    after = {
        notice.language: notice for notice in config.shipped.shipped_notices.__wrapped__() if notice.kind == "menu"
    }
    assert (after["en"].version, after["en"].placeholder) == (2, True)
    assert after["en"].duration_ms > before["en"].duration_ms
    assert (after["kk"], after["ru"]) == (before["kk"], before["ru"])


def test_a_recording_by_people_is_kept(notices: Path) -> None:
    _replace(notices / "manifest.toml", "placeholder = true", "placeholder = false")
    assert write_placeholders(notices) == []
    assert "placeholder = false" in (notices / "manifest.toml").read_text("utf-8")


def test_lost_audio_is_spoken_again(notices: Path) -> None:
    lost = config.shipped.shipped_notices()[-1]
    (notices / "audio" / f"{lost.audio_sha256}.wav").unlink()
    (spoken,) = write_placeholders(notices)
    assert spoken.startswith(f"spoken: {lost.kind}/{lost.language}")


def test_a_text_changed_under_its_version_is_refused(notices: Path) -> None:
    _replace(notices / "texts.toml", "hang up now", "end the call")
    before = _contents(notices)
    with pytest.raises(TextChanged, match="notice/stay/en was changed: give it version 2"):
        write_placeholders(notices)
    assert _contents(notices) == before


def test_the_command_says_what_is_wrong(
    notices: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(config, "__path__", [str(notices.parent)])
    assert placeholder.main() == 0
    assert capsys.readouterr().out == "nothing to do\n"
    _replace(notices / "texts.toml", "hang up now", "end the call")
    assert placeholder.main() == 1
    assert "was changed" in capsys.readouterr().err
