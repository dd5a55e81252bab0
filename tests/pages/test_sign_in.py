"""Sign-in, request by request: where it leads, what the browser shows, when a session ends, which forms are ours."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.auth.passwords import hashed
from app.auth.people import end_access, give_access, person_of, set_password
from app.factory import create_app
from app.first_start import prepare_databases
from app.wiring import Installation
from config.settings import Settings
from storage.models import Person, SignInSession
from tests.pages.people import PASSWORD, Town, Visitor


@pytest.fixture
def eve(town: Town) -> Person:
    """Somebody new, whose access a test may change: a reviewer where the recording is."""
    with town.house.at.database.begin() as session:
        now = town.house.clock.now()
        count = session.scalar(sa.select(sa.func.count(Person.id)))
        return give_access(
            session,
            email=f"eve{count}@example.com",
            role="qa_reviewer",
            centre=session.get_one(Person, town.person("alice").id).centre,
            password_hash=hashed(PASSWORD),
            now=now,
        )


def signed_in(town: Town, person: Person) -> Visitor:
    visitor = town.visitor()
    assert visitor.sign_in(person.email).status_code == 303
    assert visitor.is_in()
    return visitor


def test_who_asks_for_a_page_signs_in_first_and_lands_there(town: Town) -> None:
    wanted = f"/recordings/{town.kept.id}?purpose=training"
    visitor = town.visitor()
    sent = visitor.get(wanted)
    assert sent.status_code == 303
    form = visitor.form(sent.headers["Location"])
    there = visitor.post(sent.headers["Location"], form=form, email="Alice@Example.com ", password=PASSWORD).headers[
        "Location"
    ]
    assert there == wanted
    assert visitor.get(there).status_code == 200
    assert town.leaves("media_shown")[-1]["purpose"] == "training"


@pytest.mark.parametrize(
    "then",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/%09/evil.example",
        "//evil.example/sessions",
        "javascript:alert(1)",
        "evil.example",
        "/nowhere",
        "/play/x",
        "/twilio/voice",
        "/sign-out",
        "/healthz",
        "",
        "/sessions%0d%0aSet-Cookie:x=1",
        "http:sessions",
        "/http://evil.example",
    ],
)
def test_sign_in_leads_to_no_other_place(town: Town, then: str) -> None:
    answer = town.visitor().sign_in("alice@example.com", then=then)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_who_is_signed_in_is_not_asked_again(town: Town) -> None:
    assert town.signed_in("alice").get("/sign-in?next=/sessions").headers["Location"] == "/sessions"


def test_what_the_browser_shows_is_guarded_and_stands_nowhere(town: Town) -> None:
    visitor = town.visitor()
    (cookie,) = [
        each for each in visitor.sign_in("alice@example.com").headers.getlist("Set-Cookie") if "session" in each
    ]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert len(visitor.token) >= 43
    kept = town.house.ask(lambda s: s.scalars(sa.select(SignInSession.token_sha256)).all())
    assert hashlib.sha256(visitor.token.encode()).hexdigest() in kept
    on_disk = town.house.bytes_on_disk()
    assert visitor.token.encode() not in on_disk
    assert PASSWORD.encode() not in on_disk


def test_over_https_it_is_shown_over_https_alone(tmp_path: Path) -> None:
    at = Installation(Settings(home=tmp_path, public_url="https://calls.example.com"))
    prepare_databases(at)
    with at.database.begin() as session:
        give_access(
            session, email="alice@example.com", role="auditor", centre=None, password_hash=hashed(PASSWORD),
            now=at.clock.now(),
        )  # fmt: skip
    client = create_app(at).test_client()
    page = client.get("/sign-in", base_url="https://calls.example.com")
    form = page.text.partition('name="form" value="')[2].partition('"')[0]
    answer = client.post(
        "/sign-in",
        base_url="https://calls.example.com",
        data={"form": form, "email": "alice@example.com", "password": PASSWORD},
        headers={"Origin": "https://calls.example.com"},
    )
    for cookie in (page.headers["Set-Cookie"], answer.headers["Set-Cookie"]):
        assert cookie.startswith("__Host-eskertu_")
        assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
    at.database.dispose()
    at.keys.close()


def test_a_sign_in_begins_anew_and_ends_what_was_shown(town: Town, eve: Person) -> None:
    visitor = town.visitor()
    form = visitor.form("/sign-in")
    visitor.show("chosen-by-somebody-else")
    visitor.post("/sign-in", form=form, email=eve.email, password=PASSWORD)
    first = visitor.token
    assert first != "chosen-by-somebody-else"
    visitor.post("/sign-in", form=form, email=eve.email, password=PASSWORD)
    assert visitor.token != first
    assert visitor.is_in()
    visitor.show(first)
    assert not visitor.is_in()
    assert [told["how"] for told in town.leaves("signed_out") if told["person"] == eve.id] == ["new_sign_in"]


def test_a_session_ends_when_it_is_not_used(town: Town, eve: Person) -> None:
    visitor = signed_in(town, eve)
    for _ in range(2):
        town.house.clock.sleep(timedelta(hours=8).total_seconds() - 61)
        assert visitor.is_in()
    town.house.clock.sleep(timedelta(hours=8).total_seconds())
    assert not visitor.is_in()
    assert "session has ended" in visitor.get("/sign-in?lang=en").text


def test_a_session_ends_after_a_day_however_it_is_used(town: Town, eve: Person) -> None:
    visitor = signed_in(town, eve)
    for _ in range(23):
        town.house.clock.sleep(3600)
        assert visitor.is_in()
    town.house.clock.sleep(3600)
    assert not visitor.is_in()


@pytest.mark.parametrize("what", ["access", "password"])
def test_what_ends_access_ends_it_at_the_next_request(town: Town, eve: Person, what: str) -> None:
    here, there = signed_in(town, eve), signed_in(town, eve)
    with town.house.at.database.begin() as session:
        person = person_of(session, eve.email)
        now = town.house.clock.now()
        if what == "access":
            end_access(session, person, now)
        else:
            set_password(session, person, hashed("another long password"), now)
    assert not here.is_in()
    assert there.get(f"/recordings/{town.kept.id}/audio.wav").status_code == 303
    assert here.sign_in(eve.email).status_code == 403
    assert here.sign_in(eve.email, "another long password").status_code == (303 if what == "password" else 403)
    ended = [told["how"] for told in town.leaves("signed_out") if told["person"] == eve.id]
    assert ended == ["password" if what == "password" else "access_ended"] * 2


def test_another_role_or_centre_holds_at_the_next_request(town: Town, eve: Person) -> None:
    visitor = signed_in(town, eve)
    recording = f"/recordings/{town.kept.id}"
    assert visitor.get(recording).status_code == 200
    for change in ({"centre_id": town.person("bob").centre_id}, {"centre_id": None, "role": "administrator"}):
        with town.house.at.database.begin() as session:
            session.execute(sa.update(Person).where(Person.id == eve.id).values(**change))
        assert visitor.get(recording).status_code == 404
        assert visitor.get(f"{recording}/audio.wav").status_code == 404
        assert town.kept.id not in visitor.get("/recordings").text


def test_who_signs_out_is_out_whatever_is_shown(town: Town, eve: Person) -> None:
    visitor = signed_in(town, eve)
    token = visitor.token
    answer = visitor.post("/sign-out", form=visitor.form("/sessions"))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    assert visitor.client.get_cookie("eskertu_session", domain="127.0.0.1") is None
    visitor.show(token)
    assert not visitor.is_in()


def test_ones_own_sessions_are_listed_and_ended(town: Town, eve: Person) -> None:
    here, there, third = (signed_in(town, eve) for _ in range(3))
    text = here.get("/sessions?lang=en").text
    assert text.count('action="/sessions/end"') == 3
    assert text.count("this session") == 1
    oldest = text.split('name="session" value="')[-1][:32]
    whose = {each.token: each for each in (here, there, third)}
    rows = town.house.ask(
        lambda s: {row.id: row.token_sha256 for row in s.scalars(sa.select(SignInSession).filter_by(person_id=eve.id))}
    )
    (ended,) = [each for token, each in whose.items() if hashlib.sha256(token.encode()).hexdigest() == rows[oldest]]
    kept = next(each for each in (here, there, third) if each is not ended)
    assert kept.post("/sessions/end", form=kept.form("/sessions"), session=oldest).headers["Location"] == "/sessions"
    assert not ended.is_in()
    assert kept.post("/sessions/end-others", form=kept.form("/sessions")).status_code == 303
    assert [each.is_in() for each in (here, there, third)] == [each is kept for each in (here, there, third)]
    mine = kept.get("/sessions").text.split('name="session" value="')[-1][:32]
    assert kept.post("/sessions/end", form=kept.form("/sessions"), session=mine).headers["Location"] == "/sign-in"
    assert not kept.is_in()


def test_nobody_ends_somebody_elses_session(town: Town, eve: Person) -> None:
    visitor, bob = signed_in(town, eve), town.signed_in("bob")
    theirs = visitor.get("/sessions").text.split('name="session" value="')[-1][:32]
    assert bob.post("/sessions/end", form=bob.form("/sessions"), session=theirs).status_code == 404
    bob.post("/sessions/end-others", form=bob.form("/sessions"))
    assert visitor.is_in()


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
     {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://127.0.0.1:1"}],
)  # fmt: skip
def test_a_form_from_elsewhere_is_refused(town: Town, eve: Person, headers: dict[str, str]) -> None:
    visitor = signed_in(town, eve)
    assert visitor.post("/sign-out", form=visitor.form("/sessions"), headers=headers).status_code == 403
    assert visitor.is_in()
    stranger = town.visitor()
    form = stranger.form("/sign-in")
    fields = {"email": eve.email, "password": PASSWORD}
    assert stranger.post("/sign-in", form=form, headers=headers, more=fields).status_code == 403
    assert not stranger.is_in()


def test_a_form_of_another_session_or_of_none_is_refused(town: Town, eve: Person) -> None:
    visitor, bob, stranger = signed_in(town, eve), town.signed_in("bob"), town.visitor()
    for form in (None, "", "0" * 64, bob.form("/sessions"), stranger.form("/sign-in")):
        for path in ("/sign-out", "/sessions/end", "/sessions/end-others"):
            assert visitor.post(path, form=form).status_code == 403
    assert visitor.is_in()
    for form in (None, "", bob.form("/sessions"), town.visitor().form("/sign-in")):
        answer = stranger.post("/sign-in", form=form, email=eve.email, password=PASSWORD)
        assert answer.status_code == 403
        assert not stranger.is_in()


def test_pages_with_forms_send_them_nowhere_else_and_are_kept_by_nobody(town: Town) -> None:
    alice = town.signed_in("alice")
    for path in ("/recordings", "/sessions", f"/recordings/{town.kept.id}", "/recordings/nothing"):
        headers = alice.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "form-action 'self'" in policy
        assert "unsafe" not in policy
        assert headers["Cache-Control"] == "no-store"
        # With no-referrer, browsers would not say where a form comes from.
        assert headers["Referrer-Policy"] == "same-origin"
    assert "form-action 'none'" in alice.get("/nowhere").headers["Content-Security-Policy"]


def test_a_language_that_was_chosen_stays_and_where_one_was_going_too(town: Town) -> None:
    visitor = town.visitor()
    page = visitor.get("/sign-in?next=/sessions&lang=ru").text
    assert '<html lang="ru">' in page
    assert "?next=%2Fsessions&amp;lang=kk" in page
    assert '<html lang="ru">' in visitor.get("/sign-in").text


def test_sessions_of_last_month_are_forgotten(town: Town, eve: Person) -> None:
    signed_in(town, eve)
    count = sa.select(sa.func.count(SignInSession.id)).where(SignInSession.person_id == eve.id)
    town.house.at.sign_in.forget()
    assert town.house.ask(lambda s: s.scalar(count)) == 1
    town.house.clock.sleep(timedelta(days=31).total_seconds())
    town.house.at.sign_in.forget()
    assert town.house.ask(lambda s: s.scalar(count)) == 0
