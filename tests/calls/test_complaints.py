"""I1, I2: a complaint of the carrier counts against us unless it is clearly about something else than the notice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.carrier.port import Complaint
from telephony.complaints import notice_failed

HOST = "https://calls.example.com"
NOTICE, PROMPT = "a" * 64, "b" * 64
DOCUMENTS = {
    "/twilio/voice": f"<Play>{HOST}/twilio/audio/{PROMPT}.wav</Play>",
    "menutoken": f"<Play>{HOST}/twilio/audio/{NOTICE}.wav</Play>",
    "noticetoken": "<Dial/>",
    "opentoken": "",
}

failures = st.one_of(st.integers(11000, 11999), st.just(12300), st.integers(13000, 13999))
others = st.integers(0, 70_000).filter(
    lambda code: not (11000 <= code < 12000 or 13000 <= code < 14000 or code == 12300)
)
urls = st.sampled_from([
    "", HOST, f"{HOST}/twilio/voice", f"{HOST}/twilio/audio/{NOTICE}.wav", f"{HOST}/twilio/audio/{PROMPT}.wav",
    f"{HOST}/twilio/steps/menutoken/key", f"{HOST}/twilio/steps/noticetoken/end", f"{HOST}/twilio/recording",
    f"{HOST}/twilio/steps/unknown/end",
])  # fmt: skip


@given(code=failures)
@pytest.mark.parametrize(("url", "counts"), [
    (f"{HOST}/twilio/audio/{NOTICE}.wav", True),
    (f"{HOST}/twilio/steps/menutoken/key", True),
    (f"{HOST}/twilio/steps/unknown/end", True),
    ("https://elsewhere.example.com/", True),
    ("", True),
    (f"{HOST}/twilio/audio/{PROMPT}.wav", False),
    (f"{HOST}/twilio/voice", False),
    (f"{HOST}/twilio/steps/noticetoken/end", False),
    (f"{HOST}/twilio/steps/opentoken/end", False),
    (f"{HOST}/twilio/recording", False),
    (f"{HOST}/twilio/call-status", False),
    (f"{HOST}/twilio/fallback", False),
])  # fmt: skip
def test_i2_a_failure_counts_where_it_can_be_the_notice(code: int, url: str, counts: bool) -> None:
    assert notice_failed([Complaint(code, url)], NOTICE, DOCUMENTS) == counts


@given(code=others, url=urls)
def test_i7_what_is_no_failure_to_fetch_or_play_does_not_cost_a_recording(code: int, url: str) -> None:
    assert not notice_failed([Complaint(code, url)], NOTICE, DOCUMENTS)


@given(st.lists(st.builds(Complaint, st.one_of(failures, others), urls), max_size=6))
def test_i2_one_that_counts_is_enough_in_any_company(complaints: list[Complaint]) -> None:
    alone = [notice_failed([each], NOTICE, DOCUMENTS) for each in complaints]
    assert notice_failed(complaints, NOTICE, DOCUMENTS) == any(alone)
    assert notice_failed(reversed(complaints), NOTICE, DOCUMENTS) == any(alone)


def test_i2_where_the_first_document_plays_the_notice_a_complaint_about_it_counts() -> None:
    documents = DOCUMENTS | {"/twilio/voice": DOCUMENTS["menutoken"]}
    assert notice_failed([Complaint(11200, f"{HOST}/twilio/voice")], NOTICE, documents)
