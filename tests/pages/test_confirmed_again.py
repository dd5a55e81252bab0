"""What takes the password once more: asked for where it was not given lately, counted as at sign-in."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.auth.attempts import REFUSED_AT_MOST, WITHIN
from app.auth.roles import ALL, OWN, Access
from app.auth.routes import ROUTES
from app.auth.sessions import CONFIRMED_FOR
from tests.pages.people import PASSWORD, Town, Visitor

PATH = "/sessions/end-others"


@pytest.fixture(autouse=True)
def _takes_it(monkeypatch: pytest.MonkeyPatch, town: Town) -> Iterator[None]:
    monkeypatch.setitem(ROUTES, PATH, Access(ALL, OWN, confirmed=True))
    yield
    town.house.clock.sleep(WITHIN.total_seconds())


def end_others(visitor: Visitor, password: str | None = None) -> int:
    form = visitor.form("/sessions")
    if password is None:
        return visitor.post(PATH, form=form).status_code
    return visitor.post(PATH, form=form, confirm_password=password).status_code


def test_who_has_just_signed_in_is_not_asked(town: Town) -> None:
    alice = town.signed_in("alice")
    assert end_others(alice) == 303
    town.house.clock.sleep((CONFIRMED_FOR - timedelta(seconds=10)).total_seconds())
    assert end_others(alice) == 303


def test_later_the_password_is_asked_for_and_holds_for_a_while(town: Town) -> None:
    alice, other = town.signed_in("alice"), town.signed_in("alice")
    town.house.clock.sleep(CONFIRMED_FOR.total_seconds())
    refused = len(town.leaves("sign_in_refused"))
    assert end_others(alice) == 403
    assert end_others(alice, "wrong wrong wrong") == 403
    assert len(town.leaves("sign_in_refused")) == refused + 2
    assert other.is_in()
    assert end_others(alice, PASSWORD) == 303
    assert not other.is_in()
    assert end_others(alice) == 303


def test_a_session_is_confirmed_by_itself_alone(town: Town) -> None:
    here, there = town.signed_in("alice"), town.signed_in("alice")
    town.house.clock.sleep(CONFIRMED_FOR.total_seconds())
    assert here.post("/sessions/end-others", form=here.form("/sessions"), confirm_password="no").status_code == 403
    assert (
        there.post("/sessions/end-others", form=there.form("/sessions"), confirm_password=PASSWORD).status_code == 303
    )
    assert not here.is_in()


def test_too_many_wrong_ones_are_not_looked_at(town: Town) -> None:
    bob = town.signed_in("bob")
    town.house.clock.sleep(CONFIRMED_FOR.total_seconds())
    for _ in range(REFUSED_AT_MOST):
        assert end_others(bob, "wrong wrong wrong") == 403
    assert end_others(bob, PASSWORD) == 429
    assert town.visitor().sign_in("bob@example.com").status_code == 429
    town.house.clock.sleep(WITHIN.total_seconds())
    assert end_others(bob, PASSWORD) == 303
