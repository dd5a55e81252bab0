"""Numbers of the practice phone: unlike a real carrier's they cost nothing, so whoever needs one has it."""

import requests

from app.wiring import Account, Installation, practice_account
from storage.errors import Refused
from telephony.lines import routing


def account(at: Installation) -> Account:
    """The practice phone's account.

    Raises:
        Refused: if the practice phone is off, or was never started.
    """
    found = practice_account(at.home) if at.settings.practice_is_on else None
    if found is None:
        raise Refused("the practice phone is not running: start `eskertu up` (and see ESKERTU_PRACTICE)")
    return found


def own_number(at: Installation, number: str) -> None:
    """Let the practice network have a number that sends its calls here.

    Raises:
        Refused: if the practice network does not answer.
    """
    practice = account(at)
    where = routing(at.site)
    address = f"{practice.api_base_url}/2010-04-01/Accounts/{practice.account_sid}/IncomingPhoneNumbers.json"
    auth = (practice.account_sid, practice.auth_token)
    try:
        with requests.get(address, params={"PhoneNumber": number}, auth=auth, timeout=5) as answer:
            answer.raise_for_status()
            known = answer.json()["incoming_phone_numbers"]
        if known:
            address = address.replace(".json", f"/{known[0]['sid']}.json")
        fields = {
            "PhoneNumber": number,
            "VoiceUrl": where.voice_url,
            "StatusCallback": where.status_url,
            "VoiceFallbackUrl": where.fallback_url,
        }
        with requests.post(address, data=fields, auth=auth, timeout=5) as answer:
            answer.raise_for_status()
    except requests.RequestException as error:
        raise Refused("the practice phone does not answer: is `eskertu up` running?") from error
