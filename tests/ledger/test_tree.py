"""The tree against RFC 6962's own recursive definition, for every size and place (I10)."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.ledger.tree import (
    EMPTY_ROOT,
    ProofWrong,
    check_consistency,
    completed,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root,
    root_by_inclusion,
)

MOST = 70
LEAVES = [leaf_hash(str(n).encode()) for n in range(MOST)]


def by_definition(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + by_definition(leaves[:k]) + by_definition(leaves[k:])).digest()


def grown(size: int = MOST) -> dict[tuple[int, int], bytes]:
    nodes: dict[tuple[int, int], bytes] = {}
    for position in range(size):
        for level, index, value in completed(position, LEAVES[position], lambda lv, i: nodes[lv, i]):
            assert (level, index) not in nodes, "what was written is never rewritten"
            nodes[level, index] = value
    return nodes


NODES = grown()


def read(level: int, index: int) -> bytes:
    return NODES[level, index]


def test_i10_every_root_is_the_rfcs() -> None:
    assert root(0, read) == EMPTY_ROOT == by_definition([])
    for size in range(1, MOST + 1):
        assert root(size, read) == by_definition(LEAVES[:size])


def test_i10_every_leaf_is_proven_and_no_other() -> None:
    for size in range(1, MOST + 1):
        top = root(size, read)
        for index in range(size):
            proof = inclusion_proof(index, size, read)
            assert root_by_inclusion(index, size, LEAVES[index], proof) == top
            assert root_by_inclusion(index, size, leaf_hash(b"another"), proof) != top


def test_i10_every_tree_is_proven_to_have_grown() -> None:
    check_consistency(5, root(5, read), 5, root(5, read), consistency_proof(5, 5, read))
    for new in range(1, MOST + 1):
        for old in range(1, new):
            proof = consistency_proof(old, new, read)
            check_consistency(old, root(old, read), new, root(new, read), proof)
            with pytest.raises(ProofWrong):
                check_consistency(old, leaf_hash(b"forged"), new, root(new, read), proof)
            with pytest.raises(ProofWrong):
                check_consistency(old, root(old, read), new, leaf_hash(b"forged"), proof)
            with pytest.raises(ProofWrong):
                check_consistency(old, root(old, read), new, root(new, read), proof[:-1])


@given(st.data())
def test_i10_a_changed_or_cut_proof_is_found(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, MOST))
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, read)
    at = data.draw(st.integers(0, len(proof) - 1))
    changed = [*proof[:at], leaf_hash(b"changed"), *proof[at + 1 :]]
    assert root_by_inclusion(index, size, LEAVES[index], changed) != root(size, read)
    for wrong in (proof[:-1], [*proof, leaf_hash(b"more")]):
        with pytest.raises(ProofWrong):
            root_by_inclusion(index, size, LEAVES[index], wrong)


def test_what_is_not_there_cannot_be_proven() -> None:
    with pytest.raises(ValueError, match="not among"):
        inclusion_proof(5, 5, read)
    with pytest.raises(ValueError, match="no way"):
        consistency_proof(6, 5, read)
    with pytest.raises(ProofWrong):
        root_by_inclusion(5, 5, LEAVES[0], [])
