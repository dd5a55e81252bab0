"""Which addresses take more than others, and how much: where a sound or a photo is sent. And which take less."""

from flask import request

from telephony.audio import MAX_BYTES
from video.photos import MOST_BYTES

BESIDE = 256 * 1024
"""What there may be beside the sound, in bytes."""

BY_FORM = "/notices/drafts"
BY_PROGRAM = "/api/v1/notices/drafts"
# A program sends it as text: four characters for three bytes.
SIGN_PHOTO = "/signs/<zone_id>/confirm"
LARGEST = {BY_FORM: MAX_BYTES + BESIDE, BY_PROGRAM: MAX_BYTES * 4 // 3 + BESIDE}
LARGEST[SIGN_PHOTO] = MOST_BYTES + BESIDE
# Anybody may send these: reading a megabyte of fields takes seconds.
STRANGERS = 16 * 1024
LARGEST |= dict.fromkeys(("/sign-in", "/first-password"), STRANGERS)


def close_uploads(_error: BaseException | None = None) -> None:
    """Let go of the files that were sent: the larger ones lie in the machine's temporary folder until then."""
    request.close()


def take_uploads() -> None:
    """Let these addresses alone take so much, or so little. It must come before anything reads what was sent."""
    if request.url_rule is not None and request.url_rule.rule in LARGEST:
        request.max_content_length = LARGEST[request.url_rule.rule]
