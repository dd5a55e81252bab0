"""`zone …` and `sign …`: from a zone to a sign that is confirmed, outdated, stopped, withdrawn."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import Lived
from tests.command import Commands
from tests.video.photographed import How, photographed


@pytest.fixture
def zoned(astana: Commands) -> Commands:
    """With a zone, `lobby`."""
    assert "Zone ast/lobby is there" in astana.fine("zone", "add", *LOBBY).out
    return astana


LOBBY = ("--centre", "ast", "--code", "lobby", "--name", "Lobby")
FRONT = ("--centre", "ast", "--code", "front", "--mode", "stay", "--number", "+77172000000")


def test_a_zone_is_listed_with_its_sign_and_its_notice(zoned: Commands) -> None:
    (row,) = zoned.fine("zone", "list", "--json").rows
    assert row == {"zone": "ast/lobby", "name": "Lobby", "sign": "none", "notice": "http://127.0.0.1:8080/n/ast/lobby"}
    (sign,) = zoned.fine("sign", "list", "--json").rows
    assert (sign["state"], sign["version"], sign["newest_version"], sign["newest_code"]) == ("none", None, 1, None)
    assert "lobby" in zoned.fine("zone", "list").out


def test_a_zone_and_a_line_cannot_have_one_code(zoned: Commands) -> None:
    line = (*FRONT, "--forward-to", "+77172000001")
    told = zoned.refused("line", "add", *[each if each != "front" else "lobby" for each in line])
    assert "a zone has it" in told
    zoned.fine("line", "add", *line)
    assert "a line has it" in zoned.refused("zone", "add", "--centre", "ast", "--code", "front", "--name", "Front")
    assert "a zone of that code already" in zoned.refused("zone", "add", *LOBBY)
    assert "small letters" in zoned.refused("zone", "add", "--centre", "ast", "--code", "The Lobby", "--name", "Lobby")
    assert "name" in zoned.refused("zone", "add", "--centre", "ast", "--code", "hall", "--name", " ")


def test_a_sign_is_rendered_as_pdf_and_png(zoned: Commands) -> None:
    told = zoned.fine("sign", "render", "--zone", "lobby", "--output", "sign.pdf")
    assert "ESKERTU_CONTROLLER" in told.err
    assert (zoned.folder / "sign.pdf").read_bytes().startswith(b"%PDF-")
    named = {"ESKERTU_CONTROLLER": "Example", "ESKERTU_PRIVACY_CONTACT": "a@b.example"}
    named["ESKERTU_PUBLIC_URL"] = "https://notice.example"
    told = zoned.fine("sign", "render", "--zone", "ast/lobby", "--output", "sign.PNG", **named)
    assert told.err == ""
    assert (zoned.folder / "sign.PNG").read_bytes().startswith(b"\x89PNG")
    assert "give a name that ends in" in zoned.refused("sign", "render", "--zone", "lobby", "--output", "sign.jpg")
    assert "no zone 'garage'" in zoned.refused("sign", "render", "--zone", "garage", "--output", "sign.pdf")


def test_who_says_who_they_are_must_be_the_centres_manager(zoned: Commands) -> None:
    zoned.fine("user", "add", "--email", "rita@example.com", "--role", "qa_reviewer", "--centre", "ast")
    (zoned.folder / "texts.toml").write_text('[en]\npurpose = "Another."\n')
    assert "you may not publish" in zoned.refused(
        "sign", "publish", "--texts", "texts.toml", "--as", "rita@example.com"
    )
    assert "you may not post" in zoned.refused(
        "sign", "withdraw", "--zone", "lobby", "--reason", "gone", "--as", "rita@example.com"
    )
    assert "nobody confirmed" in zoned.refused("sign", "withdraw", "--zone", "lobby", "--reason", "gone")


def test_texts_are_published_from_a_file(zoned: Commands) -> None:
    texts = zoned.folder / "texts.toml"
    texts.write_text('[en]\npurpose = "To see who comes."\n')
    later = (datetime.now(UTC) + timedelta(days=30)).replace(hour=0, minute=0, second=0)
    moment = f"{later:%Y-%m-%dT%H:%M:%S}"
    told = zoned.fine("sign", "publish", "--texts", "texts.toml", "--from", f"{moment}Z", "--grace", "5")
    assert f"Version 2 holds from {moment}.000Z on, with 5 days of grace." in told.out
    mistyped = zoned.refused("sign", "publish", "--texts", "texts.toml", "--from", "2099-01-01T00:00:00Z")
    assert "more than a year away" in mistyped
    texts.write_text('[en]\nkept = "For long."\n')
    assert "[en] kept: says {period} once" in zoned.refused("sign", "publish", "--texts", "texts.toml")
    texts.write_text("en = 1\n")
    assert "[en] is missing" in zoned.refused("sign", "publish", "--texts", "texts.toml")
    texts.write_text("[en\n")
    assert "no TOML" in zoned.refused("sign", "publish", "--texts", "texts.toml")


def test_a_sign_from_its_photo_to_its_end(lived: Lived, tmp_path: Path) -> None:
    typed = lived.command
    typed.fine("zone", "add", *LOBBY)
    typed.fine("sign", "render", "--zone", "lobby", "--output", str(tmp_path / "sign.png"))
    photo = tmp_path / "IMG_0001.jpg"
    photo.write_bytes(photographed((tmp_path / "sign.png").read_bytes(), How(tilt=0.03, dim=0.3), 1))
    told = typed.fine("sign", "confirm", "--zone", "lobby", "--photo", str(photo))
    assert "The sign in ast/lobby is confirmed" in told.out
    (row,) = typed.fine("sign", "list", "--json").rows
    assert (row["state"], row["version"], row["until"]) == ("posted", 1, None)
    (kept,) = [each for each in typed.fine("objects", "--json").rows if each["kind"] == "sign_photo"]
    assert (kept["state"], kept["object_id"] in told.out) == ("stored", True)

    shell = {"ESKERTU_PUBLIC_URL": "https://elsewhere.example", "ESKERTU_CONTROLLER": "Somebody else"}
    told = typed.fine("sign", "render", "--zone", "lobby", "--output", str(tmp_path / "again.png"), **shell)
    assert "not ESKERTU_CONTROLLER, ESKERTU_PUBLIC_URL as set here" in told.err
    assert [each["state"] for each in typed.fine("sign", "list", "--json", **shell).rows] == ["posted"]
    assert "The 1 signs that hang say" in typed.fine("sign", "settings").out
    told = typed.fine("sign", "settings", **shell)
    assert "ESKERTU_PUBLIC_URL: signs say http://127.0.0.1:" in told.out
    assert "With --adopt 1 signs must be printed" in told.out
    assert "for 14 more days" in told.out
    assert [each["state"] for each in typed.fine("sign", "list", "--json").rows] == ["posted"], "it only told"
    assert "1 signs are outdated" in typed.fine("sign", "settings", "--adopt", **shell).out
    assert [each["state"] for each in typed.fine("sign", "list", "--json").rows] == ["grace"]
    assert "1 signs are outdated" in typed.fine("sign", "settings", "--adopt").out
    assert [each["state"] for each in typed.fine("sign", "list", "--json").rows] == ["posted"], "as it was before"

    (tmp_path / "texts.toml").write_text('[ru]\npurpose = "Порядок."\n')
    told = typed.fine("sign", "publish", "--texts", str(tmp_path / "texts.toml"), "--grace", "3")
    assert "Then 1 of 1 zones have an outdated sign that may hang on, and 0 are stopped." in told.out
    (row,) = typed.fine("sign", "list", "--json").rows
    assert (row["state"], row["version"], row["newest_version"]) == ("grace", 1, 2)
    since, until = (datetime.fromisoformat(row[name]) for name in ("outdated_since", "until"))
    assert until - since == timedelta(days=3)
    again = typed.refused("sign", "confirm", "--zone", "lobby", "--photo", str(photo))
    assert "this photo confirmed a sign before" in again
    photo.write_bytes(photographed((tmp_path / "sign.png").read_bytes(), How(tilt=0.03, dim=0.3), 2))
    assert "outdated" in typed.refused("sign", "confirm", "--zone", "lobby", "--photo", str(photo))
    photo.write_bytes(b"not a photo")
    assert "JPEG, PNG or WebP" in typed.refused("sign", "confirm", "--zone", "lobby", "--photo", str(photo))

    typed.fine("sign", "withdraw", "--zone", "lobby", "--reason", "the wall was painted")
    (row,) = typed.fine("sign", "list", "--json").rows
    assert row["state"] == "none"
    assert typed.fine("ledger", "verify").code == 0
