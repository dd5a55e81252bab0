"""Cameras' user names and passwords: sealed in the database, open nowhere but in the recorder's memory."""

import json
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from video.addresses import Credentials

NONCE_BYTES = 12


class Unreadable(Exception):
    """They were sealed with another key, or for another camera."""


class Passwords:
    """Seals with a key of 32 bytes that is used for nothing else, for one camera's row each."""

    def __init__(self, key: bytes) -> None:
        self._seal = AESGCM(key)

    def seal(self, camera_id: str, credentials: Credentials) -> bytes:
        """As they are kept. They open for this camera alone, so that no row can take another's."""
        plain = json.dumps([credentials.username, credentials.password]).encode()
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._seal.encrypt(nonce, plain, camera_id.encode())

    def open(self, camera_id: str, sealed: bytes) -> Credentials:
        """Raises `Unreadable`, without any of it."""
        try:
            plain = self._seal.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], camera_id.encode())
        except (InvalidTag, ValueError):
            raise Unreadable(f"the credentials of camera {camera_id} were sealed with another key") from None
        return Credentials(*json.loads(plain))
