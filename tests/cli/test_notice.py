"""`notice list`, `publish`, `render`: versions, own recordings, and sounds that cannot be used."""

import hashlib
from pathlib import Path

import pytest

from storage.database import Database
from storage.notices import LANGUAGES, MODES, named
from tests.command import Commands
from tests.practice.customer import wav

STAY = ("--mode", "stay", "--language", "en")


def test_what_is_shipped_is_complete_and_says_that_a_machine_spoke_it(eskertu: Commands) -> None:
    rows = eskertu.fine("notice", "list", "--json").rows
    notices = {(row["mode"], row["language"]) for row in rows if row["kind"] == "notice"}
    assert notices == {(mode, language) for mode in MODES for language in LANGUAGES}
    assert all(row["placeholder"] and row["state"] == "published" for row in rows)


def test_an_own_recording_becomes_the_current_version(eskertu: Commands) -> None:
    sound = eskertu.folder / "notice.wav"
    sound.write_bytes(wav(6.0))
    said = eskertu.fine("notice", "publish", *STAY, "--text", "This call is recorded.", "--audio", str(sound)).out
    assert "stay-en-2 is current: 6.0 s" in said
    rows = {row["version"]: row for row in eskertu.fine("notice", "list", "--json").rows}
    assert (rows["stay-en-1"]["state"], rows["stay-en-2"]["state"]) == ("superseded", "published")
    assert rows["stay-en-2"]["placeholder"] is False
    # the same again is the same version
    eskertu.fine("notice", "publish", *STAY, "--text", "This call is recorded.", "--audio", str(sound))
    assert len(eskertu.fine("notice", "list", "--json").rows) == len(rows)
    rendered = eskertu.folder / "out.wav"
    assert eskertu.fine("notice", "render", "stay-en-2", "--output", str(rendered)).out == "This call is recorded.\n"
    assert hashlib.sha256(rendered.read_bytes()).hexdigest() == rows["stay-en-2"]["audio_sha256"]


def test_one_for_later_waits_and_can_be_withdrawn(eskertu: Commands) -> None:
    later = (*STAY, "--text", "From next year.", "--placeholder", "--from", "2099-01-01T00:00:00+05:00")
    said = eskertu.fine("notice", "publish", *later).out
    assert "stay-en-2 is scheduled: " in said
    assert "heard from calls from 2098-12-31T19:00:00.000Z on." in said
    said = eskertu.fine("notice", "publish", *STAY, "--text", "Until then.", "--placeholder").out
    assert "stay-en-3 is current: " in said
    assert "until 2098-12-31T19:00:00.000Z" in said
    assert states(eskertu) == {"stay-en-1": "superseded", "stay-en-2": "scheduled", "stay-en-3": "published"}
    assert "comes into force at that very moment" in eskertu.refused("notice", "publish", *later, "--text", "Other.")
    said = eskertu.fine("notice", "withdraw", "stay-en-2", "--reason", "another word").out
    assert said == "stay-en-2 is withdrawn: from 2098-12-31T19:00:00.000Z on, stay-en-3 is heard instead.\n"
    assert states(eskertu) == {"stay-en-1": "superseded", "stay-en-2": "withdrawn", "stay-en-3": "published"}
    assert "withdrawn already" in eskertu.refused("notice", "withdraw", "stay-en-2", "--reason", "again")
    assert "in force" in eskertu.refused("notice", "withdraw", "stay-en-3", "--reason", "no")
    assert "every row as it was told" in eskertu.fine("ledger", "verify").out


def test_who_publishes_says_who_they_are(eskertu: Commands) -> None:
    later = (*STAY, "--text", "Later.", "--placeholder", "--from", "2099-01-01T00:00:00+05:00")
    assert "nobody is known by that address" in eskertu.refused("notice", "publish", *later, "--as", "no@example.com")
    eskertu.fine("user", "add", "--email", "pavel@example.com", "--role", "privacy_officer")
    eskertu.fine("notice", "publish", *later, "--as", "pavel@example.com")
    eskertu.fine("notice", "withdraw", "stay-en-2", "--reason", "another word")
    (pavel,) = [row["person"] for row in eskertu.fine("user", "list", "--json").rows]
    of_its_own = f"sqlite:///{eskertu.folder / 'var' / 'eskertu.db'}"
    database = Database(eskertu.environment.get("ESKERTU_DATABASE_URL", of_its_own))
    with database.read() as session:
        row = named(session, "stay-en-2")
        assert (row.published_by, row.withdrawn_by) == (pavel, "operator")
    database.dispose()
    assert "every row as it was told" in eskertu.fine("ledger", "verify").out


def states(eskertu: Commands) -> dict[str, str]:
    rows = eskertu.fine("notice", "list", "--json").rows
    return {row["version"]: row["state"] for row in rows if row["version"].startswith("stay-en-")}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((*STAY, "--text", "W.", "--placeholder", "--from", "2020-01-01T00:00:00Z"), "that has passed"),
        (
            (*STAY, "--text", "W.", "--placeholder", "--from", "2099-01-01T00:00:00"),
            "say in which zone",
        ),
        ((*STAY, "--text", "W.", "--placeholder", "--from", "tomorrow"), "--from 'tomorrow': write it like"),
        ((*STAY, "--text", "Words."), "give either --audio FILE or --placeholder"),
        ((*STAY, "--text", "Words.", "--audio", "none.wav"), "'none.wav' does not exist"),
        ((*STAY, "--text", "Words.", "--audio", "text.wav"), "--audio: "),
        ((*STAY, "--text", "Words.", "--audio", "empty.wav"), "--audio: "),
        ((*STAY, "--text", "Words.", "--audio", "."), "is a directory"),
        (("--mode", "stay", "--language", "de", "--placeholder"), "'de' is not one of"),
        (("--mode", "loud", "--language", "en", "--placeholder"), "'loud' is not one of"),
        (("--language", "en", "--text", "Words.", "--placeholder"), "mode"),
        (("--kind", "menu", "--mode", "stay", "--language", "en", "--text", "W.", "--placeholder"), "mode"),
    ],
)
def test_what_cannot_be_published_is_refused(eskertu: Commands, arguments: tuple[str, ...], words: str) -> None:
    (eskertu.folder / "text.wav").write_text("no sound at all, but long enough to look at " * 20)
    (eskertu.folder / "empty.wav").write_bytes(b"")
    before = eskertu.fine("notice", "list", "--json").out
    assert words in eskertu.refused("notice", "publish", *arguments)
    assert eskertu.fine("notice", "list", "--json").out == before


def test_what_cannot_be_rendered_is_refused(eskertu: Commands, tmp_path: Path) -> None:
    said = eskertu.refused("notice", "render", "stay-en-99", "--output", str(tmp_path / "out.wav"))
    assert "there is no version 'stay-en-99'" in said
    nowhere = str(tmp_path / "no folder" / "out.wav")
    assert "no folder" in eskertu.refused("notice", "render", "stay-en-1", "--output", nowhere)
