"""Every setting, typed, from `ESKERTU_*` variables, from files (`…_FILE`), or from a `.env`.

One section per neighbour (the store, the carrier, …), each with its own prefix. All mistakes are reported at once and
before anything starts; a variable that begins with `ESKERTU_` and is no setting is a mistake too, since a misspelt
name would otherwise silently mean its default.
"""

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

# Variables of the same family that are read elsewhere: who a command acts as is no setting of the installation.
NOT_SETTINGS = frozenset({"ESKERTU_AS"})
# Who is responsible where nobody has been named: pages say it in their own language.
UNNAMED = "the operator of this line"


class SettingsError(Exception):
    """One or more settings cannot be used; `mistakes` has a line for each."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class Section(BaseModel):
    """A group of settings that share a prefix."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StoreSettings(Section):
    """An S3 store (MinIO or another). Without an endpoint, `eskertu up` starts the embedded one."""

    endpoint: str | None = Field(default=None, description="host:port of the S3 store; unset: the embedded store")
    access_key: SecretStr | None = Field(default=None, description="access key of the S3 store")
    secret_key: SecretStr | None = Field(default=None, description="secret key of the S3 store")
    bucket: str = Field(default="eskertu", description="bucket that holds all media", min_length=3, max_length=63)
    region: str | None = Field(default=None, description="region of the bucket, where the store asks for one")
    secure: bool = Field(default=False, description="speak TLS to the store; set it to true for anything but loopback")

    @field_validator("endpoint")
    @classmethod
    def _bare_host(cls, value: str | None) -> str | None:
        if value is not None and "/" in value:
            raise ValueError("give host:port without http:// (ESKERTU_S3_SECURE chooses TLS)")
        return value


class TwilioSettings(Section):
    """The carrier's account. Without one, the practice phone is the carrier."""

    account_sid: str | None = Field(
        default=None, description="account SID (AC…) of the carrier", pattern=r"^AC[0-9A-Za-z]{2,62}$"
    )
    auth_token: SecretStr | None = Field(default=None, description="auth token: signs webhooks, opens the REST API")
    api_base_url: str = Field(
        default="https://api.twilio.com", description="another base URL serves a compatible carrier or a test double"
    )


