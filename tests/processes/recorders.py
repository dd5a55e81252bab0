"""Recorders as processes, as a person starts them, over one database and one store."""

import os
import signal
import subprocess
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import sqlalchemy as sa

from app.cameras.states import CameraState, states
from app.first_start import prepare_databases
from app.wiring import Installation
from config.settings import load_settings
from storage.centres import add_centre
from storage.models import CameraLease, Gap, Segment, StoredObject, Zone
from storage.playback import whole
from tests.backend import Databases
from tests.command import Commands, is_ours
from tests.processes.running_up import ESKERTU
from video.addresses import file_address
from video.cameras import add_zone
from video.postings import post, withdraw
from video.sheets import Owner, sheet_for

OWNER = Owner("Example Centres", "privacy@centres.example", "https://notice.example")


class Recorders:
    """One installation, with a centre and a zone; recorders are started and killed by name."""

    def __init__(self, folder: Path, store: dict[str, str], databases: Databases) -> None:
        self.folder = folder
        self.home = folder / "var"
        self.settings = {"ESKERTU_HOME": str(self.home), "ESKERTU_PRACTICE": "on"} | store | databases.settings
        self.command = Commands(folder, self.settings)
        self.at = Installation(load_settings(self.settings, folder / "none"))
        prepare_databases(self.at)
        self.at.store.ensure_bucket()
        (self.home / "footage").mkdir()
        with self.at.database.begin() as session:
            now = self.at.clock.now()
            centre = add_centre(
                session,
                code="ast",
                name="Astana",
                jurisdiction="KZ",
                timezone="Asia/Almaty",
                languages=["kk", "ru", "en"],
                now=now,
            )
            centre.camera_networks = ["127.0.0.0/8"]
            self.zone_id = add_zone(session, centre=centre, code="lobby", name="Lobby", now=now).id
        self.program: tuple[str, ...] = (*ESKERTU[1:], "recorder")
        self.more: dict[str, str] = {}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def add(self, code: str, url: str) -> str:
        """A camera, by the command. Returns its id."""
        self.command.fine("camera", "add", "--centre", "ast", "--zone", "lobby", "--code", code, "--url", url)
        return next(each.camera.id for each in self.states() if each.camera.code == code)

    def add_file(self, code: str, file: Path) -> str:
        """A camera that is a file, again and again."""
        there = self.home / "footage" / file.name
        if not there.exists():
            os.link(file, there)
        return self.add(code, file_address(there, loops=True))

    def post(self) -> None:
        """Confirm that the sign hangs."""
        with self.at.database.begin() as session:
            now = self.at.clock.now()
            sheet = sheet_for(session, session.get_one(Zone, self.zone_id), OWNER, now)
            post(session, sheet, by="operator", photo_object_id=None, now=now)

    def withdraw(self) -> None:
        """Say that it is gone."""
        with self.at.database.begin() as session:
            zone = session.get_one(Zone, self.zone_id)
            withdraw(session, zone, by="operator", reason="a test", now=self.at.clock.now())

    def start(self, name: str = "one") -> "subprocess.Popen[bytes]":
        """Start a recorder with a spool of that name."""
        ours = {key: value for key, value in os.environ.items() if not is_ours(key)}
        spool = {"ESKERTU_SPOOL_PATH": str(self.folder / f"spool {name}"), "ESKERTU_RECORDER_NAME": name}
        with (self.folder / f"{name}.log").open("ab") as log:
            process: subprocess.Popen[bytes] = subprocess.Popen(
                [ESKERTU[0], *self.program],
                cwd=self.folder,
                env=ours | self.settings | spool | self.more,
                stdout=log,
                stderr=log,
            )
        self.processes[name] = process
        return process

    def kill(self, name: str = "one") -> None:
        """SIGKILL."""
        self.processes[name].kill()
        self.processes[name].wait()

    def stop(self, name: str = "one") -> int:
        """SIGTERM, and its exit code."""
        process = self.processes[name]
        process.send_signal(signal.SIGTERM)
        return process.wait(120)

    def log(self, name: str = "one") -> str:
        return (self.folder / f"{name}.log").read_text()

    def states(self) -> list[CameraState]:
        with self.at.database.read() as session:
            return states(session, self.at.clock.now())

    def words(self) -> set[str]:
        """In how many ways it stands with the cameras."""
        return {each.state for each in self.states()}

    def leases(self) -> dict[str, tuple[str, int]]:
        with self.at.database.read() as session:
            return {row.camera_id: (row.holder, row.number) for row in session.scalars(sa.select(CameraLease))}

    def segments(self, camera_id: str) -> list[Segment]:
        with self.at.database.read() as session:
            found = sa.select(Segment).join(StoredObject, StoredObject.id == Segment.object_id)
            wanted = found.where(Segment.camera_id == camera_id, StoredObject.state == "stored", Segment.packets > 0)
            return list(session.scalars(wanted.order_by(Segment.began_at)))

    def gaps(self, camera_id: str) -> list[Gap]:
        with self.at.database.read() as session:
            return list(session.scalars(sa.select(Gap).where(Gap.camera_id == camera_id).order_by(Gap.started_at)))

    def media(self, segment: Segment) -> bytes:
        """What of a segment's object counts."""
        with self.at.database.read() as session:
            kept = session.get_one(StoredObject, segment.object_id)
        media = b"".join(self.at.playback.read(whole(kept)))
        return media[: segment.init_bytes] + b"".join(media[row[0] : row[0] + row[1]] for row in segment.fragments)

    def check_line(self, camera_id: str) -> list[Segment | Gap]:
        """Segments and gaps follow one another, without a hole and without an overlap; the last one lasts."""
        things: list[tuple[object, object, Segment | Gap]] = [
            *((each.began_at, each.ended_at, each) for each in self.segments(camera_id)),
            *((each.started_at, each.ended_at, each) for each in self.gaps(camera_id)),
        ]
        things.sort(key=lambda each: (each[0], each[1] or each[0] + timedelta(days=9999)))  # type: ignore[operator]
        for (_, end, _), (begin, _, _) in pairwise(things):
            assert end == begin, [(str(each[0]), str(each[1]), type(each[2]).__name__) for each in things]
        assert things[-1][1] is None
        return [each for _, _, each in things]

    def close(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()
        self.at.database.dispose()
        self.at.keys.close()
