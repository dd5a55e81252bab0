"""Between a preview and its approval anything may happen: nothing but the preview is executed (I4)."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from storage.errors import Refused
from storage.models import PolicyPreviewChange
from storage.retention.claim import purge
from storage.retention.holds import Why, hold_objects
from tests.backend import MadeDatabases
from tests.storage.approving import DAY, approved, problems, waiting
from tests.storage.plain_house import PlainHouse

deeds = st.lists(
    st.one_of(
        st.just(("keep", 0)),
        st.tuples(st.just("purge"), st.integers(0, 5)),
        st.tuples(st.just("hold"), st.integers(0, 5)),
        st.tuples(st.just("days"), st.integers(1, 6)),
    ),
    max_size=6,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=st.integers(1, 100), ages=st.lists(st.integers(0, 95), min_size=1, max_size=6), meanwhile=deeds)
def test_i4_whatever_happens_between_nothing_but_the_preview_is_executed(
    tmp_path_factory: pytest.TempPathFactory,
    made_databases: MadeDatabases,
    first: int,
    ages: list[int],
    meanwhile: list[tuple[str, int]],
) -> None:
    with made_databases() as databases, PlainHouse(tmp_path_factory.mktemp("between"), databases).open() as house:
        kept: list[str] = []
        for age in sorted(ages, reverse=True):
            kept.append(house.keep())
            house.clock.sleep(age * DAY / 10)
        proposal = waiting(house, f"P{90 + first}D")
        with house.database.read() as session:
            listed = {each.object_id: each.until_after for each in session.scalars(sa.select(PolicyPreviewChange))}
        began = house.clock.now()
        for deed, which in meanwhile:
            if deed == "keep":
                kept.append(house.keep())
            elif deed == "days" and house.clock.now() + timedelta(days=which) < began + timedelta(days=7):
                house.clock.sleep(which * DAY)
                house.deleter.run()
            elif deed in {"purge", "hold"}:
                try:
                    with house.database.begin() as session:
                        if deed == "purge":
                            purge(session, kept[which % len(kept)], "by hand", house.clock.now())
                        else:
                            _held(house, session, kept[which % len(kept)])
                except Refused:
                    continue
        before = {object_id: _training(house, object_id) for object_id in kept}
        now = house.clock.now()
        done = approved(house, proposal)
        moved = 0
        for object_id in kept:
            (state, was), (_, became) = before[object_id], _training(house, object_id)
            if object_id in listed and state == "stored" and was > now:
                assert became == listed[object_id]
                moved += 1
            else:
                assert became == was
        assert done.changed == moved
        assert done.changed + done.gone + done.otherwise == len(listed)
        assert problems(house) == []


def _held(house: PlainHouse, session: Session, object_id: str) -> None:
    now = house.clock.now()
    hold_objects(session, [object_id], Why("1", "r", "operator", now + timedelta(days=999)), now)


def _training(house: PlainHouse, object_id: str) -> tuple[str, datetime]:
    row = house.row(object_id)
    return row.state, next(each.until for each in row.purposes if each.purpose == "training")
