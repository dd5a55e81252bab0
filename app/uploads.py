"""Which addresses take more than a form, and how much: those to which the sound of a notice is sent."""

from flask import request

from telephony.audio import MAX_BYTES

BESIDE = 256 * 1024
"""What there may be beside the sound, in bytes."""

BY_FORM = "/notices/drafts"
BY_PROGRAM = "/api/v1/notices/drafts"
# A program sends it as text: four characters for three bytes.
LARGEST = {BY_FORM: MAX_BYTES + BESIDE, BY_PROGRAM: MAX_BYTES * 4 // 3 + BESIDE}


def take_uploads() -> None:
    """Let these addresses alone take so much. It must come before anything reads what was sent."""
    if request.url_rule is not None and request.url_rule.rule in LARGEST:
        request.max_content_length = LARGEST[request.url_rule.rule]
