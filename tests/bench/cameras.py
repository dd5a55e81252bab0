"""Server time of the pages of cameras of a million segments, beside thirty thousand; on both databases.

Four cameras, segments of half a minute, each with its preview, evenly until now; a gap after each hundred; the oldest
nine tenths were deleted long ago. A fifth camera was taken down: all that it recorded is deleted. Rows are made by the
database itself, in bulk. Pages are asked for over WSGI, signed in, rendered whole.
"""

import statistics
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

from app.auth.passwords import hashed
from app.auth.people import give_access
from app.factory import create_app
from app.wiring import Installation
from storage.models import Camera, RecordingRun, Zone
from storage.models.columns import random_id
from tests.bench import ground
from tests.bench.growth import NUMBERS
from tests.bench.measure import MOST_ROWS, in_turn, say_times
from tests.objects.fake_store import MemoryStore
from tests.postgresql import new_database, postgres_programs, running

MANY, FEW = MOST_ROWS, 30_000
ROUNDS, EACH, CAMERAS = 7, 3, 5
EMAIL, PASSWORD = "bench@example.com", "correct horse battery"
# The id of each row follows from its number, its camera and its kind: so rows of several tables agree.
ID = {
    "sqlite": "printf('{kind}{camera}%030d', i)",
    "postgresql": "'{kind}{camera}' || lpad(CAST(i AS text), 30, '0')",
}
MOMENT = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S.000000', '{begin}', '+' || ({seconds}) || ' seconds')",
    "postgresql": "TIMESTAMPTZ '{begin}+00' + ({seconds}) * INTERVAL '1 second'",
}
STATE = "CASE WHEN i <= {gone} THEN 'deleted' ELSE 'stored' END"
OBJECT = """
INSERT INTO stored_object (id, kind, parent_id, centre_id, source_id, state, bucket, key, attempt, content_type, bytes,
    sha256, cipher_bytes, began_at, counted_from, arrived_at, stored_at, delete_after, holds)
{numbers} SELECT {id}, '{what}', {parent}, '{centre}', '{camera_id}', {state}, 'bench', {id} || '/000001', 1,
    'video/mp4', 1, '{zeros}', 1, {begins}, {ends}, {ends}, {ends}, {far}, 0 FROM n
"""
PURPOSE = """
INSERT INTO object_purpose (object_id, purpose, until, policy_id)
SELECT id, 'security', delete_after, (SELECT min(id) FROM retention_policy) FROM stored_object
"""
SEGMENT = """
INSERT INTO segment (id, camera_id, run_id, number, object_id, began_at, ended_at, media_begin, media_end, packets,
    init_bytes, fragments)
{numbers} SELECT {id}, '{camera_id}', '{run}', i, {id}, {begins}, {ends}, i * {tick}, (i + 1) * {tick}, 750, 800,
    '[{fragments}]' FROM n
"""
PREVIEW = """
INSERT INTO preview (object_id, segment_object_id, thumbnail_bytes, strip_bytes, pictures, motion)
{numbers} SELECT {preview}, {id}, 1, 1, '[0, 5000, 10000, 15000, 20000, 25000]', {motion} FROM n WHERE i > {gone}
"""
GAP = """
INSERT INTO gap (id, camera_id, started_at, ended_at, reason, lease)
{numbers} SELECT {id}, '{camera_id}', {ends}, {ends}, 'unreachable', 0 FROM n WHERE i % 100 = 0
"""
FRAGMENTS = ", ".join(f"[{800 + 500_000 * number}, 500000, 0, 90000, 25, 1]" for number in range(30))


