"""`hold set`, `hold lift`, `hold list`, `hold restore`, `hold release`; `object restrict`, `object release`."""

from datetime import UTC, datetime, timedelta

import click

from app.cli.kept import object_
from app.cli.terminal import acting_as, camera_coded, installation, json_lines, line_coded, show, utc
from app.listings.listing import everything
from app.listings.rules import HOLDS
from app.moments import of_our_years
from app.privacy.hold_bounds import REVIEW_AFTER, review_after
from app.privacy.holds import set_hold
from app.viewing import person_named
from app.wiring import Installation
from storage.errors import Refused
from storage.models import Hold
from storage.objects.keys import KeysUnavailable
from storage.objects.store import StoreError
from storage.retention.found_holds import release_found, restore_found
from storage.retention.holds import Lifted, Span, Why, lift
from storage.retention.restriction import release, restrict

AT_ONCE = timedelta(seconds=10)


def moment(text: str, option: str) -> datetime:
    """An ISO 8601 moment with its zone.

    Raises:
        Refused: if it is none, has no zone, or is of a year that nothing here can be of.
    """
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused(f"{option} {text!r}: write it like 2026-11-22T09:00:00+05:00") from error
    if read.tzinfo is None:
        raise Refused(f"{option} {text!r}: say in which zone, as in 2026-11-22T09:00:00+05:00 (or Z)")
    of_our_years(read, option)
    return read.astimezone(UTC)


@click.group()
def hold() -> None:
    """What must not be deleted, for a case."""


@hold.command("set")
@click.option("--object", "object_ids", multiple=True, help="An object's id; may be given several times.")
@click.option("--line", "line_code", help="All of a line in a span, also what is still to come.")
@click.option("--camera", "camera_code", help="All of a camera in a span, likewise.")
@click.option("--from", "from_text", help="Begin of the span, such as 2026-11-22T09:00:00Z.")
@click.option("--to", "to_text", help="End of the span.")
@click.option("--case", required=True, help="Number of the case.")
@click.option("--reason", required=True)
@click.option(
    "--review", "review_text", help="When to ask whether it is still needed; in 90 days (a manager's: 30) if not given."
)
@acting_as
def hold_set(
    object_ids: tuple[str, ...],
    line_code: str | None,
    camera_code: str | None,
    from_text: str | None,
    to_text: str | None,
    case: str,
    reason: str,
    review_text: str | None,
    email: str | None,
) -> None:
    """Keep objects, or a span of a line or a camera, whatever their date says."""
    at = installation()
    now = at.clock.now()
    if sum(map(bool, (object_ids, line_code, camera_code))) != 1:
        raise Refused("give either --object, or --line or --camera with --from and --to")
    with at.database.begin() as session:
        person = person_named(session, email) if email else None
        owner, role = (person.id, person.role) if person is not None else ("operator", None)
        review = moment(review_text, "--review") if review_text else now + review_after(role)
        what: Span | tuple[str, ...] = object_ids
        if not object_ids:
            if not from_text or not to_text:
                raise Refused("--line and --camera need --from and --to")
            source = line_coded(session, line_code) if line_code else camera_coded(session, camera_code or "")
            what = Span(source.id, moment(from_text, "--from"), moment(to_text, "--to"))
        made = set_hold(session, what, Why(case, reason, owner, review), now, role=role)
    click.echo(f"Hold {made.hold_id} keeps {made.held} objects; look at it again on {review:%Y-%m-%d}.")
    if made.gone:
        click.echo(f"{made.gone} objects of this span are gone already.", err=True)
    _mirror(at)


@hold.command("lift")
@click.argument("hold_id")
@click.option("--reason", required=True)
@click.option("--dry-run", is_flag=True, help="Only say what would go, and when.")
def hold_lift(hold_id: str, reason: str, dry_run: bool) -> None:
    """Lift a hold; says what goes now, what later, and what other holds still keep."""
    at = installation()
    with at.database.begin() as session:
        told = lift(session, hold_id, reason, at.clock.now(), dry_run=dry_run)
    _tell_lifted(told)
    if dry_run:
        click.echo("Nothing was changed (dry run).")
    else:
        _mirror(at)


@hold.command("restore")
@click.argument("object_id")
@click.option("--case", required=True, help="Number of the case.")
@click.option("--reason", required=True)
@click.option("--review", "review_text", help="When to ask whether it is still needed; in 90 days if not given.")
@acting_as
def hold_restore(object_id: str, case: str, reason: str, review_text: str | None, email: str | None) -> None:
    """Hold an object anew whose hold was found in the mirror alone."""
    at = installation()
    now = at.clock.now()
    review = moment(review_text, "--review") if review_text else now + REVIEW_AFTER
    with at.database.begin() as session:
        owner = person_named(session, email).id if email else "operator"
        made = restore_found(session, object_id, Why(case, reason, owner, review), now).id
    click.echo(f"Hold {made} keeps it; look at it again on {review:%Y-%m-%d}.")
    _mirror(at)


@hold.command("release")
@click.argument("object_id")
@click.option("--reason", required=True)
def hold_release(object_id: str, reason: str) -> None:
    """Say that a hold that was found in the mirror alone does not hold any more."""
    at = installation()
    with at.database.begin() as session:
        told = release_found(session, object_id, reason, at.clock.now())
    _tell_lifted(told)
    _mirror(at)


def _tell_lifted(told: Lifted) -> None:
    click.echo(f"{len(told.go_now)} objects go now.")
    for object_id, ends in told.go_later:
        click.echo(f"{object_id} goes on {utc(ends)}")
    click.echo(f"{len(told.still_held)} are kept by other holds.")


def _mirror(at: Installation) -> None:
    """Carry out what is noted, as far as it goes at once; the worker goes on with it."""
    try:
        at.mirror.run(AT_ONCE)
    except (Refused, KeysUnavailable, StoreError) as error:
        click.echo(f"Not mirrored yet ({error}); the worker goes on with it.", err=True)


@hold.command("list")
@click.option("--case", help="Only of this case.")
@json_lines
def hold_list(case: str | None, as_json: bool) -> None:
    """Holds, those that hold first."""
    with installation().database.read() as session:
        held = list(everything(session, HOLDS, Hold.lifted_at.is_not(None), Hold.set_at))
    rows = [row for row in held if case in (None, row["case"])]
    show(rows, as_json=as_json, empty="Nothing is held.")


@object_.command("restrict")
@click.argument("object_id")
@click.option("--reason", required=True)
def object_restrict(object_id: str, reason: str) -> None:
    """Keep it, and let nobody use it."""
    at: Installation = installation()
    with at.database.begin() as session:
        restrict(session, object_id, reason, at.clock.now())
    click.echo("Kept, and used for nothing.")


@object_.command("release")
@click.argument("object_id")
@click.option("--reason", required=True)
def object_release(object_id: str, reason: str) -> None:
    """Let a restricted object be used again."""
    at: Installation = installation()
    with at.database.begin() as session:
        release(session, object_id, reason, at.clock.now())
    click.echo("It may be used again.")


COMMANDS = (hold,)
