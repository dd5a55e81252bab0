"""`object read` and `object link`: as somebody, with their rights, and told to the ledger."""

import hashlib

import pytest
import sqlalchemy as sa

from storage.models import Leaf, LeafOpening
from tests.cli.conftest import Lived


@pytest.fixture
def stored(lived: Lived) -> dict[str, str]:
    (row,) = [row for row in lived.command.fine("objects", "--json").rows if row["state"] == "stored"]
    return row


def leaves(lived: Lived, kind: str) -> list[dict[str, str]]:
    told = sa.select(LeafOpening.facts).join(Leaf, Leaf.id == LeafOpening.leaf_id).where(Leaf.kind == kind)
    return list(lived.house.ask(lambda s: s.scalars(told).all()))


def test_a_reviewer_of_the_centre_gets_the_bytes_as_they_were_received(lived: Lived, stored: dict[str, str]) -> None:
    plain = lived.command.fine("object", "read", stored["object_id"], "--as", "alice@example.com").raw
    assert hashlib.sha256(plain).hexdigest() == stored["sha256"]
    assert plain.startswith(b"RIFF")
    assert len([each for each in leaves(lived, "media_shown") if each["how"] == "command"]) == 1
    # who they are may stand in the environment, and the case of an address does not matter
    assert lived.command.fine("object", "read", stored["object_id"], ESKERTU_AS="Alice@Example.com").raw == plain
    assert len([each for each in leaves(lived, "media_shown") if each["how"] == "command"]) == 1


@pytest.mark.parametrize("email", ["bob@example.com", "charlie@example.com"])
def test_who_has_no_right_gets_nothing_and_the_ledger_has_it(lived: Lived, stored: dict[str, str], email: str) -> None:
    before = len(leaves(lived, "media_refused"))
    told = lived.command("object", "read", stored["object_id"], "--as", email)
    assert (told.code, told.raw) == (1, b"")
    assert "or you may not hear it" in told.err
    assert len(leaves(lived, "media_refused")) == before + 1


def test_a_right_ends_with_its_purpose(lived: Lived, stored: dict[str, str]) -> None:
    said = lived.command.refused("object", "read", stored["object_id"], "--as", "alice@example.com", "--purpose", "art")
    assert "no such recording" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "--as EMAIL"),
        (("--as", "nobody@example.com"), "eskertu user add"),
        (("--break-glass",), "--reason"),
        (("--break-glass", "--reason", " "), "--reason"),
    ],
)
def test_who_does_not_say_who_or_why_is_told_to(
    lived: Lived, stored: dict[str, str], arguments: tuple[str, ...], words: str
) -> None:
    assert words in lived.command.refused("object", "read", stored["object_id"], *arguments)


def test_nothing_can_be_had_of_what_is_not_there(lived: Lived) -> None:
    (gone,) = [row["object_id"] for row in lived.command.fine("receipts", "--json").rows]
    for object_id in ("0" * 32, "no id at all", gone):
        said = lived.command.refused("object", "read", object_id, "--as", "alice@example.com")
        assert "no such recording" in said
    assert "no such object" in lived.command.refused("object", "read", gone, "--break-glass", "--reason", "a case")


def test_breaking_the_glass_is_possible_and_loud(lived: Lived, stored: dict[str, str]) -> None:
    told = lived.command.fine("object", "read", stored["object_id"], "--break-glass", "--reason", "case 7")
    assert hashlib.sha256(told.raw).hexdigest() == stored["sha256"]
    assert "the glass is broken" in told.err
    assert any(each.get("reason") == "case 7" for each in leaves(lived, "media_shown"))


def test_a_link_is_given_to_who_may_hear(lived: Lived, stored: dict[str, str]) -> None:
    address = lived.command.fine("object", "link", stored["object_id"], "--as", "alice@example.com").out.strip()
    assert address.startswith(f"{lived.house.at.site.base_url}/play/")
    lived.command.refused("object", "link", stored["object_id"], "--as", "charlie@example.com")


def test_without_the_store_it_says_so(lived: Lived, stored: dict[str, str]) -> None:
    told = lived.command(
        "object", "read", stored["object_id"], "--as", "alice@example.com", ESKERTU_S3_ENDPOINT="127.0.0.1:9"
    )
    assert told.code == 1
    assert told.raw == b""
    assert "Traceback" not in told.err
    assert told.err.startswith("eskertu: ")
