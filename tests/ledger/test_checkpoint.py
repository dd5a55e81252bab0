"""Checkpoints and proofs: what is signed is what is read, and nothing else passes (I10)."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storage.ledger.checkpoint import (
    Checkpoint,
    NoteWrong,
    check_proof,
    format_proof,
    open_checkpoint,
    sign,
    verifier_key,
)
from storage.ledger.tree import ProofWrong, inclusion_proof, root
from tests.ledger.test_tree import LEAVES, read

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ORIGIN = "example.com/eskertu"
VERIFIER = verifier_key(ORIGIN, KEY.public_key())
NOTE = sign(Checkpoint(ORIGIN, 37, root(37, read)), KEY)


def test_a_checkpoint_is_read_back() -> None:
    assert open_checkpoint(NOTE, VERIFIER) == Checkpoint(ORIGIN, 37, root(37, read))


@pytest.mark.parametrize(
    "changed",
    [
        NOTE.replace("37", "38"),
        NOTE.replace(ORIGIN, "example.com/another"),
        NOTE.replace("\n\n", "\nextension\n\n"),
        NOTE.split("\n\n")[0],
        NOTE.replace("37", "037"),
        "",
    ],
)
def test_a_changed_checkpoint_is_refused(changed: str) -> None:
    with pytest.raises(NoteWrong):
        open_checkpoint(changed, VERIFIER)


def test_a_checkpoint_of_another_key_is_refused() -> None:
    other = verifier_key(ORIGIN, Ed25519PrivateKey.generate().public_key())
    with pytest.raises(NoteWrong):
        open_checkpoint(NOTE, other)


def test_signatures_of_others_beside_ours_do_no_harm() -> None:
    witnessed = NOTE + "\N{EM DASH} witness.example AAAAAAAA\n"
    assert open_checkpoint(witnessed, VERIFIER).size == 37


def test_a_proof_is_one_file_and_shows_one_leaf() -> None:
    for index in range(37):
        proof = format_proof(index, inclusion_proof(index, 37, read), NOTE)
        assert check_proof(proof, LEAVES[index], VERIFIER)[0] == index
        with pytest.raises(ProofWrong):
            check_proof(proof, LEAVES[(index + 1) % 37], VERIFIER)


def test_extra_lines_are_passed_over() -> None:
    proof = format_proof(3, inclusion_proof(3, 37, read), NOTE)
    with_extra = proof.replace("index 3", "extra Zm9v\nindex 3")
    assert check_proof(with_extra, LEAVES[3], VERIFIER)[0] == 3


@pytest.mark.parametrize(
    "text", ["", "another/format\nindex 0\n\n" + NOTE, "c2sp.org/tlog-proof@v1\nindex x\n\n" + NOTE]
)
def test_what_is_no_proof_is_refused(text: str) -> None:
    with pytest.raises(NoteWrong):
        check_proof(text, LEAVES[0], VERIFIER)
