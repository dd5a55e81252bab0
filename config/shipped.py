"""What Eskertu ships as data: the notices that callers hear, and the retention policies, checked before use.

`notices/texts.toml` is written by people; `notices/manifest.toml` and `notices/audio/` are made from it by
`python -m telephony.placeholder`, or replaced by recordings that people spoke. A recording of a call points
at the very text and audio that was heard, so both are known by their SHA-256, and a file that does not agree with its
hash is not used at all.
"""

import hashlib
import tomllib
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import isodate

LANGUAGES = ("kk", "ru", "en")
"""In the order in which a menu offers them: kk is key 1, ru key 2, en key 3, as the menu's texts say."""

NOTICE_MODES = ("stay", "opt_out", "opt_in")
PROMPT_KINDS = ("menu", "unrecorded", "unknown_number", "unavailable")
PURPOSES = ("training", "quality", "security", "evidence")

NoticeKey = tuple[str, str | None, str]
"""Kind, mode, language."""

EXPECTED: tuple[NoticeKey, ...] = tuple(
    (kind, mode, language)
    for kind, mode in [("notice", mode) for mode in NOTICE_MODES] + [(kind, None) for kind in PROMPT_KINDS]
    for language in LANGUAGES
)
"""Every (kind, mode, language) that must be shipped: a caller of any language may come to any of them."""

MANIFEST_FIELDS = {"kind", "language", "version", "text_sha256", "audio_sha256", "duration_ms", "placeholder"}


class ShippedDataBroken(Exception):
    """The data of this installation is incomplete or was changed; the message says where. Nothing may be played."""


