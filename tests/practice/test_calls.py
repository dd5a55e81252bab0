"""Calls: what is executed when, and what the application is told. Each test names the page it is taken from."""

from datetime import timedelta

import pytest
from twilio.request_validator import RequestValidator
from werkzeug.wrappers import Response

from telephony.practice.caller import CallerPlan, CallResult
from telephony.practice.network import PracticeNetwork
from tests.practice.customer import ACCOUNT, DESK, LINE, TOKEN, Customer, FastClock, wav

MENU = '<Gather numDigits="1" action="/chosen"><Play>/kk.wav</Play><Play>/ru.wav</Play><Play>/en.wav</Play></Gather>'
NOTICE = (
    '<Gather numDigits="1" finishOnKey="" timeout="3" action="/key"><Play>/notice.wav</Play></Gather>'
    "<Redirect>/agreed</Redirect>"
)
RECORDED = (
    '<Dial record="record-from-answer-dual" recordingStatusCallback="/rec"'
    ' recordingStatusCallbackEvent="in-progress completed absent"><Number>+77172000001</Number></Dial>'
)


def kinds(result: CallResult) -> list[str]:
    return [event.kind for event in result.events]


@pytest.fixture(autouse=True)
def _pages(customer: Customer) -> None:
    customer.pages |= {f"/{name}.wav": wav(2.0) for name in ("kk", "ru", "en")}
    customer.pages |= {
        "/voice": MENU + "<Redirect/>",
        "/chosen": NOTICE,
        "/notice.wav": wav(6.0),
        "/key": "<Hangup/>",
        "/agreed": RECORDED,
        "/rec": "",
        "/status": "",
    }


def test_every_request_is_signed_and_carries_the_call(network: PracticeNetwork, customer: Customer) -> None:
    """«TwiML for Programmable Voice: Twilio's request to your application»."""
    result = network.place_call(CallerPlan(LINE, menu_digit="1"))
    posts = [heard for heard in customer.heard if heard.method == "POST"]
    assert [heard.path for heard in posts] == ["/voice", "/chosen", "/agreed", "/rec", "/status", "/rec"]
    for heard in posts:
        assert RequestValidator(TOKEN).validate(heard.url, heard.form, heard.headers["X-Twilio-Signature"])
        assert heard.form["AccountSid"] == ACCOUNT
        assert heard.form["CallSid"] == result.call_sid
    ringing = customer.got("/voice").form
    wanted = {"From": "+77015550123", "To": LINE, "CallStatus": "ringing", "Direction": "inbound"}
    assert wanted.items() <= ringing.items()
    assert ringing["Caller"] == ringing["From"]
    assert ringing["Called"] == LINE
    assert ringing["ApiVersion"] == "2010-04-01"
    assert customer.got("/chosen").form["CallStatus"] == "in-progress"
    assert customer.got("/chosen").form["Digits"] == "1"
    media = [heard for heard in customer.heard if heard.path.endswith(".wav")]
    assert {heard.method for heard in media} == {"GET"}
    assert not any("X-Twilio-Signature" in heard.headers for heard in media)
    assert (result.status, len(result.recording_sids)) == ("completed", 1)


def test_time_passes_as_long_as_the_sounds_last(network: PracticeNetwork, customer: Customer) -> None:
    """«Gather»: the timeout begins when the nested verbs have ended; then the next verb is run."""
    network.place_call(CallerPlan(LINE, menu_digit="2"))
    # Russian is the second choice: pressed half a second after it was said, in the middle of the third
    assert customer.got("/chosen").at - customer.got("/voice").at == timedelta(seconds=4.5)
    assert customer.got("/agreed").at - customer.got("/chosen").at == timedelta(seconds=6 + 3)


def test_last_choice_is_pressed_in_the_timeout(network: PracticeNetwork, customer: Customer) -> None:
    network.place_call(CallerPlan(LINE, menu_digit="3"))
    assert customer.got("/chosen").at - customer.got("/voice").at == timedelta(seconds=6.5)
    assert customer.got("/chosen").form["Digits"] == "3"


