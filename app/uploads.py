"""Which addresses take more than others, and how much: those to which the sound of a notice is sent. And which less."""

from flask import request

from telephony.audio import MAX_BYTES

BESIDE = 256 * 1024
"""What there may be beside the sound, in bytes."""

BY_FORM = "/notices/drafts"
BY_PROGRAM = "/api/v1/notices/drafts"
# A program sends it as text: four characters for three bytes.
LARGEST = {BY_FORM: MAX_BYTES + BESIDE, BY_PROGRAM: MAX_BYTES * 4 // 3 + BESIDE}
# Anybody may send these: reading a megabyte of fields takes seconds.
STRANGERS = 16 * 1024
LARGEST |= dict.fromkeys(("/sign-in", "/first-password"), STRANGERS)


def take_uploads() -> None:
    """Let these addresses alone take so much, or so little. It must come before anything reads what was sent."""
    if request.url_rule is not None and request.url_rule.rule in LARGEST:
        request.max_content_length = LARGEST[request.url_rule.rule]
