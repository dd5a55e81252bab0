"""Requests to the application: «Security», «Webhooks: Connection Overrides», «Webhooks FAQ»."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from twilio.request_validator import RequestValidator
from werkzeug.wrappers import Response

from telephony.practice.webhook import Overrides, WebhookError, Webhooks, sign, without_query
from tests.practice.customer import TOKEN, Customer


@pytest.fixture
def webhooks() -> Iterator[Webhooks]:
    webhooks = Webhooks(TOKEN)
    yield webhooks
    webhooks.close()


def test_signature_of_the_documents_example() -> None:
    """«Security: Validating Signatures from Twilio», the worked example, and the one of Twilio's libraries."""
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    form = {"CallSid": "CA1234567890ABCDE", "Digits": "1234", "To": "+18005551212"}
    assert sign("12345", url, form | dict.fromkeys(("Caller", "From"), "+14158675310")) == RequestValidator(
        "12345"
    ).compute_signature(url, form | dict.fromkeys(("Caller", "From"), "+14158675310"))
    assert (
        sign("12345", url, form | dict.fromkeys(("Caller", "From"), "+14158675309")) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    )
    gist = {"CallSid": "CA1234567890ABCDE", "From": "+12349013030", "To": "+18005551212", "Digits": "1234"}
    assert sign("12345", url, gist | {"Caller": "+12349013030"}) == "0/KCTR6DLpKmkAf8muzZqo1nDgQ="


def test_fragment_is_neither_signed_nor_sent(customer: Customer, webhooks: Webhooks) -> None:
    """«Connection Overrides»: the fragment is for Twilio alone."""
    customer.pages["/hook"] = ""
    webhooks.send(f"{customer.url}/hook?a=1#rc=2&rp=all", {"CallSid": "CA1", "Empty": ""})
    heard = customer.got("/hook")
    assert heard.url == f"{customer.url}/hook?a=1"
    assert heard.form == {"CallSid": "CA1", "Empty": ""}
    assert heard.headers["Content-Type"].startswith("application/x-www-form-urlencoded")
    assert RequestValidator(TOKEN).validate(heard.url, heard.form, heard.headers["X-Twilio-Signature"])


def test_get_carries_parameters_in_the_query(customer: Customer, webhooks: Webhooks) -> None:
    """«Security»: for a GET the signature covers the URL with its query alone."""
    customer.pages["/hook"] = ""
    webhooks.send(f"{customer.url}/hook?a=1", {"CallSid": "CA1"}, "GET")
    heard = customer.got("/hook")
    assert heard.url.endswith("/hook?a=1&CallSid=CA1")
    assert RequestValidator(TOKEN).validate(heard.url, {}, heard.headers["X-Twilio-Signature"])


def test_a_500_is_not_retried_by_default(customer: Customer, webhooks: Webhooks) -> None:
    """«Connection Overrides»: the default policy is `ct`, connection failures alone."""
    customer.pages["/hook"] = lambda _: Response("", 500)
    with pytest.raises(WebhookError) as error:
        webhooks.send(f"{customer.url}/hook?token=secret", {})
    assert error.value.code == 11200
    assert "secret" not in error.value.message
    assert len(customer.heard) == 1


def test_retries_keep_their_idempotency_token(customer: Customer, webhooks: Webhooks) -> None:
    """«Webhooks FAQ»: I-Twilio-Idempotency-Token is the same on all attempts of one request."""
    answers = iter([Response("", 500), Response("", 404), Response("")])
    customer.pages["/hook"] = lambda _: next(answers)
    customer.pages["/other"] = ""
    assert webhooks.send(f"{customer.url}/hook#rc=3&rp=all", {}).status == 200
    webhooks.send(f"{customer.url}/other", {})
    tokens = [heard.headers["I-Twilio-Idempotency-Token"] for heard in customer.heard]
    assert len(tokens) == 4
    assert len(set(tokens)) == 2


def test_a_policy_retries_only_what_it_names(customer: Customer, webhooks: Webhooks) -> None:
    customer.pages["/hook"] = lambda _: Response("", 404)
    with pytest.raises(WebhookError):
        webhooks.send(f"{customer.url}/hook#rc=3&rp=5xx,rt", {})
    assert len(customer.heard) == 1
    with pytest.raises(WebhookError):
        webhooks.send(f"{customer.url}/hook#rc=2&rp=4xx", {})
    assert len(customer.heard) == 4


class Unreachable(HTTPAdapter):
    attempts = 0

    def send(self, *args: Any, **options: Any) -> Any:
        self.attempts += 1
        raise requests.exceptions.ConnectTimeout


def test_a_failed_connection_is_tried_once_more_by_default() -> None:
    """«Connection Overrides»: rc defaults to 1."""
    adapter = Unreachable()
    with requests.Session() as http:
        http.mount("http://", adapter)
        with pytest.raises(WebhookError) as error:
            Webhooks(TOKEN, http).send("http://127.0.0.1:9/hook", {})
    assert error.value.code == 11205
    assert adapter.attempts == 2


def test_refused_connections_count_as_connection_failures(webhooks: Webhooks) -> None:
    with pytest.raises(WebhookError) as error:
        webhooks.send("http://127.0.0.1:9/hook", {})
    assert error.value.code == 11205


def test_no_cookie_goes_from_one_call_to_another(customer: Customer, webhooks: Webhooks) -> None:
    customer.pages["/hook"] = lambda _: Response("", headers={"Set-Cookie": "who=me"})
    webhooks.send(f"{customer.url}/hook", {})
    webhooks.send(f"{customer.url}/hook", {})
    assert "Cookie" not in customer.heard[1].headers


def test_overrides_are_brought_into_their_ranges() -> None:
    """«Connection Overrides»: rc 0–5, ct 100–10,000 ms, rt and tt 100–15,000 ms."""
    assert Overrides.parse("") == Overrides(1, frozenset({"ct"}), 5.0, 15.0, 15.0)
    parsed = Overrides.parse("rc=9&rp=4xx,5xx&ct=1&rt=99999&tt=2000")
    assert parsed == Overrides(5, frozenset({"4xx", "5xx"}), 0.1, 15.0, 2.0)
    with pytest.raises(WebhookError) as error:
        Overrides.parse("rp=sometimes")
    assert error.value.code == 11243


@pytest.mark.parametrize("url", ["", "/relative", "ftp://example.com/x", "https://"])
def test_what_is_no_url_is_not_called(webhooks: Webhooks, url: str) -> None:
    """Error 11100: Invalid URL format."""
    with pytest.raises(WebhookError) as error:
        webhooks.send(url, {})
    assert error.value.code == 11100


def test_shown_urls_have_no_query() -> None:
    assert without_query("https://a.example/b?token=1#rc=1") == "https://a.example/b"
