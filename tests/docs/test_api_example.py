"""The example of docs/reference/api.md, typed as it stands there."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.api.programs import token_of
from tests.pages.conftest import town
from tests.pages.people import Town

__all__ = ["town"]
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "api.md"


def test_the_example_lists_calls(town: Town) -> None:
    if shutil.which("curl") is None:
        pytest.skip("no curl here")
    (example,) = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    told = os.environ | {"TOKEN": token_of(town, "pavel", ["calls:read"]), "ESKERTU": town.house.at.site.base_url}
    done = subprocess.run(["/bin/sh", "-c", example], env=told, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    answer = json.loads(done.stdout)
    assert [each["call_sid"] for each in answer["items"]] == [town.recorded.call_sid]
    assert answer["next"] is None