def test_an_empty_gather_falls_through(network: PracticeNetwork, customer: Customer) -> None:
    """«Gather»: without input the verbs behind it are run, unless actionOnEmptyResult asks for the action."""
    customer.pages["/voice"] = '<Gather timeout="2" action="/chosen"/><Redirect>/agreed</Redirect>'
    network.place_call(CallerPlan(LINE))
    assert "/chosen" not in customer.paths()
    customer.pages["/voice"] = (
        '<Gather timeout="2" action="/key" actionOnEmptyResult="true"/><Redirect>/agreed</Redirect>'
    )
    customer.heard.clear()
    network.place_call(CallerPlan(LINE))
    assert customer.got("/key").form["Digits"] == ""
    assert "/agreed" not in customer.paths()


def test_gathers_action_is_the_documents_own_url_by_default(network: PracticeNetwork, customer: Customer) -> None:
    """«Gather: action»."""
    answers = iter(["<Gather numDigits='1'><Play>/kk.wav</Play><Play>/ru.wav</Play></Gather>", "<Hangup/>"])
    customer.pages["/voice"] = lambda _: next(answers)
    network.place_call(CallerPlan(LINE, menu_digit="1"))
    assert [heard.form.get("Digits") for heard in customer.all("/voice")] == [None, "1"]


@pytest.mark.parametrize(
    ("attributes", "keys", "digits"),
    [
        ('numDigits="2"', "123", "12"),
        ("", "12#", "12"),
        ("", "12", "12"),
        ('finishOnKey="*"', "1#*", "1#"),
        ('finishOnKey="" numDigits="3"', "1#*", "1#*"),
    ],
)
def test_which_digits_are_submitted(
    network: PracticeNetwork, customer: Customer, attributes: str, keys: str, digits: str
) -> None:
    """«Gather»: numDigits, finishOnKey (left out of the digits), timeout."""
    customer.pages["/voice"] = f'<Gather {attributes} action="/key"><Play>/notice.wav</Play></Gather>'
    network.place_call(CallerPlan(LINE, do=f"press:{keys}"))
    assert customer.got("/key").form["Digits"] == digits


def test_finish_key_alone_is_no_input(network: PracticeNetwork, customer: Customer) -> None:
    """«Gather: finishOnKey» works only when a digit sequence precedes it."""
    customer.pages["/voice"] = '<Gather action="/key"><Play>/notice.wav</Play></Gather><Redirect>/agreed</Redirect>'
    network.place_call(CallerPlan(LINE, do="press:#"))
    assert "/key" not in customer.paths()
    assert "/agreed" in customer.paths()


def test_a_key_stops_the_play(network: PracticeNetwork, customer: Customer) -> None:
    """«Gather»: after the first digit the audio stops playing."""
    customer.pages["/voice"] = NOTICE
    result = network.place_call(CallerPlan(LINE, do="press-early:2"))
    assert customer.got("/key").at - customer.got("/voice").at == timedelta(seconds=3)
    assert "heard-to-end" not in kinds(result)
    assert "/agreed" not in customer.paths()


def test_a_key_outside_a_gather_is_lost(network: PracticeNetwork, customer: Customer) -> None:
    """«Play», «Gather»: only a Gather collects keys."""
    customer.pages["/voice"] = '<Play>/notice.wav</Play><Pause length="3"/><Redirect>/agreed</Redirect>'
    result = network.place_call(CallerPlan(LINE, do="press:2"))
    assert [event.details["lost"] for event in result.events if event.kind == "pressed"] == [True]
    assert customer.got("/agreed").at - customer.got("/voice").at == timedelta(seconds=9)


