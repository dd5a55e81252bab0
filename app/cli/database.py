"""`db upgrade`, `db restored`, `db copy`."""

import time
from datetime import timedelta

import click
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from app.cli.terminal import installation, json_lines, show
from app.first_start import prepare_databases
from storage.copying.copy import KEYS, MAIN, Move, copy_installation
from storage.copying.target import make_if_missing
from storage.errors import Refused

TELL_EVERY_S = 2.0
AT_ONCE = timedelta(seconds=10)


@click.group()
def db() -> None:
    """The databases."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the databases to their present shape, and publish what is shipped where nothing is published."""
    prepare_databases(installation())
    click.echo("The databases are up to date.")


@db.command("restored")
@click.option("--dry-run", is_flag=True, help="Only say what does not agree.")
@click.option("--most", is_flag=True, help="Also when more than half of what is kept would be deleted.")
@json_lines
def db_restored(dry_run: bool, most: bool, as_json: bool) -> None:
    """After a restore: delete again what has ended, hold again what was held, list what was lost."""
    at = installation()
    found = [{"kind": each.kind, "object_id": each.object_id} for each in at.restored.findings()]
    show(found, as_json=as_json, empty="Databases and store agree.")
    if dry_run or not found:
        return
    done = at.restored.replay(most=most)
    at.mirror.run(AT_ONCE)
    click.echo(
        f"{done.deletions} objects are deleted again, {done.keys} keys destroyed again, {done.holds} held again; "
        f"{done.told} wait for a person: `eskertu findings`.",
        err=True,
    )


@db.command("copy")
@click.option("--to", required=True, help="An empty PostgreSQL database, for the main database.")
@click.option("--keys-to", help="Another one, for the keys. By default the same with _keys behind its name.")
@click.option("--anew", is_flag=True, help="Begin again after a copy that was interrupted.")
def db_copy(to: str, keys_to: str | None, anew: bool) -> None:
    """Copy this installation from SQLite to PostgreSQL, and compare both. Everything else must be ended before."""
    at = installation()
    main = _postgresql(MAIN, to)
    if keys_to is None:
        keys = main.set(database=f"{main.database}_keys")
        make_if_missing(main, str(keys.database))
    else:
        keys = _postgresql(KEYS, keys_to)
    move = Move(make_url(at.settings.main_database_url), make_url(at.settings.key_database_url), main, keys)
    for url, variable in ((move.main, "ESKERTU_DATABASE_URL"), (move.keys, "ESKERTU_KEYS_DATABASE_URL")):
        if url.get_backend_name() != "sqlite":
            raise Refused(f"{variable} is not SQLite: only an installation that is all on SQLite can be copied")
    copied = copy_installation(
        move, at.keys, lambda database: at.verification_of(database).problems(), _Telling(), anew=anew
    )
    for name, number in copied.tables.items():
        click.echo(f"{number:>10}  {name}")
    click.echo(f"Copied, compared, the ledger holds, {copied.keys_that_open} keys open. Set, before anything starts:\n")
    click.echo(f"ESKERTU_DATABASE_URL={main}\nESKERTU_KEYS_DATABASE_URL={keys}\n")
    files = f"{move.main.database} {move.keys.database}"
    click.echo(
        f"The old files still hold every number and every key, and an Eskertu that is started on them by mistake\n"
        f"would take newer recordings for strays. Once the new one runs, remove them: {files}"
    )


def _postgresql(option: str, typed: str) -> URL:
    try:
        url = make_url(typed)
        url.get_dialect()
    except (ArgumentError, ImportError) as error:
        # Not in SQLAlchemy's words: they can repeat the URL, with a password in it.
        raise Refused(f"{option}: must look like postgresql+psycopg://user@host/name") from error
    if url.get_backend_name() != "postgresql" or not url.database:
        raise Refused(f"{option}: must look like postgresql+psycopg://user@host/name")
    return url


class _Telling:
    """Says how far a long table is, every now and then."""

    def __init__(self) -> None:
        self._said = time.monotonic()

    def __call__(self, table: str, done: int, of: int) -> None:
        if time.monotonic() - self._said >= TELL_EVERY_S:
            self._said = time.monotonic()
            click.echo(f"{table}: {done} of {of}", err=True)


COMMANDS = (db,)
