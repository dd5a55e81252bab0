"""What can go wrong at a carrier, on demand.

Every field may be changed while the network runs; the next thing that looks at it obeys. The defaults are a carrier
on a good day.
"""

from dataclasses import dataclass, field
from typing import Literal

CALLBACK_KINDS = frozenset({"call-status", "recording:in-progress", "recording:completed", "recording:absent"})


@dataclass
class Faults:
    """A carrier's bad days, one field each."""

    play_fails: Literal["fast", "slow"] | None = None
    """The notice's Play fails: at once, or after as long as the audio would have lasted."""
    play_failure_goes_to: Literal["next-verb", "fallback"] = "next-verb"
    """Twilio does not document what follows a failed Play. Both were seen reported: the next verb, and the
    «application error» of a failed document (TwilioDevEd/anonymous-communications-rails#180)."""
    notice_cut_after_s: float | None = None
    """Only so many seconds of the notice sound; then the call goes on as if it had been played."""
    lose_callbacks: set[str] = field(default_factory=set)
    """Of `CALLBACK_KINDS`: never sent."""
    duplicate_callbacks: bool = False
    reverse_callbacks: bool = False
    """Those at the call's end come in the other order: recordings first, the call's own status last."""
    late_callbacks_s: float = 0.0
    record_by_account: bool = False
    """The account's default configuration records every call from its start, without TwiML and without a callback."""
    media_not_ready_s: float = 0.0
    """So long after a recording's end its media answers 21501."""
    media_truncated: bool = False
    """Half of the file is served, as if that were all: only the RIFF header tells."""
    dual_unavailable: bool = False
    """`RequestedChannels=2` is answered by 400."""
    rest_down: bool = False
    """Every REST request is answered by 503."""
    delete_fails: int = 0
    """So many of the next DELETEs are answered by 500."""
    update_times_out: int = 0
    """So many of the next recording updates are answered by 408 (16114)."""
    update_refused: int = 0
    """So many of the next recording updates are answered by 400 (16108), as if several recordings ran."""
    update_ignored: int = 0
    """So many of the next recording updates are answered by 200, and change nothing: the status in it says so."""
    update_answer_lost: int = 0
    """So many of the next recording updates are done, and answered by 500."""
    recording_absent: bool = False
    """Recordings end `absent` (16101, too short): no media comes."""
    action_after_hang_up: bool = False
    """A Dial's `action` is requested although the caller has gone; what it answers is not run."""
