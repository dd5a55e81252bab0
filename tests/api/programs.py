"""Programs that show a token, and what they get."""

import json
from collections.abc import Sequence
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse as Answer

from app.auth import tokens
from app.auth.policy import Viewer, scopes_of
from storage.models import Person
from tests.pages.people import Town


def token_of(town: Town, name: str, scopes: Sequence[str] | None = None, days: int = 1) -> str:
    """A token of somebody's; without scopes, for all that they may."""
    with town.house.at.database.begin() as session:
        person = session.get_one(Person, town.person(name).id)
        theirs = scopes_of(Viewer(person.role, person.centre_id, person.active))
        tokens.end_all(session, person.id, "by_hand", town.house.clock.now())
        return tokens.make(session, person, "test", scopes or theirs, days, town.house.clock.now())[1]


class Program:
    """Somebody's program."""

    def __init__(self, town: Town, token: str | None) -> None:
        self.client: FlaskClient = town.house.app.test_client()
        self.token = token

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token is not None:
            told["Authorization"] = f"Bearer {self.token}"
        sent: dict[str, Any] = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        answer = self.client.open(f"/api/v1{path}", method=method, headers=told, buffered=True, **sent)
        assert "Set-Cookie" not in answer.headers
        if answer.status_code >= 400:
            assert answer.mimetype == "application/problem+json"
            assert answer.json is not None
            assert answer.json["status"] == answer.status_code
        return answer

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: object = None, **headers: str) -> Answer:
        return self.ask("POST", path, body, **headers)

    def listed(self, path: str) -> list[dict[str, Any]]:
        """All pages of a list, two a page."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            answer = self.get(f"{path}?limit=2{cursor}")
            assert answer.status_code == 200, answer.text
            assert answer.json is not None
            found += answer.json["items"]
            if answer.json["next"] is None:
                return found
            assert len(answer.json["items"]) == 2
            cursor = f"&cursor={answer.json['next']}"


def program(town: Town, name: str, scopes: Sequence[str] | None = None) -> Program:
    return Program(town, token_of(town, name, scopes))
