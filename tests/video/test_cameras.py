"""Cameras as they are set up: only where their centre allows, and with passwords that stand nowhere in the open."""

import logging
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage.errors import Refused
from storage.models import Camera, Centre, Zone
from tests.storage.plain_house import PlainHouse
from tests.video.rtsp import Camera as Device
from tests.video.rtsp import Unit
from video.addresses import Credentials, Forbidden
from video.cameras import add_camera, add_zone, subject
from video.passwords import Passwords, Unreadable

SECRET = "s3cret-of-the-door"
PASSWORDS = Passwords(bytes(range(32)))


def set_up(house: PlainHouse, address: str, networks: list[str] | None) -> Camera:
    now = house.clock.now()
    with house.database.begin() as session:
        centre = session.get_one(Centre, house.centre_id)
        centre.camera_networks = networks
        zone = add_zone(session, centre=centre, code="lobby", name="Lobby", now=now)
        credentials = Credentials("operator", SECRET)
        made = add_camera(
            session, zone=zone, code="door", address=address, credentials=credentials, passwords=PASSWORDS, now=now
        )
        camera_id = made.id
    with house.database.read() as session:
        return session.scalars(sa.select(Camera).where(Camera.id == camera_id)).one()


def test_a_camera_is_opened_with_its_password_and_nobody_else_learns_it(
    plain: PlainHouse, tmp_path: Path, long_stream: list[Unit], caplog: pytest.LogCaptureFixture
) -> None:
    with Device(long_stream, password=SECRET).on() as device, caplog.at_level(logging.DEBUG):
        row = set_up(plain, device.url, ["127.0.0.0/8"])
        source = subject(row, PASSWORDS, None).open_stream()
        assert next(source.packets()).size
        source.close()
    plain.database.dispose()
    assert SECRET not in caplog.text
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or SECRET.encode() not in path.read_bytes(), path.name


def test_without_networks_nothing_is_opened(plain: PlainHouse) -> None:
    row = set_up(plain, "rtsp://127.0.0.1/live", None)
    with pytest.raises(Forbidden) as forbidden:
        subject(row, PASSWORDS, None).open_stream()
    assert SECRET not in str(forbidden.value)


def test_credentials_open_for_their_own_camera_and_key_alone() -> None:
    sealed = PASSWORDS.seal("door", Credentials("operator", SECRET))
    assert SECRET.encode() not in sealed
    assert PASSWORDS.open("door", sealed) == Credentials("operator", SECRET)
    assert PASSWORDS.seal("door", Credentials("operator", SECRET)) != sealed
    for passwords, camera, data in (
        (PASSWORDS, "lift", sealed),
        (Passwords(bytes(32)), "door", sealed),
        (PASSWORDS, "door", sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (PASSWORDS, "door", b""),
    ):
        with pytest.raises(Unreadable) as unreadable:
            passwords.open(camera, data)
        assert SECRET not in str(unreadable.value)


def test_a_code_stands_for_one_camera(plain: PlainHouse) -> None:
    set_up(plain, "rtsp://127.0.0.1/live", None)
    with pytest.raises(Refused, match="a zone of that code"):
        set_up(plain, "rtsp://127.0.0.1/live", None)
    with plain.database.begin() as session:
        zone = session.scalars(sa.select(Zone)).one()
        with pytest.raises(Refused, match="a camera of that code"):
            add_camera(
                session,
                zone=zone,
                code="door",
                address="rtsp://127.0.0.1/live",
                credentials=None,
                passwords=PASSWORDS,
                now=plain.clock.now(),
            )


def test_a_password_in_the_address_is_refused(plain: PlainHouse) -> None:
    with pytest.raises(Refused) as refused:
        set_up(plain, f"rtsp://operator:{SECRET}@127.0.0.1/live", ["127.0.0.0/8"])
    assert SECRET not in str(refused.value)
