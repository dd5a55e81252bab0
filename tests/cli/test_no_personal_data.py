"""Canaries: a number, a name, addresses, words typed as reasons; in no leaf, log, metric, key or URL (I10).

The story below makes a leaf of every kind that there is: a new kind fails here until it is told, and looked at.
"""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa
from structlog.testing import capture_logs

from app.auth.policy import Viewer
from app.cameras import setup
from storage.ledger.log import sequence
from storage.models import Call, Camera, Centre, Leaf, LeafOpening, Person, Receipt, Zone
from tests.backend import Databases
from tests.calls.talking import talk
from tests.cli.conftest import Lived, lived_in
from tests.command import Told
from tests.docs.pages import ROOT
from tests.house import House
from tests.pages.joining import join, secret_in
from tests.pages.people import Visitor
from tests.pages.reviewing import answered
from tests.seaweed import Seaweed
from video.cameras import add_zone
from video.clips_asked import ask as ask_for_clip
from video.postings import post, withdraw
from video.sheets import Owner, sheet_for

NUMBER = "+77018887766"
NAME = "Kanarova"
ADDRESSES = ("kanarova@example.com", "kenar@example.org", "serin@example.net")
CANARIES = (NUMBER[1:], NUMBER[2:], NAME.lower(), *(address.partition("@")[0] for address in ADDRESSES))


def kinds_of_leaves() -> set[str]:
    """As the product's code writes them."""
    found: set[str] = set()
    for floor in ("app", "telephony", "video", "storage"):
        for path in (ROOT / floor).rglob("*.py"):
            found |= set(re.findall(r'\b(?:append\(\s*session,\s*|Told\()"(\w+)"', path.read_text("utf-8")))
    return found


def live(lived: Lived) -> None:
    """Everything that leaves a leaf, with a canary wherever a person can type one."""
    house, typed = lived.house, lived.command
    house.faults.record_by_account = True
    talk(
        house,
        (4.0, lambda call: typed.fine("call", "pause", call.call_sid)),
        (8.0, lambda call: typed.fine("call", "resume", call.call_sid)),
        from_number=NUMBER,
    )
    house.call("opt_in", "kk", "press:2", from_number=NUMBER)
    house.work_for(60)
    reviewer, administrator, officer = ADDRESSES
    typed.fine("user", "add", "--email", reviewer, "--role", "qa_reviewer", "--centre", "ast")
    typed.fine("user", "add", "--email", administrator, "--role", "administrator")
    typed.fine("user", "add", "--email", officer, "--role", "privacy_officer")
    sign_in_and_out(lived)
    (kept,) = [row["object_id"] for row in typed.fine("objects", "--json").rows if row["state"] == "stored"]
    listen_and_review(lived, kept)
    because = ("--reason", f"asked for by {NAME}")
    typed.fine("object", "read", kept, "--as", reviewer)
    page = typed.fine("object", "link", kept, "--as", reviewer).out.split()[-1]
    assert requests.get(page, timeout=10).status_code == 200
    typed.refused("object", "read", kept, "--as", administrator)
    typed.fine("object", "read", kept, "--break-glass", *because)
    typed.fine("hold", "set", "--object", kept, "--case", f"{NAME} against us", *because, "--as", reviewer)
    (held,) = [row["hold"] for row in typed.fine("hold", "list", "--json").rows]
    typed.fine("object", "restrict", kept, *because)
    typed.fine("object", "release", kept, *because)
    typed.fine("hold", "lift", held, *because)
    (found, *_) = typed.fine("findings", "--json").rows
    typed.fine("findings", "close", found["finding"], *because, "--as", officer)
    with house.at.database.begin() as session:
        session.execute(sa.update(Call).where(Call.outcome == "declined_key").values(from_number=NUMBER))
    assert "number_kept" in typed("fsck").out
    typed.fine("fsck", "--repair", "--yes")
    post_and_withdraw(house)
    door = ("--centre", "ast", "--zone", "lobby", "--code", "door", "--url", f"rtsp://{NAME}.example/live")
    typed.fine("camera", "add", *door)
    with house.at.database.begin() as session:
        camera, person = session.scalars(sa.select(Camera)).one(), session.scalars(sa.select(Person).limit(1)).one()
        ask_for_clip(session, camera, (house.clock.now(), house.clock.now()), person.id, house.clock.now())
    typed.fine("centre", "networks", "ast", "10.1.0.0/16")
    typed.fine("camera", "off", "door")
    typed.fine("camera", "on", "door")
    try_a_camera(house)
    spoken = ("--text", f"Ask for {NAME}.", "--placeholder", "--from", "2099-01-01T00:00:00Z")
    typed.fine("notice", "publish", "--kind", "unavailable", "--language", "en", *spoken)
    typed.fine("notice", "withdraw", "unavailable-en-2", *because)
    longer = ("policy", "set", "--purpose", "training", "--window", "P1Y", *because, "--as", administrator)
    typed.fine("policy", "withdraw", waiting(typed.fine(*longer))[0], *because, "--as", administrator)
    policy, sha256 = waiting(typed.fine(*longer))
    typed.fine("policy", "approve", policy, "--preview", sha256, "--as", officer)
    typed.fine("purge", "withdraw", asked_for(lived, kept, because)[0], *because, "--as", officer)
    purge, sha256 = asked_for(lived, kept, because)
    typed.fine("purge", "approve", purge, "--hash", sha256, "--as", officer)
    house.work()
    (copy,) = [row["copy_id"] for row in typed.fine("purge", "list", "--json").rows if row["state"] == "done"]
    purge, sha256 = asked_for(lived, copy, because)
    typed.fine("purge", "approve", purge, "--hash", sha256, "--as", officer)
    for purpose in ("training", "quality"):
        typed.fine("policy", "set", "--purpose", purpose, "--window", "PT20S", "--reason", "a test")
    house.clock.sleep(timedelta(minutes=5).total_seconds())
    typed.fine("retention", "run")
    house.at.card_data.run()
    with house.at.database.begin() as session:
        while sequence(session):
            pass


