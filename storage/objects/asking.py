"""Asking a store again about many objects, with as few questions as are honest: none is left out.

Ids are random, so those of a batch lie in groups that share their first letters. Where most of what begins with those
letters goes, one short listing answers for the whole group; where few go among many that stay, it gets no further than
one or two of them, and the rest are asked for one by one. Which of the two is quicker shows in the asking. In either
case what is believed is a listing of every version and every marker.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, groupby
from os.path import commonprefix
from time import perf_counter
from typing import TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")
Listed = Callable[[str, int], Sequence[str]]
"""The keys of versions and markers that begin with a text: the first ones, at most so many."""

AT_ONCE = 4  # questions under way
TOGETHER = 128  # prefixes in a group
ONE_TAKES = 0.01  # seconds: where each of a group takes longer, asking for one by itself is quicker
MOST_SINGLY = 256  # groups


class Asking:
    """How one store is asked. What it has shown of itself is remembered."""

    def __init__(self, listed: Listed) -> None:
        self._listed = listed
        self._singly = 0  # so many groups are asked for one by one
        self._next_singly = 1

    def still_listed(self, prefixes: Iterable[str]) -> set[str]:
        """Those of the prefixes under which the store lists anything. None is the beginning of another."""
        groups = list(_groups(sorted(prefixes)))
        share = max(1, -(-len(groups) // AT_ONCE))
        parts = [groups[start : start + share] for start in range(0, len(groups), share)]
        return set(at_once(lambda part: chain.from_iterable(map(self._ask, part)), parts))

    def _ask(self, group: Sequence[str]) -> Iterable[str]:
        if self._singly > 0:
            self._singly -= 1
            return [prefix for prefix in group if self._listed(prefix, 1)]
        begun, most = perf_counter(), 1 + len(group) // 8
        keys = self._listed(commonprefix(group), most)  # noqa: RUF071 - letters, not folders
        # A listing that did not end answers for what lies before its last key.
        answered = len(group) if len(keys) < most else bisect_right(group, max(keys))
        if answered > len(group) // 2 and perf_counter() - begun < answered * ONE_TAKES:
            self._next_singly = 1
        else:
            self._singly, self._next_singly = self._next_singly, min(2 * self._next_singly, MOST_SINGLY)
        left = with_any(group[:answered], keys)
        return left | {prefix for prefix in group[answered:] if self._listed(prefix, 1)}


def at_once(ask: Callable[[Asked], Iterable[Answer]], each: Sequence[Asked]) -> list[Answer]:
    """Ask for each, several at a time, and put the answers together. Raises what a question raises."""
    if len(each) < 2:
        return [answer for asked in each for answer in ask(asked)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(chain.from_iterable(pool.map(ask, each)))


def _groups(prefixes: Sequence[str], letters: int = 1) -> Iterator[Sequence[str]]:
    if len(prefixes) <= TOGETHER:
        if prefixes:
            yield prefixes
        return
    for _, some in groupby(prefixes, lambda prefix: prefix[:letters]):
        yield from _groups(list(some), letters + 1)


def with_any(prefixes: Iterable[str], keys: Iterable[str]) -> set[str]:
    """Those of the prefixes that one of the keys begins with."""
    known = sorted(keys)
    return {
        prefix
        for prefix in prefixes
        if (at := bisect_left(known, prefix)) < len(known) and known[at].startswith(prefix)
    }
