"""`call pause`, `call resume`, `call pauses`: the recording of a call that goes on, while card data is spoken."""

import click
import sqlalchemy as sa

from app.cli.terminal import acting_as, installation, json_lines, show, utc
from app.listings.listing import everything
from app.listings.pauses import PAUSES
from app.viewing import person_for
from app.wiring import Installation
from storage.errors import NotFound
from storage.models import Call
from telephony.pausing import Asker


@click.group("call")
def call_() -> None:
    """A call that goes on: pause its recording while card data is spoken."""


@call_.command("pause")
@click.argument("call_sid")
@acting_as
def call_pause(call_sid: str, email: str | None) -> None:
    """Have silence recorded from now on. Unless this says «Paused», and ends with 0, it is NOT paused."""
    at = installation()
    row = at.pausing.pause(*_who_and_what(at, call_sid, email))
    click.echo(f"Paused: silent since {utc(row.paused_at)}, by the carrier's own word.")
    click.echo(f"Let it go on with: eskertu call resume {call_sid}")


@call_.command("resume")
@click.argument("call_sid")
@acting_as
def call_resume(call_sid: str, email: str | None) -> None:
    """Have it recorded again."""
    at = installation()
    row = at.pausing.resume(*_who_and_what(at, call_sid, email))
    click.echo(f"It is recorded again since {utc(row.ended_at)}.")


@call_.command("pauses")
@json_lines
def call_pauses(as_json: bool) -> None:
    """Pauses of recordings, and what became of each."""
    with installation().database.read() as session:
        rows = list(everything(session, PAUSES, *PAUSES.order))
    show(rows, as_json=as_json, empty="Nothing was paused yet.")


def _who_and_what(at: Installation, call_sid: str, email: str | None) -> tuple[str, Asker]:
    with at.database.read() as session:
        call = session.scalars(sa.select(Call).where(Call.call_sid == call_sid)).one_or_none()
        if call is None:
            raise NotFound(f"there is no call {call_sid!r}: see `eskertu calls`")
        if not email:
            return call.id, Asker()
        return call.id, Asker(person_for(session, email, "pause a recording", call.line.centre_id).id)


COMMANDS = (call_,)
