"""What the network tells the application unasked: a call's end, a recording's states.

Sources: «Voice Webhooks» and «TwiML for Programmable Voice: Twilio's request to your application» (the parameters of
every request, and of status callbacks), `<Dial>` and `<Recording>` (those of recordingStatusCallback).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from math import ceil

from telephony.practice.exchange import API_VERSION, Exchange
from telephony.practice.line import Line
from telephony.practice.model import Call, PhoneNumber
from telephony.practice.takes import Take
from telephony.practice.webhook import WebhookError, without_query

CALLBACK_FAILED = 15003
"""«Call Progress: Warning Response to Callback URL»; it is logged as a warning."""
PLACES = ("City", "State", "Zip", "Country")


def voice_params(account_sid: str, call: Call) -> dict[str, str]:
    """What every request about a call carries. The network knows nobody's town, so those come empty."""
    places = {f"{who}{place}": "" for who in ("From", "To", "Caller", "Called") for place in PLACES}
    return places | {
        "AccountSid": account_sid,
        "ApiVersion": API_VERSION,
        "CallSid": call.sid,
        "CallStatus": call.status,
        "Direction": call.direction,
        "From": call.from_number,
        "To": call.to,
        "Caller": call.from_number,
        "Called": call.to,
    }


def rfc2822(moment: datetime) -> str:
    """A time as Twilio writes it: `Fri, 14 Oct 2016 21:56:34 +0000`."""
    return format_datetime(moment)


@dataclass(frozen=True)
class Outgoing:
    """A callback ready to be sent; `kind` is one of `faults.CALLBACK_KINDS`."""

    kind: str
    url: str
    method: str
    params: dict[str, str]


def of_call(exchange: Exchange, call: Call, number: PhoneNumber) -> Outgoing | None:
    """The number's status callback at a call's end; None where nobody asked for it."""
    if not number.status_callback:
        return None
    params = voice_params(exchange.account_sid, call) | {
        "CallDuration": str(call.duration_s),
        # CallDuration is in seconds, Duration in minutes, rounded up, as they are billed
        "Duration": str(ceil(call.duration_s / 60)),
        "Timestamp": rfc2822(exchange.clock.now()),
        "CallbackSource": "call-progress-events",
        "SequenceNumber": "0",
    }
    return Outgoing("call-status", number.status_callback, number.status_callback_method, params)


def of_recording(exchange: Exchange, take: Take) -> Outgoing | None:
    """A recording's status as it is now; None where nobody asked for this event."""
    recording, order = take.recording, take.order
    if order is None or recording.status not in order.events:
        return None
    params = {
        "AccountSid": exchange.account_sid,
        "CallSid": recording.call_sid,
        "RecordingSid": recording.sid,
        "RecordingUrl": f"{exchange.base_url}{exchange.account_path}/Recordings/{recording.sid}",
        "RecordingStatus": recording.status,
        "RecordingChannels": str(recording.channels),
        "RecordingStartTime": rfc2822(recording.start_time),
        "RecordingSource": recording.source,
        "RecordingTrack": recording.track,
        "ErrorCode": str(recording.error_code or 0),
    }
    if recording.status == "completed":
        params["RecordingDuration"] = str(recording.duration_s)
    return Outgoing(f"recording:{recording.status}", order.url, order.method, params)


def deliver(line: Line, callbacks: Sequence[Outgoing | None]) -> None:
    """Send them in order, with the retries that their URLs ask for; what fails is logged and given up."""
    exchange = line.exchange
    for outgoing in callbacks:
        if outgoing is None:
            continue
        if outgoing.kind in exchange.faults.lose_callbacks:
            line.tell("callback", f"{outgoing.kind}: lost on the way", callback=outgoing.kind, status=None)
            continue
        for _ in range(2 if exchange.faults.duplicate_callbacks else 1):
            _send(line, outgoing)


def _send(line: Line, outgoing: Outgoing) -> None:
    try:
        answer = line.exchange.webhooks.send(outgoing.url, outgoing.params, outgoing.method)
    except WebhookError as error:
        line.tell("callback", f"{outgoing.kind}: {error.message}", callback=outgoing.kind, status=None)
        code = CALLBACK_FAILED if outgoing.kind == "call-status" else error.code
        line.exchange.registry.notify(
            line.call,
            code,
            error.message,
            without_query(outgoing.url),
            outgoing.method,
            log=int(code == CALLBACK_FAILED),
        )
        return
    line.tell("callback", f"{outgoing.kind}: {answer.status}", callback=outgoing.kind, status=answer.status)
