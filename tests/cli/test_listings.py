"""What the listings tell: the fields that others rely on, one JSON object a line, times in UTC and ISO 8601."""

import re
from typing import Any

import pytest

from tests.cli.conftest import Lived
from tests.command import Commands
from tests.house import CALLER

PROMISED = {
    "calls": {
        "call_sid",
        "line",
        "language",
        "outcome",
        "notice_version",
        "notice_started_at",
        "notice_ended_at",
    },
    "recordings": {
        "recording_sid",
        "call_sid",
        "state",
        "object_id",
        "channels",
        "duration_s",
        "started_at",
        "purposes",
        "delete_after",
        "carrier_copy",
    },
    "objects": {"object_id", "kind", "state", "bucket", "key", "bytes", "sha256", "delete_after", "held"},
    "receipts": {"object_id", "deleted_at", "leaf"},
    "notice list": {"version", "kind", "mode", "language", "state", "audio_sha256", "placeholder"},
}
# Not promised, but listings all the same.
OTHERS = ("line list", "policy list", "findings")
UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@pytest.mark.parametrize("listing", PROMISED)
def test_a_listing_has_the_promised_fields(lived: Lived, listing: str) -> None:
    rows = lived.command.fine(*listing.split(), "--json").rows
    assert rows
    for row in rows:
        assert row.keys() >= PROMISED[listing]


@pytest.mark.parametrize("listing", [*PROMISED, *OTHERS])
def test_times_are_in_utc_and_end_in_z(lived: Lived, listing: str) -> None:
    for row in lived.command.fine(*listing.split(), "--json").rows:
        for name, value in flat(row):
            if name.endswith(("_at", "until", "delete_after")) and value is not None:
                assert UTC.fullmatch(value), (name, value)


def flat(row: dict[str, Any]) -> list[tuple[str, Any]]:
    deeper = [pair for value in row.values() if isinstance(value, list) for each in value if isinstance(each, dict)
              for pair in flat(each)]  # fmt: skip
    return [*row.items(), *deeper]


@pytest.mark.parametrize("listing", [*PROMISED, *OTHERS])
def test_without_json_it_is_a_table_for_people(lived: Lived, listing: str) -> None:
    text = lived.command.fine(*listing.split()).out
    assert text.strip()
    assert not text.startswith("{")


@pytest.mark.parametrize("listing", ["calls", "recordings", "objects", "receipts", "line list", "findings"])
def test_an_empty_listing_says_so_to_people_and_nothing_to_programs(eskertu: Commands, listing: str) -> None:
    assert eskertu.fine(*listing.split(), "--json").out == ""
    assert eskertu.fine(*listing.split()).out.strip()


def test_calls_tell_how_they_ended_and_never_who_called(lived: Lived) -> None:
    told = lived.command.fine("calls", "--json")
    assert [row["outcome"] for row in told.rows] == ["recorded", "declined_key", "recorded"]
    assert [row["language"] for row in told.rows] == ["ru", "en", "kk"]
    assert [row["line"] for row in told.rows] == ["ast/stay", "ast/opt-out", "ast/opt-in"]
    assert CALLER not in told.out


def test_recordings_and_objects_tell_the_same(lived: Lived) -> None:
    rows = lived.command.fine("recordings", "--json").rows
    kept = {row["object_id"]: row for row in lived.command.fine("objects", "--json").rows}
    assert [row["state"] for row in rows] == ["deleted", "stored"]
    for row in rows:
        assert kept[row["object_id"]]["state"] == row["state"]
        assert kept[row["object_id"]]["delete_after"] == row["delete_after"]
        assert row["carrier_copy"] == "deleted"
        assert {each["purpose"] for each in row["purposes"]} == {"training", "quality"}
        assert row["delete_after"] == max(each["until"] for each in row["purposes"])


def test_a_receipt_has_its_place_in_the_ledger(lived: Lived) -> None:
    (receipt,) = lived.command.fine("receipts", "--json").rows
    assert isinstance(receipt["leaf"], int)
    gone = [row["object_id"] for row in lived.command.fine("objects", "--json").rows if row["state"] == "deleted"]
    assert [receipt["object_id"]] == gone
