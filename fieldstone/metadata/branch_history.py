"""What a branch and its parent have in common, with the merges by which it came to be so.

A merge makes what came the common base. If it is undone later, both have in common what they had
before: the branch's work is its own again, and can be merged once more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from fieldstone.metadata.branch_merge import Pair

_MOST_KEPT: Final = 20
_Ids = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Merged:
    """What one merge made of the pairs. version: the number of the change, on the side it changed.

    before: the pairs that are otherwise since, as they were. made: the ids of those that came.
    """

    into_parent: bool
    version: int
    before: tuple[Pair, ...]
    made: tuple[_Ids, ...]

    @property
    def touched(self) -> tuple[_Ids, ...]:
        """The ids of all pairs that it made, changed or parted."""
        return (*(_ids(one) for one in self.before), *self.made)


@dataclass(frozen=True, slots=True)
class Common:
    """What both sides have in common. merges: those that can be undone, the oldest first."""

    pairs: tuple[Pair, ...] = ()
    merges: tuple[Merged, ...] = ()

    def after_merge(self, pairs: Sequence[Pair], *, into_parent: bool, version: int) -> Common:
        """Give what is common once a merge was done. version: of the change that it was."""
        was = {_ids(one): one for one in self.pairs}
        now = {_ids(one): one for one in pairs}
        before = tuple(one for ids, one in was.items() if now.get(ids) != one)
        made = tuple(ids for ids in now if ids not in was)
        merged = Merged(into_parent, version, before, made)
        return Common(tuple(pairs), (*self.merges, merged)[-_MOST_KEPT:])

    def without(self, in_parent: Collection[int], in_branch: Collection[int]) -> Common:
        """Give what is common now that some merges are undone, by their numbers on each side.

        What a later merge made different as well stays as that one left it.
        """
        pairs = {_ids(one): one for one in self.pairs}
        standing: list[Merged] = []
        held: set[_Ids] = set()
        for merged in reversed(self.merges):
            if merged.version not in (in_parent if merged.into_parent else in_branch):
                standing.insert(0, merged)
                held.update(merged.touched)
                continue
            for ids in _free(merged.touched, held):
                pairs.pop(ids, None)
            back = {_ids(one): one for one in merged.before}
            pairs |= {ids: back[ids] for ids in _free(back, held)}
        return replace(self, pairs=tuple(pairs.values()), merges=tuple(standing))


def _ids(pair: Pair) -> _Ids:
    return pair.parent_id, pair.branch_id


def _free(some: Iterable[_Ids], held: Collection[_Ids]) -> list[_Ids]:
    """Give ids of pairs of which neither side belongs to one that is held."""
    parents, branches = {one[0] for one in held}, {one[1] for one in held}
    return [one for one in some if one[0] not in parents and one[1] not in branches]