def post_and_withdraw(house: House) -> None:
    """A sign on which a name stands, in a zone of that name."""
    with house.at.database.begin() as session:
        now = house.clock.now()
        centre = session.scalars(sa.select(Centre).limit(1)).one()
        zone = add_zone(session, centre=centre, code="lobby", name=NAME, now=now)
        sheet = sheet_for(session, zone, Owner(NAME, ADDRESSES[0], "https://notice.example"), now)
        post(session, sheet, by="operator", photo_object_id=None, now=now)
        withdraw(session, zone, by="operator", reason=f"{NAME} took it", now=now)


def try_a_camera(house: House) -> None:
    """An address with a name in it, typed into the page, and a password that is one."""
    with house.at.database.begin() as session:
        zone_id = session.scalars(sa.select(Zone.id).where(Zone.code == "lobby")).one()
        viewer = Viewer("administrator", None, active=True)
    given = setup.Given(zone_id, "lift", f"rtsp://{NAME}.example/{NUMBER}", NAME, f"{NAME} has one")
    assert setup.tried(house.at, viewer, "somebody", given).trouble is not None


def asked_for(lived: Lived, object_id: str, because: tuple[str, ...]) -> tuple[str, str]:
    """A purge that waits for a second person, and its hash."""
    typed = ("purge", "ask", object_id, "--from", "0", "--to", "0.5", *because, "--as", ADDRESSES[0])
    return waiting(lived.command.fine(*typed))


def waiting(told: Told) -> tuple[str, str]:
    """What waits, and its hash, as the command said them."""
    found = re.search(r"approve (\w{32}) --\w+ (\w{64})", told.out)
    assert found, told.out
    return found[1], found[2]


def sign_in_and_out(lived: Lived) -> None:
    """As people do: wrong, right, out; then their access ends. In their addresses and passwords there are canaries."""
    house, typed, officer = lived.house, lived.command, f"{NAME.lower()}.officer@example.com"
    (typed.folder / "password").write_text(f"{NAME} {NUMBER} has one")
    password = ("--password-file", str(typed.folder / "password"))
    typed.fine("user", "add", "--email", officer, "--role", "privacy_officer", *password)
    visitor = Visitor(house)
    for email, tried in (
        (officer, f"{NAME} has another"),
        (f"{NAME}@example.org", NAME),
        (officer, f"{NAME} {NUMBER} has one"),
    ):
        answer = visitor.sign_in(email, tried)
    assert answer.status_code == 303
    call = house.ask(lambda s: s.scalars(sa.select(Call.id).where(Call.outcome == "recorded")).first())
    page = f"/calls/{call}/evidence"
    given = visitor.post(f"{page}/vcon", form=visitor.form(page), reason=f"{NAME} asked for it")
    assert given.status_code == 200
    requests.get(f"{visitor.base}/sessions", cookies={"eskertu_session": visitor.token}, timeout=10).raise_for_status()
    asked = {"name": f"{NAME} {NUMBER}", "scope": "calls:read", "days": "1"}
    made = visitor.post("/tokens/make", form=visitor.form("/tokens"), more=asked).text
    token = re.findall(r"eskertu_[\w-]{43}", made)[0]
    shown = {"Authorization": f"Bearer {token}"}
    requests.get(f"{visitor.base}/api/v1/calls", headers=shown, timeout=10).raise_for_status()
    found = visitor.post("/calls/caller", form=visitor.form("/calls"), number=NUMBER).headers["Location"]
    cookies = {"eskertu_session": visitor.token}
    requests.get(f"{visitor.base}{found}", cookies=cookies, timeout=10).raise_for_status()
    visitor.post("/sign-out", form=visitor.form("/sessions"))
    secret = secret_in(typed.fine("user", "link", officer).out)
    assert join(visitor, secret, f"{NAME} {NUMBER} has one").status_code == 303
    typed.fine("user", "password", officer, *password)
    typed.fine("user", "end", officer)


