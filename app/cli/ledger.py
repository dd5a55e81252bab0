"""`ledger verify`, `ledger proof`, `ledger checkpoint`, `ledger export`."""

import json
from functools import partial
from pathlib import Path

import click
import sqlalchemy as sa

from app.cli.terminal import installation
from app.listings.house import LEAVES
from app.listings.listing import everything
from app.wiring import Installation
from storage.errors import Refused
from storage.ledger.checkpoint import NoteWrong
from storage.ledger.verify import Problem, check_media
from storage.models import Leaf, StoredObject
from storage.playback import whole
from storage.retention.dates import wrong_dates


@click.group()
def ledger() -> None:
    """What happened, so that nobody can quietly rewrite it."""


@ledger.command("verify")
@click.option(
    "--against",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint that somebody else has kept: this ledger must have grown out of it.",
)
@click.option("--without-media", is_flag=True, help="Do not read the media again (quick).")
def ledger_verify(against: Path | None, without_media: bool) -> None:
    """Reckon every leaf anew from rows and media, and say what is not as it was told."""
    at = installation()
    try:
        kept = at.ledger.open(against.read_text(encoding="utf-8")) if against is not None else None
    except NoteWrong as error:
        raise Refused(f"--against: {error}") from error
    found = 0
    for problem in at.verification.problems(kept):
        found += 1
        click.echo(f"!!  {problem}")
    for problem in _dates(at):
        found += 1
        click.echo(f"!!  {problem}")
    if not without_media:
        for problem in _media(at):
            found += 1
            click.echo(f"!!  {problem}")
    if found:
        raise Refused(f"{found} things are not as they were told")
    media = "" if without_media else ", all media read"
    click.echo(f"ok  {at.verification.leaves} leaves, every row as it was told{media}")


def _dates(at: Installation) -> list[Problem]:
    with at.database.read() as session:
        return [Problem(f"object {object_id}", wrong) for object_id, wrong in wrong_dates(session)]


def _media(at: Installation) -> list[Problem]:
    with at.database.read() as session:
        rows = session.scalars(sa.select(StoredObject).where(StoredObject.state == "stored")).all()
    problems = []
    for row in rows:
        wrong = check_media(row.sha256 or "", partial(at.playback.read, whole(row)))
        if wrong is not None and _still_stored(at, row.id):
            problems.append(Problem(f"object {row.id}", f"its content {wrong}"))
    return problems


def _still_stored(at: Installation, object_id: str) -> bool:
    with at.database.read() as session:
        return session.scalar(sa.select(StoredObject.state).where(StoredObject.id == object_id)) == "stored"


@ledger.command("proof")
@click.argument("index", type=int)
def ledger_proof(index: int) -> None:
    """Print the proof of one leaf (c2sp.org/tlog-proof@v1), for somebody else to keep and check."""
    at = installation()
    with at.database.begin() as session:
        click.echo(at.ledger.proof(session, index), nl=False)


@ledger.command("checkpoint")
def ledger_checkpoint() -> None:
    """Print a signed checkpoint, to be copied to somebody else: from then on no history can be rewritten unseen."""
    at = installation()
    with at.database.begin() as session:
        click.echo(at.ledger.checkpoint(session, given=True).note, nl=False)


@ledger.command("key")
def ledger_key() -> None:
    """Print the public key with which checkpoints are checked."""
    click.echo(installation().ledger.verifier())


@ledger.command("export")
def ledger_export() -> None:
    """Print every leaf in order, one JSON object a line: what a stranger needs to build the tree again."""
    at = installation()
    with at.database.read() as session:
        for told in everything(session, LEAVES, Leaf.position):
            click.echo(json.dumps(told))


COMMANDS = (ledger,)
