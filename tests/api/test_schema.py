"""schemathesis asks every address all that the OpenAPI document allows, and much that it does not: no finding.

With a token that has rights, with ones that have few or none there, and without one. In the suite, whoever has the
right is asked all that schemathesis makes of a schema, and everybody some requests that are drawn; with
ESKERTU_API_EXAMPLES=100, everybody is asked all, and so many that are drawn.
"""

import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.generation.hypothesis.builder import HypothesisTestConfig, HypothesisTestMode, create_test

from app.auth.roles import ByToken
from app.auth.routes import ROUTES
from tests.api.programs import token_of
from tests.pages.people import Town

EXAMPLES = int(os.environ.get("ESKERTU_API_EXAMPLES", "0"))
DRAWN = 3
OPERATIONS = [
    (rule.replace("<", "{").replace(">", "}"), method)
    for rule, who in ROUTES.items()
    if isinstance(who, ByToken)
    for method in ("GET", "POST")
    if who.takes(method)[0] is not None
]
PAUSING = ("/pause", "/resume")
REVIEWING = ("/reviews", "/review", "/notes", "/heard")
# An officer of all centres, an administrator, a reviewer of one centre, nobody.
WHO = ["pavel", "charlie", "alice", None]


@pytest.fixture(scope="module")
def document(town: Town) -> Any:
    return schemathesis.openapi.from_wsgi("/openapi.json", town.house.app)


@pytest.fixture(scope="module")
def shown(town: Town) -> dict[str | None, dict[str, str]]:
    """What each sends."""
    return {
        name: {"Authorization": f"Bearer {token_of(town, name)}"} if name is not None else {} for name in [*WHO, "mira"]
    }


def test_all_addresses_are_in_the_document(document: Any) -> None:
    found = {(each.ok().path, each.ok().method.upper()) for each in document.get_all_operations()}
    assert found == set(OPERATIONS)


@pytest.mark.parametrize("name", WHO)
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_no_finding(
    document: Any, shown: dict[str | None, dict[str, str]], path: str, method: str, name: str | None
) -> None:
    asked = 0
    right = "charlie" if "/people" in path else "alice" if path.endswith(REVIEWING) else "pavel"
    if path.endswith(PAUSING):
        right, name = "mira", name and "mira"

    def ask(case: Any) -> None:
        nonlocal asked
        asked += 1
        case.call_and_validate(headers=shown[name])

    bounded = settings(
        max_examples=EXAMPLES or DRAWN,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    modes = [each for each in HypothesisTestMode if EXAMPLES or name == right or each != HypothesisTestMode.COVERAGE]
    config = HypothesisTestConfig(document.config, modes, explicit_settings=bounded)
    create_test(operation=document[path][method], test_func=ask, config=config)()
    assert asked >= (EXAMPLES or DRAWN)
