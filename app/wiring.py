"""The one place that builds things: from settings to the parts of an installation, each made when first asked for."""

import hashlib
import hmac
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from app.auth.attempts import Attempts
from app.auth.joining import Joining
from app.auth.own_password import OwnPassword
from app.auth.sign_in import SignIn
from app.auth.tokens import Tokens
from app.privacy.seal import Seal
from app.retelling import RETELL
from config.clock import Clock, SystemClock
from config.settings import UNNAMED, Settings
from storage.counting import Counting
from storage.database import Database
from storage.deriving import Deriving
from storage.errors import Refused
from storage.fsck.check import Fsck
from storage.fsck.discrepancy import Look
from storage.fsck.endings import EndingsLook
from storage.fsck.keyring import KeysLook
from storage.fsck.ledger import ContentLook, LedgerLook
from storage.fsck.media import MediaLook
from storage.fsck.sweep import Sweep
from storage.intake import Intake
from storage.ledger.ledger import Ledger
from storage.ledger.verify import Verification
from storage.objects import embedded
from storage.objects.keys import KeyRing
from storage.objects.master_key import load_master_key
from storage.objects.s3 import S3Store
from storage.objects.store import ObjectStore
from storage.playback import Playback
from storage.retention.deletion import Deleter
from storage.retention.mirror import Mirror
from storage.retention.redaction import CardDataPurges
from storage.retention.restored import Restored
from telephony.carrier.port import Carrier
from telephony.carrier.rest import TwilioCarrier
from telephony.carrier.signature import Signatures
from telephony.carrier_copy import CarrierCopies, CopyRemoval
from telephony.closing import Closing
from telephony.events import CarrierEvents
from telephony.fsck import CallsLook, CarrierLook
from telephony.pausing import Pausing
from telephony.peaks import peaks
from telephony.reconcile import Reconciler
from telephony.recordings import Recordings
from telephony.redaction import RecordingRedactor
from telephony.site import Site
from telephony.steps import CallSteps
from telephony.webhooks import Webhooks
from video.clips import Clips
from video.confirming import Confirmations
from video.copies import SpoolCopies
from video.fsck import camera_looks
from video.passwords import Passwords
from video.previews import previews
from video.sheets import Owner


@dataclass(frozen=True)
class Account:
    """Credentials at a carrier, and where its API is."""

    account_sid: str
    auth_token: str
    api_base_url: str


