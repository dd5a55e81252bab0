"""`zone add`, `zone list`; `sign render`, `confirm`, `list`, `withdraw`, `settings`, `publish`."""

import tomllib
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from app.cli.holds import moment
from app.cli.terminal import acting_as, centre_coded, installation, json_lines, show, utc, zone_coded
from app.listings.listing import Told
from app.signs.listed import told_of, zone_signs
from app.signs.printed import Form, printed
from app.signs.settings import differences, how_many_hang
from app.viewing import person_for
from config.sign_texts import shipped_sign_texts
from storage.errors import Refused
from storage.publication import OPERATOR
from video.cameras import add_zone
from video.postings import withdraw
from video.sheets import adopt
from video.sign_versions import GRACE_DAYS, current_version, publish
from video.signs import standing

POST, PUBLISH = "post a sign", "publish a sign"
FORMS: dict[str, Form] = {".pdf": "pdf", ".png": "png"}
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def zone() -> None:
    """Parts of a centre, each with its sign."""


@zone.command("add")
@click.option("--centre", "centre_code", required=True)
@click.option("--code", required=True, help="Short name, such as lobby; no line of the centre may have it.")
@click.option("--name", required=True, help="What people call it.")
def zone_add(centre_code: str, code: str, name: str) -> None:
    """Make a zone. Its cameras record nothing until its sign is confirmed."""
    at = installation()
    with at.database.begin() as session:
        made = add_zone(session, centre=centre_coded(session, centre_code), code=code, name=name, now=at.clock.now())
        told = f"{centre_code}/{made.code}"
    click.echo(f"Zone {told} is there. Print its sign: eskertu sign render --zone {told} --output sign.pdf")


@zone.command("list")
@json_lines
def zone_list(as_json: bool) -> None:
    """The zones there are."""
    at = installation()
    with at.database.read() as session:
        rows: list[Told] = [
            {
                "zone": f"{each.zone.centre.code}/{each.zone.code}",
                "name": each.zone.name,
                "sign": each.standing.word,
                "notice": f"{at.site.base_url}/n/{each.zone.centre.code}/{each.zone.code}",
            }
            for each in zone_signs(session, at.clock.now())
        ]
    show(rows, as_json=as_json, empty="No zone yet: `eskertu zone add`.")


@click.group()
def sign() -> None:
    """The signs of zones with cameras."""


@sign.command("list")
@json_lines
def sign_list(as_json: bool) -> None:
    """How it stands with the sign of each zone."""
    at = installation()
    with at.database.read() as session:
        rows = [told_of(each) for each in zone_signs(session, at.clock.now())]
    show(rows, as_json=as_json, empty="No zone yet: `eskertu zone add`.")


