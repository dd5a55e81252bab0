"""Rows from SQLite to PostgreSQL, as their types say: what reads alike and is not, numbers that go on, any order."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from storage.copying import rows
from storage.copying.target import order_does_not_matter, set_sequences
from storage.database import Moment, make_engine

METADATA = sa.MetaData()
PLACE = sa.Table(
    "place",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("within", sa.ForeignKey("place.number", name="fk_within")),
    sa.Column("name", sa.String(8), nullable=False),
    sa.Column("open", sa.Boolean, nullable=False),
    sa.Column("height", sa.Float),
    sa.Column("told", sa.JSON(none_as_null=True)),
    sa.Column("seal", sa.LargeBinary),
    sa.Column("at", Moment()),
    sa.Column("since", sa.DateTime(timezone=True)),
)
AT = datetime(2026, 11, 22, 9, 30, 0, 123456, tzinfo=UTC)
FULL = {"name": "Әлия ﷽", "open": True, "height": 0.1 + 0.2, "told": {"б": [1, 1.0, None, "1"], "a": True}}
FULL |= {"seal": bytes(range(256)), "at": AT, "since": AT}
BARE = {"name": "", "open": False, "height": None, "told": None, "seal": b"", "at": None, "since": None}


@pytest.fixture
def source(tmp_path: Path) -> Iterator[sa.Connection]:
    engine = make_engine(f"sqlite:///{tmp_path / 'source.db'}")
    METADATA.create_all(engine)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def target(postgres_database: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(postgres_database)
    METADATA.create_all(engine)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def fill(source: sa.Connection, *filled: dict[str, Any]) -> None:
    source.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    for number, row in enumerate(filled, start=1):
        source.execute(sa.insert(PLACE).values({"number": number, "within": None} | row))


def copy(source: sa.Connection, target: sa.Connection) -> rows.Digest:
    told = rows.Digest()
    with order_does_not_matter(target, METADATA):
        for portion in rows.read(source, PLACE):
            rows.write(target, PLACE, portion)
            for row in portion:
                told.add(row)
    set_sequences(target, METADATA)
    return told


def test_every_kind_of_value_comes_back_as_it_was(source: sa.Connection, target: sa.Connection) -> None:
    fill(source, FULL, BARE)
    told = copy(source, target)
    assert told == rows.digest(target, PLACE) == rows.digest(source, PLACE)
    first, second = target.execute(sa.select(PLACE).order_by(PLACE.c.number)).all()
    assert first._asdict() == {"number": 1, "within": None} | FULL
    assert second._asdict() == {"number": 2, "within": None} | BARE


def test_a_json_null_stays_one_and_no_value_stays_none(source: sa.Connection, target: sa.Connection) -> None:
    fill(source, BARE | {"told": sa.JSON.NULL}, BARE)
    copy(source, target)
    asked = sa.select(sa.cast(PLACE.c.told, sa.Text)).order_by(PLACE.c.number)
    assert list(target.scalars(asked)) == ["null", None]


def test_rows_may_point_at_later_ones(source: sa.Connection, target: sa.Connection) -> None:
    fill(source, BARE | {"within": 3}, BARE | {"within": 1}, BARE | {"within": None})
    copy(source, target)
    assert list(target.scalars(sa.select(PLACE.c.within).order_by(PLACE.c.number))) == [3, 1, None]
    with pytest.raises(sa.exc.IntegrityError, match="fk_within"):  # and at once again, as before
        target.execute(sa.insert(PLACE).values(BARE | {"within": 99}))


def test_a_row_that_points_nowhere_is_refused(source: sa.Connection, target: sa.Connection) -> None:
    source.connection.cursor().execute("PRAGMA ignore_check_constraints = ON")
    fill(source, BARE)
    with pytest.raises(sa.exc.IntegrityError, match="fk_within"), order_does_not_matter(target, METADATA):
        rows.write(target, PLACE, [(1, 7, "", False, None, None, b"", None, None)])


def test_numbers_go_on_behind_the_largest(source: sa.Connection, target: sa.Connection) -> None:
    fill(source, BARE, BARE, BARE)
    copy(source, target)
    assert target.scalar(sa.insert(PLACE).values(BARE).returning(PLACE.c.number)) == 4


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Әлия"}, {"open": False}, {"height": 0.3}, {"told": None}, {"told": {"a": True}}, {"seal": b""},
        {"seal": None}, {"at": AT.replace(microsecond=123457)}, {"since": None}, {"number": 9},
    ],
)  # fmt: skip
def test_a_value_that_changed_on_the_way_is_seen(
    source: sa.Connection, target: sa.Connection, change: dict[str, Any]
) -> None:
    fill(source, FULL, BARE)
    told = copy(source, target)
    target.execute(sa.update(PLACE).where(PLACE.c.number == 1).values(change))
    assert rows.digest(target, PLACE) != told


def test_a_row_that_was_lost_or_doubled_is_seen(source: sa.Connection, target: sa.Connection) -> None:
    fill(source, FULL, BARE, BARE)
    told = copy(source, target)
    target.execute(sa.delete(PLACE).where(PLACE.c.number == 3))
    assert rows.digest(target, PLACE) != told
    target.execute(sa.insert(PLACE).values(BARE | {"number": 4}))
    assert rows.digest(target, PLACE).rows == told.rows
    assert rows.digest(target, PLACE) != told


def test_portions_hold_every_row_once(source: sa.Connection, target: sa.Connection) -> None:
    count = 2 * rows.AT_ONCE + 7
    fill(source, *[BARE | {"height": float(n)} for n in range(count)])
    assert [len(portion) for portion in rows.read(source, PLACE)] == [rows.AT_ONCE, rows.AT_ONCE, 7]
    assert copy(source, target) == rows.digest(target, PLACE)
    assert rows.count(target, PLACE) == count


def test_what_sqlite_let_pass_and_postgresql_would_not_is_named(source: sa.Connection) -> None:
    fill(source, FULL, BARE | {"name": "nine char"}, BARE | {"name": "a\0b"})
    (told,) = rows.does_not_fit(source, PLACE)
    assert told.startswith("place.name: 2 rows")


def test_text_and_number_are_not_the_same() -> None:
    digests = []
    for value in (1, "1", True, 1.0, b"1", None, "None", "1:"):
        digests.append(rows.Digest())
        digests[-1].add((value, 1))
    assert len({each.total for each in digests}) == len(digests)
