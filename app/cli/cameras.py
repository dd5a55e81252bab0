"""Cameras: `camera add`, `camera change`, `camera off|on`, `camera test`, `cameras`, `segments`, `gaps`."""

from typing import TextIO

import click

from app.cameras.states import states, told
from app.cli.terminal import camera_coded, centre_coded, installation, json_lines, show, zone_coded
from app.listings.cameras import GAPS, SEGMENTS
from app.listings.listing import everything
from storage.errors import Refused
from storage.models import Camera, Gap, Segment
from video.addresses import Allowed, Credentials
from video.cameras import add_camera, change_camera, switch
from video.trial import try_camera

PASSWORD_FILE = click.File("r", encoding="utf-8", lazy=True)
FILE_HELP = "A file with the camera's password, or - for standard input."


def credentials_of(username: str | None, password_file: TextIO | None) -> Credentials | None:
    """What a camera asks for, as it was given.

    Raises:
        Refused: if one of them is missing, or the file is no text.
    """
    if username is None and password_file is None:
        return None
    if username is None or password_file is None:
        raise Refused("--username and --password-file belong together")
    try:
        text = password_file.read()
    except UnicodeDecodeError as error:
        raise Refused("--password-file: it is no text in UTF-8") from error
    # What `echo` and editors put behind it is not meant.
    return Credentials(username, text.removesuffix("\n").removesuffix("\r"))


@click.group()
def camera() -> None:
    """Cameras, one by one."""


@camera.command("add")
@click.option("--centre", "centre_code", required=True)
@click.option("--zone", "zone_code", required=True)
@click.option("--code", required=True)
@click.option("--url", required=True, help="rtsp://, http://, https:// or file:///, without user name and password.")
@click.option("--username", help="Where the camera asks for one.")
@click.option("--password-file", type=PASSWORD_FILE, help=FILE_HELP)
def camera_add(
    centre_code: str, zone_code: str, code: str, url: str, username: str | None, password_file: TextIO | None
) -> None:
    """Make a camera. It records as soon as its zone's sign is confirmed."""
    credentials = credentials_of(username, password_file)
    at = installation()
    with at.database.begin() as session:
        centre = centre_coded(session, centre_code)
        made = add_camera(
            session,
            zone=zone_coded(session, f"{centre.code}/{zone_code}"),
            code=code,
            address=url,
            credentials=credentials,
            passwords=at.camera_passwords,
            now=at.clock.now(),
        )
        name, networks = f"{centre.code}/{made.code}", tuple(centre.camera_networks or ())
    click.echo(f"Camera {name} is there. See whether it answers: eskertu camera test {name}")
    if not networks and not url.startswith("file:"):
        click.echo(f"No address is allowed yet: eskertu centre networks {centre_code} 10.1.0.0/16", err=True)
    elif Allowed(networks).excludes(url):
        allowed = ",".join(networks)
        click.echo(
            f"It is not opened: {centre_code} allows {allowed} (eskertu centre networks {centre_code} {allowed},…)",
            err=True,
        )


@camera.command("change")
@click.argument("code")
@click.option("--url", help="Another address. The password is dropped with the old one.")
@click.option("--username", help="Another user name, with its password.")
@click.option("--password-file", type=PASSWORD_FILE, help=FILE_HELP)
def camera_change(code: str, url: str | None, username: str | None, password_file: TextIO | None) -> None:
    """Give a camera another address, or another password."""
    credentials = credentials_of(username, password_file)
    if url is None and credentials is None:
        raise Refused("say what changes: --url, or --username and --password-file")
    at = installation()
    with at.database.begin() as session:
        change_camera(camera_coded(session, code), at.camera_passwords, address=url, credentials=credentials)
    click.echo(f"Camera {code} is opened so from now on.")


@camera.command("off")
@click.argument("code")
def camera_off(code: str) -> None:
    """Switch a camera off: nothing of it is recorded until it is switched on."""
    _switch(code, on=False)


@camera.command("on")
@click.argument("code")
def camera_on(code: str) -> None:
    """Switch a camera on again. It records where its zone's sign is confirmed."""
    _switch(code, on=True)


def _switch(code: str, *, on: bool) -> None:
    at = installation()
    with at.database.begin() as session:
        changed = switch(session, camera_coded(session, code), on=on, by="operator", now=at.clock.now())
    click.echo(f"Camera {code} {'is' if changed else 'was already'} switched {'on' if on else 'off'}.")


@camera.command("test")
@click.argument("code")
def camera_test(code: str) -> None:
    """Ask whether a camera answers, and what it sends. Shows and keeps no picture."""
    at = installation()
    with at.database.read() as session:
        row = camera_coded(session, code)
        centre = row.centre.code
        networks, address, sealed, camera_id = row.centre.camera_networks, row.address, row.credentials, row.id
    credentials = None if sealed is None else at.camera_passwords.open(camera_id, sealed)
    trial = try_camera(networks or (), at.settings.camera_folder.resolve(), address, credentials)
    if trial.trouble == "forbidden" and not address.startswith("file:"):
        allowed = ",".join(networks or ())
        may = f"{centre} allows {allowed}" if allowed else f"{centre} allows no address yet"
        another = f"eskertu centre networks {centre} {allowed or '10.1.0.0/16'}{',…' if allowed else ''}"
        raise click.ClickException(
            f"{code}: forbidden: {may}. Whoever may change that: {another}, or the page /centres"
        )
    if trial.trouble is not None or trial.pictures is None:
        raise click.ClickException(f"{code}: {trial.trouble} (what it means: docs/reference/states.md, gaps)")
    click.echo(f"{code} answers: {trial.pictures.codec}, {trial.pictures.width} by {trial.pictures.height} pixels.")


@click.command()
@json_lines
def cameras(*, as_json: bool) -> None:
    """The cameras there are, and how it stands with each."""
    at = installation()
    with at.database.read() as session:
        rows = told(states(session, at.clock.now()))
    show(rows, as_json=as_json, empty="No camera yet: `eskertu camera add`.")


@click.command()
@click.option("--camera", "code", help="One camera's.")
@json_lines
def segments(code: str | None, *, as_json: bool) -> None:
    """What is stored of cameras, oldest first."""
    at = installation()
    with at.database.read() as session:
        only = [] if code is None else [Segment.camera_id == camera_coded(session, code).id]
        rows = everything(session, SEGMENTS, Camera.code, Segment.began_at, where=only)
        show(rows, as_json=as_json, empty="Nothing is stored.")


@click.command()
@click.option("--camera", "code", help="One camera's.")
@json_lines
def gaps(code: str | None, *, as_json: bool) -> None:
    """When nothing was recorded of cameras, and why, oldest first."""
    at = installation()
    with at.database.read() as session:
        only = [] if code is None else [Gap.camera_id == camera_coded(session, code).id]
        rows = everything(session, GAPS, Camera.code, Gap.started_at, where=only)
        show(rows, as_json=as_json, empty="No gap.")


COMMANDS = (camera, cameras, segments, gaps)