@sign.command("render")
@click.option("--zone", "zone_code", required=True)
@click.option("--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="FILE.pdf or FILE.png.")
def sign_render(zone_code: str, output: Path) -> None:
    """Write the sign that a zone needs now, to be printed on A4."""
    form = FORMS.get(output.suffix.lower())
    if form is None:
        raise Refused(f"--output {output.name}: give a name that ends in .pdf or .png")
    at = installation()
    with at.database.read() as session:
        zone_id = zone_coded(session, zone_code).id
    made = printed(at, zone_id, form)
    output.write_bytes(made.content)
    click.echo(f"{output}: version {made.sheet.version.number}, code {made.sheet.code}.")
    on_it = made.sheet.content
    if on_it["controller"] is None or on_it["contact"] is None:
        click.echo(
            "This sign does not say who answers for it: set ESKERTU_CONTROLLER and ESKERTU_PRIVACY_CONTACT, and render "
            "it anew. What hangs is outdated then.",
            err=True,
        )
    if on_it["base_url"].startswith("http://127.0.0.1"):
        click.echo("Only this machine reaches 127.0.0.1: set ESKERTU_PUBLIC_URL before signs are printed.", err=True)
    with at.database.read() as session:
        other = [each.setting for each in differences(session, at.sign_owner)]
    if other:
        click.echo(f"It says what hangs says, and not {', '.join(other)} as set here: eskertu sign settings", err=True)


@sign.command("confirm")
@click.option("--zone", "zone_code", required=True)
@click.option("--photo", required=True, type=FILE, help="JPEG, PNG or WebP, of the sign where it hangs.")
@acting_as
def sign_confirm(zone_code: str, photo: Path, email: str | None) -> None:
    """Confirm that the newest sign hangs in its zone, by a photo. Its cameras may record from then on."""
    at = installation()
    with at.database.read() as session:
        found = zone_coded(session, zone_code)
        zone_id, told, by = found.id, f"{found.centre.code}/{found.code}", _who(session, email, POST, found.centre_id)
    made = at.confirmations.confirm(zone_id, photo.read_bytes(), by)
    click.echo(f"The sign in {told} is confirmed: photo {made.photo_object_id}. Its cameras may record.")


@sign.command("withdraw")
@click.option("--zone", "zone_code", required=True)
@click.option("--reason", required=True)
@acting_as
def sign_withdraw(zone_code: str, reason: str, email: str | None) -> None:
    """Say that the sign of a zone is gone. Its cameras stop."""
    at = installation()
    with at.database.begin() as session:
        found = zone_coded(session, zone_code)
        by = _who(session, email, POST, found.centre_id)
        withdraw(session, found, by=by, reason=reason, now=at.clock.now())
        told = f"{found.centre.code}/{found.code}"
    click.echo(f"The sign in {told} is withdrawn: its cameras stop.")


@sign.command("settings")
@click.option("--adopt", "adopts", is_flag=True, help="Have signs say what the settings say: each is printed anew.")
@acting_as
def sign_settings(adopts: bool, email: str | None) -> None:
    """Tell which settings stand otherwise on the signs that hang; with --adopt, make those signs outdated."""
    at = installation()
    with at.database.read() as session:
        found, hang = differences(session, at.sign_owner), how_many_hang(session)
        grace = current_version(session, at.clock.now()).grace_days
    for each in found:
        said, wanted = each.on_signs or "nobody", each.configured or "nobody"
        click.echo(f"{each.setting}: signs say {said}, the settings here say {wanted}.")
    if not found:
        click.echo(f"The {hang} signs that hang say what the settings say.")
    elif not adopts:
        click.echo(
            f"What hangs counts, and nothing is outdated by that. With --adopt {hang} signs must be printed, hung up "
            f"and photographed anew, and their cameras record for {grace} more days until that is done."
        )
    else:
        with at.database.begin() as session:
            if email:
                person_for(session, email, PUBLISH, None)
            number = adopt(session, at.sign_owner, at.clock.now())
        click.echo(f"{number} signs are outdated: print, hang up and photograph them within {grace} days.")


@sign.command("publish")
@click.option("--texts", required=True, type=FILE, help="TOML: [kk], [ru], [en]; fields left out stay as shipped.")
@click.option("--from", "from_text", help="From when signs must say it, such as 2026-12-01T00:00:00+05:00; else now.")
@click.option("--grace", "grace_days", default=GRACE_DAYS, show_default=True, help="Days what hangs may hang on.")
@acting_as
def sign_publish(texts: Path, from_text: str | None, grace_days: int, email: str | None) -> None:
    """Publish a new version of what signs say. What hangs is outdated from then on."""
    at = installation()
    begins = moment(from_text, "--from") if from_text else None
    said = _texts(texts)
    with at.database.begin() as session:
        by = _who(session, email, PUBLISH, None)
        made = publish(session, said, at.clock.now(), effective_from=begins, grace_days=grace_days, by=by)
        then = standing(session, max(made.effective_from, at.clock.now()))
        late = sum(each.word == "grace" for each in then.values())
        stopped = sum(each.word == "stale" for each in then.values())
        click.echo(f"Version {made.number} holds from {utc(made.effective_from)} on, with {grace_days} days of grace.")
    click.echo(f"Then {late} of {len(then)} zones have an outdated sign that may hang on, and {stopped} are stopped.")


def _texts(file: Path) -> dict[str, Any]:
    """What is in the file, over what is shipped."""
    try:
        given = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Refused(f"--texts: this is no TOML in UTF-8: {error}") from error
    texts: dict[str, Any] = shipped_sign_texts()
    for language, fields in given.items():
        texts[language] = {**texts.get(language, {}), **fields} if isinstance(fields, dict) else fields
    return texts


def _who(session: Session, email: str | None, task: str, centre_id: str | None) -> str:
    return person_for(session, email, task, centre_id).id if email else OPERATOR


COMMANDS = (zone, sign)
