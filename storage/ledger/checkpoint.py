"""Checkpoints and proofs as text that other people's tools read. Pure, but for the key that signs.

A checkpoint is a signed note (c2sp.org/signed-note, c2sp.org/tlog-checkpoint): origin, size and root of the tree,
signed with Ed25519. A proof (c2sp.org/tlog-proof@v1) is a leaf's place, the hashes that lead to the root, and the
checkpoint, in one file.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from storage.ledger.tree import Hash, ProofWrong, root_by_inclusion

ED25519: Final = b"\x01"
PROOF_HEAD = "c2sp.org/tlog-proof@v1"
DASH = "\N{EM DASH}"


class NoteWrong(Exception):
    """A text is no checkpoint, or not one that this key signed. The message says why."""


@dataclass(frozen=True)
class Checkpoint:
    """A tree's size and root, and whose tree it is."""

    origin: str
    size: int
    root: Hash

    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{_b64(self.root)}\n"


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _unb64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteWrong(f"{text[:20]!r} is not base64") from error


def key_hash(name: str, public: bytes) -> bytes:
    """The four bytes that name a key in a signature line."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]


def verifier_key(name: str, key: Ed25519PublicKey) -> str:
    """The public key as text, as note verifiers take it: name+hash+key."""
    public = key.public_bytes_raw()
    return f"{name}+{key_hash(name, public).hex()}+{_b64(ED25519 + public)}"


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """The signed note."""
    text = checkpoint.text()
    public = key.public_key().public_bytes_raw()
    signature = key_hash(checkpoint.origin, public) + key.sign(text.encode())
    return f"{text}\n{DASH} {checkpoint.origin} {_b64(signature)}\n"


def read_verifier_key(text: str) -> tuple[str, Ed25519PublicKey]:
    """The name and the key of a verifier key.

    Raises:
        NoteWrong: if it is none, or not Ed25519.
    """
    parts = text.strip().split("+", 2)
    if len(parts) != 3:
        raise NoteWrong("a verifier key looks like name+hash+key")
    name, told, data = parts[0], parts[1], _unb64(parts[2])
    if data[:1] != ED25519 or len(data) != 33 or key_hash(name, data[1:]).hex() != told:
        raise NoteWrong("this is no Ed25519 key of that name")
    return name, Ed25519PublicKey.from_public_bytes(data[1:])


def open_checkpoint(note: str, verifier: str) -> Checkpoint:
    """The checkpoint in a note, if the key signed it.

    Raises:
        NoteWrong: if it is malformed, of another origin, or not signed by this key.
    """
    name, key = read_verifier_key(verifier)
    text, gap, signatures = note.partition("\n\n")
    lines = text.split("\n")
    if not gap or len(lines) < 3 or not lines[1].isdecimal() or str(int(lines[1])) != lines[1]:
        raise NoteWrong("this is no checkpoint")
    root = _unb64(lines[2])
    if lines[0] != name or len(root) != 32:
        raise NoteWrong(f"this checkpoint is not of {name}")
    expected = key_hash(name, key.public_bytes_raw())
    for line in signatures.splitlines():
        if not line.startswith(f"{DASH} {name} "):
            continue
        signature = _unb64(line.removeprefix(f"{DASH} {name} "))
        if signature[:4] != expected:
            continue
        try:
            key.verify(signature[4:], f"{text}\n".encode())
        except InvalidSignature as error:
            raise NoteWrong("the signature does not fit the checkpoint") from error
        return Checkpoint(lines[0], int(lines[1]), root)
    raise NoteWrong("this key did not sign the checkpoint")


def format_proof(index: int, hashes: list[Hash], note: str) -> str:
    """A proof in one file."""
    return "\n".join([PROOF_HEAD, f"index {index}", *(_b64(each) for each in hashes), "", note])


def check_proof(proof: str, hash_of_leaf: Hash, verifier: str) -> tuple[int, Checkpoint]:
    """Check a proof. Returns the leaf's place and the checkpoint that vouches for it.

    Raises:
        NoteWrong: if the text is malformed or the checkpoint is not signed by this key.
        ProofWrong: if the leaf is not in that tree at that place.
    """
    head, gap, note = proof.partition("\n\n")
    lines = head.split("\n")
    if not gap or lines[0] != PROOF_HEAD:
        raise NoteWrong(f"a proof begins with {PROOF_HEAD}")
    rest = [line for line in lines[1:] if not line.startswith("extra ")]
    if not rest or not rest[0].startswith("index ") or not rest[0][6:].isdecimal():
        raise NoteWrong("a proof names the index of its leaf")
    index = int(rest[0][6:])
    checkpoint = open_checkpoint(note, verifier)
    if root_by_inclusion(index, checkpoint.size, hash_of_leaf, [_unb64(line) for line in rest[1:]]) != checkpoint.root:
        raise ProofWrong("the proof does not lead to the checkpoint's root")
    return index, checkpoint
