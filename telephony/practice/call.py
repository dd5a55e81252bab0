"""One call, from ring to its last callback: fetches documents and has them executed, one after another.

Sources: «TwiML for Programmable Voice» (how documents follow one another), «Voice URL and Fallback URL» (ErrorCode
and ErrorUrl), `<Reject>` (a first verb that leaves the call unanswered, `busy` or `no-answer`).
"""

from collections.abc import Sequence

from telephony.practice.callbacks import deliver, of_call, of_recording, voice_params
from telephony.practice.dial import Connect
from telephony.practice.line import Line, LineDownError
from telephony.practice.takes import Take
from telephony.practice.twiml import TwimlError, Verb, parse
from telephony.practice.verbs import Jump, PlayError, Talk
from telephony.practice.webhook import WebhookError, without_query

PROCESSING_S = 1.0
"""How long a recording is `processing` after the call."""
MOST_DOCUMENTS = 1000
"""A call that goes in circles without letting time pass is ended."""


class Session:
    """Runs one call in the calling thread."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._documents = 0

    def run(self) -> None:
        """The whole call. Returns when it has ended and its callbacks were delivered or given up."""
        line = self._line
        line.tell("ringing", f"dials {line.number.number}", to=line.number.number, call_sid=line.call.sid)
        # what leaves it at that is a mistake of ours, which is raised once the call has been ended
        status = "failed"
        try:
            status = self._converse()
        except LineDownError:
            status = "completed"
        finally:
            self._finish(status)

    def _converse(self) -> str:
        """Everything that the documents say; the call's last status."""
        line, number = self._line, self._line.number
        verbs, url = self._document(Jump(number.voice_url, number.voice_method, {}))
        if verbs and verbs[0].name == "Reject":
            status = "busy" if verbs[0].get("reason") == "busy" else "no-answer"
            line.tell("rejected", f"the call is not taken: {status}", status=status)
            return status
        self._pick_up()
        while True:
            jump = self._execute(verbs, url)
            if jump is None:
                raise line.down("network")
            verbs, url = self._document(jump)

    def _pick_up(self) -> None:
        line = self._line
        if line.call.start_time is not None:
            return
        line.exchange.registry.change(line.call, "in-progress", start=True)
        line.tell("answered", "the network takes the call", call_sid=line.call.sid)
        if line.exchange.faults.record_by_account:
            # Twilio does not say which source such a recording names; nobody asked for a callback
            take = line.takes.start(line.call.sid, "StartCallRecordingAPI", None, channels=2, trim=False)
            sid = take.recording.sid
            line.tell("recording-started", f"recording {sid} begins by the account's default", recording_sid=sid)

    def _execute(self, verbs: Sequence[Verb], url: str) -> Jump | None:
        talk, connect = Talk(self._line, url), Connect(self._line, url)
        try:
            for position, verb in enumerate(verbs):
                following = verbs[position + 1] if position + 1 < len(verbs) else None
                jump = self._one(talk, connect, verb, following)
                if jump:
                    return jump
        except PlayError as error:
            return self._fallback(error.code, error.message, url)
        return None

    def _one(self, talk: Talk, connect: Connect, verb: Verb, following: Verb | None) -> Jump | None:
        match verb.name:
            case "Gather":
                return talk.gather(verb)
            case "Redirect":
                return talk.redirect(verb)
            case "Dial":
                return connect.dial(verb)
            case "Record":
                return connect.record(verb)
            case "Start":
                connect.start(verb)
            case "Pause":
                talk.pause(verb)
            case "Play" | "Say":
                talk.play(verb, following)
            case _:
                # Hangup, and a Reject that comes too late to leave the call unanswered
                raise self._line.down("network")
        return None

    def _document(self, jump: Jump) -> tuple[Sequence[Verb], str]:
        """A document, or the fallback's where it cannot be had. Raises LineDownError where neither can."""
        line = self._line
        while True:
            self._documents += 1
            if self._documents > MOST_DOCUMENTS:
                raise line.down("limit")
            params = voice_params(line.exchange.account_sid, line.call) | jump.params
            try:
                answer = line.exchange.webhooks.send(jump.url, params, jump.method)
                verbs = parse(answer.body, answer.content_type, answer.url)
            except (WebhookError, TwimlError) as error:
                jump = self._fallback(error.code, error.message, jump.url, jump.method)
                continue
            shown, names = without_query(answer.url), [verb.name for verb in verbs]
            line.tell("fetched", f"{shown}: {', '.join(names) or 'nothing'}", url=shown, verbs=names)
            return verbs, answer.url

    def _fallback(self, code: int, message: str, url: str, method: str = "POST") -> Jump:
        line, number = self._line, self._line.number
        line.exchange.registry.notify(line.call, code, message, without_query(url), method)
        line.tell("failed", f"{code}: {message}", code=code, url=without_query(url))
        if not number.voice_fallback_url or url == number.voice_fallback_url:
            # Twilio takes the call, says that an application error has occurred, and hangs up
            self._pick_up()
            raise line.down("network")
        params = {"ErrorCode": str(code), "ErrorUrl": url.partition("#")[0]}
        return Jump(number.voice_fallback_url, number.voice_fallback_method, params)

    def _finish(self, status: str) -> None:
        line = self._line
        line.silence()
        for take in line.takes.running():
            stop(line, take)
        line.exchange.registry.change(line.call, status)
        line.settle()
        takes = [take for take in line.takes.all() if not take.reported]
        if takes:
            line.exchange.clock.sleep(PROCESSING_S)
        for take in takes:
            if take.recording.status == "processing":
                line.takes.develop(take)
            take.reported = True
        callbacks = [
            of_call(line.exchange, line.call, line.number),
            *(of_recording(line.exchange, take) for take in takes),
        ]
        if line.exchange.faults.reverse_callbacks:
            callbacks.reverse()
        if line.exchange.faults.late_callbacks_s:
            line.exchange.clock.sleep(line.exchange.faults.late_callbacks_s)
        deliver(line, callbacks)


def stop(line: Line, take: Take) -> bool:
    """End a recording and say so; False where it had ended already."""
    if not line.takes.stop(take):
        return False
    line.tell("recording-stopped", f"recording {take.recording.sid} ends", recording_sid=take.recording.sid)
    return True


def stop_by_request(line: Line, take: Take) -> None:
    """End a recording while the call goes on: its file is made and reported beside the call."""
    if stop(line, take):
        take.reported = True

        def report() -> None:
            line.takes.develop(take)
            deliver(line, [of_recording(line.exchange, take)])

        line.aside(report)
