"""A TwiML document, read strictly.

Twilio ignores much of what it does not know, with a 12200 warning that nobody reads. Here a verb or an attribute that
is unknown is an error: the place to learn of a misspelt attribute is practice. What Twilio knows and we do not
practise is refused too, and named as that.

Sources: the reference page of each verb under «TwiML for Programmable Voice»; error dictionary 12100, 12200, 12300.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree as ET

PARSE_FAILURE = 12100
SCHEMA_VIOLATION = 12200
INVALID_CONTENT_TYPE = 12300

XML_TYPES = frozenset({"text/xml", "application/xml", "text/html"})

DIGITS = r"\d+"
BOOLEAN = "true|false"
METHOD = "GET|POST"
ANY = r"(?s).*"
EVENTS = r"(in-progress|completed|absent)( +(in-progress|completed|absent))*"
RECORD_MODES = (
    "do-not-record|true|false|record-from-answer|record-from-ringing|record-from-answer-dual|record-from-ringing-dual"
)
TRIM = "trim-silence|do-not-trim"
CALLBACK = {
    "recordingStatusCallback": ANY,
    "recordingStatusCallbackMethod": METHOD,
    "recordingStatusCallbackEvent": EVENTS,
}
NEXT = {"action": ANY, "method": METHOD}


@dataclass(frozen=True)
class Grammar:
    """What may stand in and on a verb: attributes with a pattern for their values, children, text of its own."""

    attributes: Mapping[str, str]
    children: frozenset[str] = frozenset()
    text: bool = False
    not_practised: frozenset[str] = frozenset()


VERBS: Mapping[str, Grammar] = {
    "Say": Grammar({"voice": ANY, "language": ANY, "loop": DIGITS}, text=True),
    "Play": Grammar({"loop": DIGITS}, text=True, not_practised=frozenset({"digits"})),
    "Pause": Grammar({"length": DIGITS}),
    "Gather": Grammar(
        NEXT
        | {
            "input": "dtmf",
            "timeout": DIGITS,
            "finishOnKey": r"[0-9#*]?",
            "numDigits": r"[1-9]\d*",
            "actionOnEmptyResult": BOOLEAN,
        },
        children=frozenset({"Say", "Play", "Pause"}),
        not_practised=frozenset(
            {"language", "hints", "bargeIn", "speechTimeout", "speechModel", "enhanced", "profanityFilter"}
            | {"partialResultCallback", "partialResultCallbackMethod"}
        ),
    ),
    "Redirect": Grammar({"method": METHOD}, text=True),
    "Hangup": Grammar({}),
    "Reject": Grammar({"reason": "rejected|busy"}),
    "Dial": Grammar(
        NEXT
        | CALLBACK
        | {
            "timeout": DIGITS,
            "timeLimit": r"[1-9]\d*",
            "callerId": ANY,
            "answerOnBridge": BOOLEAN,
            "record": RECORD_MODES,
            "trim": TRIM,
            "recordingTrack": "both",
        },
        children=frozenset({"Number"}),
        text=True,
        not_practised=frozenset({"hangupOnStar", "ringTone", "sequential", "referUrl", "referMethod", "events"}),
    ),
    "Number": Grammar(
        {},
        text=True,
        not_practised=frozenset(
            {"sendDigits", "url", "method", "byoc", "statusCallback", "statusCallbackEvent", "statusCallbackMethod"}
        ),
    ),
    "Record": Grammar(
        NEXT
        | CALLBACK
        | {
            "timeout": DIGITS,
            "finishOnKey": r"[0-9#*]*",
            "maxLength": r"[1-9]\d*",
            "playBeep": BOOLEAN,
            "trim": TRIM,
        },
        not_practised=frozenset({"transcribe", "transcribeCallback"}),
    ),
    "Start": Grammar({}, children=frozenset({"Recording"})),
    "Recording": Grammar(
        CALLBACK | {"trim": TRIM, "channels": "mono|dual", "track": "both"}, not_practised=frozenset({"name"})
    ),
}
TOP_LEVEL = frozenset(VERBS) - {"Number", "Recording"}
NOT_PRACTISED = frozenset(
    {"Connect", "Enqueue", "Leave", "Pay", "Prompt", "Refer", "Stop", "Sms", "Conference", "Client", "Sip", "Queue"}
    | {"Stream", "Siprec", "Transcription"}
)


class TwimlError(Exception):
    """A document that cannot be executed; `code` is Twilio's."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Verb:
    """One element, checked against its grammar. `text` is stripped."""

    name: str
    attributes: Mapping[str, str]
    text: str
    children: tuple["Verb", ...]

    def get(self, name: str, default: str = "") -> str:
        """An attribute's value."""
        return self.attributes.get(name, default)

    def number(self, name: str, default: int) -> int:
        """An attribute that is a number, of seconds or digits or rounds."""
        return int(self.attributes.get(name, default))


