"""Which territory takes a record: the first by its rules that has room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fieldstone.metadata.territories import TerritoryRule


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record to be placed. matches: for each rule, whether it is met. held: by which territory.

    pinned: whether somebody gave it to a territory by hand, so that no rule does.
    """

    id: int
    matches: Sequence[bool]
    held: int | None = None
    pinned: bool = False


def place(
    candidates: Sequence[Candidate], rules: Sequence[TerritoryRule], room: Mapping[int, int]
) -> dict[int, TerritoryRule | None]:
    """Give for each record the rule that takes it; None for none.

    room: of territories that do not take everything, how many more records. A record that is in
    one already keeps its place there before others get one.
    """
    left = dict(room)
    for one in candidates:
        if one.held in left:
            left[one.held] += 1
    found: dict[int, TerritoryRule | None] = {}
    for one in sorted(candidates, key=lambda one: (one.held is None, one.id)):
        found[one.id] = None if one.pinned else _first(one, rules, left)
    return found


def _first(
    one: Candidate, rules: Sequence[TerritoryRule], left: dict[int, int]
) -> TerritoryRule | None:
    for rule, met in zip(rules, one.matches, strict=True):
        if not met or left.get(rule.territory, 1) < 1:
            continue
        if rule.territory in left:
            left[rule.territory] -= 1
        return rule
    return None
