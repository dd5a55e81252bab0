"""The Merkle tree of RFC 6962 over the ledger's leaves. Pure: hashes in, hashes out.

Of the tree only the *complete* subtrees are kept, each under (level, index): level 0 holds the leaves, and the subtree
(l, i) covers the leaves from i·2^l up to (i+1)·2^l. Adding a leaf completes two of them on average and changes none,
so what has been written is never rewritten; every root and every proof is read from a handful of them.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator

Hash = bytes
Read = Callable[[int, int], Hash]
"""The hash of a complete subtree: (level, index)."""

EMPTY_ROOT = hashlib.sha256(b"").digest()


class ProofWrong(Exception):
    """A proof does not show what it claims. The message says what failed."""


def leaf_hash(data: bytes) -> Hash:
    """RFC 6962 §2.1: a leaf's hash, kept apart from nodes' by its first byte."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: Hash, right: Hash) -> Hash:
    """RFC 6962 §2.1: the hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def completed(position: int, hash_of_leaf: Hash, read: Read) -> Iterator[tuple[int, int, Hash]]:
    """The complete subtrees that a leaf at `position` adds: (level, index, hash), the leaf itself first."""
    level, index, value = 0, position, hash_of_leaf
    yield level, index, value
    while index % 2 == 1:
        value = node_hash(read(level, index - 1), value)
        level, index = level + 1, index // 2
        yield level, index, value


def _peaks(start: int, stop: int) -> list[tuple[int, int]]:
    """The largest complete subtrees that cover [start, stop), left to right; `start` begins one at least as large."""
    peaks = []
    while start < stop:
        level = (stop - start).bit_length() - 1
        peaks.append((level, start >> level))
        start += 1 << level
    return peaks


def _hash_of(start: int, stop: int, read: Read) -> Hash:
    peaks = _peaks(start, stop)
    value = read(*peaks[-1])
    for peak in reversed(peaks[:-1]):
        value = node_hash(read(*peak), value)
    return value


def root(size: int, read: Read) -> Hash:
    """The root over the first `size` leaves."""
    return _hash_of(0, size, read) if size else EMPTY_ROOT


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_proof(index: int, size: int, read: Read) -> list[Hash]:
    """RFC 6962 §2.1.1: the hashes that lead from leaf `index` to the root over `size` leaves.

    Raises:
        ValueError: if there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not among the first {size}")
    proof: list[Hash] = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            proof.append(_hash_of(middle, stop, read))
            stop = middle
        else:
            proof.append(_hash_of(start, middle, read))
            start = middle
    return proof[::-1]


def consistency_proof(old: int, new: int, read: Read) -> list[Hash]:
    """RFC 6962 §2.1.2: that the first `old` leaves of the tree of `new` leaves are the tree of `old`.

    Raises:
        ValueError: unless 0 < old ≤ new.
    """
    if not 0 < old <= new:
        raise ValueError(f"there is no way from {old} to {new} leaves")
    proof: list[Hash] = []
    start, stop, whole = 0, new, True
    while old != stop:
        middle = start + _split(stop - start)
        if old <= middle:
            proof.append(_hash_of(middle, stop, read))
            stop = middle
        else:
            proof.append(_hash_of(start, middle, read))
            start, whole = middle, False
    if not whole:
        proof.append(_hash_of(start, stop, read))
    return proof[::-1]


def root_by_inclusion(index: int, size: int, hash_of_leaf: Hash, proof: Iterable[Hash]) -> Hash:
    """The root that a proof of inclusion leads to (RFC 9162 §2.1.3.2).

    Raises:
        ProofWrong: if the proof has the wrong length for this place.
    """
    if not 0 <= index < size:
        raise ProofWrong(f"leaf {index} is not among the first {size}")
    value = hash_of_leaf
    for on_the_left, step in _upwards(index, size - 1, proof):
        value = node_hash(step, value) if on_the_left else node_hash(value, step)
    return value


def check_consistency(old: int, old_root: Hash, new: int, new_root: Hash, proof: Iterable[Hash]) -> None:
    """Check that a tree only grew (RFC 9162 §2.1.4.2).

    Raises:
        ProofWrong: if it did not, or the proof does not show it.
    """
    if not 0 < old <= new:
        raise ProofWrong(f"there is no way from {old} to {new} leaves")
    if old == new:
        if old_root != new_root:
            raise ProofWrong("two trees of one size have different roots")
        return
    steps = list(proof)
    # A tree whose size is a power of two is itself the first complete subtree: its proof leaves that out.
    first = old_root if old & (old - 1) == 0 else steps.pop(0) if steps else b""
    at, last = old - 1, new - 1
    while at % 2 == 1:
        at, last = at >> 1, last >> 1
    one = two = first
    for on_the_left, step in _upwards(at, last, steps):
        if on_the_left:
            one, two = node_hash(step, one), node_hash(step, two)
        else:
            two = node_hash(two, step)
    if one != old_root:
        raise ProofWrong(f"the first {old} leaves are not what they were: history was rewritten")
    if two != new_root:
        raise ProofWrong(f"the proof does not lead to the root over {new} leaves")


def _upwards(at: int, last: int, proof: Iterable[Hash]) -> Iterator[tuple[bool, Hash]]:
    """Walk from place `at` of `last` to the root: for each step of a proof, whether it stands on the left."""
    for step in proof:
        if last == 0:
            raise ProofWrong("the proof is too long")
        on_the_left = at % 2 == 1 or at == last
        yield on_the_left, step
        while on_the_left and at % 2 == 0 and at != 0:
            at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1
    if last != 0:
        raise ProofWrong("the proof is too short")
