"""`clip export`: a span of a camera as one MP4, with what proves it."""

import json
from pathlib import Path

import click

from app.auth.policy import Viewer
from app.cli.holds import moment
from app.cli.terminal import acting_as, camera_coded, installation
from app.footage.access import NO_SUCH_CAMERA, may_watch
from app.footage.clips import given
from app.viewing import break_glass, need_reason, person_named, read
from app.wiring import Installation
from storage.errors import NotFound, Refused
from storage.ledger.log import sequence
from storage.models import Clip
from storage.playback import Playable, note_refusal
from video.clips_asked import ask

LOOK_EVERY_S = 0.2


@click.group()
def clip() -> None:
    """Footage that somebody takes away."""


@clip.command("export")
@click.option("--camera", "code", required=True, help="[centre/]code")
@click.option("--from", "from_text", required=True, help="Begin of the span, such as 2026-11-22T09:00:00Z.")
@click.option("--to", "to_text", required=True, help="End of the span.")
@click.option("--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="FILE.mp4")
@acting_as
@click.option("--break-glass", "breaking", is_flag=True, help="Without a right, and loudly: needs --reason.")
@click.option("--reason", default="", help="Why the glass is broken; written into the ledger.")
def clip_export(
    code: str, from_text: str, to_text: str, output: Path, email: str | None, breaking: bool, reason: str
) -> None:
    """Write a span as one MP4, as it was recorded, and beside it FILE.json: of what it is, and what proves it."""
    at = installation()
    span = moment(from_text, "--from"), moment(to_text, "--to")
    if span[1] <= span[0]:
        raise Refused("--to: a span ends after it begins")
    if breaking:
        need_reason(reason)
    now = at.clock.now()
    with at.database.begin() as session:
        person, camera = person_named(session, email), camera_coded(session, code)
        viewer = Viewer(person.role, person.centre_id, person.active)
        allowed = may_watch(viewer, camera) and viewer.centre_id in (None, camera.centre_id)
        if allowed or breaking:
            why = reason if breaking else ""
            clip_id = ask(session, camera, span, person.id, now, glass_broken_for=why).id
        else:
            note_refusal(session, person_id=person.id, object_id=camera.id, purpose="security", how="command", now=now)
    if not (allowed or breaking):
        raise NotFound(NO_SUCH_CAMERA)
    _made(at, clip_id)
    if breaking:
        made, item = _by_glass(at, clip_id, reason)
        click.echo("eskertu: the glass is broken: this is in the ledger, with your reason.", err=True)
    else:
        made, granted = given(at, person, viewer, clip_id, "command")
        item = granted.item
    with output.open("wb") as file:
        for chunk in read(at, item):
            file.write(chunk)
    beside = output.with_suffix(".json")
    beside.write_text(json.dumps(made.manifest, indent=1), encoding="utf-8")
    told = made.manifest or {}
    begin, end = told["given"]["from"], told["given"]["to"]
    click.echo(f"{output}: {told['video']['seconds']} s, from {begin} to {end}, {len(told['gaps'])} gaps; see {beside}")


def _by_glass(at: Installation, clip_id: str, reason: str) -> tuple[Clip, Playable]:
    with at.database.read() as session:
        made = session.get_one(Clip, clip_id)
    return made, break_glass(at, made.object_id or "", reason, "command")


def _made(at: Installation, clip_id: str) -> None:
    """Make it here, unless a worker does. Raises `Refused` if it cannot be made."""
    while True:
        with at.database.begin() as session:
            sequence(session)
        at.clips.run(clip_id=clip_id)
        with at.database.read() as session:
            row = session.get(Clip, clip_id)
        if row is None:
            raise Refused("the footage was deleted meanwhile")
        if row.state == "made":
            return
        if row.state == "refused":
            raise Refused("no clip can be made: {why}", why=row.last_error)
        at.clock.sleep(LOOK_EVERY_S)


COMMANDS = (clip,)
