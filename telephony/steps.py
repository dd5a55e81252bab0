"""The requests of a call, one transaction each: what came in, what is now true, what is to be heard.

A document that plays something carries a one-use token in the URL that follows it. The request to that URL is what
proves that the document ran (I1); its answer is kept, and a repeat gets it word for word.
"""

import secrets
from collections.abc import Mapping
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.clock import Clock
from config.milestones import Milestone, reached
from storage import notices
from storage.database import Database
from storage.errors import NotFound
from storage.models import Call, CallStep, NoticeVersion
from storage.models.columns import random_id
from storage.retention.evidence import evidence_ends
from telephony import callflow
from telephony.callflow import GoOnUnrecorded, OfferLanguages, PlayNotice, RecordCall
from telephony.calls import call_of
from telephony.carrier import twiml
from telephony.consent import record_consent
from telephony.lines import e164, line_called
from telephony.site import Site

# How long an open call may be silent before the carrier is asked about it: a lost call-status must be found within
# a minute of the call's end.
ASK_AFTER = timedelta(seconds=25)

Form = Mapping[str, str]


class CallSteps:
    """Answers the carrier's questions about a call."""

    def __init__(self, database: Database, clock: Clock, site: Site, controller: str) -> None:
        self._database = database
        self._clock = clock
        self._site = site
        self._controller = controller

    def ring(self, form: Form) -> str:
        """A call comes in. The first answer is kept, and given again to whoever repeats the question."""
        try:
            return self._ring(form)
        except IntegrityError:
            # PostgreSQL: two of one call at once. The other was first, so this one is the repeat.
            return self._ring(form)

    def _ring(self, form: Form) -> str:
        call_sid = form.get("CallSid", "")
        with self._database.begin() as session:
            known = call_of(session, form)
            if known is not None:
                return self._again(session, known, known.first_answer)
            line = line_called(session, form.get("To", ""))
            if line is None or not call_sid:
                return self._not_in_service(session)
            now = self._clock.now()
            call = Call(
                id=random_id(),
                call_sid=call_sid,
                account_sid=form["AccountSid"],
                line_id=line.id,
                line=line,
                mode=line.mode,
                languages=list(line.languages),
                ringing_at=now,
                first_answer="",
                notice_repeats=0,
                declined_key=False,
                looks=0,
                media_to_come=False,
                next_look_at=now + ASK_AFTER,
                delete_after=evidence_ends(session, line.centre, now),
            )
            session.add(call)
            session.flush()
            call.first_answer = self._say(session, call, callflow.on_answer(call.languages), None)
        reached(Milestone.CALL_ANSWERED)
        return call.first_answer

    def go_on(self, token: str, arm: str, form: Form) -> str | None:
        """The one request of a step. None if there is no such step for this call: nothing of it is ours.

        Args:
            token: from the URL.
            arm: `end` if what was handed out ran to its end, `key` if a key was pressed.
            form: the request's fields.
        """
        with self._database.begin() as session:
            call = call_of(session, form)
            step = session.scalars(sa.select(CallStep).where(CallStep.token == token)).one_or_none()
            if call is None or step is None or step.call_id != call.id:
                return None
            if step.answer is not None:
                return self._again(session, call, step.answer)
            now = self._clock.now()
            step.used_at = now
            step.arm = arm
            step.digits = form.get("Digits", "")[:4] or None if arm == "key" else None
            if call.ended_at is not None:
                # The call is over: whatever this request would start, nobody is there any more.
                step.answer = twiml.say_and_hang_up()
            else:
                call.next_look_at = now + ASK_AFTER
                step.answer = self._after(session, call, step, form)
            answer = step.answer
        reached(Milestone.STEP_ANSWERED)
        return answer

    def fall_back(self, form: Form) -> str:
        """Something of ours could not be fetched or run. Connect without recording; never record here."""
        with self._database.begin() as session:
            call = call_of(session, form)
            if call is None:
                line = line_called(session, form.get("To", ""))
                if line is None:
                    return twiml.say_and_hang_up()
                return twiml.connect_unrecorded(line.forward_to, None, dialled_url=None)
            if call.ended_at is not None or call.dial_status is not None or _was_connected(session, call, form):
                return twiml.say_and_hang_up()
            return self._say(session, call, GoOnUnrecorded("fallback"), None)

    def _again(self, session: Session, call: Call, answer: str) -> str:
        """A repeat: the same words. What they play begins only now, so what is waited for is waited for from now on."""
        if call.ended_at is not None:
            return answer  # nobody hears it: what was noted of the call stays as it was
        now = self._clock.now()
        waiting = session.scalars(sa.select(CallStep).where(CallStep.call_id == call.id, CallStep.used_at.is_(None)))
        for step in waiting:
            if step.token in answer:
                step.issued_at = now
                if step.kind == "notice":
                    call.notice_started_at = now
        return answer

    def _after(self, session: Session, call: Call, step: CallStep, form: Form) -> str:
        if step.kind == "menu":
            return self._say(session, call, callflow.on_menu(call.languages, step.digits), step)
        if step.kind == "dialled":
            return self._after_dialling(session, call, form.get("DialCallStatus", ""))
        by_key = step.digits is not None
        step.timing = callflow.timing(step.issued_at, self._clock.now(), step.audio_ms, step.pause_ms, by_key=by_key)
        next_heard = callflow.after_notice(
            call.mode, step.digits, step.timing, call.notice_repeats, call.language or call.languages[0]
        )
        if isinstance(next_heard, PlayNotice):
            call.notice_repeats += 1
        if isinstance(next_heard, RecordCall):
            # The first time the number is written at all: of who declines there is nothing to erase.
            call.from_number = e164(form.get("From", ""))
        return self._say(session, call, next_heard, step)

    def _after_dialling(self, session: Session, call: Call, status: str) -> str:
        call.dial_status = status[:16] or "unknown"
        if status in {"completed", "answered", ""}:
            return twiml.say_and_hang_up()
        return twiml.say_and_hang_up([*self._prompt(session, call, notices.UNAVAILABLE)])

    def _say(
        self,
        session: Session,
        call: Call,
        heard: OfferLanguages | PlayNotice | RecordCall | GoOnUnrecorded,
        step: CallStep | None,
    ) -> str:
        match heard:
            case OfferLanguages(languages):
                return self._menu(session, call, languages)
            case PlayNotice(language):
                return self._notice(session, call, language)
            case RecordCall(expressed_by) if step is not None:
                return self._connect_recorded(session, call, step, expressed_by)
            case GoOnUnrecorded(reason):
                return self._connect_unrecorded(session, call, reason)
        raise AssertionError(f"{heard} cannot be said without a step")

    def _menu(self, session: Session, call: Call, languages: tuple[str, ...]) -> str:
        try:
            now = self._clock.now()
            prompts = [notices.current(session, notices.MENU, None, language, now) for language in languages]
        except NotFound:
            return self._notice(session, call, languages[0])
        token = self._hand_out(session, call, "menu", sum(p.duration_ms for p in prompts), 5000)
        return twiml.menu(
            [self._site.audio(p.audio_sha256) for p in prompts],
            key_url=self._site.step(token, "key"),
            end_url=self._site.step(token, "end"),
        )

    def _notice(self, session: Session, call: Call, language: str) -> str:
        try:
            notice = self._notice_for(session, call, language)
        except NotFound:
            return self._connect_unrecorded(session, call, "no_notice")
        now = self._clock.now()
        call.language = language
        call.notice_version_id, call.notice_version = notice.id, notice
        call.notice_started_at, call.notice_ended_at = now, None
        pause_s = callflow.PAUSE_S[call.mode]
        token = self._hand_out(session, call, "notice", notice.duration_ms, pause_s * 1000)
        audio, end = self._site.audio(notice.audio_sha256), self._site.step(token, "end")
        if call.mode == "stay":
            return twiml.notice_to_stay(audio, pause_s, end_url=end)
        return twiml.notice_with_keys(audio, pause_s, key_url=self._site.step(token, "key"), end_url=end)

    def _notice_for(self, session: Session, call: Call, language: str) -> NoticeVersion:
        # Heard again within one call, it is the same version, whatever was published meanwhile.
        if call.notice_version is not None and call.notice_version.language == language:
            return call.notice_version
        return notices.current(session, notices.NOTICE, call.mode, language, self._clock.now())

    def _connect_recorded(self, session: Session, call: Call, step: CallStep, expressed_by: str) -> str:
        now = self._clock.now()
        call.notice_ended_at = now
        call.agreed_at = now
        record_consent(session, call, step, expressed_by=expressed_by, controller=self._controller, now=now)
        token = self._hand_out(session, call, "dialled", 0, 0)
        return twiml.connect_recorded(
            call.line.forward_to, dialled_url=self._site.step(token, "end"), recording_url=self._site.recording
        )

    def _connect_unrecorded(self, session: Session, call: Call, reason: str) -> str:
        call.declined_key = call.declined_key or reason == "declined_key"
        call.unrecorded_reason = call.unrecorded_reason or reason
        said = next(iter(self._prompt(session, call, notices.UNRECORDED)), None)
        token = self._hand_out(session, call, "dialled", 0, 0)
        return twiml.connect_unrecorded(call.line.forward_to, said, dialled_url=self._site.step(token, "end"))

    def _prompt(self, session: Session, call: Call, kind: str) -> list[str]:
        language = call.language or call.languages[0]
        found = notices.find_current(session, kind, None, language, self._clock.now())
        return [] if found is None else [self._site.audio(found.audio_sha256)]

    def _not_in_service(self, session: Session) -> str:
        now, kind = self._clock.now(), notices.UNKNOWN_NUMBER
        told = [notices.find_current(session, kind, None, each, now) for each in notices.LANGUAGES]
        return twiml.say_and_hang_up([self._site.audio(each.audio_sha256) for each in told if each is not None])

    def _hand_out(self, session: Session, call: Call, kind: str, audio_ms: int, pause_ms: int) -> str:
        token = secrets.token_hex(16)
        session.add(
            CallStep(
                id=random_id(),
                call_id=call.id,
                kind=kind,
                token=token,
                issued_at=self._clock.now(),
                audio_ms=audio_ms,
                pause_ms=pause_ms,
            )
        )
        return token


def _was_connected(session: Session, call: Call, form: Form) -> bool:
    # What failed is the request behind a Dial: the talk is over, and ringing the desk again would be a second one.
    behind = session.scalars(sa.select(CallStep.token).where(CallStep.call_id == call.id, CallStep.kind == "dialled"))
    return any(token in form.get("ErrorUrl", "") for token in behind)