class Installation:
    """Everything that one set of settings describes. Nothing is opened before it is used."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock: Clock = clock or SystemClock()
        self.site = Site(settings.base_url)

    @property
    def home(self) -> Path:
        return self.settings.home

    @cached_property
    def database(self) -> Database:
        return Database(self.settings.main_database_url)

    @cached_property
    def keys(self) -> KeyRing:
        return KeyRing(
            self.settings.key_database_url, load_master_key(self.settings.master_key_file.resolve()), self.clock
        )

    @cached_property
    def web_secret(self) -> bytes:
        """What forms are signed and addresses are hashed with: the same on every machine, and for nothing else."""
        master = load_master_key(self.settings.master_key_file.resolve())
        return hmac.new(master, b"eskertu web", hashlib.sha256).digest()

    @cached_property
    def sign_in(self) -> SignIn:
        return SignIn(self.database, self.clock, self.attempts)

    @cached_property
    def attempts(self) -> Attempts:
        return Attempts(self.database, self.clock, self.web_secret)

    @cached_property
    def joining(self) -> Joining:
        return Joining(self.database, self.clock, self.attempts)

    @cached_property
    def own_password(self) -> OwnPassword:
        return OwnPassword(self.database, self.clock, self.sign_in)

    @cached_property
    def tokens(self) -> Tokens:
        return Tokens(self.database, self.clock)

    @cached_property
    def store(self) -> ObjectStore:
        s3 = self.settings.s3
        if s3.endpoint is not None and s3.access_key is not None and s3.secret_key is not None:
            return S3Store(
                s3.endpoint,
                s3.access_key.get_secret_value(),
                s3.secret_key.get_secret_value(),
                s3.bucket,
                region=s3.region or "us-east-1",
                secure=s3.secure,
            )
        access = embedded.find(self.home / "store")
        if access is None:
            raise Refused(
                "there is no object store: set ESKERTU_S3_ENDPOINT, or let `eskertu up` start the embedded one"
            )
        return S3Store(access.endpoint, access.access_key, access.secret_key, s3.bucket)

    @cached_property
    def accounts(self) -> dict[str, Account]:
        """The carrier accounts by their SID: the real one, the practice phone's, or both."""
        found = []
        twilio = self.settings.twilio
        if twilio.account_sid is not None and twilio.auth_token is not None:
            found.append(Account(twilio.account_sid, twilio.auth_token.get_secret_value(), twilio.api_base_url))
        if self.settings.practice_is_on and (practice := practice_account(self.home)) is not None:
            found.append(practice)
        return {account.account_sid: account for account in found}

    @cached_property
    def carriers(self) -> dict[str, Carrier]:
        return {
            sid: TwilioCarrier(sid, account.auth_token, account.api_base_url) for sid, account in self.accounts.items()
        }

    @cached_property
    def intake(self) -> Intake:
        return Intake(self.database, self.store, self.keys, self.clock)

    @cached_property
    def playback(self) -> Playback:
        return Playback(self.store, self.keys)

    @cached_property
    def carrier_copies(self) -> CarrierCopies:
        return CarrierCopies(self.carriers)

    @property
    def spool_root(self) -> Path:
        """Where a recorder on this machine keeps what is not stored yet."""
        return self.settings.spool_folder

    @cached_property
    def camera_passwords(self) -> Passwords:
        """Opens what cameras ask for, with a key that is used for nothing else."""
        master = load_master_key(self.settings.master_key_file.resolve())
        return Passwords(hmac.new(master, b"eskertu cameras", hashlib.sha256).digest())

    @property
    def sign_owner(self) -> Owner:
        """Who answers for what cameras record, as signs name them."""
        controller = None if self.settings.controller == UNNAMED else self.settings.controller
        return Owner(controller, self.settings.privacy_contact, self.settings.base_url)

    @cached_property
    def confirmations(self) -> Confirmations:
        return Confirmations(self.database, self.clock, self.intake, self.sign_owner)

    @cached_property
    def deleter(self) -> Deleter:
        copies = (self.carrier_copies, SpoolCopies(self.spool_root))
        return Deleter(self.database, self.store, self.keys, self.clock, copies)

    @cached_property
    def card_data(self) -> CardDataPurges:
        return CardDataPurges(self.database, self.clock, self.intake, self.playback, [RecordingRedactor()])

    @cached_property
    def sweep(self) -> Sweep:
        return Sweep(self.database, self.clock, self._media_look())

    @cached_property
    def counting(self) -> Counting:
        return Counting(self.database, self.clock)

    @cached_property
    def mirror(self) -> Mirror:
        return Mirror(self.database, self.store, self.keys, self.clock)

    @cached_property
    def restored(self) -> Restored:
        return Restored(self.database, self.keys, self.store, self.clock)

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self.home.resolve() / "secrets" / "ledger.key", self.settings.ledger_origin, self.clock)

    @cached_property
    def seal(self) -> Seal:
        """Signs what is given out of a call: never with the ledger's key (ADR 0008)."""
        return Seal(self.home.resolve() / "secrets" / "vcon.pem", self.settings.ledger_origin, self.clock)

    @cached_property
    def verification(self) -> Verification:
        return self.verification_of(self.database)

    def verification_of(self, database: Database) -> Verification:
        """Of a copy, too: by this installation's ledger key."""
        return Verification(database, self.ledger, RETELL)

    def _media_look(self) -> MediaLook:
        return MediaLook(self.database, self.store, self.keys, self.playback, self.clock)

    def fsck(self, *, content: bool = False) -> Fsck:
        """Everything compared with everything. With `content`, all media is read, too."""
        looks: list[Look] = [
            self._media_look(),
            KeysLook(self.database, self.keys, self.clock),
            EndingsLook(self.database, self.clock),
            CallsLook(self.database, self.clock),
            CarrierLook(self.database, self.clock, self.carriers, self.reconciler),
            *camera_looks(self.database, self.clock),
            LedgerLook(self.verification),
        ]
        if content:
            looks.append(ContentLook(self.database, self.playback))
        return Fsck(self.database, self.clock, looks)

    @cached_property
    def webhooks(self) -> Webhooks:
        tokens = {sid: account.auth_token for sid, account in self.accounts.items()}
        steps = CallSteps(self.database, self.clock, self.site, self.settings.controller)
        events = CarrierEvents(self.database, self.clock)
        return Webhooks(self.site, Signatures(tokens), steps, events, self.database)

    @cached_property
    def closing(self) -> Closing:
        return Closing(self.database, self.clock, self.carriers)

    @cached_property
    def recordings(self) -> Recordings:
        return Recordings(self.database, self.clock, self.carriers, self.intake)

    @cached_property
    def pausing(self) -> Pausing:
        return Pausing(self.database, self.clock, self.carriers)

    @cached_property
    def peaks(self) -> Deriving:
        return peaks(self.database, self.clock, self.intake, self.playback)

    @cached_property
    def previews(self) -> Deriving:
        return previews(self.database, self.clock, self.intake, self.playback)

    @cached_property
    def clips(self) -> Clips:
        return Clips(self.database, self.clock, self.intake, self.playback, self.ledger)

    @cached_property
    def copy_removal(self) -> CopyRemoval:
        return CopyRemoval(self.database, self.clock, self.carrier_copies)

    @cached_property
    def reconciler(self) -> Reconciler:
        return Reconciler(self.database, self.clock, self.carriers)


def practice_account(home: Path) -> Account | None:
    """The practice phone's account, as `eskertu up` wrote it, or None."""
    try:
        told = json.loads((home / "practice" / "account.json").read_text(encoding="utf-8"))
        return Account(told["account_sid"], told["auth_token"], told["api_base_url"])
    except (FileNotFoundError, KeyError, ValueError):
        return None
