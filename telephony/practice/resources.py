"""How Twilio's REST API writes things: resources, pages, errors.

Shapes are those of the examples in Twilio's OpenAPI description and in the tests of its `twilio` package. Where a
call's numbers are no longer known (after a restart) they are null.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from werkzeug.wrappers import Response

from telephony.practice.exchange import API_VERSION
from telephony.practice.model import Call, Notification, PhoneNumber, Recording

MORE = "https://www.twilio.com/docs/errors/"
PAGE_SIZE, LARGEST_PAGE = 50, 1000


class RestError(Exception):
    """An answer that is an error: Twilio's code and the HTTP status it comes with."""

    def __init__(self, status: int, code: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    def response(self, *, as_json: bool) -> Response:
        """As JSON for `….json`; as XML for media, which is how error pages come to be stored as audio."""
        more = f"{MORE}{self.code}"
        if as_json:
            facts = {"code": self.code, "message": self.message, "more_info": more, "status": self.status}
            response = Response(json.dumps(facts), self.status, mimetype="application/json")
        else:
            body = (
                "<?xml version='1.0' encoding='UTF-8'?>\n<TwilioResponse><RestException>"
                f"<Code>{self.code}</Code><Message>{escape(self.message)}</Message>"
                f"<MoreInfo>{more}</MoreInfo><Status>{self.status}</Status></RestException></TwilioResponse>"
            )
            response = Response(body, self.status, mimetype="application/xml")
        response.headers.update(self.headers)
        return response


def of_call(call: Call, account: str, path: str) -> dict[str, Any]:
    """A Call resource."""
    uri = f"{path}/Calls/{call.sid}"
    return {
        "sid": call.sid,
        "account_sid": account,
        "api_version": API_VERSION,
        "date_created": when(call.date_created),
        "date_updated": when(call.date_updated),
        "parent_call_sid": call.parent_call_sid,
        "to": call.to or None,
        "to_formatted": call.to or None,
        "from": call.from_number or None,
        "from_formatted": call.from_number or None,
        "phone_number_sid": call.phone_number_sid or None,
        "status": call.status,
        "start_time": when(call.start_time),
        "end_time": when(call.end_time),
        "duration": str(call.duration_s) if call.end_time else None,
        "price": None,
        "price_unit": "USD",
        "direction": call.direction,
        "answered_by": None,
        "forwarded_from": None,
        "group_sid": None,
        "caller_name": None,
        "queue_time": "0",
        "trunk_sid": None,
        "annotation": None,
        "uri": f"{uri}.json",
        "subresource_uris": {
            "notifications": f"{uri}/Notifications.json",
            "recordings": f"{uri}/Recordings.json",
        },
    }


def of_recording(recording: Recording, account: str, path: str, base_url: str) -> dict[str, Any]:
    """A Recording resource. A paused one reads `in-progress`: only the answer to the pause itself says `paused`."""
    uri = f"{path}/Recordings/{recording.sid}"
    return {
        "sid": recording.sid,
        "account_sid": account,
        "api_version": API_VERSION,
        "call_sid": recording.call_sid,
        "conference_sid": None,
        "channels": recording.channels,
        "date_created": when(recording.date_created),
        "date_updated": when(recording.date_updated),
        "start_time": when(recording.start_time),
        "price": None,
        "price_unit": "USD",
        "duration": None if recording.duration_s is None else str(recording.duration_s),
        "source": recording.source,
        "status": recording.status,
        "error_code": recording.error_code,
        "track": recording.track,
        "encryption_details": None,
        "uri": f"{uri}.json",
        "media_url": f"{base_url}{uri}",
        "subresource_uris": {
            "add_on_results": f"{uri}/AddOnResults.json",
            "transcriptions": f"{uri}/Transcriptions.json",
        },
    }


def of_notification(entry: Notification, account: str, path: str) -> dict[str, Any]:
    """A Notification of a call, as it stands in a list: numbers are written as strings there."""
    return {
        "sid": entry.sid,
        "account_sid": account,
        "api_version": API_VERSION,
        "call_sid": entry.call_sid,
        "date_created": when(entry.date),
        "date_updated": when(entry.date),
        "error_code": str(entry.error_code),
        "log": str(entry.log),
        "message_date": when(entry.date),
        "message_text": urlencode({"ErrorCode": entry.error_code, "Msg": entry.message_text}),
        "more_info": f"{MORE}{entry.error_code}",
        "request_method": entry.request_method,
        "request_url": entry.request_url,
        "uri": f"{path}/Calls/{entry.call_sid}/Notifications/{entry.sid}.json",
    }


def of_number(number: PhoneNumber, account: str, path: str) -> dict[str, Any]:
    """An IncomingPhoneNumber resource."""
    return {
        "sid": number.sid,
        "account_sid": account,
        "api_version": API_VERSION,
        "friendly_name": number.friendly_name,
        "phone_number": number.number,
        "date_created": when(number.date_created),
        "date_updated": when(number.date_updated),
        "voice_url": number.voice_url,
        "voice_method": number.voice_method,
        "voice_fallback_url": number.voice_fallback_url,
        "voice_fallback_method": number.voice_fallback_method,
        "status_callback": number.status_callback,
        "status_callback_method": number.status_callback_method,
        "voice_caller_id_lookup": False,
        "voice_receive_mode": "voice",
        "capabilities": {"voice": True, "sms": False, "mms": False, "fax": False},
        "address_requirements": "none",
        "beta": False,
        "origin": "twilio",
        "status": "in-use",
        "uri": f"{path}/IncomingPhoneNumbers/{number.sid}.json",
    }


def page(key: str, found: Sequence[dict[str, Any]], path: str, query: Mapping[str, str]) -> dict[str, Any]:
    """One page of a list, with the fields that the `twilio` package turns pages by.

    Raises RestError for a page that is no number.
    """
    try:
        size = max(1, min(LARGEST_PAGE, int(query.get("PageSize", PAGE_SIZE))))
        number = max(0, int(query.get("Page", 0)))
    except ValueError as error:
        raise RestError(400, 20001, "PageSize and Page are numbers") from error
    start = number * size
    shown = list(found[start : start + size])
    filters = {name: value for name, value in query.items() if name not in {"Page", "PageSize", "PageToken"}}

    def uri(index: int) -> str:
        return f"{path}?{urlencode(filters | {'PageSize': str(size), 'Page': str(index)})}"

    more = start + size < len(found)
    return {
        key: shown,
        "page": number,
        "page_size": size,
        "start": start,
        "end": max(start, start + len(shown) - 1),
        "uri": uri(number),
        "first_page_uri": uri(0),
        "next_page_uri": uri(number + 1) if more else None,
        "previous_page_uri": uri(number - 1) if number else None,
    }


def when(moment: datetime | None) -> str | None:
    """RFC 2822, as all times here are."""
    return None if moment is None else format_datetime(moment)


def span_filter(name: str, query: Mapping[str, str]) -> Callable[[datetime | None], bool]:
    """What the filters `name`, `name<` and `name>` let pass; raises RestError for what is no date.

    A date alone means its midnight in GMT, without a sign the whole day. The signs include equality: Twilio writes
    them `DateCreated<=…`, which a query string splits into `DateCreated<` and the value.
    """
    try:
        limits = {
            sign: datetime.fromisoformat(query[name + sign]).replace(tzinfo=None)
            for sign in ("", "<", ">")
            if name + sign in query
        }
    except ValueError as error:
        raise RestError(400, 20001, f"{name} is no date") from error

    def passes(moment: datetime | None) -> bool:
        if moment is None:
            return not limits
        here = moment.replace(tzinfo=None)
        day = limits.get("", here).date()
        return limits.get(">", here) <= here <= limits.get("<", here) and here.date() == day

    return passes
