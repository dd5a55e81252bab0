"""Changing how long things are kept: seen before it is done, and longer only with a second person."""

import re
from typing import Any

import pytest

from storage.models import RetentionPolicy
from tests.pages.officer import more_officers, waits
from tests.pages.people import Town, Visitor

LONGER: dict[str, Any] = {"purpose": "training", "window": "P2Y", "reason": "longer lessons", "centre": ""}
SHOWN = re.compile(r'name="shown" value="(\w{64})"')
PREVIEW = re.compile(r'name="preview" value="(\w{64})"')


@pytest.fixture(scope="module", autouse=True)
def _officers(town: Town) -> None:
    more_officers(town)


def previewed(visitor: Visitor, **terms: Any) -> str:
    answer = visitor.post("/policies/preview", form=visitor.form("/policies/new"), **terms)
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def policy(town: Town, policy_id: str) -> RetentionPolicy:
    row: RetentionPolicy = town.house.ask(lambda s: s.get(RetentionPolicy, policy_id))
    return row


def test_a_longer_one_is_previewed_waits_and_is_approved_by_another(town: Town) -> None:
    pavel, olga = town.signed_in("pavel"), town.signed_in("olga")
    page = previewed(pavel, **LONGER)
    assert 'class="notice"' in page
    shown = SHOWN.findall(page)[0]
    form = pavel.form("/policies/new")
    assert pavel.post("/policies/set", form=form, **LONGER, shown="0" * 64).status_code == 400
    answer = pavel.post("/policies/set", form=form, **LONGER, shown=shown)
    assert answer.status_code == 303
    path = answer.headers["Location"]
    policy_id = path.rpartition("/")[2]
    assert policy(town, policy_id).state == "awaiting"
    assert PREVIEW.findall(pavel.get(path).text) == []
    (sha256,) = PREVIEW.findall(olga.get(path).text)
    assert pavel.post(f"{path}/approve", form=form, preview=sha256).status_code == 400
    theirs = olga.form("/policies/new")
    assert olga.post(f"{path}/approve", form=theirs, preview="0" * 64).status_code == 400
    assert policy(town, policy_id).state == "awaiting"
    assert olga.post(f"{path}/approve", form=theirs, preview=sha256).status_code == 303
    assert policy(town, policy_id).state == "published"


def test_it_can_be_withdrawn_with_a_reason(town: Town) -> None:
    waiting = waits(town, "pavel", "P5Y")
    olga = town.signed_in("olga")
    form = olga.form(f"/policies/{waiting}")
    assert olga.post(f"/policies/{waiting}/withdraw", form=form, reason="").status_code == 400
    assert olga.post(f"/policies/{waiting}/withdraw", form=form, reason="too long").status_code == 303
    assert policy(town, waiting).state == "withdrawn"


def test_a_shorter_one_says_what_goes_at_once_and_does_just_that(town: Town) -> None:
    pavel = town.signed_in("pavel")
    town.house.clock.sleep(120)
    terms: dict[str, Any] = {"purpose": "quality", "window": "PT20S", "reason": "a test", "centre": ""}
    page = previewed(pavel, **terms)
    shown = SHOWN.findall(page)[0]
    town.house.call()
    town.house.work()
    stale = pavel.post("/policies/set", form=pavel.form("/policies/new"), **terms, shown=shown)
    assert stale.status_code == 400, "something else would go by now"
    shown = SHOWN.findall(previewed(pavel, **terms))[0]
    done = pavel.post("/policies/set", form=pavel.form("/policies/new"), **terms, shown=shown)
    assert done.headers["Location"] == "/policies"


def test_an_officer_of_a_centre_changes_that_centre_alone(town: Town) -> None:
    waiting = waits(town, "pavel", "P6Y")
    here = town.signed_in("here")
    form = here.form("/policies/new")
    assert here.post("/policies/preview", form=form, **LONGER).status_code == 400
    assert here.post("/policies/preview", form=form, **LONGER | {"centre": "alm"}).status_code == 400
    assert here.post("/policies/preview", form=form, **LONGER | {"centre": "ast"}).status_code == 200
    (sha256,) = PREVIEW.findall(town.signed_in("olga").get(f"/policies/{waiting}").text)
    assert here.get(f"/policies/{waiting}").status_code == 200
    assert here.post(f"/policies/{waiting}/approve", form=form, preview=sha256).status_code == 400
    assert policy(town, waiting).state == "awaiting"


@pytest.mark.parametrize("name", ["alice", "bob", "charlie", "mira", "aidar"])
def test_nobody_else_meets_any(town: Town, name: str) -> None:
    visitor = town.signed_in(name)
    for path in ("/policies", "/policies/new", f"/policies/{waits(town, 'pavel', 'P7Y')}"):
        assert visitor.get(path).status_code == 404
