"""`doctor`, `findings`."""

import click
import sqlalchemy as sa

from app.cli.terminal import installation, json_lines, show, utc
from app.examination import examine
from storage.models import Finding


@click.command()
def doctor() -> None:
    """Look at everything, and say what is wrong and what to do."""
    at = installation()
    wrong = 0
    for name, verdict, fine in examine(at):
        click.echo(f"{'ok ' if fine else '!! '} {name}: {verdict}")
        wrong += not fine
    if wrong:
        raise click.ClickException(f"{wrong} of these need attention")


@click.command()
@json_lines
def findings(as_json: bool) -> None:
    """What the reconciler saw and left to a person."""
    at = installation()
    with at.database.read() as session:
        rows = [
            {
                "kind": row.kind,
                "subject": row.subject,
                "first_seen_at": utc(row.first_seen_at),
                "last_seen_at": utc(row.last_seen_at),
                "explanation": row.explanation,
            }
            for row in session.scalars(sa.select(Finding).order_by(Finding.first_seen_at))
        ]
    show(rows, as_json=as_json, empty="Nothing to look at.")


COMMANDS = (doctor, findings)