class Settings(Section):
    """All of them."""

    home: Path = Field(default=Path("var"), description="where Eskertu keeps its own files")
    public_url: str | None = Field(
        default=None, description="the address the carrier reaches us at; unset: http://127.0.0.1:$PORT"
    )
    port: int = Field(default=8080, description="PORT: the loopback port the web listens on", ge=1, le=65535)
    database_url: str | None = Field(default=None, description="SQLAlchemy URL; unset: SQLite in ESKERTU_HOME")
    keys_database_url: str | None = Field(
        default=None, description="SQLAlchemy URL of the data keys' own database; unset: SQLite in ESKERTU_HOME"
    )
    master_key_path: Path | None = Field(
        default=None, description="file with the key that wraps the data keys; unset: ESKERTU_HOME/secrets/master.key"
    )
    controller: str = Field(
        default=UNNAMED,
        description="who is responsible, as consent records name it",
        max_length=200,
    )
    privacy_contact: str | None = Field(
        default=None,
        description="how callers reach who answers for their data, as the public notice pages say it",
        max_length=200,
    )
    ledger_origin: str = Field(
        default="eskertu.local/ledger",
        description="name of the ledger in its checkpoints: a host and path of yours, without https://",
        pattern=r"^[^\s+]+$",
    )
    practice: Literal["auto", "on", "off"] = Field(
        default="auto", description="the practice phone: auto = on unless a real account is configured"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least level that is logged"
    )
    spool_path: Path | None = Field(
        default=None, description="where the recorder keeps what is not stored yet; unset: ESKERTU_HOME/spool"
    )
    spool_limit_mb: int = Field(
        default=20_000, description="how many megabytes each camera may have in the spool", ge=1
    )
    recorder_name: str | None = Field(
        default=None, description="what people call this recorder; unset: the machine's name", max_length=100
    )
    recorder_centres: str | None = Field(
        default=None, description="codes of the centres whose cameras this recorder can reach; unset: all"
    )
    camera_files: Path | None = Field(
        default=None, description="folder below which cameras may be files; unset: ESKERTU_HOME/footage"
    )
    s3: StoreSettings = StoreSettings()
    twilio: TwilioSettings = TwilioSettings()

    @field_validator("public_url")
    @classmethod
    def _absolute(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
            raise ValueError("must look like https://calls.example.com, with no ? or #")
        return value.rstrip("/")

    @field_validator("database_url", "keys_database_url")
    @classmethod
    def _known_database(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            make_url(value).get_dialect()
        except (ArgumentError, ImportError) as error:
            # Not in SQLAlchemy's words: they can repeat the URL, with a password in it.
            raise ValueError("must look like postgresql+psycopg://user@host/name, or sqlite:////a/path") from error
        return value

    @property
    def base_url(self) -> str:
        """What the carrier's URLs begin with, without a slash at the end."""
        return self.public_url or f"http://127.0.0.1:{self.port}"

    @property
    def main_database_url(self) -> str:
        return self.database_url or f"sqlite:///{self.home.resolve() / 'eskertu.db'}"

    @property
    def key_database_url(self) -> str:
        return self.keys_database_url or f"sqlite:///{self.home.resolve() / 'keys' / 'keys.db'}"

    @property
    def master_key_file(self) -> Path:
        return self.master_key_path or self.home / "secrets" / "master.key"

    @property
    def spool_folder(self) -> Path:
        return self.spool_path or self.home / "spool"

    @property
    def camera_folder(self) -> Path:
        return self.camera_files or self.home / "footage"

    @property
    def recorder_centre_codes(self) -> frozenset[str]:
        """Of the centres whose cameras this recorder may take; empty: of all."""
        return frozenset((self.recorder_centres or "").replace(",", " ").split())

    @property
    def practice_is_on(self) -> bool:
        """The practice phone is off when a real account is configured, unless it was asked for."""
        return self.practice == "on" or (self.practice == "auto" and self.twilio.account_sid is None)


SECTIONS: tuple[tuple[str, str | None, type[Section]], ...] = (
    ("ESKERTU_S3_", "s3", StoreSettings),
    ("ESKERTU_TWILIO_", "twilio", TwilioSettings),
    ("ESKERTU_", None, Settings),
)


def setting_names() -> Iterator[tuple[str, str]]:
    """(variable, what it is for) of every setting, in order."""
    for prefix, _, section in SECTIONS:
        for name, field in section.model_fields.items():
            if name in {"s3", "twilio"}:
                continue
            yield _variable(prefix, name), field.description or ""


def load_settings(environment: Mapping[str, str] | None = None, dotenv: Path | None = None) -> Settings:
    """Read the settings.

    Raises:
        SettingsError: with every mistake, each naming its variable and what to do.
    """
    given = {k: v for k, v in dotenv_values(dotenv or ".env").items() if v is not None}
    given |= dict(os.environ if environment is None else environment)
    values, mistakes = _read_variables(given)
    assembled: dict[str, Any] = {}
    for prefix, key, section in SECTIONS:
        part = {field: values[name] for field in section.model_fields if (name := _variable(prefix, field)) in values}
        if key is None:
            assembled |= part
            continue
        try:
            assembled[key] = section.model_validate(part)
        except ValidationError as error:
            mistakes += _told(error, prefix)
    settings = None
    try:
        settings = Settings.model_validate(assembled)
    except ValidationError as error:
        mistakes += _told(error, "ESKERTU_")
    if settings is not None:
        mistakes += _contradictions(settings)
    if mistakes or settings is None:
        raise SettingsError(mistakes)
    return settings


def _variable(prefix: str, field: str) -> str:
    return "PORT" if field == "port" else f"{prefix}{field.upper()}"


def _read_variables(given: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    names = dict(setting_names())
    mistakes: list[str] = []
    values: dict[str, str] = {}
    for variable, value in given.items():
        if variable in NOT_SETTINGS or not (variable.startswith("ESKERTU_") or variable == "PORT"):
            continue
        name = variable.removesuffix("_FILE")
        if variable in names:
            if value != "":
                values[variable] = value
        elif name not in names:
            near = difflib.get_close_matches(variable, names, n=1)
            mistakes.append(f"{variable} is not a setting" + (f"; did you mean {near[0]}?" if near else ""))
        elif name in given:
            mistakes.append(f"{name} and {variable} are both set: keep one")
        else:
            try:
                values[name] = Path(value).read_text(encoding="utf-8").strip()
            except OSError as error:
                mistakes.append(f"{variable}: cannot read {value!r}: {error.strerror}")
            except UnicodeDecodeError:
                mistakes.append(f"{variable}: {value!r} is no text in UTF-8")
    return values, mistakes


def _told(error: ValidationError, prefix: str) -> list[str]:
    # The value itself is never repeated: it may be a secret.
    lines = []
    for item in error.errors(include_input=False):
        variable = _variable(prefix, str(item["loc"][0]))
        lines.append(f"{variable}: {item['msg'].removeprefix('Value error, ')}")
    return lines


def _contradictions(settings: Settings) -> Iterator[str]:
    s3, twilio = settings.s3, settings.twilio
    if s3.endpoint is not None and (s3.access_key is None or s3.secret_key is None):
        yield "ESKERTU_S3_ENDPOINT is set: ESKERTU_S3_ACCESS_KEY and ESKERTU_S3_SECRET_KEY are needed too"
    if (twilio.account_sid is None) != (twilio.auth_token is None):
        yield "ESKERTU_TWILIO_ACCOUNT_SID and ESKERTU_TWILIO_AUTH_TOKEN are needed together"
    if settings.practice == "off" and twilio.account_sid is None:
        yield "ESKERTU_PRACTICE is off and no ESKERTU_TWILIO_ACCOUNT_SID is set: there would be no carrier at all"