def test_a_notice_that_was_interrupted_is_played_again(network: PracticeNetwork, customer: Customer) -> None:
    customer.pages |= {"/voice": NOTICE, "/key": "<Redirect>/voice</Redirect>"}
    keys: list[str] = []

    def key(_request: object) -> str:
        keys.append("pressed")
        return "<Redirect>/voice</Redirect>" if len(keys) == 1 else "<Hangup/>"

    customer.pages["/key"] = key
    network.place_call(CallerPlan(LINE, do="press-early:1,press:1"))
    first, second = customer.all("/key")
    assert second.at - first.at == timedelta(seconds=6 + 1)


@pytest.mark.parametrize(
    ("do", "after_s"), [("hangup-in-menu", 1), ("hangup-during-notice", 2.5 + 3), ("hangup-after-notice", 2.5 + 6 + 1)]
)
def test_a_caller_who_leaves(network: PracticeNetwork, customer: Customer, do: str, after_s: float) -> None:
    """«TwiML for Programmable Voice»: the session ends with the call; «Voice Webhooks»: the status callback."""
    result = network.place_call(CallerPlan(LINE, menu_digit="1", do=do))
    assert "/agreed" not in customer.paths()
    assert "/key" not in customer.paths()
    assert result.recording_sids == ()
    status = customer.got("/status")
    assert status.at - customer.got("/voice").at == timedelta(seconds=after_s)
    assert status.form["CallStatus"] == "completed"
    assert status.form["CallDuration"] == str(round(after_s))
    assert status.form["Duration"] == "1"
    assert status.form["CallbackSource"] == "call-progress-events"


def test_hanging_up_behind_a_notice_without_any_pause(network: PracticeNetwork, customer: Customer) -> None:
    customer.pages["/voice"] = "<Play>/notice.wav</Play><Redirect>/agreed</Redirect>"
    network.place_call(CallerPlan(LINE, do="hangup-after-notice"))
    assert "/agreed" not in customer.paths()


def test_dial_reports_its_outcome(network: PracticeNetwork, customer: Customer) -> None:
    """«Dial: action»: DialCallStatus, DialCallSid, DialCallDuration, and the recording's URL where there is one."""
    dial = f'<Dial action="/after" record="record-from-answer">{DESK}</Dial>'
    customer.pages |= {"/voice": dial, "/after": "<Hangup/>"}
    result = network.place_call(CallerPlan(LINE, callee="hangs-up-first", talk_s=7))
    form = customer.got("/after").form
    assert form["DialCallStatus"] == "completed"
    assert form["DialCallDuration"] == "7"
    assert form["DialCallSid"].startswith("CA")
    assert form["DialCallSid"] != form["CallSid"]
    assert (
        form["RecordingUrl"]
        == f"{network.base_url}/2010-04-01/Accounts/{ACCOUNT}/Recordings/{result.recording_sids[0]}"
    )
    assert form["CallStatus"] == "in-progress"


@pytest.mark.parametrize(("callee", "waits_s"), [("busy", 1), ("no-answer", 20)])
def test_nobody_answers(network: PracticeNetwork, customer: Customer, callee: str, waits_s: float) -> None:
    """«Dial»: busy, no-answer; nothing is recorded from an answer that never came; without action the next verb."""
    dial = f'<Dial timeout="20" record="record-from-answer-dual" action="/after">{DESK}</Dial>'
    customer.pages |= {"/voice": dial, "/after": "<Hangup/>"}
    result = network.place_call(CallerPlan(LINE, callee=callee))
    assert customer.got("/after").form["DialCallStatus"] == callee
    assert "DialCallDuration" not in customer.got("/after").form
    assert customer.got("/after").at - customer.got("/voice").at == timedelta(seconds=waits_s)
    assert result.recording_sids == ()
    customer.pages["/voice"] = f"<Dial>{DESK}</Dial><Redirect>/after</Redirect>"
    network.place_call(CallerPlan(LINE, callee=callee))
    assert len(customer.all("/after")) == 2


