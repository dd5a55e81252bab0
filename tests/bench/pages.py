"""Server time of the overview and of lists of calls in an installation of a million, beside one of ten thousand.

A page is asked for over WSGI, signed in, rendered whole. One call in a thousand has the rare outcome; calls come evenly
over three lines, one in five minutes until now, forty from each caller; half as many objects are stored. Rows are made
by the database itself, in bulk; on both databases.
"""

import statistics
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode

from app.auth.passwords import hashed
from app.auth.people import give_access
from app.factory import create_app
from app.paging import written
from app.search.calls import ORDER
from app.wiring import Installation
from storage.models import Call, Line
from storage.models.columns import random_id
from tests.bench import ground
from tests.bench.growth import NUMBERS, RANDOM_ID, stored_objects
from tests.bench.measure import MOST_ROWS, in_turn, say_times
from tests.objects.fake_store import MemoryStore
from tests.postgresql import new_database, postgres_programs, running

MANY, FEW = MOST_ROWS, 10_000
ROUNDS = 9
EACH = 5
EMAIL, PASSWORD = "bench@example.com", "correct horse battery"
CALLS = """
INSERT INTO call (id, call_sid, account_sid, line_id, mode, languages, language, from_number, ringing_at, first_answer,
    notice_repeats, declined_key, looks, media_to_come, outcome, delete_after)
{numbers} SELECT id, id, 'AC', CASE i % 3 WHEN 0 THEN '{lines[0]}' WHEN 1 THEN '{lines[1]}' ELSE '{lines[2]}' END,
    'stay', '["kk"]', CASE i % 2 WHEN 0 THEN 'kk' ELSE 'ru' END, '+7701' || CAST(1000000 + i % {callers} AS text),
    {moment}, '', 0, {false}, 0, {false}, CASE i % 1000 WHEN 0 THEN 'incomplete' ELSE 'recorded' END, {far}
FROM (SELECT {random_id} AS id, n.i AS i FROM n) made ORDER BY i
"""
MOMENT = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S.000000', 'now', '-' || (({count} - i) * 300) || ' seconds')",
    "postgresql": "now() - ({count} - i) * INTERVAL '5 minutes'",
}


class Grown:
    """An installation with so many calls, and somebody signed in."""

    def __init__(self, at: Installation, count: int) -> None:
        centre_id = ground.add_centre(at)
        now = at.clock.now()
        lines = [random_id() for _ in range(3)]
        with at.database.begin() as session:
            for number, each in enumerate(lines):
                line = Line(
                    id=each, centre_id=centre_id, code=f"l{number}", number=f"+7717200000{number}", mode="stay",
                    languages=["kk"], forward_to="+77172000009", created_at=now,
                )  # fmt: skip
                session.add(line)
            give_access(
                session, email=EMAIL, role="privacy_officer", centre=None, password_hash=hashed(PASSWORD), now=now
            )
        dialect = at.database.engine.dialect.name
        text = CALLS.format(
            numbers=NUMBERS[dialect].format(count=count),
            random_id=RANDOM_ID[dialect],
            lines=lines,
            callers=count // 40,
            moment=MOMENT[dialect].format(count=count),
            false="0" if dialect == "sqlite" else "false",
            far="'2099-01-01 00:00:00.000000'",
        )
        with at.database.engine.connect() as connection:
            # Not by exec_driver_sql: a percent sign there begins a parameter on PostgreSQL.
            connection.exec_driver_sql(text.replace("%", "%%") if dialect == "postgresql" else text)
            connection.exec_driver_sql(stored_objects(dialect, count, centre_id))
            connection.exec_driver_sql("ANALYZE")
            connection.commit()
        assert at.counting.run()
        at.database.forget_deleted()
        self._client = create_app(at).test_client()
        self._base = at.site.base_url
        token = at.sign_in.attempt(EMAIL, PASSWORD).token
        self._client.set_cookie("eskertu_session", token or "", domain="127.0.0.1")
        with at.database.read() as session:
            middle = session.query(Call).order_by(*ORDER).offset(count // 2).first()
            assert middle is not None
            self.somewhere = written([middle.ringing_at, middle.id])
            self.caller = middle.id

    def page(self, path: str) -> Callable[[], None]:
        """Asking for a page, some times."""

        def ask() -> None:
            for _ in range(EACH):
                answer = self._client.get(path, headers={"Accept": "text/html"}, base_url=self._base)
                assert answer.status_code == 200
                assert 'role="alert"' not in answer.text

        return ask


def found_by(**filters: str) -> str:
    """The address of a list."""
    return f"/calls?{urlencode(filters)}"


PAGES: dict[str, Callable[[Grown], str]] = {
    "the overview": lambda _: "/",
    "calls, the newest": lambda _: found_by(),
    "calls in the middle": lambda grown: found_by(before=grown.somewhere),
    "calls of one line": lambda _: found_by(line="b/l1"),
    "calls with a rare outcome": lambda _: found_by(outcome="incomplete"),
    "calls of one line in a language, in the middle": lambda grown: found_by(
        line="b/l1", language="ru", before=grown.somewhere
    ),
    "calls of one caller": lambda grown: found_by(caller=grown.caller),
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
                f"{what}, on {name} at {MANY:,}",
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
