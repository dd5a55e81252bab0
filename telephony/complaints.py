"""Did the notice's sound fail? Read from what the carrier noted about a call. Pure.

What a failing Play does is not documented, and neither is which URL the carrier names then: the sound's, or that of
the document which played it. So a complaint about fetching or playing counts against us unless it is clearly about
something else: a recording is lost rather than kept without a notice.
"""

from collections.abc import Iterable, Mapping

from telephony.carrier.port import Complaint

# https://www.twilio.com/docs/api/errors: 11xxx fetching a URL failed, 12300 is no audio, 13xxx a verb failed.
FETCH_FAILED = range(11000, 12000)
NO_AUDIO = 12300
VERB_FAILED = range(13000, 14000)
# Addresses of ours whose failure says nothing about what was heard.
OTHERS = ("/twilio/recording", "/twilio/call-status", "/twilio/fallback")


def notice_failed(complaints: Iterable[Complaint], audio_sha256: str, documents: Mapping[str, str]) -> bool:
    """Whether any complaint can mean that the notice was not heard.

    Args:
        complaints: what the carrier noted.
        audio_sha256: of the notice's sound, as it stands in its URL.
        documents: what was handed out in this call, by a part of the URL that asked for it.
    """
    return any(_counts(complaint, audio_sha256, documents) for complaint in complaints)


def _counts(complaint: Complaint, audio_sha256: str, documents: Mapping[str, str]) -> bool:
    code, url = complaint.code, complaint.url
    if not (code in FETCH_FAILED or code == NO_AUDIO or code in VERB_FAILED):
        return False
    if "/twilio/audio/" in url:
        return audio_sha256 in url
    if any(other in url for other in OTHERS):
        return False
    named = [document for part, document in documents.items() if part in url]
    return any(audio_sha256 in document for document in named) if named else True