@dataclass(frozen=True)
class NoticeText:
    """One text, as people wrote it; whether there is audio for it is not yet known."""

    kind: str
    mode: str | None
    language: str
    version: int
    text: str

    @property
    def sha256(self) -> str:
        """Of the text's UTF-8 bytes, hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def __str__(self) -> str:
        return "/".join(part for part in (self.kind, self.mode, self.language) if part)


@dataclass(frozen=True)
class ShippedNotice:
    """One text with its audio. `mode` is None for prompts; `placeholder` says that a machine spoke it."""

    kind: str
    mode: str | None
    language: str
    version: int
    text: str
    text_sha256: str
    audio_sha256: str
    duration_ms: int
    placeholder: bool


@dataclass(frozen=True)
class ShippedPolicy:
    """How long a purpose keeps what it keeps. `jurisdictions` None: everywhere. `window`: an ISO 8601 duration."""

    purpose: str
    jurisdictions: tuple[str, ...] | None
    window: str
    reason: dict[str, str] = field(hash=False)
    """By language (kk, ru, en)."""


def notice_texts() -> tuple[NoticeText, ...]:
    """Every text of `notices/texts.toml`, in its order. Raises ShippedDataBroken for a missing or doubled one."""
    texts = []
    for entry in _entries("notices/texts.toml", "text"):
        try:
            one = NoticeText(entry["kind"], entry.get("mode"), entry["language"], entry["version"], entry["text"])
        except KeyError as error:
            raise ShippedDataBroken(f"notices/texts.toml: an entry lacks {error}: {entry}") from error
        if one.text != unicodedata.normalize("NFC", one.text.strip()) or not one.text:
            raise ShippedDataBroken(f"notices/texts.toml: {one} is empty, has space around it, or is not NFC")
        if not isinstance(one.version, int) or one.version < 1:
            raise ShippedDataBroken(f"notices/texts.toml: the version of {one} is not a whole number from 1")
        texts.append(one)
    _complete("notices/texts.toml", [(one.kind, one.mode, one.language) for one in texts])
    return tuple(texts)


@cache
def shipped_notices() -> tuple[ShippedNotice, ...]:
    """Every text with its audio, all hashes checked once per process.

    Raises ShippedDataBroken when a text, its line in the manifest or its audio is missing, or a hash does not agree.
    """
    lines = manifest_lines()
    _complete("notices/manifest.toml", list(lines))
    return tuple(_joined(one, lines[one.kind, one.mode, one.language]) for one in notice_texts())


def manifest_lines() -> dict[NoticeKey, dict[str, Any]]:
    """What `notices/manifest.toml` says of each audio file, not yet compared with texts or files.

    Raises ShippedDataBroken for a line that lacks something, or stands there twice.
    """
    lines: dict[NoticeKey, dict[str, Any]] = {}
    for entry in _entries("notices/manifest.toml", "audio"):
        if lacking := MANIFEST_FIELDS - entry.keys():
            raise ShippedDataBroken(f"notices/manifest.toml: {', '.join(sorted(lacking))} missing in {entry}")
        key = (entry["kind"], entry.get("mode"), entry["language"])
        if key in lines:
            raise ShippedDataBroken(f"notices/manifest.toml: two lines for {key}")
        lines[key] = entry
    return lines


def _joined(one: NoticeText, line: dict[str, Any]) -> ShippedNotice:
    """A text and its audio, when they belong together."""
    if (line["version"], line["text_sha256"]) != (one.version, one.sha256):
        raise ShippedDataBroken(
            f"notices/manifest.toml: the audio of {one} says something else than version {one.version} of its text; "
            "run `python -m telephony.placeholder`, or record it anew"
        )
    shipped_audio(line["audio_sha256"])
    return ShippedNotice(
        kind=one.kind,
        mode=one.mode,
        language=one.language,
        version=one.version,
        text=one.text,
        text_sha256=one.sha256,
        audio_sha256=line["audio_sha256"],
        duration_ms=line["duration_ms"],
        placeholder=line["placeholder"],
    )


def shipped_audio(sha256: str) -> bytes:
    """The WAV file (8 kHz, mono, 16-bit PCM) with this SHA-256 (64 lower-case hexadecimal digits).

    Raises ShippedDataBroken when there is none, or when its bytes have another hash.
    """
    if len(sha256) != 64 or set(sha256) - set("0123456789abcdef"):
        raise ShippedDataBroken(f"{sha256!r} is not a SHA-256 in lower-case hexadecimal")
    try:
        data = (files("config") / "notices" / "audio" / f"{sha256}.wav").read_bytes()
    except FileNotFoundError as error:
        raise ShippedDataBroken(f"notices/audio/{sha256}.wav is missing") from error
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise ShippedDataBroken(f"notices/audio/{sha256}.wav was changed: its SHA-256 is {found}")
    return data


@cache
def shipped_policies() -> tuple[ShippedPolicy, ...]:
    """The retention policies of `retention/policies.toml`, in its order.

    Raises ShippedDataBroken for a purpose without a policy that holds everywhere, two policies for one place, a
    window that is no ISO 8601 duration, or a reason that lacks a language.
    """
    policies = []
    places: set[tuple[str, str | None]] = set()
    for entry in _entries("retention/policies.toml", "policy"):
        policy = _policy(entry)
        for place in policy.jurisdictions or (None,):
            if (policy.purpose, place) in places:
                raise ShippedDataBroken(f"retention/policies.toml: two policies: {policy.purpose}, {place or 'all'}")
            places.add((policy.purpose, place))
        policies.append(policy)
    if lacking := [purpose for purpose in PURPOSES if (purpose, None) not in places]:
        raise ShippedDataBroken(f"retention/policies.toml: nothing holds everywhere for {', '.join(lacking)}")
    return tuple(policies)


def _policy(entry: dict[str, Any]) -> ShippedPolicy:
    where = f"retention/policies.toml: {entry.get('purpose')}"
    try:
        jurisdictions = entry.get("jurisdictions")
        policy = ShippedPolicy(
            purpose=entry["purpose"],
            jurisdictions=None if jurisdictions is None else tuple(jurisdictions),
            window=entry["window"],
            reason={language: entry["reason"][language] for language in LANGUAGES},
        )
    except KeyError as error:
        raise ShippedDataBroken(f"{where}: {error} is missing") from error
    if policy.purpose not in PURPOSES:
        raise ShippedDataBroken(f"{where}: not one of {', '.join(PURPOSES)}")
    if policy.jurisdictions is not None and not policy.jurisdictions:
        raise ShippedDataBroken(f"{where}: an empty list of jurisdictions would hold nowhere; leave it out")
    if not all(text.strip() for text in policy.reason.values()):
        raise ShippedDataBroken(f"{where}: a reason is empty")
    try:
        isodate.parse_duration(policy.window)
    except isodate.ISO8601Error as error:
        raise ShippedDataBroken(f"{where}: {policy.window!r} is no ISO 8601 duration such as P90D") from error
    return policy


def _entries(path: str, name: str) -> list[dict[str, Any]]:
    """The `[[name]]` tables of a shipped TOML file."""
    source = files("config").joinpath(*path.split("/"))
    try:
        entries: list[dict[str, Any]] = tomllib.loads(source.read_text("utf-8"))[name]
    except (FileNotFoundError, tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError) as error:
        raise ShippedDataBroken(f"{path} cannot be read as a list of [[{name}]]: {error!r}") from error
    return entries


def _complete(path: str, found: list[NoticeKey]) -> None:
    """Each of EXPECTED exactly once, nothing else."""
    for key in {*found, *EXPECTED}:
        if found.count(key) != EXPECTED.count(key):
            name = "/".join(part for part in key if part)
            raise ShippedDataBroken(f"{path}: {name} stands there {found.count(key)} times, not {EXPECTED.count(key)}")
