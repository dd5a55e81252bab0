"""`centre add`, `line add`, `policy set`: what they make, and what they refuse, naming the field."""

import pytest

from tests.cli.conftest import ALMATY
from tests.command import Commands

CENTRE = {"--code": "alm", "--name": "Almaty", "--jurisdiction": "KZ", "--timezone": "Asia/Almaty"}
LINE = {"--code": "front", "--number": "+77172000000", "--centre": "ast", "--mode": "stay"}
LINE |= {"--languages": "kk,ru,en", "--forward-to": "+77172000001"}
POLICY = {"--purpose": "training", "--window": "P10D", "--reason": "shorter lessons"}


def options(given: dict[str, str], **other: str) -> list[str]:
    changed = given | {f"--{name.replace('_', '-')}": value for name, value in other.items()}
    return [word for pair in changed.items() for word in pair]


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"code": "Ast"}, "code 'Ast': use small letters"),
        ({"code": "a" * 33}, "code"),
        ({"name": "a" * 201}, "name: at most 200 letters"),
        ({"code": "ast"}, "there is a centre of that code already"),
        ({"jurisdiction": "Kazakhstan"}, "jurisdiction 'Kazakhstan': give two capital letters"),
        ({"timezone": "Astana"}, "timezone 'Astana': give an IANA zone"),
        ({"timezone": "../etc"}, "timezone"),
        ({"languages": "kk,de"}, "languages 'kk,de': give some of kk,ru,en"),
        ({"languages": "kk,kk"}, "each once"),
        ({"languages": ""}, "languages"),
    ],
)
def test_a_centre_that_makes_no_sense_is_refused(astana: Commands, other: dict[str, str], words: str) -> None:
    assert words in astana.refused("centre", "add", *options(CENTRE, **other))


def test_a_line_is_made_and_listed(astana: Commands) -> None:
    assert "ast/front answers +77172000000" in astana.fine("line", "add", *options(LINE)).out
    assert astana.fine("line", "list", "--json").rows == [
        {
            "line": "ast/front",
            "number": "+77172000000",
            "mode": "stay",
            "languages": ["kk", "ru", "en"],
            "forward_to": "+77172000001",
        }
    ]


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"number": "7172000000"}, "number: give it with its country"),
        ({"number": "+7"}, "number: give it with its country"),
        ({"number": "hello"}, "number: give it with its country"),
        ({"forward_to": "reception"}, "forward-to: give it with its country"),
        ({"forward_to": "+77172000000"}, "forward-to: this is the line's own number"),
        ({"centre": "almaty"}, "there is no centre 'almaty' (there is: ast)"),
        ({"mode": "silent"}, "'silent' is not one of 'stay', 'opt_out', 'opt_in'"),
        ({"languages": "en,fr"}, "languages"),
        ({"code": "Front Desk"}, "code 'Front Desk'"),
    ],
)
def test_a_line_that_makes_no_sense_is_refused(astana: Commands, other: dict[str, str], words: str) -> None:
    assert words in astana.refused("line", "add", *options(LINE, **other))
    assert astana.fine("line", "list", "--json").out == ""


def test_a_number_or_a_code_that_is_taken_is_refused(astana: Commands) -> None:
    astana.fine("line", "add", *options(LINE))
    assert "belongs to another line" in astana.refused("line", "add", *options(LINE, code="back"))
    again = options(LINE, number="+77172000009")
    assert "code 'front': centre ast has a line of that code already" in astana.refused("line", "add", *again)


def test_a_code_of_several_lines_lists_the_candidates(astana: Commands) -> None:
    astana.fine("centre", "add", "--code", "alm", "--name", "Almaty", "--jurisdiction", "KZ", *ALMATY)
    astana.fine("line", "add", *options(LINE))
    astana.fine("line", "add", *options(LINE, centre="alm", number="+77272000000"))
    said = astana.refused("line", "connect", "front")
    assert "alm/front, ast/front" in said
    assert "there is no line 'ast/back'" in astana.refused("line", "connect", "ast/back")
    # one that is named whole is found; then there is no carrier to connect it at
    assert "practice phone is not running" in astana.refused("line", "connect", "ast/front")


def test_a_policy_says_what_it_changes_and_a_dry_run_changes_nothing(astana: Commands) -> None:
    before = astana.fine("policy", "list", "--json").rows
    said = astana.fine("policy", "set", *options(POLICY), "--dry-run").out
    assert "training: P10D (until now: ast P90D)" in said
    assert "Nothing was changed" in said
    assert astana.fine("policy", "list", "--json").rows == before
    assert "Published." in astana.fine("policy", "set", *options(POLICY)).out
    in_force = [row for row in astana.fine("policy", "list", "--json").rows if row["state"] == "published"]
    assert [row["window"] for row in in_force if row["purpose"] == "training"] == ["P10D"]


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"window": "90 days"}, "window '90 days': give an ISO 8601 duration"),
        ({"window": "P0D"}, "window 'P0D': give an ISO 8601 duration longer than nothing"),
        ({"window": "-P1D"}, "window"),
        ({"window": "P99999Y"}, "window"),
        ({"window": ""}, "window"),
        ({"purpose": "fun"}, "purpose 'fun': choose one of training, quality"),
        ({"reason": " "}, "reason: say why"),
        ({"centre": "xyz"}, "there is no centre 'xyz'"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(astana: Commands, other: dict[str, str], words: str) -> None:
    before = astana.fine("policy", "list", "--json").out
    assert words in astana.refused("policy", "set", *options(POLICY, **other))
    assert astana.fine("policy", "list", "--json").out == before


@pytest.mark.parametrize("command", ["centre add", "line add", "line connect", "user add", "policy set", "object read"])
def test_a_missing_option_is_named(eskertu: Commands, command: str) -> None:
    assert "Missing" in eskertu.refused(*command.split())
