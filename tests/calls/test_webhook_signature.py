"""Nothing is done, said or written for a request that the carrier did not sign, whatever else is right about it."""

import json

import pytest
import requests
from prometheus_client import REGISTRY

from telephony.practice.webhook import sign
from tests.calls.rows import all_rows
from tests.calls.watched import FORM, WatchedHouse
from tests.house import CALLER, NUMBERS
from tests.practice.customer import ACCOUNT, TOKEN

SID = "CA" + "1" * 32
RING = {"CallSid": SID, "From": CALLER, "To": NUMBERS["stay"], "CallStatus": "ringing"}
PATHS = ["/twilio/voice", "/twilio/fallback", "/twilio/call-status", "/twilio/recording", "/twilio/steps/{token}/end"]


def rejected() -> float:
    return REGISTRY.get_sample_value("eskertu_webhooks_rejected_total") or 0.0


def path_of(house: WatchedHouse, path: str) -> str:
    """With the token of a step that is still open, where the path has one."""
    house.post("/twilio/voice", RING)
    return path.format(token=house.heard[-1].next_token)


FORM_OF_ALL = RING | {"CallStatus": "completed", "RecordingSid": "RE" + "2" * 32, "RecordingStatus": "completed"}


def signed(url: str, form: dict[str, str], token: str = TOKEN) -> dict[str, str]:
    return {"X-Twilio-Signature": sign(token, url, form), "Content-Type": FORM}


def spoilings(url: str, form: dict[str, str]) -> dict[str, tuple[list[tuple[str, str]], dict[str, str]]]:
    """Requests that are right in all but one thing: (fields, headers) by what is wrong."""
    good = signed(url, form)
    foreign = form | {"AccountSid": "AC" + "6" * 32}
    fields = list(form.items())
    return {
        "no signature": (fields, {"Content-Type": FORM}),
        "an empty signature": (fields, good | {"X-Twilio-Signature": ""}),
        "another signature": (fields, good | {"X-Twilio-Signature": good["X-Twilio-Signature"][::-1]}),
        "signed with another token": (fields, signed(url, form, "b" * 32)),
        "signed for another address": (fields, signed(url.replace("/twilio/", "/other/"), form)),
        "a field more was signed": (fields, signed(url, form | {"Digits": "1"})),
        "a field more was sent": ([*fields, ("Digits", "1")], good),
        "an account that is not ours": (list(foreign.items()), signed(url, foreign)),
        "two accounts": ([*fields, ("AccountSid", "AC" + "6" * 32)], good),
        "no account": (fields[1:], signed(url, dict(fields[1:]))),
    }


@pytest.mark.parametrize("path", PATHS)
def test_without_a_good_signature_nothing_happens_but_the_count(watched: WatchedHouse, path: str) -> None:
    """I1, I11: who cannot sign gets 403, is counted, and leaves nothing written."""
    url = watched.at.site.base_url + path_of(watched, path)
    form = {"AccountSid": ACCOUNT} | FORM_OF_ALL
    before = all_rows(watched)
    for spoilt, (fields, headers) in spoilings(url, form).items():
        counted = rejected()
        answer = requests.post(url, data=fields, headers=headers, timeout=10)
        assert (answer.status_code, answer.content) == (403, b""), spoilt
        assert rejected() == counted + 1, spoilt
        assert all_rows(watched) == before, spoilt
    assert requests.post(url, data=form, headers=signed(url, form), timeout=10).status_code in {200, 204}


@pytest.mark.parametrize("path", PATHS)
def test_only_forms_are_read_since_nothing_else_is_signed(watched: WatchedHouse, path: str) -> None:
    """A body of any other kind is not part of the signature: signed over the URL alone it would pass."""
    url = watched.at.site.base_url + path_of(watched, path)
    before, body = all_rows(watched), json.dumps({"AccountSid": ACCOUNT} | FORM_OF_ALL)
    for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x", ""):
        for form in ({}, {"AccountSid": ACCOUNT} | FORM_OF_ALL):
            counted = rejected()
            headers = signed(url, form) | {"Content-Type": kind}
            assert requests.post(url, data=body, headers=headers, timeout=10).status_code == 403, kind
            assert rejected() == counted + 1
    assert all_rows(watched) == before


def test_a_form_that_no_carrier_would_send_is_too_large(watched: WatchedHouse) -> None:
    form = RING | {"Filler": "x" * 70_000}
    counted = rejected()
    assert watched.post("/twilio/voice", form).status_code == 403
    assert rejected() == counted + 1


def test_a_form_in_chunks_is_read_no_further(watched: WatchedHouse) -> None:
    counted, url = rejected(), f"{watched.at.site.base_url}/twilio/voice"
    chunks = (b"a=1&" * 5_000 for _ in range(50))
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "x"}
    assert requests.post(url, data=chunks, headers=headers, timeout=10).status_code == 403
    assert rejected() == counted + 1


def test_nothing_is_read_by_get(watched: WatchedHouse) -> None:
    url = f"{watched.at.site.base_url}/twilio/voice"
    before = all_rows(watched)
    assert requests.get(url, params=RING, headers=signed(url, RING), timeout=10).status_code == 405
    assert all_rows(watched) == before


def test_the_host_header_neither_opens_nor_shuts_the_door(watched: WatchedHouse) -> None:
    """The URL that is checked comes from configuration (twilio-python#751)."""
    elsewhere = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    answer = watched.post("/twilio/voice", RING, headers=elsewhere)
    assert answer.status_code == 200
    assert "evil.example" not in answer.text
    assert f"{watched.at.site.base_url}/twilio/steps/" in answer.text

    form = RING | {"AccountSid": ACCOUNT, "CallSid": "CA" + "9" * 32}
    forged = elsewhere | signed("https://evil.example/twilio/voice", form)
    before = all_rows(watched)
    url = f"{watched.at.site.base_url}/twilio/voice"
    assert requests.post(url, data=form, headers=forged, timeout=10).status_code == 403
    assert all_rows(watched) == before


def test_a_query_is_part_of_what_is_signed(watched: WatchedHouse) -> None:
    assert watched.post("/twilio/voice?line=1", RING).status_code == 200
    url = f"{watched.at.site.base_url}/twilio/voice"
    form = RING | {"AccountSid": ACCOUNT}
    assert requests.post(f"{url}?line=2", data=form, headers=signed(url, form), timeout=10).status_code == 403
