"""Programs that show a token, and what they get."""

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse as Answer

from app.auth import tokens
from app.auth.policy import Viewer, scopes_of
from storage.models import Person, Recording
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

    def listed_at(self, path: str) -> list[str]:
        """The ids of the calls of a search."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        assert answer.json is not None
        return [each["call_sid"] for each in answer.json["items"]]

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


def recording_of(town: Town) -> Recording:
    """The recording of the town's first call."""
    query = sa.select(Recording).where(Recording.call_id == town.recorded.id)
    found: Recording = town.house.ask(lambda s: s.scalars(query).one())
    return found


def answers(shown: Program, recording_sid: str) -> dict[str, Any]:
    """A scorecard as it may be sent: to each question its first answer."""
    said = shown.get(f"/recordings/{recording_sid}/review").json
    assert said is not None
    given = {each["key"]: each["choices"][0] for each in said["questions"]}
    return {"scorecard": said["scorecard"], "seen": said["seen"], "answers": given}


def program(town: Town, name: str, scopes: Sequence[str] | None = None) -> Program:
    return Program(town, token_of(town, name, scopes))
