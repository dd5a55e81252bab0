"""The reference has every setting, command, option, field, table and word, and none that does not exist."""

import re
from datetime import timedelta
from typing import TYPE_CHECKING, get_args

import click
import pytest
import sqlalchemy as sa

from app.auth.roles import ROLES
from app.web.messages import catalogue
from app.worker import Worker
from config.settings import NOT_SETTINGS, SECTIONS, setting_names
from storage.database import Base
from storage.models import Centre, StoredObject
from storage.retention.card_data import ask
from storage.retention.holds import Why, hold_objects
from telephony.outcome import Outcome
from telephony.pausing import Asker
from tests.backend import Databases, settings_of
from tests.calls.talking import talk
from tests.command import Commands
from tests.docs.command_line import all_commands, options
from tests.docs.pages import PAGES, ROOT, name, section
from tests.house import House
from tests.video.rows import one_of_each
from video.cameras import add_zone

if TYPE_CHECKING:
    from tests.seaweed import Seaweed

REFERENCE = ROOT / "docs" / "reference"
LEAF = re.compile(r'\bappend\(\s*session, "(\w+)"')
COMMANDS = sorted(all_commands())
LISTINGS = [typed for typed, command in COMMANDS if "--json" in options(command) and typed != "eskertu phone call"]


@pytest.fixture
def lived_in(house: House, store_server: "Seaweed", databases: Databases) -> Commands:
    """A terminal in front of an installation in which there is a row of everything that can be listed."""
    house.faults.record_by_account = True
    house.call()
    house.work_for(60)
    house.clock.sleep(timedelta(days=91).total_seconds())
    house.work()
    talk(house, (4.0, lambda call: house.at.pausing.pause(call.id, Asker())))
    house.work()
    with house.at.database.begin() as session:
        kept = session.scalars(sa.select(StoredObject).where(StoredObject.state == "stored")).one()
        ask(session, kept, [(0, 1000)], 1000, "a test", "somebody", house.clock.now())
        # commands live by the machine's clock, which is behind the house's
        kept.delete_after = house.clock.now() - timedelta(days=365)
        now = house.clock.now()
        centre = session.scalars(sa.select(Centre).limit(1)).one()
        add_zone(session, centre=centre, code="lobby", name="Lobby", now=house.clock.now())
        hold_objects(session, [kept.id], Why("1", "a test", "operator", now + timedelta(days=1)), now)
    one_of_each(house, kept.id)
    house.at.keys.create("0" * 32)  # and no row: what `db restored` lists
    home = {"ESKERTU_HOME": str(house.at.home)} | databases.settings
    return Commands(house.home, home | settings_of(store_server, house.at.store.bucket))


def test_every_setting_has_its_line() -> None:
    text = (REFERENCE / "settings.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", text, re.MULTILINE))
    assert set(rows) == {variable for variable, _ in setting_names()}
    for prefix, _, group in SECTIONS:
        for field, info in group.model_fields.items():
            if field in {"s3", "twilio"} or info.default is None:
                continue
            variable = "PORT" if field == "port" else f"{prefix}{field.upper()}"
            assert f"`{str(info.default).removesuffix('/')}`".lower() in rows[variable].lower(), variable


def test_no_page_names_a_setting_that_does_not_exist() -> None:
    known = {variable for variable, _ in setting_names()} | NOT_SETTINGS
    for page in PAGES:
        named = set(re.findall(r"\bESKERTU_[A-Z0-9][A-Z0-9_]*[A-Z0-9]\b", page.read_text("utf-8")))
        assert {variable.removesuffix("_FILE") for variable in named} <= known, name(page)


@pytest.mark.parametrize(("typed", "command"), COMMANDS, ids=[typed for typed, _ in COMMANDS])
def test_every_command_has_its_section_with_every_option(typed: str, command: click.Command) -> None:
    text = section(REFERENCE / "commands.md", f"### `{typed}`")
    assert text, f"no section for {typed}"
    described = set(re.findall(r"^\| `(--[\w-]+)", text, re.MULTILINE))
    assert described == options(command)


def test_no_section_for_a_command_that_does_not_exist() -> None:
    text = (REFERENCE / "commands.md").read_text("utf-8")
    assert sorted(re.findall(r"^### `(.+)`$", text, re.MULTILINE)) == [typed for typed, _ in COMMANDS]


def test_every_field_of_every_listing_is_described(lived_in: Commands) -> None:
    for typed in LISTINGS:
        told = lived_in(*typed.split()[1:], "--json")
        # what fsck lists is what it fails for
        assert (told.code != 0) == (typed == "eskertu fsck"), told.err
        rows = told.rows
        assert rows, f"{typed} lists nothing"
        fields = set().union(*rows)
        (row,) = re.findall(
            r"^\| `--json` \| (.*) \|$", section(REFERENCE / "commands.md", f"### `{typed}`"), re.MULTILINE
        )
        assert fields <= set(re.findall(r"`(\w+)`", row)), typed


def test_every_table_has_its_sentence() -> None:
    text = (REFERENCE / "database.md").read_text("utf-8")
    described = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    assert described == {*Base.metadata.tables, "data_key", "held_key"}


def sources() -> list[str]:
    """Everything that tells the ledger something."""
    folders = (ROOT / "telephony", ROOT / "video", ROOT / "storage", ROOT / "app")
    return [path.read_text("utf-8") for folder in folders for path in folder.rglob("*.py")]


def test_every_kind_of_leaf_is_told_in_words() -> None:
    # Receipts are written many at once, by another statement.
    kinds = {"object_deleted", *(kind for text in sources() for kind in LEAF.findall(text))}
    assert len(kinds) > 30
    assert kinds == {key.removeprefix("leaf_") for key in catalogue("en") if key.startswith("leaf_")}


def test_every_word_for_a_state_is_explained() -> None:
    explained = set(re.findall(r"`(\w+)`", (REFERENCE / "states.md").read_text("utf-8")))
    assert set(get_args(Outcome)) <= explained
    assert set(ROLES) <= explained
    kinds = set()
    for text in sources():
        kinds |= set(LEAF.findall(text))
        kinds |= set(re.findall(r'\bnote_finding\(\s*session,\s*"(\w+)"', text))
        kinds |= set(re.findall(r'\bDiscrepancy\(\s*"(\w+)"', text))
    assert len(kinds) > 10
    assert kinds <= explained


def test_every_job_of_the_worker_is_in_the_architecture(house: House) -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    for job, *_ in Worker(house.at).jobs():
        assert f"`{job}`" in text
