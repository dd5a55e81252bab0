"""Settings: all mistakes at once, each by its name; secrets from files; every one in the reference."""

import re
from pathlib import Path

import pytest

from config.settings import load_settings, setting_names
from tests.command import Commands

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"


def test_all_mistakes_are_told_at_once(eskertu: Commands) -> None:
    said = eskertu.refused(
        "calls",
        ESKERTU_PUBLC_URL="https://calls.example.com",
        ESKERTU_S3_ENDPOINT="http://store:9000",
        ESKERTU_S3_BUCKET="x",
        ESKERTU_TWILIO_ACCOUNT_SID="12345",
        ESKERTU_LOG_LEVEL="loud",
        PORT="http",
    )
    assert "ESKERTU_PUBLC_URL is not a setting; did you mean ESKERTU_PUBLIC_URL?" in said
    for name in ("ESKERTU_S3_ENDPOINT", "ESKERTU_S3_BUCKET", "ESKERTU_TWILIO_ACCOUNT_SID", "ESKERTU_LOG_LEVEL", "PORT"):
        assert re.search(rf"^(eskertu: )?{name}: .+", said, re.MULTILINE), (name, said)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"ESKERTU_PUBLIC_URL": "calls.example.com"}, "ESKERTU_PUBLIC_URL: must look like https://"),
        ({"ESKERTU_S3_ENDPOINT": "store:9000"}, "ESKERTU_S3_ACCESS_KEY and ESKERTU_S3_SECRET_KEY are needed too"),
        ({"ESKERTU_TWILIO_AUTH_TOKEN": "0123456789abcdef"}, "are needed together"),
        ({"ESKERTU_PRACTICE": "off"}, "there would be no carrier at all"),
        ({"PORT": "70000"}, "PORT: "),
        ({"ESKERTU_DATABASE_URL": "not a url"}, "ESKERTU_DATABASE_URL: "),
        ({"ESKERTU_KEYS_DATABASE_URL": "nosuchdatabase://host/name"}, "ESKERTU_KEYS_DATABASE_URL: "),
        ({"ESKERTU_S3_SECRET_KEY_FILE": "nowhere"}, "ESKERTU_S3_SECRET_KEY_FILE: cannot read 'nowhere'"),
    ],
)
def test_a_mistake_names_its_variable_and_what_to_do(eskertu: Commands, given: dict[str, str], words: str) -> None:
    assert words in eskertu.refused("db", "upgrade", **given)


def test_a_secret_is_never_repeated(eskertu: Commands) -> None:
    said = eskertu.refused("calls", ESKERTU_TWILIO_AUTH_TOKEN="very-secret-0123456789", PORT="very-secret-port")
    assert "very-secret" not in said


def test_a_setting_can_come_from_a_file_but_not_from_two_places(eskertu: Commands) -> None:
    (eskertu.folder / "url").write_text("https://calls.example.com/\n")
    environment = {"ESKERTU_PUBLIC_URL_FILE": str(eskertu.folder / "url")}
    settings = load_settings(environment, eskertu.folder / "no.env")
    assert settings.base_url == "https://calls.example.com"
    said = eskertu.refused("calls", ESKERTU_PUBLIC_URL="https://x.example.com", **environment)
    assert "ESKERTU_PUBLIC_URL and ESKERTU_PUBLIC_URL_FILE are both set: keep one" in said


def test_a_file_that_is_no_text_is_told(eskertu: Commands) -> None:
    (eskertu.folder / "token").write_bytes(b"\xff\xfe\x00")
    said = eskertu.refused("calls", ESKERTU_TWILIO_AUTH_TOKEN_FILE=str(eskertu.folder / "token"))
    assert "ESKERTU_TWILIO_AUTH_TOKEN_FILE: " in said


def test_a_dotenv_is_read_and_the_environment_wins(eskertu: Commands) -> None:
    (eskertu.folder / ".env").write_text("PORT=9001\nESKERTU_CONTROLLER='Somebody'\n")
    settings = load_settings({"PORT": "9002"}, eskertu.folder / ".env")
    assert (settings.port, settings.controller) == (9002, "Somebody")
    (eskertu.folder / ".env").write_text("ESKERTU_HOEM=elsewhere\n")
    assert "did you mean ESKERTU_HOME?" in eskertu.refused("calls")


@pytest.mark.parametrize("name", [name for name, _ in setting_names()])
def test_every_setting_is_in_the_reference(name: str) -> None:
    assert REFERENCE.exists(), "docs/reference/settings.md is missing"
    assert re.search(rf"\b{name}\b(?!_)", REFERENCE.read_text()), f"{name} is not documented"


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, told in setting_names() if not told] == []
