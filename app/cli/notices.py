"""`notice list`, `notice publish`, `notice withdraw`, `notice render`."""

from pathlib import Path

import click
from sqlalchemy.orm import Session

from app.cli.holds import moment
from app.cli.terminal import acting_as, installation, json_lines, show, utc
from app.listings.listing import everything
from app.listings.notices import notices_at
from app.viewing import person_named
from storage import notices
from storage.errors import Refused
from storage.models import NoticeVersion
from storage.publication import OPERATOR, Draft, publish, withdraw
from telephony.audio import AudioRejected, normalise
from telephony.placeholder import spoken


@click.group()
def notice() -> None:
    """What callers hear."""


@notice.command("list")
@json_lines
def notice_list(as_json: bool) -> None:
    """Every version: scheduled, published (in force), superseded, withdrawn."""
    at = installation()
    order = (NoticeVersion.kind, NoticeVersion.mode, NoticeVersion.language, NoticeVersion.number)
    with at.database.read() as session:
        rows = list(everything(session, notices_at(at.clock.now()), *order))
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
@click.option("--from", "from_text", help="From when callers hear it, such as 2026-12-01T00:00:00+05:00; else now.")
@acting_as
def notice_publish(
    kind: str,
    mode: str | None,
    language: str,
    text: str | None,
    audio: Path | None,
    placeholder: bool,
    from_text: str | None,
    email: str | None,
) -> None:
    """Publish a new version: an own recording, or a placeholder. A published version never changes."""
    if (audio is None) == (not placeholder):
        raise Refused("give either --audio FILE or --placeholder")
    at = installation()
    begins = moment(from_text, "--from") if from_text else None
    with at.database.read() as session:
        current = notices.find_current(session, kind, mode, language, begins or at.clock.now())
        words = text or (current.text if current is not None else "")
    if not words.strip():
        raise Refused("--text: nothing is published for this yet, so say the words that its sound says")
    try:
        sound = normalise(audio.read_bytes(), audio.name) if audio is not None else spoken(words, language)
    except AudioRejected as error:
        raise Refused(f"--audio: {error}") from error
    with at.database.begin() as session:
        draft = Draft(kind, mode, language, words, sound.wav, sound.duration_ms, placeholder)
        made = publish(session, draft, at.clock.now(), begins, _who(session, email))
        lines = ", ".join(f"{row.centre.code}/{row.code}" for row in notices.lines_using(session, notices.use_of(made)))
        scheduled = notices.state_at(made, at.clock.now()) == "scheduled"
    told = f"{made.version} is {'scheduled' if scheduled else 'current'}: {sound.duration_ms / 1000:.1f} s"
    since = f"calls from {utc(made.effective_from)} on" if scheduled else "the next call on"
    until = f", until {utc(made.superseded_at)}" if made.superseded_at is not None else ""
    click.echo(f"{told}, heard {f'on {lines} ' if lines else ''}from {since}{until}.")


@notice.command("withdraw")
@click.argument("version")
@click.option("--reason", required=True)
@acting_as
def notice_withdraw(version: str, reason: str, email: str | None) -> None:
    """Take back a version that is scheduled: the one before it stays in force."""
    at = installation()
    with at.database.begin() as session:
        row = withdraw(session, version, reason, at.clock.now(), _who(session, email))
        instead = notices.find_current(session, row.kind, row.mode, row.language, row.effective_from)
    heard = f"{instead.version} is heard instead" if instead is not None else "nothing is heard instead"
    click.echo(f"{version} is withdrawn: from {utc(row.effective_from)} on, {heard}.")


@notice.command("render")
@click.argument("version")
@click.option(
    "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Where to write the WAV."
)
def notice_render(version: str, output: Path) -> None:
    """Write the sound of a version to a file, to listen to."""
    at = installation()
    with at.database.read() as session:
        found = notices.named(session, version)
        output.write_bytes(notices.audio(session, found.audio_sha256).wav)
        click.echo(found.text)


def _who(session: Session, email: str | None) -> str:
    return person_named(session, email).id if email else OPERATOR


COMMANDS = (notice,)
