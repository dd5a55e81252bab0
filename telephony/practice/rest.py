"""The part of Twilio's REST API that we use: calls, recordings and their media, notifications, numbers.

Sources: the reference pages «Call», «Recording», «IncomingPhoneNumber», «Notification»; error dictionary. Two codes are
our choice, since Twilio documents the refusal alone: deleting a recording that is not completed answers 20009 («cannot
delete this resource before it is complete»), asking for two channels where there are none answers 20001.
"""

import hmac
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from telephony.practice import media, resources
from telephony.practice.exchange import Exchange
from telephony.practice.model import Call, PhoneNumber, Recording
from telephony.practice.resources import RestError, page, span_filter
from telephony.practice.takes import Take

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

BAD_PARAMETER = 20001
NOT_AUTHENTICATED = 20003
METHOD_NOT_ALLOWED = 20004
NOT_COMPLETE = 20009
NOT_FOUND = 20404
UNAVAILABLE = 20503
INVALID_CALL_STATE = 21220
SEVERAL_RECORDINGS = 16108
NOT_ACTIONABLE = 16114
CURRENT = "Twilio.CURRENT"

NUMBER_PARAMETERS = {
    "VoiceUrl": "voice_url",
    "VoiceMethod": "voice_method",
    "VoiceFallbackUrl": "voice_fallback_url",
    "VoiceFallbackMethod": "voice_fallback_method",
    "StatusCallback": "status_callback",
    "StatusCallbackMethod": "status_callback_method",
    "FriendlyName": "friendly_name",
}


class Switchboard(Protocol):
    """What the API can do to calls that are in progress."""

    def hang_up(self, call_sid: str) -> bool:
        """End a call; False where it is not in progress."""
        ...

    def running_takes(self, call_sid: str) -> list[Take]:
        """A call's running recordings."""
        ...

    def update_take(self, take: Take, status: str, behaviour: str) -> Recording:
        """Pause, resume or stop one of them."""
        ...


