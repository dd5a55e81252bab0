"""Setting up: `centre add`, `centre networks`, `line add`, `line connect`."""

import click
import sqlalchemy as sa

from app.cli.terminal import centre_coded, installation, json_lines, line_coded, show
from app.connecting import connect
from storage.centres import add_centre, checked_code
from storage.errors import Refused
from storage.models import Line
from storage.notices import LANGUAGES, MODES
from telephony.lines import add_line, routing
from video.addresses import networks_of
from video.cameras import allow_networks


def languages_of(text: str) -> list[str]:
    """`kk,ru,en` as a list.

    Raises:
        Refused: if one is unknown, or comes twice.
    """
    spoken = [each.strip() for each in text.split(",") if each.strip()]
    if not spoken or len(set(spoken)) != len(spoken) or set(spoken) - set(LANGUAGES):
        raise Refused(f"languages {text!r}: give some of {','.join(LANGUAGES)}, each once, the default first")
    return spoken


@click.group()
def centre() -> None:
    """Business centres."""


@centre.command("add")
@click.option("--code", required=True)
@click.option("--name", required=True)
@click.option("--jurisdiction", required=True, help="ISO 3166-1 code, such as KZ.")
@click.option("--timezone", required=True, help="IANA zone, such as Asia/Almaty.")
@click.option("--languages", default="kk,ru,en", show_default=True)
@click.option("--camera-networks", help="Where its cameras may be, such as 10.1.0.0/16,10.2.0.0/16.")
def centre_add(
    code: str, name: str, jurisdiction: str, timezone: str, languages: str, camera_networks: str | None
) -> None:
    """Make a centre."""
    networks = networks_of(camera_networks or "")
    at = installation()
    with at.database.begin() as session:
        made = add_centre(
            session,
            code=code,
            name=name,
            jurisdiction=jurisdiction,
            timezone=timezone,
            languages=languages_of(languages),
            now=at.clock.now(),
        )
        allow_networks(session, made, networks, by="operator", now=at.clock.now())
    click.echo(f"Centre {code} is there.")


@centre.command("networks")
@click.argument("code")
@click.argument("networks")
def centre_networks(code: str, networks: str) -> None:
    """Say where a centre's cameras may be: networks such as 10.1.0.0/16,10.2.0.0/16, in place of any before."""
    allowed = networks_of(networks)
    at = installation()
    with at.database.begin() as session:
        allow_networks(session, centre_coded(session, code), allowed, by="operator", now=at.clock.now())
    click.echo(f"Cameras of {code} may be in: {', '.join(allowed) or 'no network'}.")


@click.group()
def line() -> None:
    """Telephone lines."""


@line.command("add")
@click.option("--code", required=True)
@click.option("--number", required=True, help="The number that callers dial, such as +77172000000.")
@click.option("--centre", "centre_code", required=True)
@click.option("--mode", required=True, type=click.Choice(MODES))
@click.option("--languages", default="kk,ru,en", show_default=True, help="In the order of the menu, default first.")
@click.option("--forward-to", required=True, help="The number that answers, such as +77172000001.")
def line_add(code: str, number: str, centre_code: str, mode: str, languages: str, forward_to: str) -> None:
    """Make a line. It is refused if a notice that it needs is not published."""
    at = installation()
    with at.database.begin() as session:
        made = add_line(
            session,
            code=checked_code(code),
            number=number,
            centre=centre_coded(session, centre_code),
            mode=mode,
            languages=languages_of(languages),
            forward_to=forward_to,
            now=at.clock.now(),
        )
        told = f"Line {centre_code}/{made.code} answers {made.number}."
    click.echo(told)
    click.echo(f"Connect it with: eskertu line connect {centre_code}/{code}")


@line.command("connect")
@click.argument("code")
def line_connect(code: str) -> None:
    """Set the number's Voice, Status and Fallback URLs at the carrier, and read them back."""
    at = installation()
    with at.database.read() as session:
        number = line_coded(session, code).number
    wanted = routing(at.site)
    back = connect(at, number)
    for name, asked, read in (
        ("Voice", wanted.voice_url, back.voice_url),
        ("Status", wanted.status_url, back.status_url),
        ("Fallback", wanted.fallback_url, back.fallback_url),
    ):
        click.echo(f"{'ok ' if asked == read else '!! '} {name}: {read}")
    if back != wanted:
        raise click.ClickException("the carrier has something else than was asked for")
    if at.site.base_url.startswith("http://127.0.0.1"):
        click.echo("Only this machine reaches 127.0.0.1: set ESKERTU_PUBLIC_URL before real calls.", err=True)


@line.command("list")
@json_lines
def line_list(as_json: bool) -> None:
    """The lines there are."""
    at = installation()
    with at.database.read() as session:
        rows = [
            {
                "line": f"{row.centre.code}/{row.code}",
                "number": row.number,
                "mode": row.mode,
                "languages": row.languages,
                "forward_to": row.forward_to,
            }
            for row in session.scalars(sa.select(Line).order_by(Line.code))
        ]
    show(rows, as_json=as_json, empty="No line yet: `eskertu line add`.")


COMMANDS = (centre, line)