def parse(body: bytes, content_type: str, url: str) -> tuple[Verb, ...]:
    """The verbs of a document. Raises TwimlError.

    Audio is played and plain text is said, as Twilio does with such answers («TwiML: MIME types»).
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind.startswith("audio/"):
        return (Verb("Play", {}, url, ()),)
    if kind == "text/plain":
        return (Verb("Say", {}, body.decode("utf-8", "replace").strip(), ()),)
    if kind not in XML_TYPES:
        raise TwimlError(INVALID_CONTENT_TYPE, f"Invalid Content-Type: {kind or 'none'}")
    if b"<!" in body.replace(b"<!--", b""):
        # TwiML has neither document types nor entities, and a parser that meets them can be made to run for ever
        raise TwimlError(PARSE_FAILURE, "Document parse failure: a document type is no part of TwiML")
    try:
        root = ET.fromstring(body)  # noqa: S314 - entities are refused above
    except ET.ParseError as error:
        raise TwimlError(PARSE_FAILURE, f"Document parse failure: {error}") from error
    if root.tag != "Response":
        raise TwimlError(PARSE_FAILURE, f"Document parse failure: the root element is {root.tag}, not Response")
    if root.attrib or (root.text or "").strip():
        raise TwimlError(SCHEMA_VIOLATION, "Schema validation warning: Response holds verbs alone")
    return tuple(_verb(element, TOP_LEVEL, "Response") for element in root)


def _verb(element: ET.Element, allowed: frozenset[str], parent: str) -> Verb:
    name = element.tag
    if name not in allowed:
        why = "is not practised here" if name in NOT_PRACTISED else f"may not stand in {parent}"
        raise TwimlError(SCHEMA_VIOLATION, f"Schema validation warning: {name} {why}")
    grammar = VERBS[name]
    for attribute, value in element.attrib.items():
        _check(name, grammar, attribute, value)
    text = (element.text or "").strip()
    if (text and not grammar.text) or (element.tail or "").strip():
        raise TwimlError(SCHEMA_VIOLATION, f"Schema validation warning: unexpected text at {name}")
    children = tuple(_verb(child, grammar.children, name) for child in element)
    if name == "Dial" and not text and not children:
        raise TwimlError(SCHEMA_VIOLATION, "Schema validation warning: Dial has nobody to call")
    if name == "Start" and not children:
        raise TwimlError(SCHEMA_VIOLATION, "Schema validation warning: Start starts nothing")
    return Verb(name, dict(element.attrib), text, children)


def _check(name: str, grammar: Grammar, attribute: str, value: str) -> None:
    if attribute in grammar.not_practised:
        raise TwimlError(SCHEMA_VIOLATION, f"Schema validation warning: {name} {attribute} is not practised here")
    pattern = grammar.attributes.get(attribute)
    if pattern is None:
        raise TwimlError(SCHEMA_VIOLATION, f"Schema validation warning: {name} has no attribute {attribute}")
    if not re.fullmatch(pattern, value):
        raise TwimlError(SCHEMA_VIOLATION, f"Schema validation warning: {name} {attribute}={value!r} is not allowed")
