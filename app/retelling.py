"""How each kind of leaf is told anew when the ledger is verified: its row must say what it said."""

from storage import intake, publication, reviews
from storage.ledger.verify import Retell
from storage.retention import approval, card_data, receipt, versions
from telephony import consent, pauses, settlement
from video import postings, sign_versions

RETELL: dict[str, Retell] = {
    "notice_published": publication.retell,
    "notice_withdrawn": publication.retell_withdrawn,
    "policy_published": versions.retell,
    "policy_proposed": approval.retell_proposed,
    "policy_approved": approval.retell_approved,
    "policy_withdrawn": approval.retell_withdrawn,
    "purge_asked": card_data.retell_asked,
    "purge_approved": card_data.retell_approved,
    "purge_withdrawn": card_data.retell_withdrawn,
    "purge_done": card_data.retell_done,
    "object_stored": intake.retell,
    "object_deleted": receipt.retell,
    "consent_given": consent.retell,
    "call_settled": settlement.retell,
    "recording_paused": pauses.retell_begin,
    "pause_ended": pauses.retell_end,
    "review_submitted": reviews.retell,
    "sign_published": sign_versions.retell,
    "sign_posted": postings.retell_posted,
    "posting_withdrawn": postings.retell_withdrawn,
}
