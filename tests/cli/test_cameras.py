"""Cameras by commands: set up, tried, switched, listed; and no password where it can be read."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.wiring import Installation
from config.settings import load_settings
from storage.models import Camera, Centre
from tests.command import Commands
from tests.video import footage
from video.cameras import add_zone

DOOR = ("camera", "add", "--centre", "ast", "--zone", "lobby", "--code", "door", "--url")


@pytest.fixture
def lobby(astana: Commands) -> Commands:
    """A centre with a zone."""
    with opened(astana) as at, at.database.begin() as session:
        centre = session.scalars(sa.select(Centre)).one()
        add_zone(session, centre=centre, code="lobby", name="Lobby", now=at.clock.now())
    return astana


@contextlib.contextmanager
def opened(commands: Commands) -> Iterator[Installation]:
    with contextlib.chdir(commands.folder):
        at = Installation(load_settings(commands.environment, Path("none")))
        try:
            yield at
        finally:
            at.database.dispose()


def test_a_camera_is_set_up_and_its_password_is_sealed(lobby: Commands) -> None:
    secret = lobby.folder / "secret"
    secret.write_text("pa55 w0rd\n")
    lobby.fine("centre", "networks", "ast", "127.0.0.0/8, 10.1.0.0/16")
    said = lobby.fine(*DOOR, "rtsp://10.1.0.7/live", "--username", "operator", "--password-file", str(secret))
    assert "eskertu camera test ast/door" in said.out
    (row,) = lobby.fine("cameras", "--json").rows
    assert row == {"camera": "ast/door", "zone": "lobby", "state": "no_sign", "reason": "no_sign"}
    with opened(lobby) as at, at.database.read() as session:
        camera = session.scalars(sa.select(Camera)).one()
        assert camera.credentials is not None
        assert b"pa55" not in camera.credentials
        assert at.camera_passwords.open(camera.id, camera.credentials).password == "pa55 w0rd"
        assert camera.centre.camera_networks == ["127.0.0.0/8", "10.1.0.0/16"]
    lobby.fine("camera", "change", "door", "--url", "rtsp://10.1.0.8/live")
    with opened(lobby) as at, at.database.read() as session:
        assert session.scalars(sa.select(Camera.credentials)).one() is None, "it is for the machine it was given for"


def test_what_cannot_be_is_refused(lobby: Commands) -> None:
    assert "--username" in lobby.refused(*DOOR, "rtsp://operator:secret@10.1.0.7/live")
    assert "belong together" in lobby.refused(*DOOR, "rtsp://10.1.0.7/live", "--username", "operator")
    assert "no network" in lobby.refused("centre", "networks", "ast", "everywhere")
    assert "no zone" in lobby.refused(*("attic" if each == "lobby" else each for each in DOOR), "rtsp://10.1.0.7/live")
    lobby.fine(*DOOR, "rtsp://10.1.0.7/live")
    assert "of that code already" in lobby.refused(*DOOR, "rtsp://10.1.0.8/live")
    assert "what changes" in lobby.refused("camera", "change", "door")


def test_a_camera_outside_is_made_and_says_what_is_allowed(lobby: Commands) -> None:
    assert "No address is allowed yet" in lobby.fine(*DOOR, "rtsp://10.1.0.7/live").err
    lobby.fine("centre", "networks", "ast", "10.1.0.0/16")
    other = ["lift" if each == "door" else each for each in DOOR]
    assert "ast allows 10.1.0.0/16" in lobby.fine(*other, "rtsp://10.2.0.7/live").err
    assert lobby.fine(*("roof" if each == "door" else each for each in DOOR), "rtsp://10.1.0.8/live").err == ""


def test_a_camera_is_switched_off_and_on(lobby: Commands) -> None:
    lobby.fine(*DOOR, "rtsp://10.1.0.7/live")
    lobby.fine("camera", "off", "ast/door")
    assert [row["state"] for row in lobby.fine("cameras", "--json").rows] == ["off"]
    assert "already" in lobby.fine("camera", "off", "door").out
    lobby.fine("camera", "on", "door")
    assert [row["state"] for row in lobby.fine("cameras", "--json").rows] == ["no_sign"]


def test_a_camera_is_tried_before_it_is_trusted(lobby: Commands) -> None:
    folder = lobby.folder / "var" / "footage"
    folder.mkdir()
    file = footage.make(folder / "a.mp4", 50)
    lobby.fine(*DOOR, f"file://{file}")
    assert "h264, 160 by 64" in lobby.fine("camera", "test", "door").out
    lobby.fine("camera", "change", "door", "--url", "rtsp://127.0.0.1:9/live")
    said = lobby.refused("camera", "test", "door")
    assert "forbidden: ast allows no address yet" in said
    assert "eskertu centre networks ast 10.1.0.0/16" in said
    lobby.fine("centre", "networks", "ast", "10.1.0.0/16,10.2.0.0/16")
    said = lobby.refused("camera", "test", "door")
    assert "forbidden: ast allows 10.1.0.0/16,10.2.0.0/16" in said
    assert "eskertu centre networks ast 10.1.0.0/16,10.2.0.0/16,…" in said
    lobby.fine("centre", "networks", "ast", "127.0.0.0/8")
    assert "unreachable" in lobby.refused("camera", "test", "door")
    assert lobby.fine("segments", "--json").rows == lobby.fine("gaps", "--json", "--camera", "door").rows == []
