"""Every table. Importing this package is importing them all, which is what migrations need."""

from storage.models.access import PasswordLink, SignInAttempt, SignInSession
from storage.models.approval import CardDataPurge, PolicyPreview, PolicyPreviewChange
from storage.models.call import Call, CallStep, CarrierEvent, ConsentRecord, Recording
from storage.models.camera import Camera, CameraLease, Gap, RecorderSeen, RecordingRun, Segment, Zone
from storage.models.centre import Centre, Line
from storage.models.clip import Clip, ObjectPart
from storage.models.count import StoredCount
from storage.models.footage import Preview, PreviewTask
from storage.models.hold import HeldObject, Hold, HoldMirror
from storage.models.installation import InstallationFact
from storage.models.ledger import Leaf, LeafOpening, SignedCheckpoint, TreeNode
from storage.models.notice import NoticeAudio, NoticeDraft, NoticeVersion
from storage.models.object import ObjectCopy, ObjectPurpose, StoredObject
from storage.models.pause import RecordingPause
from storage.models.person import Person
from storage.models.retention import Deletion, Finding, Receipt, RetentionPolicy
from storage.models.review import PeaksTask, Review, ReviewNote, Scorecard
from storage.models.sign import Sign, SignDraft, SignPosting, SignVersion
from storage.models.token import ApiToken, KeptAnswer

__all__ = [
    "ApiToken",
    "Call",
    "CallStep",
    "Camera",
    "CameraLease",
    "CardDataPurge",
    "CarrierEvent",
    "Centre",
    "Clip",
    "ConsentRecord",
    "Deletion",
    "Finding",
    "Gap",
    "HeldObject",
    "Hold",
    "HoldMirror",
    "InstallationFact",
    "KeptAnswer",
    "Leaf",
    "LeafOpening",
    "Line",
    "NoticeAudio",
    "NoticeDraft",
    "NoticeVersion",
    "ObjectCopy",
    "ObjectPart",
    "ObjectPurpose",
    "PasswordLink",
    "PeaksTask",
    "Person",
    "PolicyPreview",
    "PolicyPreviewChange",
    "Preview",
    "PreviewTask",
    "Receipt",
    "RecorderSeen",
    "Recording",
    "RecordingPause",
    "RecordingRun",
    "RetentionPolicy",
    "Review",
    "ReviewNote",
    "Scorecard",
    "Segment",
    "Sign",
    "SignDraft",
    "SignInAttempt",
    "SignInSession",
    "SignPosting",
    "SignVersion",
    "SignedCheckpoint",
    "StoredCount",
    "StoredObject",
    "TreeNode",
    "Zone",
]
