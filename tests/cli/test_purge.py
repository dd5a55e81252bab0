"""`purge …`, as two people type them: who may ask, who may approve, what is said (I5, I11)."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backend import Databases
from tests.cli.conftest import Lived, lived_in
from tests.seaweed import Seaweed

PEOPLE = {
    "officer": ("privacy_officer", None),
    "here": ("privacy_officer", "ast"),
    "there": ("privacy_officer", "almaty"),
    "manager": ("centre_manager", "ast"),
    "elsewhere": ("centre_manager", "almaty"),
    "auditor": ("auditor", None),
}
SPAN = ("--from", "0.5", "--to", "1.25", "--reason", "a card number is heard")


@pytest.fixture
def caught(tmp_path: Path, store_server: Seaweed, bucket_name: str, databases: Databases) -> Iterator[Lived]:
    """A house with one recording, and people; alice reviews, charlie administers."""
    with lived_in(tmp_path, store_server, bucket_name, databases) as lived:
        lived.house.call("stay", "ru")
        lived.house.work()
        for name, (role, centre) in PEOPLE.items():
            where = ("--centre", centre) if centre else ()
            lived.command.fine("user", "add", "--email", f"{name}@example.com", "--role", role, *where)
        yield lived


def stored(caught: Lived) -> str:
    (row,) = [row for row in caught.command.fine("objects", "--json").rows if row["state"] == "stored"]
    return str(row["object_id"])


def as_(name: str) -> tuple[str, str]:
    return ("--as", f"{name}@example.com")


def ask(caught: Lived, name: str) -> tuple[str, str]:
    said = caught.command.fine("purge", "ask", stored(caught), *SPAN, *as_(name)).out
    found = re.search(r"eskertu purge approve (\w{32}) --hash (\w{64}) --as", said)
    assert found, said
    return found[1], found[2]


def test_card_data_is_purged_by_two_people(caught: Lived) -> None:
    before = stored(caught)
    caught.command.fine("hold", "set", "--object", before, "--case", "7/26", "--reason", "court")
    plain = caught.command.fine("object", "read", before, *as_("alice")).raw
    purge, sha256 = ask(caught, "alice")
    (row,) = caught.command.fine("purge", "list", "--json").rows
    assert (row["purge"], row["object_id"], row["state"], row["hash"]) == (purge, before, "asked", sha256)
    assert row["spans"] == [{"from": 0.5, "to": 1.25}]
    for name, words in (
        ("alice", "you may not approve a purge"),
        ("manager", "you may not approve a purge"),
        ("there", "of that centre, or of all"),
        ("charlie", "you may not approve a purge"),
        ("nobody", "nobody is known"),
    ):
        assert words in caught.command.refused("purge", "approve", purge, "--hash", sha256, *as_(name))
    assert "--hash" in caught.command.refused("purge", "approve", purge, "--hash", "0" * 64, *as_("here"))
    assert "Approved" in caught.command.fine("purge", "approve", purge, "--hash", sha256.upper(), *as_("here")).out
    assert "it is approved" in caught.command.refused("purge", "approve", purge, "--hash", sha256, *as_("here"))
    caught.house.work()
    (row,) = caught.command.fine("purge", "list", "--json").rows
    copy = stored(caught)
    assert (row["state"], row["copy_id"], row["last_error"]) == ("done", copy, None)
    assert caught.command.refused("object", "read", before, *as_("alice"))
    silent = caught.command.fine("object", "read", copy, *as_("alice")).raw
    assert (len(silent), silent[:44]) == (len(plain), plain[:44])
    assert silent[44 + 16_000 : 44 + 40_000] == bytes(24_000)
    assert (silent[: 44 + 16_000], silent[44 + 40_000 :]) == (plain[: 44 + 16_000], plain[44 + 40_000 :])
    (held,) = caught.command.fine("hold", "list", "--json").rows
    assert held["objects"] == 1
    (receipt,) = caught.command.fine("receipts", "--json").rows
    assert receipt["object_id"] == before
    assert "every row as it was told" in caught.command.fine("ledger", "verify").out


def test_only_who_works_with_it_may_ask_and_others_are_not_told_whether_it_is_there(caught: Lived) -> None:
    object_id = stored(caught)
    for name in ("there", "elsewhere", "auditor", "charlie"):
        real = caught.command.refused("purge", "ask", object_id, *SPAN, *as_(name))
        none = caught.command.refused("purge", "ask", "0" * 32, *SPAN, *as_(name))
        assert real == none
        assert "you may not" in real
    assert "say who you are" in caught.command.refused("purge", "ask", object_id, *SPAN)
    assert caught.command.fine("purge", "list", "--json").rows == []
    for name, withdraws in (("manager", "manager"), ("officer", "here"), ("here", "officer")):
        purge, sha256 = ask(caught, name)
        assert "already" in caught.command.refused("purge", "ask", object_id, *SPAN, *as_("alice"))
        if name != "manager":
            assert "second person" in caught.command.refused("purge", "approve", purge, "--hash", sha256, *as_(name))
        assert "you may not" in caught.command.refused("purge", "withdraw", purge, "--reason", "r", *as_("alice"))
        caught.command.fine("purge", "withdraw", purge, "--reason", "another call", *as_(withdraws))
    assert {row["state"] for row in caught.command.fine("purge", "list", "--json").rows} == {"withdrawn"}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (("--from", "1", "--to", "999"), "it is over after"),
        (("--from", "2", "--to", "1"), "ends after it begins"),
        (("--from", "-1", "--to", "1"), "ends after it begins"),
        (("--from", "soon", "--to", "1"), "--from 'soon': give seconds"),
        (("--from", "0", "--to", "NaN"), "--to 'NaN': give seconds"),
        (("--from", "0", "--to", "Infinity"), "--to 'Infinity': give seconds"),
        (("--from", "0", "--to", "1", "--from", "2"), "one --to to each --from"),
        (("--from", "0"), "Missing"),
    ],
)
def test_spans_that_make_no_sense_are_refused(caught: Lived, typed: tuple[str, ...], words: str) -> None:
    said = caught.command.refused("purge", "ask", stored(caught), *typed, "--reason", "r", *as_("alice"))
    assert words in said
    assert "there is no purge" in caught.command.refused("purge", "approve", "x", "--hash", "y", *as_("here"))
