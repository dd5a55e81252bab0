"""`policy set`, `policy list`, `policy approve`, `policy withdraw`."""

import click

from app.cli.terminal import acting_as, centre_coded, installation, json_lines, show, utc
from app.listings.listing import everything
from app.listings.rules import POLICIES
from app.privacy.policies import approve_policy, withdraw_policy
from app.viewing import person_for, person_named
from storage.retention.publish import nobody_asks, set_policy


@click.group()
def policy() -> None:
    """How long things are kept."""


@policy.command("set")
@click.option("--purpose", required=True)
@click.option("--window", required=True, help="ISO 8601 duration, such as P90D.")
@click.option("--reason", required=True, help="Why this long; published with the policy.")
@click.option("--centre", "centre_code", help="Only at this centre.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@acting_as
def policy_set(
    purpose: str, window: str, reason: str, centre_code: str | None, dry_run: bool, email: str | None
) -> None:
    """Say what changes, and publish. Earlier dates hold at once; what keeps longer waits for an approval."""
    at = installation()
    with at.database.begin() as session:
        where = centre_coded(session, centre_code) if centre_code else None

        def who() -> str:
            centre_id = where.id if where is not None else None
            return person_for(session, email, "ask for a policy that keeps longer", centre_id).id

        change = set_policy(
            session,
            purpose=purpose,
            window=window,
            reason=reason,
            centre=where,
            now=at.clock.now(),
            dry_run=dry_run,
            asked_by=who if email else nobody_asks,
        )
    for text in change.lines():
        click.echo(text)
    waiting = change.proposal
    if waiting is not None:
        click.echo(f"Preview {waiting.sha256}, good until {utc(waiting.expires_at)}. Somebody else approves it with:")
        click.echo(f"  eskertu policy approve {waiting.policy_id} --preview {waiting.sha256} --as EMAIL")
    else:
        click.echo("Nothing was changed (dry run)." if dry_run else "Published.")


@policy.command("list")
@json_lines
def policy_list(as_json: bool) -> None:
    """The policies there are, and were: all versions."""
    with installation().database.read() as session:
        rows = list(everything(session, POLICIES, *POLICIES.order))
    show(rows, as_json=as_json, empty="No policy yet: `eskertu db upgrade` publishes the shipped ones.")


@policy.command("approve")
@click.argument("policy_id")
@click.option("--preview", "sha256", required=True, help="The hash of the preview that you have read.")
@acting_as
def policy_approve(policy_id: str, sha256: str, email: str | None) -> None:
    """Publish a policy that keeps longer, and do exactly what its preview said. Takes another person than who asked."""
    at = installation()
    with at.database.begin() as session:
        done = approve_policy(session, person_named(session, email), policy_id, sha256, at.clock.now())
    click.echo(f"Published. {done.changed} stored objects have the dates of the preview.")
    if done.gone:
        click.echo(f"{done.gone} of the preview are deleted meanwhile, or being deleted: nothing brings them back.")
    if done.otherwise:
        click.echo(f"{done.otherwise} of the preview keep the date they have: their purpose, or they, ended meanwhile.")


@policy.command("withdraw")
@click.argument("policy_id")
@click.option("--reason", required=True, help="Why; written into the ledger.")
@acting_as
def policy_withdraw(policy_id: str, reason: str, email: str | None) -> None:
    """Let a policy wait no more: whoever asked for it may, and whoever may approve it."""
    at = installation()
    with at.database.begin() as session:
        withdraw_policy(session, person_named(session, email), policy_id, reason, at.clock.now())
    click.echo("Withdrawn. Nothing was changed.")


COMMANDS = (policy,)
