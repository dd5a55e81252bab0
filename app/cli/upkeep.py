"""`doctor`, `findings`."""

import click

from app.cli.terminal import acting_as, installation, json_lines, show, utc
from app.examination import examine
from app.privacy.findings import closed_findings, open_findings
from app.viewing import person_for
from storage.findings import close_finding


@click.command()
def doctor() -> None:
    """Look at everything, and say what is wrong and what to do."""
    at = installation()
    wrong = 0
    for each in examine(at):
        click.echo(f"{'ok ' if each.fine else '!! '} {each.name}: {each}")
        wrong += not each.fine
    if wrong:
        raise click.ClickException(f"{wrong} of these need attention")


@click.group(invoke_without_command=True)
@json_lines
@click.option("--closed", is_flag=True, help="Those that somebody is done with, instead.")
@click.pass_context
def findings(context: click.Context, as_json: bool, closed: bool) -> None:
    """What the reconciler saw and left to a person."""
    if context.invoked_subcommand is not None:
        return
    at = installation()
    with at.database.read() as session:
        rows = [
            {
                "kind": row.finding.kind,
                "subject": row.finding.subject,
                "first_seen_at": utc(row.finding.first_seen_at),
                "last_seen_at": utc(row.finding.last_seen_at),
                "explanation": row.finding.explanation,
                "closed_at": utc(row.finding.closed_at),
                "finding": row.finding.id,
            }
            for row in (closed_findings(session, None) if closed else open_findings(session))
        ]
    show(rows, as_json=as_json, empty="Nothing to look at.")


@findings.command("close")
@click.argument("finding_id")
@click.option("--reason", required=True, help="What was done about it; written into the ledger.")
@acting_as
def findings_close(finding_id: str, reason: str, email: str | None) -> None:
    """Say that you have dealt with it. Seen again, it is open again."""
    at = installation()
    with at.database.begin() as session:
        closed_by = person_for(session, email, "close a finding", None).id if email else "operator"
        close_finding(session, finding_id, closed_by, reason, at.clock.now())
    click.echo("Closed.")


COMMANDS = (doctor, findings)
