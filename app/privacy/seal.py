"""Signing what is given out: JWS (RFC 7515, General JSON Serialization) with a key for that alone (ADR 0008)."""

import base64
import json
import os
import stat
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from joserfc import jws
from joserfc.jwk import RSAKey

from config.clock import Clock
from storage.objects.master_key import MasterKeyRefused

BITS = 3072
VALID_FOR = timedelta(days=3650)


class Seal:
    """Signs with a key and a certificate that lie in one file outside any database, made at first use."""

    def __init__(self, file: Path, name: str, clock: Clock) -> None:
        self._file = file
        self._name = name
        self._clock = clock

    def sign(self, content: dict[str, Any], named: str) -> dict[str, Any]:
        """`content`, signed. `named`: what its header calls it (`uuid`)."""
        pem = self._pem()
        key = RSAKey.import_key(pem)
        certificate = x509.load_pem_x509_certificate(pem)
        chain = [base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()]
        member: Any = {"protected": {"alg": "RS256"}, "header": {"x5c": chain, "uuid": named}}
        payload = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        signed = jws.serialize_json([member], payload, key, registry=jws.JWSRegistry(strict_check_header=False))
        return dict(signed)

    def fingerprint(self) -> str:
        """SHA-256 of the certificate, in hex: by it a recipient knows that it is ours."""
        return x509.load_pem_x509_certificate(self._pem()).fingerprint(hashes.SHA256()).hex()

    def _pem(self) -> bytes:
        try:
            return self._read()
        except FileNotFoundError:
            self._make()
            return self._read()

    def _read(self) -> bytes:
        mode = stat.S_IMODE(self._file.stat().st_mode)
        if mode & 0o027:
            raise MasterKeyRefused(f"{self._file} has mode {mode:04o}: others may read or change it; make it 0600")
        return self._file.read_bytes()

    def _make(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
        now, name = self._clock.now(), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self._name[:64])])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now)
            .not_valid_after(now + VALID_FOR)
            .sign(key, hashes.SHA256())
        )
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ) + certificate.public_bytes(serialization.Encoding.PEM)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_name(f".{self._file.name}.{os.getpid()}.{os.urandom(4).hex()}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(pem)
                out.flush()
                os.fsync(out.fileno())
            # A link fails where there is a file, unlike a rename: of two first starts, both use the key of the first.
            with suppress(FileExistsError):
                os.link(draft, self._file)
        finally:
            draft.unlink()
