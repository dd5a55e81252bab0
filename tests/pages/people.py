"""People with passwords in a house, and browsers of sorts that they sign in with."""

import re
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse as Answer

from app.auth.passwords import hashed
from app.auth.people import give_access
from storage.centres import add_centre
from storage.models import Leaf, LeafOpening, Person
from tests.house import House

PASSWORD = "correct horse battery"
PASSWORD_HASH = hashed(PASSWORD)
FORM = re.compile(r'name="form" value="(\w+)"')


class Visitor:
    """A browser with its own cookies, and what it would send by itself."""

    def __init__(self, house: House) -> None:
        self.client: FlaskClient = house.app.test_client()
        self.base = house.at.site.base_url

    def get(self, path: str, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(path, headers={"Accept": "text/html"} | named, base_url=self.base, buffered=True)

    def form(self, path: str) -> str:
        """What the forms on a page carry."""
        found = FORM.search(self.get(path).text)
        assert found is not None, f"no form on {path}"
        return found[1]

    def post(
        self,
        path: str,
        *,
        form: str | None,
        headers: dict[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
        **fields: str,
    ) -> Answer:
        """Send a form, as a browser would from a page of ours. `more` are fields, too."""
        sent = fields | dict(more or {}) | ({} if form is None else {"form": form})
        told = {"Accept": "text/html", "Origin": self.base, "Sec-Fetch-Site": "same-origin"} | (headers or {})
        return self.client.post(path, data=sent, headers=told, base_url=self.base)

    def sign_in(self, email: str, password: str = PASSWORD, then: str = "") -> Answer:
        path = "/sign-in" + (f"?next={then}" if then else "")
        return self.post(path, form=self.form(path), email=email, password=password)

    @property
    def token(self) -> str:
        """What it shows as its session."""
        cookie = self.client.get_cookie("eskertu_session", domain="127.0.0.1")
        assert cookie is not None
        return cookie.value

    def show(self, token: str) -> None:
        """Show another."""
        self.client.set_cookie("eskertu_session", token, domain="127.0.0.1")

    def is_in(self) -> bool:
        """Whether its session goes on."""
        return self.get("/sessions").status_code == 200


class Town:
    """A house with a recording at `ast`: Alice may hear it, Bob reviews in another centre, Charlie administers."""

    def __init__(self, house: House) -> None:
        self.house = house
        house.call("stay", "ru")
        house.work()
        (self.kept,) = house.objects()
        self.recorded = house.recordings()[0].call
        house.at.peaks.run()
        now = house.clock.now()
        with house.at.database.begin() as session:
            session.execute(sa.update(Person).values(password_hash=PASSWORD_HASH))
            other = add_centre(
                session, code="alm", name="Almaty", jurisdiction="KZ", timezone="Asia/Almaty", languages=["kk"], now=now
            )
            for name, role, centre in (
                ("bob", "qa_reviewer", other),
                ("mira", "centre_manager", other),
                ("pavel", "privacy_officer", None),
                ("aidar", "auditor", None),
            ):
                give_access(
                    session,
                    email=f"{name}@example.com",
                    role=role,
                    centre=centre,
                    password_hash=PASSWORD_HASH,
                    now=now,
                )

    def visitor(self) -> Visitor:
        return Visitor(self.house)

    def signed_in(self, name: str) -> Visitor:
        visitor = self.visitor()
        assert visitor.sign_in(f"{name}@example.com").status_code == 303
        return visitor

    def person(self, name: str) -> Person:
        found: Person = self.house.ask(
            lambda s: s.scalars(sa.select(Person).where(Person.email == f"{name}@example.com")).one()
        )
        return found

    def leaves(self, kind: str) -> list[dict[str, object]]:
        # What is told from now on comes behind what was told until now: else both could be of one moment.
        self.house.clock.sleep(0.001)
        told = sa.select(LeafOpening.facts).join(Leaf, Leaf.id == LeafOpening.leaf_id).where(Leaf.kind == kind)
        return list(self.house.ask(lambda s: s.scalars(told.order_by(Leaf.at)).all()))
