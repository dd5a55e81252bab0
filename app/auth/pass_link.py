"""A pass: the right of one person to hear one object for one purpose, for an hour, in an address.

It stands in for sign-in on the one page that plays a recording. What it names are random ids; what it allows is
checked again at every request, since a recording may have ended meanwhile.
"""

from dataclasses import dataclass
from pathlib import Path

from itsdangerous import BadSignature, URLSafeTimedSerializer

from storage.errors import NotFound
from storage.objects.master_key import load_master_key

VALID_FOR_S = 3600


@dataclass(frozen=True)
class Pass:
    """Who may hear what, for which purpose."""

    person_id: str
    object_id: str
    purpose: str


class Passes:
    """Issues and reads passes, signed with the installation's own secret."""

    def __init__(self, home: Path) -> None:
        self._path = home.resolve() / "secrets" / "web.key"

    def _signer(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(load_master_key(self._path).hex(), salt="play")

    def issue(self, granted: Pass) -> str:
        """The pass as text that may stand in an address."""
        return str(self._signer().dumps([granted.person_id, granted.object_id, granted.purpose]))

    def read(self, text: str) -> Pass:
        """The pass in `text`.

        Raises:
            NotFound: if it is none of ours, or older than an hour.
        """
        try:
            person_id, object_id, purpose = self._signer().loads(text, max_age=VALID_FOR_S)
        except (BadSignature, ValueError) as error:
            raise NotFound("this address is not valid (any more); ask for a new one") from error
        return Pass(person_id, object_id, purpose)
