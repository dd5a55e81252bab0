"""`notice list`, `notice publish`, `notice render`."""

from pathlib import Path

import click

from app.cli.terminal import installation, json_lines, show
from app.listings.listing import everything
from app.listings.rules import NOTICES
from storage import notices
from storage.errors import Refused
from storage.models import NoticeVersion
from telephony.audio import AudioRejected, normalise
from telephony.placeholder import spoken


@click.group()
def notice() -> None:
    """What callers hear."""


@notice.command("list")
@json_lines
def notice_list(as_json: bool) -> None:
    """Every version, current and superseded."""
    order = (NoticeVersion.kind, NoticeVersion.mode, NoticeVersion.language, NoticeVersion.number)
    with installation().database.read() as session:
        rows = list(everything(session, NOTICES, *order))
    if not as_json:
        for row in rows:
            row.pop("audio_sha256")
            row["text"] = str(row["text"])[:60]
    show(rows, as_json=as_json, empty="Nothing is published: `eskertu db upgrade` publishes what is shipped.")


@notice.command("publish")
@click.option(
    "--kind", default=notices.NOTICE, show_default=True, type=click.Choice((notices.NOTICE, *notices.PROMPTS))
)
@click.option("--mode", type=click.Choice(notices.MODES), help="For a notice; prompts have none.")
@click.option("--language", required=True, type=click.Choice(notices.LANGUAGES))
@click.option("--text", help="What is said, word for word; without it, the current version's text.")
@click.option("--audio", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="WAV or MP3, by a person.")
@click.option("--placeholder", is_flag=True, help="Let a machine speak it for now, marked as such.")
def notice_publish(
    kind: str, mode: str | None, language: str, text: str | None, audio: Path | None, placeholder: bool
) -> None:
    """Publish a new version: an own recording, or a placeholder. A published version never changes."""
    if (audio is None) == (not placeholder):
        raise Refused("give either --audio FILE or --placeholder")
    at = installation()
    with at.database.read() as session:
        current = notices.find_current(session, kind, mode, language)
        words = text or (current.text if current is not None else "")
    if not words.strip():
        raise Refused("--text: nothing is published for this yet, so say the words that its sound says")
    try:
        sound = normalise(audio.read_bytes(), audio.name) if audio is not None else spoken(words, language)
    except AudioRejected as error:
        raise Refused(f"--audio: {error}") from error
    with at.database.begin() as session:
        draft = notices.Draft(kind, mode, language, words, sound.wav, sound.duration_ms, placeholder)
        made = notices.publish(session, draft, at.clock.now())
        told = f"{made.version} is current: {sound.duration_ms / 1000:.1f} s"
        lines = ", ".join(f"{row.centre.code}/{row.code}" for row in notices.lines_using(session, mode or "", language))
    click.echo(told + (f", heard on {lines} from the next call on." if lines else "."))


@notice.command("render")
@click.argument("version")
@click.option(
    "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Where to write the WAV."
)
def notice_render(version: str, output: Path) -> None:
    """Write the sound of a version to a file, to listen to."""
    at = installation()
    with at.database.read() as session:
        found = [row for row in notices.all_versions(session) if row.version == version]
        if not found:
            raise Refused(f"there is no version {version!r}; see `eskertu notice list`")
        output.write_bytes(notices.audio(session, found[0].audio_sha256).wav)
        click.echo(found[0].text)


COMMANDS = (notice,)
