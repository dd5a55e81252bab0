"""Executes the verbs that connect and record: Dial, Record, Start.

Sources: the reference pages of `<Dial>`, `<Record>`, `<Start>` and `<Recording>`. Defaults differ between them and
are kept apart here: Dial do-not-trim and one channel, Recording trim-silence and two, Record trim-silence and one.
"""

from urllib.parse import urljoin, urlsplit

from telephony.practice.callbacks import deliver, of_recording, voice_params
from telephony.practice.conversation import Turn, turns
from telephony.practice.line import CALLER, OTHER, Line, LineDownError
from telephony.practice.model import Call, new_sid
from telephony.practice.takes import CallbackOrder, Take
from telephony.practice.twiml import Verb
from telephony.practice.verbs import Jump
from telephony.practice.webhook import RETRIEVAL_FAILED, WebhookError, without_query

RING_S = 2.0
BUSY_S = 1.0
BEEP_S = 0.5
"""How long a phone rings here before it is picked up or found busy, and how long Record's beep lasts."""


class Connect:
    """What one document connects and records. `url` is the document's own."""

    def __init__(self, line: Line, url: str) -> None:
        self._line = line
        self._url = url

    def start(self, verb: Verb) -> None:
        """`<Start><Recording>`: records from now to the call's end, whatever documents follow."""
        for noun in verb.children:
            order = self._order(noun)
            if order and not urlsplit(order.url).scheme:
                # a relative callback fails with 11200, and the recording runs all the same
                text = f"recordingStatusCallback is no absolute URL: {without_query(order.url)}"
                self._notify(RETRIEVAL_FAILED, text, order.url)
                order = None
            trim = noun.get("trim", "trim-silence") == "trim-silence"
            channels = 1 if noun.get("channels", "dual") == "mono" else 2
            self._begin("StartCallRecordingTwiML", order, channels=channels, trim=trim)

    def dial(self, verb: Verb) -> Jump | None:
        """Ring somebody and let them talk. None: without an `action` the document goes on."""
        line, plan = self._line, self._line.caller.plan
        child = self._ring_up(verb)
        mode = verb.get("record", "do-not-record").replace("true", "record-from-answer")
        limit = verb.number("timeLimit", 14_400)
        # words are made before it rings: the synthesiser needs a moment that must not be recorded
        words = list(turns(plan.language, min(plan.talk_s, limit), line.exchange.say, line.speech))
        take: Take | None = None
        status = {"busy": "busy", "no-answer": "no-answer"}.get(plan.callee, "completed")
        try:
            if mode.startswith("record-from-ringing"):
                take = self._record_dial(verb, mode)
            timeout = verb.number("timeout", 30)
            status = "no-answer" if timeout < RING_S else status
            line.let_pass({"busy": BUSY_S, "no-answer": timeout}.get(status, RING_S))
            if status == "completed":
                line.exchange.registry.change(child, "in-progress", start=True)
                line.tell("answered", "the other side picks up", call_sid=child.sid)
                if mode.startswith("record-from-answer"):
                    take = self._record_dial(verb, mode)
                self._talk(words, limit)
        except LineDownError as down:
            self._end(child, take, "completed" if child.start_time else "canceled")
            if down.by == "caller" and line.exchange.faults.action_after_hang_up:
                self._ask_in_vain(verb, child, take)
            raise
        self._end(child, take, status)
        if "action" not in verb.attributes:
            return None
        return Jump(urljoin(self._url, verb.get("action")), verb.get("method", "POST"), self._outcome(child, take))

    def record(self, verb: Verb) -> Jump | None:
        """`<Record>`: the caller leaves a message, speaking for `talk_s`, until `timeout` seconds of silence.

        None: nothing was recorded, the document goes on.
        """
        line, plan = self._line, self._line.caller.plan
        limit = verb.number("maxLength", 3600)
        # words are made before the beep: the synthesiser needs a moment that must not be recorded
        message = list(turns(plan.language, min(plan.talk_s, limit), line.exchange.say, line.speech))
        if verb.get("playBeep", "true") == "true":
            line.let_pass(BEEP_S)
        trim = verb.get("trim", "trim-silence") == "trim-silence"
        take = self._begin("RecordVerb", self._order(verb, absolute=True), channels=1, trim=trim)
        line.talk(message, CALLER)
        line.let_pass(min(limit, plan.talk_s + verb.number("timeout", 5)))
        self._stop(take)
        line.takes.develop(take)
        if take.recording.status != "completed":
            return None
        params = self._media(take) | {"RecordingDuration": str(take.recording.duration_s), "Digits": ""}
        return Jump(urljoin(self._url, verb.get("action")), verb.get("method", "POST"), params)

    def _ring_up(self, verb: Verb) -> Call:
        line = self._line
        to = verb.text or verb.children[0].text
        now = line.exchange.clock.now()
        child = Call(new_sid("CA"), "outbound-dial", "ringing", now, now, parent_call_sid=line.call.sid, to=to)
        child.from_number = verb.get("callerId") or line.call.from_number
        line.tell("dialling", f"rings {to}", to=to, call_sid=child.sid)
        return line.exchange.registry.new_call(child)

    def _talk(self, words: list[Turn], limit: float) -> None:
        line, plan = self._line, self._line.caller.plan
        line.talk(words, CALLER, OTHER)
        line.let_pass(min(plan.talk_s, limit))
        if limit < plan.talk_s:
            line.tell("hung-up", "the talk has reached its time limit", by="network")
        elif plan.callee == "hangs-up-first":
            line.tell("hung-up", "the other side hangs up", by="callee")
        else:
            raise line.down("caller")

    def _end(self, child: Call, take: Take | None, status: str) -> None:
        self._line.exchange.registry.change(child, status)
        if take:
            self._stop(take)

    def _outcome(self, child: Call, take: Take | None) -> dict[str, str]:
        answered = child.start_time is not None
        params = {
            "DialCallSid": child.sid,
            "DialCallStatus": child.status,
            "DialBridged": str(answered).lower(),
        }
        if answered:
            params["DialCallDuration"] = str(child.duration_s)
        return params | (self._media(take) if take else {})

    def _ask_in_vain(self, verb: Verb, child: Call, take: Take | None) -> None:
        line = self._line
        if "action" not in verb.attributes:
            return
        params = voice_params(line.exchange.account_sid, line.call) | self._outcome(child, take)
        url = urljoin(self._url, verb.get("action"))
        try:
            answer = line.exchange.webhooks.send(url, params | {"CallStatus": "completed"}, verb.get("method", "POST"))
        except WebhookError as error:
            self._notify(error.code, error.message, url)
            return
        line.tell("fetched", f"{without_query(url)}: {answer.status}, not run", url=without_query(url), verbs=[])

    def _record_dial(self, verb: Verb, mode: str) -> Take:
        channels = 2 if mode.endswith("-dual") else 1
        trim = verb.get("trim", "do-not-trim") == "trim-silence"
        return self._begin("DialVerb", self._order(verb, absolute=True), channels=channels, trim=trim)

    def _begin(self, source: str, order: CallbackOrder | None, *, channels: int, trim: bool) -> Take:
        line = self._line
        take = line.takes.start(line.call.sid, source, order, channels=channels, trim=trim)
        sid = take.recording.sid
        line.tell("recording-started", f"recording {sid} begins", recording_sid=sid, source=source, channels=channels)
        deliver(line, [of_recording(line.exchange, take)])
        return take

    def _stop(self, take: Take) -> None:
        if self._line.takes.stop(take):
            sid = take.recording.sid
            self._line.tell("recording-stopped", f"recording {sid} ends", recording_sid=sid)

    def _order(self, verb: Verb, *, absolute: bool = False) -> CallbackOrder | None:
        url = verb.get("recordingStatusCallback")
        if not url:
            return None
        events = frozenset(verb.get("recordingStatusCallbackEvent", "completed").split())
        method = verb.get("recordingStatusCallbackMethod", "POST")
        return CallbackOrder(urljoin(self._url, url) if absolute else url, method, events)

    def _media(self, take: Take) -> dict[str, str]:
        exchange, sid = self._line.exchange, take.recording.sid
        return {"RecordingSid": sid, "RecordingUrl": f"{exchange.base_url}{exchange.account_path}/Recordings/{sid}"}

    def _notify(self, code: int, text: str, url: str) -> None:
        self._line.exchange.registry.notify(self._line.call, code, text, without_query(url))
