"""`purge ask`, `purge approve`, `purge withdraw`, `purge list`: card data, silenced by two people."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation

import click

from app.cli.terminal import acting_as, installation, json_lines, show
from app.listings.listing import everything
from app.listings.reviews import PURGES
from app.privacy.purges import approve_purge, ask_for, withdraw_purge, would_silence
from app.viewing import person_named
from storage.errors import Refused


def milliseconds(text: str, option: str, rounding: str) -> int:
    """Seconds as whole milliseconds.

    Raises:
        Refused: if it is no number of seconds.
    """
    try:
        return int((Decimal(text) * 1000).to_integral_value(rounding))
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise Refused(f"{option} {text!r}: give seconds from the begin, such as 12.5") from error


@click.group()
def purge() -> None:
    """Card data that was recorded: silenced for ever, by two people, also under a hold."""


@purge.command("ask")
@click.argument("object_id")
@click.option("--from", "from_texts", multiple=True, required=True, help="Seconds from the begin; may be given again.")
@click.option("--to", "to_texts", multiple=True, required=True, help="Seconds from the begin; one to each --from.")
@click.option("--reason", required=True, help="Why; written into the ledger. Not the card data itself.")
@acting_as
def purge_ask(
    object_id: str, from_texts: tuple[str, ...], to_texts: tuple[str, ...], reason: str, email: str | None
) -> None:
    """Ask that stretches of a recording be silenced. Somebody else approves."""
    if len(from_texts) != len(to_texts):
        raise Refused("give one --to to each --from")
    # A stretch is never made shorter by rounding.
    spans = [
        (milliseconds(begin, "--from", ROUND_FLOOR), milliseconds(end, "--to", ROUND_CEILING))
        for begin, end in zip(from_texts, to_texts, strict=True)
    ]
    at = installation()
    with at.database.read() as session:
        person = person_named(session, email)
    what = would_silence(at, person, object_id, spans)
    with at.database.begin() as session:
        request = ask_for(session, person_named(session, email), what, reason, at.clock.now())
    click.echo("This waits for a second person, and changes nothing yet. If approved, for ever silent:")
    for from_ms, to_ms in request.spans:
        click.echo(f"  {from_ms / 1000:g} s to {to_ms / 1000:g} s of {what.lasts_ms / 1000:g} s")
    click.echo("Somebody else approves it with:")
    click.echo(f"  eskertu purge approve {request.id} --hash {request.request_sha256} --as EMAIL")


@purge.command("approve")
@click.argument("purge_id")
@click.option("--hash", "sha256", required=True, help="The hash of what was asked, which you have read.")
@acting_as
def purge_approve(purge_id: str, sha256: str, email: str | None) -> None:
    """Let it be done, now. Takes another person than who asked."""
    at = installation()
    with at.database.begin() as session:
        approve_purge(session, person_named(session, email), purge_id, sha256, at.clock.now())
    click.echo("Approved. The worker puts a silenced copy in its place now, and deletes it.")
    click.echo("See how far it is with: eskertu purge list")


@purge.command("withdraw")
@click.argument("purge_id")
@click.option("--reason", required=True, help="Why; written into the ledger.")
@acting_as
def purge_withdraw(purge_id: str, reason: str, email: str | None) -> None:
    """Let it not be done, if it is not yet: whoever asked for it may, and whoever may approve it."""
    at = installation()
    with at.database.begin() as session:
        withdraw_purge(session, person_named(session, email), purge_id, reason, at.clock.now())
    click.echo("Withdrawn. Nothing was changed.")


@purge.command("list")
@json_lines
def purge_list(as_json: bool) -> None:
    """What was asked for, and what became of it."""
    at = installation()
    with at.database.read() as session:
        rows = list(everything(session, PURGES, *PURGES.order))
    show(rows, as_json=as_json, empty="Nothing was asked for.")


COMMANDS = (purge,)
