"""What is kept: `objects`, `object read`, `object link`, `receipts`, `retention run`."""

import sys
from pathlib import Path

import click
import sqlalchemy as sa

from app.auth.pass_link import Pass, Passes
from app.cli.terminal import acting_as, installation, json_lines, show, utc
from app.listings.calls import OBJECTS, RECEIPTS
from app.listings.listing import everything
from app.viewing import break_glass, grant, person_named
from app.wiring import Installation
from storage.errors import Refused
from storage.models import Deletion, Receipt, StoredObject
from storage.playback import Playable
from storage.retention.bundle import receipt_bundle
from storage.retention.policy import window_end
from storage.retention.preview import preview

LOOK_EVERY_S = 0.2


@click.command()
@json_lines
def objects(as_json: bool) -> None:
    """Stored objects."""
    with installation().database.read() as session:
        rows = everything(session, OBJECTS, StoredObject.arrived_at, StoredObject.id)
        show(rows, as_json=as_json, empty="Nothing is kept.")


@click.group("object")
def object_() -> None:
    """One stored object."""


@object_.command("read")
@click.argument("object_id")
@acting_as
@click.option("--purpose", help="training or quality; without it, the first that your role and its date allow.")
@click.option("--break-glass", "breaking", is_flag=True, help="Without a right, and loudly: needs --reason.")
@click.option("--reason", default="", help="Why the glass is broken; written into the ledger.")
def object_read(object_id: str, email: str | None, purpose: str | None, breaking: bool, reason: str) -> None:
    """Write its plain bytes to stdout, as they were received."""
    at = installation()
    item: Playable
    if breaking:
        item = break_glass(at, object_id, reason, "command")
        click.echo("eskertu: the glass is broken: this is in the ledger, with your reason.", err=True)
    else:
        with at.database.read() as session:
            person_id = person_named(session, email).id
        item = grant(at, person_id, object_id, "command", purpose).item
    out = sys.stdout.buffer
    for chunk in at.playback.read(item):
        out.write(chunk)
    out.flush()


@object_.command("link")
@click.argument("object_id")
@acting_as
@click.option("--purpose", help="training or quality; without it, the first that your role and its date allow.")
def object_link(object_id: str, email: str | None, purpose: str | None) -> None:
    """Print an address at which you, and for an hour, can hear it in a browser."""
    at = installation()
    with at.database.read() as session:
        person_id = person_named(session, email).id
    granted = grant(at, person_id, object_id, "link", purpose)
    ticket = Passes(at.home).issue(Pass(person_id, object_id, granted.purpose))
    click.echo(f"{at.site.base_url}/play/{ticket}")


@click.command()
@json_lines
def receipts(as_json: bool) -> None:
    """Deletions that are done, with their place in the ledger."""
    with installation().database.read() as session:
        rows = everything(session, RECEIPTS, Receipt.deleted_at)
        show(rows, as_json=as_json, empty="Nothing has been deleted yet.")


@click.group()
def receipt() -> None:
    """The proof of one deletion."""


@receipt.command("export")
@click.argument("object_id")
@click.option("--output", required=True, type=click.Path(file_okay=False, path_type=Path), help="A folder, made anew.")
def receipt_export(object_id: str, output: Path) -> None:
    """Write a receipt as a folder that a stranger can check without us."""
    at = installation()
    with at.database.begin() as session:
        files = receipt_bundle(session, at.ledger, object_id)
    try:
        output.mkdir(parents=True)
    except FileExistsError as error:
        raise Refused(f"--output: {output} is there already") from error
    for name, content in files.items():
        (output / name).write_bytes(content)
    click.echo(f"{len(files)} files in {output}: begin with README.en.md")


@click.group()
def retention() -> None:
    """Deleting what is due."""


@retention.command("preview")
@click.option("--within", default="P7D", show_default=True, help="How far to look ahead, as an ISO 8601 duration.")
@json_lines
def retention_preview(within: str, as_json: bool) -> None:
    """How many, how much, which oldest, by centre and purpose, before anything goes."""
    at = installation()
    with at.database.read() as session:
        rows = [
            {
                "centre": going.centre,
                "purpose": going.purpose,
                "objects": going.objects,
                "bytes": going.bytes,
                "oldest": utc(going.oldest),
                "held": going.held,
            }
            for going in preview(session, window_end(at.clock.now(), within))
        ]
    show(rows, as_json=as_json, empty=f"Nothing goes within {within}.")


@retention.command("run")
def retention_run() -> None:
    """Do what is due now, and return when it is done."""
    at = installation()
    before = _count(at, Deletion.finished_at.is_not(None))
    at.deleter.run()
    while _count(at, Deletion.finished_at.is_(None), Deletion.last_error.is_(None)):
        # A worker has claimed them: wait for it, or for its claim to run out.
        at.clock.sleep(LOOK_EVERY_S)
        at.deleter.run()
    click.echo(f"{_count(at, Deletion.finished_at.is_not(None)) - before} deleted.")
    if left := _count(at, Deletion.finished_at.is_(None)):
        with at.database.read() as session:
            why = session.scalar(sa.select(Deletion.last_error).where(Deletion.finished_at.is_(None)).limit(1))
        raise Refused(f"{left} could not be finished yet, and will be tried again: {why}")


def _count(at: Installation, *conditions: sa.ColumnElement[bool]) -> int:
    with at.database.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Deletion).where(*conditions)) or 0


COMMANDS = (objects, object_, receipts, receipt, retention)
