"""Documents: the verbs' reference pages, errors 12100, 12200, 12300."""

import pytest

from telephony.practice.twiml import TwimlError, parse


def read(body: str, content_type: str = "text/xml") -> list[str]:
    return [verb.name for verb in parse(body.encode(), content_type, "https://example.com/x")]


def test_the_examples_of_the_reference_pages() -> None:
    """The first examples of «Gather», «Dial», «Recording», «Record», «Reject»."""
    assert read('<?xml version="1.0" encoding="UTF-8"?>\n<Response>\n<Gather/>\n</Response>') == ["Gather"]
    assert read("<Response><Dial>415-123-4567</Dial></Response>") == ["Dial"]
    start = '<Start><Recording channels="dual" recordingStatusCallback ="https://example.com/x"/></Start>'
    assert read(f"<Response>{start}<Say>The recording has started.</Say></Response>") == ["Start", "Say"]
    assert read("<Response><Record/></Response>") == ["Record"]
    assert read('<Response><Reject reason="busy" /></Response>') == ["Reject"]
    assert read("<Response/>") == []


def test_comments_and_texts() -> None:
    (play,) = parse(b"<Response><!-- no --><Play> https://a/b?c=1&amp;d=2 </Play></Response>", "text/xml", "")
    assert play.text == "https://a/b?c=1&d=2"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", 12100),
        ("<Response><Say>unclosed</Response>", 12100),
        ("<Answer/>", 12100),
        ('<!DOCTYPE x [<!ENTITY a "b">]><Response/>', 12100),
        ("<Response><Sing/></Response>", 12200),
        ("<Response><say>case</say></Response>", 12200),
        ("<Response><Connect/></Response>", 12200),
        ('<Response><Pause lenght="1"/></Response>', 12200),
        ('<Response><Pause length="1.5"/></Response>', 12200),
        ('<Response><Gather numDigits="0"/></Response>', 12200),
        ("<Response><Gather><Dial>+1</Dial></Gather></Response>", 12200),
        ("<Response><Dial/></Response>", 12200),
        ('<Response><Dial record="dual">+1</Dial></Response>', 12200),
        ('<Response><Redirect method="PUT">/x</Redirect></Response>', 12200),
        ("<Response>words</Response>", 12200),
        ("<Response><Hangup/>words</Response>", 12200),
        ('<Response><Start><Recording recordingStatusCallbackEvent="started"/></Start></Response>', 12200),
    ],
)
def test_what_is_no_twiml(body: str, code: int) -> None:
    with pytest.raises(TwimlError) as error:
        read(body)
    assert error.value.code == code


def test_what_twilio_knows_and_we_do_not_practise_is_named_so() -> None:
    with pytest.raises(TwimlError, match="is not practised here"):
        read("<Response><Enqueue/></Response>")
    with pytest.raises(TwimlError, match="is not practised here"):
        read('<Response><Dial hangupOnStar="true">+1</Dial></Response>')


def test_other_content_types() -> None:
    """«TwiML: MIME types»: audio is played, text is said; 12300 for the rest."""
    assert read("sound", "audio/mpeg") == ["Play"]
    assert read("words", "text/plain; charset=utf-8") == ["Say"]
    with pytest.raises(TwimlError) as error:
        read("<Response/>", "application/json")
    assert error.value.code == 12300