class Grown:
    """An installation with so many segments, and a manager signed in."""

    def __init__(self, at: Installation, count: int) -> None:
        now = at.clock.now()
        centre_id = ground.add_centre(at)
        zone_id, self.cameras = random_id(), [random_id() for _ in range(CAMERAS)]
        each, begin = count // CAMERAS, now - timedelta(seconds=30 * (count // CAMERAS))
        with at.database.begin() as session:
            session.add(Zone(id=zone_id, centre_id=centre_id, code="z", name="z", created_at=begin))
            session.flush()
            for number, camera_id in enumerate(self.cameras):
                session.add(
                    Camera(
                        id=camera_id, centre_id=centre_id, zone_id=zone_id, code=f"c{number}",
                        address="rtsp://10.0.0.1/live", created_at=begin,
                    )
                )  # fmt: skip
                session.flush()
                session.add(
                    RecordingRun(
                        id=camera_id, camera_id=camera_id, began_at=begin, clock_said=begin, codec="h264",
                        width=1920, height=1080, timescale=90000,
                    )
                )  # fmt: skip
            give_access(
                session, email=EMAIL, role="centre_manager", centre=None, password_hash=hashed(PASSWORD), now=now
            )
        with at.database.engine.connect() as connection:
            for number, camera_id in enumerate(self.cameras):
                gone = each if number == CAMERAS - 1 else each - min(each, max(6000, each // 10))
                for statement in _statements(connection.dialect.name, number, camera_id, centre_id, each, gone, begin):
                    # Not by exec_driver_sql: a percent sign there begins a parameter on PostgreSQL.
                    connection.exec_driver_sql(
                        statement.replace("%", "%%") if connection.dialect.name == "postgresql" else statement
                    )
            connection.exec_driver_sql(PURPOSE)
            connection.exec_driver_sql("ANALYZE")
            connection.commit()
        at.database.forget_deleted()
        self._client, self._base = create_app(at).test_client(), at.site.base_url
        self._client.set_cookie("eskertu_session", at.sign_in.attempt(EMAIL, PASSWORD).token or "", domain="127.0.0.1")
        self.day = (now - timedelta(days=1)).date()

    def page(self, path: str) -> Callable[[], None]:
        """Asking for a page, some times."""

        def ask() -> None:
            for _ in range(EACH):
                answer = self._client.get(path, headers={"Accept": "text/html"}, base_url=self._base)
                assert answer.status_code == 200, answer.text

        return ask

    def span(self, hours: int) -> str:
        """So many hours of that day, as addresses name them."""
        begin = f"{self.day}T10:00:00Z"
        return urlencode({"from": begin, "to": f"{self.day}T{10 + hours}:00:00Z"})


def _statements(
    dialect: str, number: int, camera_id: str, centre_id: str, count: int, gone: int, begin: datetime
) -> list[str]:
    moment = MOMENT[dialect]
    at = f"{begin:%Y-%m-%d %H:%M:%S}"
    known = {
        "numbers": NUMBERS[dialect].format(count=count),
        "camera_id": camera_id,
        "centre": centre_id,
        "run": camera_id,
        "gone": gone,
        "state": STATE.format(gone=gone),
        "zeros": "0" * 64,
        "begins": moment.format(begin=at, seconds="(i - 1) * 30"),
        "ends": moment.format(begin=at, seconds="i * 30"),
        "tick": "CAST(2700000 AS bigint)",
        "far": "'2099-01-01 00:00:00.000000'" if dialect == "sqlite" else "TIMESTAMPTZ '2099-01-01 00:00:00+00'",
        "fragments": FRAGMENTS,
        "motion": "zeroblob(30)" if dialect == "sqlite" else "decode(repeat('00', 30), 'hex')",
        "id": ID[dialect].format(kind="a", camera=number),
        "preview": ID[dialect].format(kind="b", camera=number),
    }
    previews = known | {"id": known["preview"]}
    return [
        OBJECT.format(what="segment", parent="NULL", **known),
        OBJECT.format(what="preview", parent=known["id"], **previews),
        SEGMENT.format(**known),
        PREVIEW.format(**known),
        GAP.format(**known),
    ]


PAGES: dict[str, Callable[[Grown], str]] = {
    "cameras": lambda _: "/cameras",
    "a camera's day": lambda grown: f"/cameras/{grown.cameras[0]}?day={grown.day}",
    "a day's line and motion": lambda grown: f"/cameras/{grown.cameras[0]}/day.json?day={grown.day}",
    "an hour's playlist": lambda grown: f"/cameras/{grown.cameras[0]}/playlist.m3u8?{grown.span(1)}",
    "an hour's previews": lambda grown: f"/cameras/{grown.cameras[0]}/previews.json?{grown.span(1)}",
    "a span of six hours": lambda grown: f"/cameras/{grown.cameras[0]}/span?{grown.span(6)}",
}


def compare(folder: Path, name: str, urls: tuple[str | None, str | None]) -> None:
    """Two installations beside one another."""
    with ExitStack() as open_ones:
        many, few = (
            Grown(open_ones.enter_context(ground.installation(folder / f"{name}-{count}", MemoryStore(), url)), count)
            for count, url in zip((MANY, FEW), urls, strict=True)
        )
        for what, address in PAGES.items():
            ours, theirs = in_turn(many.page(address(many)), few.page(address(few)), ROUNDS)
            say_times(
                f"{what}, on {name} at {MANY:,} segments",
                statistics.median(ours) / EACH,
                f"at {FEW:,}",
                statistics.median(theirs) / EACH,
                "≤ 1.5",
            )


def run(folder: Path) -> None:
    compare(folder, "SQLite", (None, None))
    if postgres_programs() is None:
        return
    with running() as server, new_database(server) as many, new_database(server) as few:
        compare(folder, "PostgreSQL", (many, few))
