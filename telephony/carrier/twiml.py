"""What is to be heard, in the carrier's words. No decision is made here.

All URLs are absolute: relative callbacks of recordings reportedly fail (11200). Every URL of ours asks for retries,
since by default a 500 is not retried at all, and a lost callback is a lost recording.
"""

from collections.abc import Sequence

from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

# Three retries, on whatever went wrong. The fragment is stripped before the request is signed and sent.
RETRIES = "#rc=3&rp=all"
RING_FOR_S = 30
LONGEST_CALL_S = 4 * 3600


def menu(prompts: Sequence[str], *, key_url: str, end_url: str) -> str:
    """A keypress menu; each prompt (an audio URL) in its own language."""
    response = VoiceResponse()
    gather = Gather(num_digits=1, finish_on_key="", timeout=5, action=key_url + RETRIES, method="POST")
    for url in prompts:
        gather.play(url)
    response.append(gather)
    response.redirect(end_url + RETRIES, method="POST")
    return str(response)


def notice_to_stay(audio_url: str, pause_s: int, *, end_url: str) -> str:
    """The notice, a pause to hang up in, and the request that proves both passed."""
    response = VoiceResponse()
    response.play(audio_url)
    response.pause(length=pause_s)
    response.redirect(end_url + RETRIES, method="POST")
    return str(response)


def notice_with_keys(audio_url: str, wait_s: int, *, key_url: str, end_url: str) -> str:
    """The notice inside a Gather, so that a key counts at any moment; outside one it would be lost."""
    response = VoiceResponse()
    gather = Gather(num_digits=1, finish_on_key="", timeout=wait_s, action=key_url + RETRIES, method="POST")
    gather.play(audio_url)
    response.append(gather)
    response.redirect(end_url + RETRIES, method="POST")
    return str(response)


def connect_recorded(number: str, *, dialled_url: str, recording_url: str) -> str:
    """Connect, and record both sides apart from the moment somebody answers. The only verb here that records."""
    response = VoiceResponse()
    dial = Dial(
        action=dialled_url + RETRIES,
        method="POST",
        timeout=RING_FOR_S,
        time_limit=LONGEST_CALL_S,
        record="record-from-answer-dual",
        trim="do-not-trim",
        recording_status_callback=recording_url + RETRIES,
        recording_status_callback_method="POST",
        recording_status_callback_event="in-progress completed absent",
    )
    dial.number(number)
    response.append(dial)
    return str(response)


def connect_unrecorded(number: str, said_first: str | None, *, dialled_url: str | None) -> str:
    """Say so (an audio URL), and connect."""
    response = VoiceResponse()
    if said_first is not None:
        response.play(said_first)
    dial = Dial(timeout=RING_FOR_S, time_limit=LONGEST_CALL_S, record="do-not-record")
    if dialled_url is not None:
        dial = Dial(
            action=dialled_url + RETRIES,
            method="POST",
            timeout=RING_FOR_S,
            time_limit=LONGEST_CALL_S,
            record="do-not-record",
        )
    dial.number(number)
    response.append(dial)
    return str(response)


def say_and_hang_up(audio_urls: Sequence[str] = ()) -> str:
    """Something last, and the end."""
    response = VoiceResponse()
    for url in audio_urls:
        response.play(url)
    response.hangup()
    return str(response)
