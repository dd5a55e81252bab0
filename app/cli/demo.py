"""`demo`: what `make run` does. Demo data, `eskertu up`, and a real call in front of the newcomer's eyes."""

import signal
import subprocess
import sys
import time
from threading import Event

import click
import requests
import sqlalchemy as sa

from app.auth.pass_link import Pass, Passes
from app.cli.phone import place_call, spoken_texts, told
from app.cli.terminal import installation
from app.demo_camera import draw_scene, first_footage, hang_sign, seed_camera
from app.first_start import prepare_databases
from app.practice_numbers import account
from app.wiring import Installation
from storage.centres import add_centre
from storage.errors import Refused
from storage.models import Call, Centre, Line, Person, Recording, StoredObject
from storage.models.columns import random_id
from telephony.lines import add_line

NUMBER = "+77172000000"
FORWARD_TO = "+77172000001"
REVIEWER = "qa@example.com"
READY_WITHIN_S = 60
STORED_WITHIN_S = 60


@click.command()
def demo() -> None:
    """Seed demo data, start everything, make one practice call, and show where it can be heard."""
    at = installation()
    prepare_databases(at)
    seed(at)
    at.database.dispose()
    at.keys.close()
    # What the processes log would stand between the lines of the call: it goes into a file.
    log = at.home / "eskertu.log"
    with log.open("ab") as file:
        begun = file.tell()
        child = subprocess.Popen([sys.executable, "-P", "-m", "app.cli.main", "up"], stderr=file)
    asked_to_stop = Event()

    def stop(*_: object) -> None:
        asked_to_stop.set()
        child.send_signal(signal.SIGTERM)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    try:
        if _is_ready(at, child):
            _show_around(asked_to_stop)
            if not asked_to_stop.is_set():
                click.echo(f"Eskertu goes on until you press Ctrl-C. It logs into {log}.")
        code = child.wait()
        if code:
            click.echo(log.read_bytes()[begun:].decode(errors="replace"), err=True)
        sys.exit(code)
    finally:
        if child.poll() is None:
            child.terminate()
            child.wait()


def _show_around(asked_to_stop: Event) -> None:
    """What a newcomer sees. What comes to nothing can be made again by hand: what runs is not to end for it."""
    for what, show in (
        ("demo's sign", hang_sign),
        ("practice call", _first_call),
        ("demo's camera", lambda at: first_footage(at, click.echo)),
    ):
        try:
            if not asked_to_stop.is_set():
                show(installation())
        except Refused as error:
            if not asked_to_stop.is_set():
                click.echo(f"The {what} came to nothing: {error}", err=True)


def seed(at: Installation) -> None:
    """A centre, a line, a reviewer, a camera and its manager to try things with; what is there already stays."""
    now = at.clock.now()
    file = draw_scene(at, click.echo)
    with at.database.begin() as session:
        centre = session.scalars(sa.select(Centre).where(Centre.code == "ast")).one_or_none()
        if centre is None:
            centre = add_centre(
                session,
                code="ast",
                name="Astana",
                jurisdiction="KZ",
                timezone="Asia/Almaty",
                languages=["kk", "ru", "en"],
                now=now,
            )
        if session.scalar(sa.select(Line.id).where(Line.number == NUMBER)) is None:
            add_line(
                session,
                code="front",
                number=NUMBER,
                centre=centre,
                mode="stay",
                languages=["kk", "ru", "en"],
                forward_to=FORWARD_TO,
                now=now,
            )
        if session.scalar(sa.select(Person.id).where(Person.email == REVIEWER)) is None:
            session.add(
                Person(
                    id=random_id(),
                    email=REVIEWER,
                    role="qa_reviewer",
                    centre_id=centre.id,
                    active=True,
                    created_at=now,
                )
            )
        seed_camera(at, session, centre, file)


def _is_ready(at: Installation, child: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline and child.poll() is None:
        try:
            with requests.get(f"http://127.0.0.1:{at.settings.port}/readyz", timeout=2) as answer:
                if answer.status_code == 200 and _phone_answers(at):
                    return True
        except (requests.RequestException, Refused):
            pass
        time.sleep(0.2)
    return False


def _phone_answers(at: Installation) -> bool:
    """Whether the practice phone, a process of its own, is there; true where there is to be none."""
    if not at.settings.practice_is_on:
        return True
    practice = account(at)
    auth = (practice.account_sid, practice.auth_token)
    with requests.get(f"{practice.api_base_url}/practice/health", auth=auth, timeout=2) as answer:
        return answer.status_code == 200


def _first_call(at: Installation) -> None:
    if not at.settings.practice_is_on:
        return
    click.echo(f"\nA practice call to {NUMBER}, in English. This is what the caller hears and does:\n")
    plan = {"to": NUMBER, "language": "en", "do": "listen", "from_number": "+77015550123", "talk_s": 6.0}
    result = {}
    texts = spoken_texts(at)
    for step in place_call(at, plan):
        click.echo(told(step, texts))
        result = step
    call_sid = result.get("call_sid", "")
    click.echo("\nWhat was kept:\n")
    deadline = time.monotonic() + STORED_WITHIN_S
    while time.monotonic() < deadline:
        if _kept(at, call_sid):
            return
        time.sleep(0.3)
    click.echo("  nothing yet; look again with `eskertu recordings`")


def _kept(at: Installation, call_sid: str) -> bool:
    with at.database.read() as session:
        found = session.execute(
            sa.select(Recording, StoredObject)
            .join(Call, Call.id == Recording.call_id)
            .join(StoredObject, StoredObject.id == Recording.object_id)
            .where(Call.call_sid == call_sid, StoredObject.state == "stored", Recording.carrier_copy == "deleted")
        ).first()
        if found is None:
            return False
        row, kept = found
        reviewer = session.scalars(sa.select(Person).where(Person.email == REVIEWER)).one()
        ends = ", ".join(f"{each.purpose} until {each.until:%Y-%m-%d}" for each in kept.purposes)
    ticket = Passes(at.home).issue(Pass(reviewer.id, kept.id, "quality"))
    for name, value in (
        ("recording", row.recording_sid),
        ("outcome", row.call.outcome),
        ("sound", f"{row.duration_s} s, {row.channels} channels, {kept.bytes} bytes, encrypted in {kept.bucket}"),
        ("kept for", ends),
        ("deleted after", f"{kept.delete_after:%Y-%m-%d %H:%M} UTC"),
        ("carrier's copy", row.carrier_copy),
        ("hear it (1 h)", f"{at.site.base_url}/play/{ticket}"),
    ):
        click.echo(f"  {name:<15} {value}")
    click.echo(f"\n  a new address: eskertu object link {kept.id} --as {REVIEWER}\n", nl=False)
    click.echo(f"  another call:  eskertu phone call --to {NUMBER} --language kk --do hangup-after-notice\n")
    sys.stdout.flush()
    return True


COMMANDS = (demo,)