class RestApi:
    """The API of one account, as a WSGI application."""

    def __init__(self, exchange: Exchange, auth_token: str, switchboard: Switchboard) -> None:
        self._exchange = exchange
        self._token = auth_token
        self._switchboard = switchboard
        base = exchange.account_path
        self._routes = Map(
            [
                Rule(f"{base}/Calls.json", endpoint="calls", methods=["GET"]),
                Rule(f"{base}/Calls/<call>.json", endpoint="call", methods=["GET"]),
                Rule(f"{base}/Calls/<call>.json", endpoint="update_call", methods=["POST"]),
                Rule(f"{base}/Calls/<call>/Notifications.json", endpoint="notifications", methods=["GET"]),
                Rule(f"{base}/Calls/<call>/Recordings.json", endpoint="recordings", methods=["GET"]),
                Rule(f"{base}/Calls/<call>/Recordings/<sid>.json", endpoint="recording", methods=["GET"]),
                Rule(f"{base}/Calls/<call>/Recordings/<sid>.json", endpoint="update_recording", methods=["POST"]),
                Rule(f"{base}/Calls/<call>/Recordings/<sid>.json", endpoint="delete_recording", methods=["DELETE"]),
                Rule(f"{base}/Recordings.json", endpoint="recordings", methods=["GET"]),
                Rule(f"{base}/Recordings/<sid>.json", endpoint="recording", methods=["GET"]),
                Rule(f"{base}/Recordings/<sid>.json", endpoint="delete_recording", methods=["DELETE"]),
                Rule(f"{base}/Recordings/<sid>.wav", endpoint="media", methods=["GET"]),
                Rule(f"{base}/Recordings/<sid>", endpoint="media", methods=["GET"]),
                Rule(f"{base}/IncomingPhoneNumbers.json", endpoint="numbers", methods=["GET"]),
                Rule(f"{base}/IncomingPhoneNumbers.json", endpoint="create_number", methods=["POST"]),
                Rule(f"{base}/IncomingPhoneNumbers/<sid>.json", endpoint="number", methods=["GET"]),
                Rule(f"{base}/IncomingPhoneNumbers/<sid>.json", endpoint="update_number", methods=["POST"]),
            ]
        )

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request = Request(environ)
        try:
            response = self._answer(request)
        except RestError as error:
            response = error.response(as_json=request.path.endswith(".json"))
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if self._exchange.faults.rest_down:
            raise RestError(503, UNAVAILABLE, "Service unavailable")
        if not may_enter(request, self._exchange.account_sid, self._token):
            refusal = {"WWW-Authenticate": 'Basic realm="Twilio API"'}
            raise RestError(401, NOT_AUTHENTICATED, "Authenticate", refusal)
        try:
            endpoint, values = self._routes.bind_to_environ(request.environ).match()
        except MethodNotAllowed as error:
            raise RestError(405, METHOD_NOT_ALLOWED, "Method not allowed") from error
        except HTTPException as error:
            raise self._missing(request) from error
        if endpoint == "media":
            return media.respond(self._exchange, self._recording(request, values, deleted=False), request.args)
        answer: dict[str, Any] | None = getattr(self, f"_{endpoint}_")(request, values)
        if answer is None:
            return Response(status=204)
        status = 201 if endpoint == "create_number" else 200
        return Response(json.dumps(answer), status, mimetype="application/json")

    def _calls_(self, request: Request, _values: Mapping[str, str]) -> dict[str, Any]:
        query = request.args.to_dict()
        in_span = span_filter("StartTime", query)
        found = [
            call
            for call in self._exchange.registry.calls()
            if query.get("Status", call.status) == call.status
            and query.get("To", call.to) == call.to
            and query.get("From", call.from_number) == call.from_number
            and query.get("ParentCallSid", call.parent_call_sid) == call.parent_call_sid
            and in_span(call.start_time)
        ]
        return page("calls", [self._show_call(call) for call in found], request.path, query)

    def _call_(self, request: Request, values: Mapping[str, str]) -> dict[str, Any]:
        return self._show_call(self._known_call(request, values))

    def _update_call_(self, request: Request, values: Mapping[str, str]) -> dict[str, Any]:
        call = self._known_call(request, values)
        if request.form.get("Status") != "completed":
            raise RestError(400, BAD_PARAMETER, "Of a call only Status=completed can be set here")
        if not self._switchboard.hang_up(call.sid):
            raise RestError(400, INVALID_CALL_STATE, "Call is not in-progress. Cannot redirect.")
        return self._show_call(call)

    def _notifications_(self, request: Request, values: Mapping[str, str]) -> dict[str, Any]:
        query = request.args.to_dict()
        account, path = self._exchange.account_sid, self._exchange.account_path
        in_span = span_filter("MessageDate", query)
        shown = [
            resources.of_notification(entry, account, path)
            for entry in reversed(self._known_call(request, values).notifications)
            if query.get("Log", str(entry.log)) == str(entry.log) and in_span(entry.date)
        ]
        return page("notifications", shown, request.path, query)

    def _recordings_(self, request: Request, values: Mapping[str, str]) -> dict[str, Any]:
        query = request.args.to_dict()
        if "call" in values:
            self._known_call(request, values, recorded=True)
        call_sid = values.get("call") or query.get("CallSid", "")
        in_span = span_filter("DateCreated", query)
        found = self._exchange.shelf.all(call_sid=call_sid, deleted=_soft(query))
        shown = [self._show_recording(r) for r in found if in_span(r.date_created)]
        return page("recordings", shown, request.path, query)

    def _recording_(self, request: Request, values: Mapping[str, str]) -> dict[str, Any]:
        return self._show_recording(self._recording(request, values, deleted=_soft(request.args)))

    def _update_recording_(self, request: Request, values: Mapping[str, str]) -> dict[str, Any]:
        status = request.form.get("Status", "")
        behaviour = request.form.get("PauseBehavior", "silence")
        if status not in {"paused", "in-progress", "stopped"} or behaviour not in {"silence", "skip"}:
            raise RestError(
                400, BAD_PARAMETER, "Status is paused, in-progress or stopped; PauseBehavior silence or skip"
            )
        call = self._known_call(request, values)
        if self._exchange.faults.update_times_out > 0:
            self._exchange.faults.update_times_out -= 1
            raise RestError(408, NOT_ACTIONABLE, "Resource not in a state to accept recording action request")
        if self._exchange.faults.update_refused > 0:
            self._exchange.faults.update_refused -= 1
            raise RestError(400, SEVERAL_RECORDINGS, "Request failed due to concurrent recordings")
        running = self._switchboard.running_takes(call.sid)
        if values["sid"] == CURRENT:
            if len(running) > 1:
                raise RestError(400, SEVERAL_RECORDINGS, "Request failed due to concurrent recordings")
            takes = running
        else:
            self._recording(request, values, deleted=False)
            takes = [take for take in running if take.recording.sid == values["sid"]]
        if not takes:
            raise RestError(400, INVALID_CALL_STATE, "Recording is not in-progress. Cannot be updated.")
        if self._exchange.faults.update_ignored > 0:
            self._exchange.faults.update_ignored -= 1
            return self._show_recording(takes[0].recording)
        shown = self._show_recording(self._switchboard.update_take(takes[0], status, behaviour))
        if self._exchange.faults.update_answer_lost > 0:
            self._exchange.faults.update_answer_lost -= 1
            raise RestError(500, 20500, "Internal server error")
        return shown | {"status": status}

    def _delete_recording_(self, request: Request, values: Mapping[str, str]) -> None:
        if self._exchange.faults.delete_fails > 0:
            self._exchange.faults.delete_fails -= 1
            raise RestError(500, 20500, "Internal server error")
        recording = self._recording(request, values, deleted=False)
        if recording.status in {"in-progress", "processing"}:
            raise RestError(400, NOT_COMPLETE, "Cannot delete this resource before it is complete")
        self._exchange.shelf.delete(recording)

    def _numbers_(self, request: Request, _values: Mapping[str, str]) -> dict[str, Any]:
        query = request.args.to_dict()
        wanted = query.get("PhoneNumber", "").replace("*", "")
        shown = [self._show_number(n) for n in self._exchange.registry.numbers() if wanted in n.number]
        return page("incoming_phone_numbers", shown, request.path, query)

    def _create_number_(self, request: Request, _values: Mapping[str, str]) -> dict[str, Any]:
        number = request.form.get("PhoneNumber", "")
        if not number.startswith("+"):
            raise RestError(400, BAD_PARAMETER, "PhoneNumber is needed, in E.164")
        return self._show_number(self._exchange.registry.put_number(number, _settings(request.form)))

    def _number_(self, request: Request, values: Mapping[str, str]) -> dict[str, Any]:
        return self._show_number(self._known_number(request, values))

    def _update_number_(self, request: Request, values: Mapping[str, str]) -> dict[str, Any]:
        number = self._known_number(request, values)
        return self._show_number(self._exchange.registry.put_number(number.number, _settings(request.form)))

    def _known_call(self, request: Request, values: Mapping[str, str], *, recorded: bool = False) -> Call:
        """The call of the path. `recorded`: one that is known by its recordings alone will do."""
        call = self._exchange.registry.call(values["call"])
        if call is not None:
            return call
        if recorded and self._exchange.shelf.all(call_sid=values["call"], deleted=True):
            stamp = self._exchange.clock.now()
            return Call(values["call"], "inbound", "completed", stamp, stamp)
        raise self._missing(request)

    def _recording(self, request: Request, values: Mapping[str, str], *, deleted: bool) -> Recording:
        found = self._exchange.shelf.get(values["sid"], deleted=deleted)
        if found is None or values.get("call", found.call_sid) != found.call_sid:
            raise self._missing(request)
        return found

    def _known_number(self, request: Request, values: Mapping[str, str]) -> PhoneNumber:
        found = self._exchange.registry.number(values["sid"])
        if found is None:
            raise self._missing(request)
        return found

    def _show_call(self, call: Call) -> dict[str, Any]:
        return resources.of_call(call, self._exchange.account_sid, self._exchange.account_path)

    def _show_recording(self, recording: Recording) -> dict[str, Any]:
        exchange = self._exchange
        return resources.of_recording(recording, exchange.account_sid, exchange.account_path, exchange.base_url)

    def _show_number(self, number: PhoneNumber) -> dict[str, Any]:
        return resources.of_number(number, self._exchange.account_sid, self._exchange.account_path)

    def _missing(self, request: Request) -> RestError:
        return RestError(404, NOT_FOUND, f"The requested resource {request.path} was not found")


def may_enter(request: Request, account_sid: str, auth_token: str) -> bool:
    """Whether the request brings the account's SID and token (HTTP Basic)."""
    given = request.authorization
    if given is None or given.type != "basic":
        return False
    name, secret = str(given.username or ""), str(given.password or "")
    known = hmac.compare_digest(name.encode(), account_sid.encode())
    return hmac.compare_digest(secret.encode(), auth_token.encode()) and known


def _soft(query: Mapping[str, str]) -> bool:
    return query.get("IncludeSoftDeleted", "").lower() == "true"


def _settings(form: Mapping[str, str]) -> dict[str, str]:
    settings = {name: form[parameter] for parameter, name in NUMBER_PARAMETERS.items() if parameter in form}
    if any(value not in {"GET", "POST"} for name, value in settings.items() if name.endswith("_method")):
        raise RestError(400, BAD_PARAMETER, "a method is GET or POST")
    return settings
