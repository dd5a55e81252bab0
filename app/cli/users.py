"""People's access: `user add`, `user password`, `user link`, `user list`, `user end`."""

from typing import TextIO

import click

from app.auth.links import address_of_link, make_link
from app.auth.passwords import checked_password, hashed
from app.auth.people import checked_address, end_access, give_access, person_of, set_password
from app.auth.roles import ROLES
from app.cli.terminal import centre_coded, installation, json_lines, show
from app.listings.house import PEOPLE
from app.listings.listing import everything
from storage.errors import Refused
from storage.models import Person

PASSWORD_FILE = click.File("r", encoding="utf-8")


@click.group()
def user() -> None:
    """The people who work with Eskertu."""


@user.command("add")
@click.option("--email", required=True)
@click.option("--role", required=True, type=click.Choice(ROLES))
@click.option("--centre", "centre_code", help="Their centre; without it, every centre.")
@click.option("--password-file", type=PASSWORD_FILE, help="A file with their password, or - for standard input.")
def user_add(email: str, role: str, centre_code: str | None, password_file: TextIO | None) -> None:
    """Let somebody in, with one role. Without a password they cannot sign in on the web."""
    address = checked_address(email)
    password_hash = _password_hash(password_file, address) if password_file is not None else None
    at = installation()
    with at.database.begin() as session:
        where = centre_coded(session, centre_code) if centre_code else None
        give_access(session, email=address, role=role, centre=where, password_hash=password_hash, now=at.clock.now())
    click.echo(f"{role} at {centre_code or 'every centre'}.")
    if password_hash is not None:
        click.echo(f"They can sign in at {at.site.base_url}/sign-in")
    else:
        click.echo("So that they can sign in, make them a link: eskertu user link EMAIL")


@user.command("password")
@click.argument("email")
@click.option(
    "--password-file", required=True, type=PASSWORD_FILE, help="A file with the password, or - for standard input."
)
def user_password(email: str, password_file: TextIO) -> None:
    """Set somebody's password anew. All their sessions end."""
    password_hash = _password_hash(password_file, email.strip())
    at = installation()
    with at.database.begin() as session:
        ended = set_password(session, person_of(session, email), password_hash, at.clock.now())
    click.echo(f"The password is set. {ended} of their sessions ended.")


@user.command("link")
@click.argument("email")
def user_link(email: str) -> None:
    """Make a link with which somebody sets their own password: it works once, for 72 hours. Any before it ends."""
    at = installation()
    with at.database.begin() as session:
        secret = make_link(session, person_of(session, email), None, at.clock.now())
    click.echo("Hand this to them alone. It works once, for 72 hours, and is not shown again:")
    click.echo(address_of_link(at.site.base_url, secret))


@user.command("list")
@json_lines
def user_list(as_json: bool) -> None:
    """The people there are, and those whose access was ended."""
    with installation().database.read() as session:
        rows = list(everything(session, PEOPLE, Person.email))
    show(rows, as_json=as_json, empty="Nobody yet: `eskertu user add`.")


@user.command("end")
@click.argument("email")
def user_end(email: str) -> None:
    """Let somebody in no more. Their sessions end at once."""
    at = installation()
    with at.database.begin() as session:
        ended = end_access(session, person_of(session, email), at.clock.now())
    click.echo(f"They may come in no more. {ended} of their sessions ended.")


def _password_hash(file: TextIO, email: str) -> str:
    try:
        text = file.read()
    except UnicodeDecodeError as error:
        raise Refused("--password-file: it is no text in UTF-8") from error
    # What `echo` and editors put behind it is not meant.
    return hashed(checked_password(text.removesuffix("\n").removesuffix("\r"), email))


COMMANDS = (user,)
