"""A line's number at the carrier: where it sends its calls, set and read back."""

from app.practice_numbers import own_number
from app.wiring import Installation
from storage.errors import Refused
from telephony.carrier.port import Carrier, CarrierError, Routing
from telephony.lines import routing


def connect(at: Installation, number: str) -> Routing:
    """Let a number send its calls here. Returns what the carrier says that it has then.

    Raises:
        Refused: if there is no carrier, it does not answer, or it has no such number.
    """
    if at.settings.practice_is_on:
        own_number(at, number)
    try:
        return _carrier(at).connect_number(number, routing(at.site))
    except CarrierError as error:
        raise Refused("the carrier did not do it: {error}", error=error) from error


def routing_now(at: Installation, number: str) -> Routing | None:
    """Where the carrier sends a number's calls now; None: it has no such number.

    Raises:
        Refused: if there is no carrier, or it does not answer.
    """
    try:
        return _carrier(at).number_routing(number)
    except CarrierError as error:
        raise Refused("the carrier does not say: {error}", error=error) from error


def _carrier(at: Installation) -> Carrier:
    if not at.carriers:
        raise Refused("there is no carrier account: set ESKERTU_TWILIO_ACCOUNT_SID and ESKERTU_TWILIO_AUTH_TOKEN")
    real = at.settings.twilio.account_sid
    return at.carriers[real] if real is not None else next(iter(at.carriers.values()))
