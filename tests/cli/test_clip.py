"""`eskertu clip export`: one MP4 and its manifest, by the manager of that centre."""

import hashlib
import json
from datetime import timedelta

from storage.models import Segment
from tests.cli.conftest import Lived
from tests.cli.test_object_read import leaves
from tests.pages.filmed import GAP, filmed
from tests.video import footage


def test_a_span_is_written_with_what_proves_it(lived: Lived) -> None:
    house, typed = lived.house, lived.command
    here = filmed(house, house.lines()[0].centre_id, code="lift")
    for email, role in (("mira@example.com", "centre_manager"), ("paul@example.com", "privacy_officer")):
        typed.fine("user", "add", "--email", email, "--role", role, "--centre", "ast")
    begin, end = here.runs[0] - timedelta(minutes=1), here.runs[1] + 2 * GAP
    span = ("--camera", "ast/lift", "--from", begin.isoformat(), "--to", end.isoformat())
    output = typed.folder / "clip.mp4"
    told = typed.fine("clip", "export", *span, "--output", str(output), "--as", "mira@example.com")
    assert "3 gaps" in told.out
    assert footage.numbers(output.read_bytes()) == [*range(300), *range(300)]
    manifest = json.loads(output.with_suffix(".json").read_text())
    assert manifest["video"]["sha256"] == hashlib.sha256(output.read_bytes()).hexdigest()
    assert manifest["camera"] == "ast/lift"
    assert len(manifest["parts"]) == house.ask(lambda s: s.query(Segment).count())
    assert "no such camera" in typed.refused("clip", "export", *span, "--output", "x", "--as", "paul@example.com")
    assert "who you are" in typed.refused("clip", "export", *span, "--output", "x")
    output = typed.folder / "broken.mp4"
    paul = ("--output", str(output), "--as", "paul@example.com", "--break-glass")
    assert "needs --reason" in typed.refused("clip", "export", *span, *paul)
    assert not any("reason" in each for each in leaves(lived, "clip_asked"))
    told = typed.fine("clip", "export", *span, *paul, "--reason", "case 9")
    assert "the glass is broken" in told.err
    assert footage.numbers(output.read_bytes()) == [*range(300), *range(300)]
    for kind in ("clip_asked", "media_shown"):
        assert [each["reason"] for each in leaves(lived, kind) if "reason" in each] == ["case 9"]
    later = ("--from", "2026-01-01T00:00:00Z", "--to", "2026-01-01T00:01:00Z", "--as", "mira@example.com")
    nothing = typed.refused("clip", "export", "--camera", "lift", *later, "--output", "x")
    assert "nothing_there" in nothing
    kept = [row for row in typed.fine("objects", "--json").rows if row["kind"] == "export"]
    assert [row["state"] for row in kept] == ["stored", "stored"]