def listen_and_review(lived: Lived, object_id: str) -> None:
    """A note with a name and a number in it, and a scorecard."""
    reviewer, page = ADDRESSES[0], f"/recordings/{object_id}"
    (lived.command.folder / "password").write_text(f"{NAME} {NUMBER} reviews")
    lived.command.fine("user", "password", reviewer, "--password-file", str(lived.command.folder / "password"))
    visitor = Visitor(lived.house)
    assert visitor.sign_in(reviewer, f"{NAME} {NUMBER} reviews").status_code == 303
    form = visitor.form(page)
    noted = visitor.post(f"{page}/notes", form=form, at="0:01", text=f"{NAME} says {NUMBER}")
    assert noted.status_code == 303
    submitted = visitor.post(f"{page}/review", form=form, seen="0", more=answered(visitor.get(page).text))
    assert submitted.status_code == 303


def test_no_canary_sings(
    tmp_path: Path,
    store_server: Seaweed,
    bucket_name: str,
    databases: Databases,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    with lived_in(tmp_path, store_server, bucket_name, databases) as lived, capture_logs() as logs:
        keys: list[str] = []
        asked = addresses_asked_of(lived)
        lived.house.clock.after(30, lambda: keys.extend(lived.house.in_store()))
        live(lived)
        told = set(lived.house.ask(lambda s: s.scalars(sa.select(Leaf.kind)).all()))
        assert told == kinds_of_leaves(), "a kind of leaf that this story does not make"
        leaves = lived.house.ask(lambda s: [tuple(row) for row in s.execute(sa.select(Leaf.__table__))])
        openings = lived.house.ask(lambda s: s.scalars(sa.select(LeafOpening.facts)).all())
        receipts = lived.house.ask(lambda s: s.scalars(sa.select(Receipt.content)).all())
        deleted, _ = [row["object_id"] for row in lived.command.fine("receipts", "--json").rows]
        lived.command.fine("receipt", "export", deleted, "--output", str(tmp_path / "bundle"))
        bundle = "".join(path.read_text("utf-8") for path in (tmp_path / "bundle").iterdir())
        places = {
            "leaves": repr(leaves),
            "the exported ledger": lived.command.fine("ledger", "export").out,
            "what leaves commit to": repr([but_reasons(facts) for facts in openings]),
            "receipts": repr(receipts),
            "the receipt's bundle": bundle,
            "logs": repr(logs) + caplog.text,
            "metrics": requests.get(f"{lived.house.at.site.base_url}/metrics", timeout=10).text,
            "keys in the store": repr(lived.house.in_store()) + repr(keys),
            "findings": lived.command.fine("findings", "--closed", "--json").out,
            "addresses that the carrier and browsers asked for": repr(asked),
        }
    for place, text in places.items():
        assert text, place
        assert [canary for canary in CANARIES if canary in text.lower()] == [], place


def addresses_asked_of(lived: Lived) -> list[str]:
    """Paths and queries of all that is asked of the web from now on."""
    asked: list[str] = []
    behind = lived.house.answers

    def listen(environ: Any, start_response: Any) -> Any:
        asked.append(f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}")
        return behind(environ, start_response)

    lived.house.answers = listen
    return asked


def but_reasons(facts: dict[str, object]) -> dict[str, object]:
    """Without the words that an officer typed to say why: those are theirs to choose, and stand in no leaf itself."""
    return {name: value for name, value in facts.items() if name != "reason"}
