"""`policy set`, `policy approve`, `policy withdraw`, as two people type them (I4)."""

import re

import pytest

from tests.cli.conftest import ALMATY
from tests.command import Commands, Told

PEOPLE = {
    "officer": ("privacy_officer", None),
    "other": ("privacy_officer", None),
    "admin": ("administrator", None),
    "auditor": ("auditor", None),
    "here": ("privacy_officer", "ast"),
    "there": ("privacy_officer", "alm"),
}
LONGER = ("--purpose", "training", "--window", "P1Y", "--reason", "longer lessons")


@pytest.fixture
def people(astana: Commands) -> Commands:
    astana.fine("centre", "add", "--code", "alm", "--name", "Almaty", "--jurisdiction", "KZ", *ALMATY)
    for name, (role, centre) in PEOPLE.items():
        where = ("--centre", centre) if centre else ()
        astana.fine("user", "add", "--email", f"{name}@example.com", "--role", role, *where)
    return astana


def ask(people: Commands, name: str, *more: str) -> tuple[str, str]:
    said = people.fine("policy", "set", *LONGER, *more, "--as", f"{name}@example.com").out
    found = re.search(r"eskertu policy approve (\w{32}) --preview (\w{64}) --as", said)
    assert found, said
    return found[1], found[2]


def approve(people: Commands, name: str, policy: str, sha256: str) -> Told:
    return people("policy", "approve", policy, "--preview", sha256, "--as", f"{name}@example.com")


def state(people: Commands, policy: str) -> str:
    (row,) = [row for row in people.fine("policy", "list", "--json").rows if row["policy"] == policy]
    return str(row["state"])


def test_what_keeps_longer_needs_somebody_who_asks(people: Commands) -> None:
    before = people.fine("policy", "list", "--json").out
    assert "must be approved: say who asks" in people.refused("policy", "set", *LONGER)
    for name in ("auditor", "there"):
        said = people.refused("policy", "set", *LONGER, "--as", f"{name}@example.com")
        assert "that takes one of privacy_officer, administrator, of all centres" in said
    said = people.refused("policy", "set", *LONGER, "--centre", "ast", "--as", "there@example.com")
    assert "of that centre, or of all" in said
    assert "waits for a second person's approval" in people.fine("policy", "set", *LONGER, "--dry-run").out
    assert people.fine("policy", "list", "--json").out == before


def test_what_keeps_shorter_asks_nobody_who_they_are(people: Commands) -> None:
    shorter = ("--purpose", "training", "--window", "P9D", "--reason", "r")
    assert "Published." in people.fine("policy", "set", *shorter, ESKERTU_AS="auditor@example.com").out


def test_a_policy_that_keeps_longer_is_published_by_a_second_person(people: Commands) -> None:
    policy, sha256 = ask(people, "officer")
    (row,) = [row for row in people.fine("policy", "list", "--json").rows if row["policy"] == policy]
    assert (row["state"], row["preview"], row["published_at"]) == ("awaiting", sha256, None)
    assert row["expires_at"] > row["asked_at"]
    for name, words in (
        ("officer", "second person"),
        ("admin", "you may not approve a policy"),
        ("auditor", "you may not approve a policy"),
        ("here", "of all centres"),
        ("nobody", "nobody is known by that address"),
    ):
        told = approve(people, name, policy, sha256)
        assert (told.code, words in told.err) == (1, True), told.err
    assert "--preview" in approve(people, "other", policy, "0" * 64).err
    assert "there is no policy" in approve(people, "other", "nothing", sha256).err
    assert state(people, policy) == "awaiting"
    assert "Published. 0 stored objects" in approve(people, "other", policy, sha256).out
    rows = {row["window"]: row for row in people.fine("policy", "list", "--json").rows if row["purpose"] == "training"}
    assert (rows["P1Y"]["state"], rows["P90D"]["state"]) == ("published", "superseded")
    assert rows["P1Y"]["published_at"] > rows["P1Y"]["asked_at"]
    assert "it is published" in approve(people, "other", policy, sha256).err
    assert "every row as it was told" in people.fine("ledger", "verify", "--without-media").out


def test_an_administrator_may_ask_and_a_centres_own_officer_approve_for_that_centre(people: Commands) -> None:
    policy, sha256 = ask(people, "admin", "--centre", "ast")
    assert "you may not" in approve(people, "there", policy, sha256).err
    assert approve(people, "here", policy, sha256).code == 0
    assert state(people, policy) == "published"


def test_whoever_asked_or_may_approve_can_withdraw(people: Commands) -> None:
    for asks, withdraws, may in (("admin", "admin", True), ("admin", "auditor", False), ("officer", "other", True)):
        policy, sha256 = ask(people, asks)
        told = people("policy", "withdraw", policy, "--reason", "a mistake", "--as", f"{withdraws}@example.com")
        assert (told.code == 0) == may, told.err
        assert state(people, policy) == ("withdrawn" if may else "awaiting")
        if may:
            assert "it is withdrawn" in approve(people, "other", policy, sha256).err
    assert "say who you are" in people.refused("policy", "withdraw", policy, "--reason", "a mistake")
    assert "Missing" in people.refused("policy", "withdraw", policy)
    assert "Missing" in people.refused("policy", "approve", policy)