def test_a_caller_who_hangs_up_in_a_dial_ends_the_session(network: PracticeNetwork, customer: Customer) -> None:
    """«Dial»: the document goes on only while the original caller is still on the line."""
    customer.pages["/voice"] = f'<Dial action="/after">{DESK}</Dial>'
    network.place_call(CallerPlan(LINE))
    assert "/after" not in customer.paths()


def test_time_limit(network: PracticeNetwork, customer: Customer) -> None:
    """«Dial: timeLimit»."""
    customer.pages |= {"/voice": f'<Dial action="/after" timeLimit="5">{DESK}</Dial>', "/after": "<Hangup/>"}
    network.place_call(CallerPlan(LINE, talk_s=60))
    assert customer.got("/after").form["DialCallDuration"] == "5"


@pytest.mark.parametrize(("reason", "status"), [("", "no-answer"), ('reason="busy"', "busy")])
def test_reject(network: PracticeNetwork, customer: Customer, reason: str, status: str) -> None:
    """«Reject»: the call is not answered and ends as busy or no-answer."""
    customer.pages["/voice"] = f"<Reject {reason}/><Say>never</Say>"
    result = network.place_call(CallerPlan(LINE))
    assert (result.status, result.duration_s) == (status, 0)
    assert customer.got("/status").form["CallStatus"] == status


def test_fallback(network: PracticeNetwork, customer: Customer) -> None:
    """«Voice fallback URL»: called on errors in fetching or executing, with ErrorCode and ErrorUrl."""
    network.add_number(LINE, voice_fallback_url=f"{customer.url}/fallback")
    customer.pages |= {"/fallback": f"<Dial>{DESK}</Dial>"}
    for broken, code in (
        (Response("", 500), "11200"),
        ("<Sing/>", "12200"),
        (Response("x", mimetype="text/xml"), "12100"),
    ):
        customer.heard.clear()
        customer.pages["/voice"] = broken
        network.place_call(CallerPlan(LINE))
        assert customer.got("/fallback").form["ErrorCode"] == code
        assert customer.got("/fallback").form["ErrorUrl"] == f"{customer.url}/voice"


def test_without_a_fallback_the_call_ends(network: PracticeNetwork, customer: Customer) -> None:
    customer.pages["/voice"] = None
    result = network.place_call(CallerPlan(LINE))
    assert result.status == "completed"
    assert "failed" in kinds(result)


def test_circles_and_long_calls_end(network: PracticeNetwork, customer: Customer) -> None:
    """«Call resource»: four hours at most, unless asked for otherwise."""
    customer.pages["/voice"] = '<Pause length="3600"/><Redirect/>'
    assert network.place_call(CallerPlan(LINE)).duration_s == 4 * 3600


def test_say_pause_and_loop(network: PracticeNetwork, customer: Customer) -> None:
    """«Say», «Pause» (a second by default), «Play: loop»."""
    customer.pages |= {
        "/voice": '<Say language="ru-RU">да</Say><Pause/><Play loop="3">/kk.wav</Play><Redirect>/key</Redirect>'
    }
    network.place_call(CallerPlan(LINE))
    assert customer.got("/key").at - customer.got("/voice").at == timedelta(seconds=1 + 1 + 3 * 2)


def test_events_tell_no_secrets(network: PracticeNetwork, customer: Customer) -> None:
    network.add_number(LINE, voice_url=f"{customer.url}/voice?step=secret")
    result = network.place_call(CallerPlan(LINE, menu_digit="1"))
    shown = repr(result.events)
    assert "secret" not in shown
    assert "+77015550123" not in shown
    assert kinds(result)[:3] == ["ringing", "fetched", "answered"]


def test_a_number_of_somebody_else(network: PracticeNetwork, clock: FastClock) -> None:
    with pytest.raises(ValueError, match="no number of this account"):
        network.place_call(CallerPlan("+15005550000"))
