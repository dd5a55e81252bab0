"""`up`, and the processes that it runs: `web`, `worker`, `recorder`, `store`."""

import os
import sys

import click

from app.cli.terminal import installation
from app.first_start import pair_keys
from app.recorder import record
from app.serve import serve
from app.up import up as run_up
from app.wiring import Installation
from app.worker import Worker
from storage.objects.embedded import EmbeddedStore


@click.command()
def up() -> None:
    """Run everything on this machine: store, database, web, worker, practice phone."""
    run_up(installation("up"), click.echo)


@click.command()
def web() -> None:
    """Answer the carrier and serve the pages, on 127.0.0.1:$PORT."""
    at = installation("web")
    _check_keys(at)
    serve(at)


@click.command()
def worker() -> None:
    """Fetch, delete, reconcile: all that happens by itself."""
    at = installation("worker")
    _check_keys(at)
    Worker(at).run()


@click.command()
def recorder() -> None:
    """Record the cameras that are this recorder's, where a sign says so."""
    at = installation("recorder")
    _check_keys(at)
    record(at)


def _check_keys(at: Installation) -> None:
    """Before anything is recorded with keys that nobody will find again. Connections stay on this side of a fork."""
    pair_keys(at)
    at.database.dispose()
    at.keys.close()


@click.command()
def store() -> None:
    """Become the embedded object store (what `up` runs when no ESKERTU_S3_ENDPOINT is set)."""
    home = installation("store").home.resolve() / "store"
    launch = EmbeddedStore(home).prepare()
    # It greets at length: that goes into a file beside its data, and the terminal stays readable.
    log = os.open(home / "store.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(log, sys.stdout.fileno())
    os.dup2(log, sys.stderr.fileno())
    os.execve(launch.argv[0], list(launch.argv), dict(launch.env))  # noqa: S606 - we become it, so that signals reach it


COMMANDS = (up, web, worker, recorder, store)
