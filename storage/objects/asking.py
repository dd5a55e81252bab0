"""Asking a store again about many objects, with as few questions as are honest: none is left out.

One listing from a marker on answers with the next key that there is, and so says of everything before that key that it
is gone. Where most of a bucket goes, a question covers hundreds of objects; where few go among many that stay, it
covers one, and costs more than asking for that one by itself (SeaweedFS 4.48: 4-8 ms against 1 ms). So both are done,
by what the last jump brought. In either case what is believed is a listing of every version and every marker.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

AT_ONCE = 4  # questions under way
JUMP_PAYS = 8  # a jump that covers fewer costs more than asking for them one by one
SINGLY_AFTER = 32  # how many are then asked singly before the next jump is tried; twice as many each time


def still_listed(
    prefixes: Iterable[str], first_after: Callable[[str], str | None], is_listed: Callable[[str], bool]
) -> set[str]:
    """Those of the prefixes under which the store lists anything.

    Args:
        prefixes: none is the beginning of another.
        first_after: the first key of any version or marker behind this text, None if there is none.
        is_listed: whether there is any version or marker under this very prefix.
    """
    waiting = sorted(prefixes)
    share = max(1, -(-len(waiting) // AT_ONCE))
    parts = [waiting[start : start + share] for start in range(0, len(waiting), share)]
    if len(waiting) <= AT_ONCE:
        return set(at_once(lambda each: [each] if is_listed(each) else [], waiting))
    return set(at_once(lambda part: _walk(part, first_after, is_listed), parts))


def at_once(ask: Callable[[Asked], Iterable[Answer]], each: Sequence[Asked]) -> list[Answer]:
    """Ask for each, several at a time, and put the answers together. Raises what a question raises."""
    if len(each) == 1:
        return list(ask(each[0]))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(chain.from_iterable(pool.map(ask, each)))


def _walk(
    waiting: Sequence[str], first_after: Callable[[str], str | None], is_listed: Callable[[str], bool]
) -> list[str]:
    left, at, singly, next_singly = [], 0, 0, SINGLY_AFTER
    while at < len(waiting):
        prefix = waiting[at]
        if singly:
            singly -= 1
            at += 1
            if is_listed(prefix):
                left.append(prefix)
            continue
        # A listing begins behind its marker: without its last letter, what lies exactly at the prefix is seen too.
        key = first_after(prefix[:-1])
        if key is None:
            break
        covered = bisect_right(waiting, key, at)
        if covered > at and key.startswith(waiting[covered - 1]):
            left.append(waiting[covered - 1])
        if covered - at < JUMP_PAYS:
            singly, next_singly = next_singly, next_singly * 2
        at = covered
    return left


def with_any(prefixes: Iterable[str], keys: Iterable[str]) -> set[str]:
    """Those of the prefixes that one of the keys begins with."""
    known = sorted(keys)
    return {
        prefix
        for prefix in prefixes
        if (at := bisect_left(known, prefix)) < len(known) and known[at].startswith(prefix)
    }
