"""The carrier's requests, over HTTP: checked, handed to one transaction, answered. The only file here that knows Flask.

Nothing happens before the signature has been checked, against the configured public URL. A request that fails gets
403, is counted, and that is all: it is not told why, and nothing of it is written down.
"""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Response, abort, request
from prometheus_client import Counter
from werkzeug.exceptions import RequestEntityTooLarge

from storage import notices
from storage.database import Database
from storage.errors import NotFound
from telephony.carrier.signature import Signatures
from telephony.events import CarrierEvents
from telephony.site import Site
from telephony.steps import CallSteps

REJECTED = Counter("eskertu_webhooks_rejected_total", "Requests to the carrier's webhooks without a good signature")
ACCEPTED = Counter("eskertu_webhooks_total", "Requests of the carrier that were taken in", ["webhook"])

FORM = "application/x-www-form-urlencoded"
LARGEST_FORM = 64 * 1024
Form = dict[str, str]


@dataclass(frozen=True)
class Webhooks:
    """What the routes need."""

    site: Site
    signatures: Signatures
    steps: CallSteps
    events: CarrierEvents
    database: Database

    def blueprint(self) -> Blueprint:
        """The routes under /twilio."""
        area = Blueprint("twilio", __name__, url_prefix="/twilio")

        def on(path: str, name: str, answer: Callable[..., Response]) -> None:
            def view(**parts: str) -> Response:
                form = self._checked()
                ACCEPTED.labels(name).inc()
                return answer(form, **parts)

            area.add_url_rule(path, name, view, methods=["POST"])

        on("/voice", "voice", lambda form: _twiml(self.steps.ring(form)))
        on("/fallback", "fallback", lambda form: _twiml(self.steps.fall_back(form)))
        on("/steps/<token>/<any(end, key):arm>", "step", self._step)
        on("/call-status", "call_status", self._call_status)
        on("/recording", "recording", self._recording)
        area.add_url_rule("/audio/<sha256>.wav", "audio", self._audio, methods=["GET"])
        return area

    def _checked(self) -> Form:
        # Of a body that comes in chunks the length is not known before.
        request.max_content_length = LARGEST_FORM
        if request.mimetype != FORM or (request.content_length or 0) > LARGEST_FORM:
            REJECTED.inc()
            abort(403)
        query = request.query_string.decode("latin-1")
        url = self.site.base_url + request.path + (f"?{query}" if query else "")
        try:
            fields = dict(request.form.lists())
        except RequestEntityTooLarge:
            REJECTED.inc()
            abort(403)
        if not self.signatures.is_genuine(url, fields, request.headers.get("X-Twilio-Signature")):
            REJECTED.inc()
            abort(403)
        return {name: values[0] for name, values in fields.items()}

    def _call_status(self, form: Form) -> Response:
        self.events.call_status(form)
        return Response(status=204)

    def _recording(self, form: Form) -> Response:
        self.events.recording(form)
        return Response(status=204)

    def _step(self, form: Form, token: str, arm: str) -> Response:
        answer = self.steps.go_on(token, arm, form)
        if answer is None:
            REJECTED.inc()
            abort(403)
        return _twiml(answer)

    def _audio(self, sha256: str) -> Response:
        # Public: it is what everybody who calls hears. Named by its hash, so it may be cached for ever.
        try:
            with self.database.read() as session:
                wav = notices.audio(session, sha256).wav
        except NotFound:
            abort(404)
        answer = Response(wav, mimetype="audio/x-wav")
        answer.cache_control.public = True
        answer.cache_control.max_age = 31536000
        answer.cache_control.immutable = True
        return answer


def _twiml(document: str) -> Response:
    return Response(document, mimetype="text/xml")
