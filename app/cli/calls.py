"""`calls`, `recordings`."""

import click

from app.cli.terminal import installation, json_lines, show
from app.listings.calls import CALLS, RECORDINGS
from app.listings.listing import everything
from storage.models import Call, Recording


@click.command()
@json_lines
def calls(as_json: bool) -> None:
    """Calls and how they ended."""
    with installation().database.read() as session:
        rows = everything(session, CALLS, Call.ringing_at, Call.id)
        show(rows, as_json=as_json, empty="No call yet.")


@click.command()
@json_lines
def recordings(as_json: bool) -> None:
    """Recordings, where they are, and until when."""
    with installation().database.read() as session:
        rows = everything(session, RECORDINGS, Recording.first_seen_at, Recording.id)
        show(rows, as_json=as_json, empty="No recording yet.")


COMMANDS = (calls, recordings)
