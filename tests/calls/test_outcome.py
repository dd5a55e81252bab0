"""How a call ended, as a pure decision: to know less of a call never gives more of it (I2)."""

from dataclasses import replace
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from telephony.outcome import WITHOUT_MEDIA, WITHOUT_NUMBER, CallFacts, Outcome, outcome

facts = st.builds(
    CallFacts,
    ended=st.booleans(),
    declined_key=st.booleans(),
    agreed=st.booleans(),
    went_on_unrecorded=st.booleans(),
    play_failed=st.sampled_from([None, False, True]),
    media=st.sampled_from(["none", "coming", "stored"]),
    media_ruled_out=st.booleans(),
)


@given(facts)
def test_i2_recorded_is_only_what_was_agreed_to_played_and_stored(known: CallFacts) -> None:
    told = outcome(known)
    assert told in {None, *get_args(Outcome)}
    wanted = known.ended and known.agreed and known.play_failed is False and known.media == "stored"
    assert (told == "recorded") == (wanted and not known.declined_key and not known.went_on_unrecorded)


@given(facts)
def test_i2_who_did_not_agree_has_no_media_whatever_else_is_known(known: CallFacts) -> None:
    told = outcome(replace(known, ended=True, agreed=False))
    assert told in WITHOUT_MEDIA
    assert told == outcome(replace(known, ended=True, agreed=False, media="stored", play_failed=False))


@given(facts)
def test_i2_a_declining_key_outweighs_everything(known: CallFacts) -> None:
    assert outcome(replace(known, ended=True, declined_key=True)) == "declined_key"


@given(facts)
def test_i2_nothing_is_settled_before_the_end_or_before_the_complaints_were_read(known: CallFacts) -> None:
    assert outcome(replace(known, ended=False)) is None
    open_call = replace(known, ended=True, agreed=True, declined_key=False, went_on_unrecorded=False, play_failed=None)
    assert outcome(open_call) is None


@given(facts)
def test_i2_a_failed_notice_is_no_notice(known: CallFacts) -> None:
    assert outcome(replace(known, ended=True, play_failed=True)) in WITHOUT_MEDIA


@given(facts)
def test_i7_no_media_is_given_up_only_when_none_can_come(known: CallFacts) -> None:
    if outcome(known) == "incomplete":
        assert (known.media, known.media_ruled_out) == ("none", True)
    assert outcome(replace(known, media="coming")) not in {"incomplete", "recorded"}


def test_i2_only_who_was_recorded_keeps_a_number() -> None:
    assert set(get_args(Outcome)) - WITHOUT_NUMBER == {"recorded"}
    assert set(WITHOUT_NUMBER) - WITHOUT_MEDIA == {"incomplete"}
