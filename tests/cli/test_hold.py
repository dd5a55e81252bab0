"""`hold …`, `object restrict|release`, `retention preview`, `ledger …`, `receipt export`, as a person types them."""

import re
from pathlib import Path

from storage.ledger.checkpoint import open_checkpoint
from tests.cli.conftest import Lived


def test_a_hold_from_request_to_release(lived: Lived) -> None:
    (kept,) = [row for row in lived.command.fine("objects", "--json").rows if row["state"] == "stored"]
    said = lived.command.fine("hold", "set", "--object", kept["object_id"], "--case", "7/26", "--reason", "court").out
    assert "keeps 1 objects" in said
    (held,) = lived.command.fine("hold", "list", "--case", "7/26", "--json").rows
    assert (held["objects"], held["lifted_at"]) == (1, None)
    assert [row["held"] for row in lived.command.fine("objects", "--json").rows if row["state"] == "stored"] == [True]
    dry = lived.command.fine("hold", "lift", held["hold"], "--reason", "closed", "--dry-run").out
    assert "Nothing was changed" in dry
    lived.command.fine("hold", "lift", held["hold"], "--reason", "closed")
    (lifted,) = lived.command.fine("hold", "list", "--json").rows
    assert lifted["lifted_at"].endswith("Z")


def test_a_hold_over_a_line_needs_its_span_with_a_zone(lived: Lived) -> None:
    base = ("hold", "set", "--line", "ast/stay", "--case", "7/26", "--reason", "court")
    assert "--from and --to" in lived.command.refused(*base)
    assert "zone" in lived.command.refused(*base, "--from", "2026-11-01T00:00:00", "--to", "2026-11-02T00:00:00Z")
    assert "--to" in lived.command.refused(*base, "--from", "2026-11-02T00:00:00Z", "--to", "nonsense")
    assert "either" in lived.command.refused("hold", "set", "--case", "7/26", "--reason", "court")
    for year in ("1969", "2100", "0001"):
        said = lived.command.refused(*base, "--from", f"{year}-11-02T00:00:00+05:00", "--to", "2026-11-02T00:00:00Z")
        assert "--from: give a year from 1970 to 2099" in said
    done = lived.command.fine(*base, "--from", "2026-11-01T00:00:00Z", "--to", "2027-11-02T00:00:00+05:00")
    assert "keeps" in done.out
    assert "no hold" in lived.command.refused("hold", "lift", "nothing", "--reason", "r")


def test_a_restricted_object_is_shown_to_nobody(lived: Lived) -> None:
    (kept,) = [row for row in lived.command.fine("objects", "--json").rows if row["state"] == "stored"]
    lived.command.fine("object", "restrict", kept["object_id"], "--reason", "contested")
    assert lived.command.refused("object", "read", kept["object_id"], "--as", "alice@example.com")
    lived.command.fine("object", "release", kept["object_id"], "--reason", "settled")


def test_a_preview_looks_as_far_as_it_is_asked(lived: Lived) -> None:
    assert lived.command.fine("retention", "preview", "--within", "PT1S", "--json").rows == []
    (going,) = lived.command.fine("retention", "preview", "--within", "P1Y", "--json").rows
    assert (going["centre"], going["purpose"], going["objects"]) == ("ast", "training", 1)
    assert "ISO 8601" in lived.command.refused("retention", "preview", "--within", "soon")


def test_the_ledger_is_verified_against_what_somebody_kept(lived: Lived, tmp_path: Path) -> None:
    key = lived.command.fine("ledger", "key").out
    note = lived.command.fine("ledger", "checkpoint").out
    checkpoint = open_checkpoint(note, key)
    kept = tmp_path / "checkpoint.txt"
    kept.write_text(note, encoding="utf-8")
    said = lived.command.fine("ledger", "verify", "--against", str(kept)).out
    assert re.search(rf"ok  {checkpoint.size} leaves", said)
    kept.write_text(note.replace(str(checkpoint.size), str(checkpoint.size + 1)), encoding="utf-8")
    assert "--against" in lived.command.refused("ledger", "verify", "--against", str(kept))
    leaves = lived.command.fine("ledger", "export").rows
    assert [leaf["leaf"] for leaf in leaves] == list(range(checkpoint.size))
    assert lived.command.fine("ledger", "proof", "0").out.startswith("c2sp.org/tlog-proof@v1\nindex 0\n")
    assert "no leaf" in lived.command.refused("ledger", "proof", "99999")


def test_only_what_is_deleted_has_a_receipt(lived: Lived, tmp_path: Path) -> None:
    (kept,) = [row for row in lived.command.fine("objects", "--json").rows if row["state"] == "stored"]
    assert "no receipt" in lived.command.refused(
        "receipt", "export", kept["object_id"], "--output", str(tmp_path / "a")
    )
