"""Who would lose and gain which records if roles, teams, rules or sets were other than they are.

Nobody is asked record by record. Records that the same things decide on (owner, rules whose
condition they meet, shares) are one class, and people to whom the same things open records one
group, so that a million records and thousands of people are some thousand comparisons. The answer
is exact: who owns a record, or has it shared with themselves, is told apart within class and group.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from fieldstone.ids import ObjectId
from fieldstone.metadata.record_access import Place
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.sharing import Level, SharingRule

RuleKey: TypeAlias = tuple[int, str]
"""A rule by its id and its condition: a changed condition makes it another rule."""

_NONE: Final[frozenset[int]] = frozenset()


@dataclass(frozen=True, slots=True)
class Reach:
    """Which records of an object somebody sees, or edits; their own and shares of theirs as well.

    is_whole: all of them. Otherwise those whose owners have one of roles or are in one of teams,
    that meet one of rules, or that are shared with one of principals.
    """

    is_whole: bool = False
    roles: frozenset[int] = _NONE
    teams: frozenset[int] = _NONE
    rules: frozenset[RuleKey] = frozenset()
    principals: frozenset[int] = _NONE


@dataclass(frozen=True, slots=True)
class Deciding:
    """What decides about some records on one side of a change: whose they are and what opens them.

    A part has here what its whole has, where that decides.
    """

    owner: int | None = None
    rules: frozenset[RuleKey] = frozenset()
    shared: frozenset[int] = _NONE


@dataclass(frozen=True, slots=True)
class Class:
    """Some records that are the same to everybody but their owners and those they are shared with.

    before, after: what decides on either side. records: how many.
    """

    before: Deciding
    after: Deciding
    records: int


Sides: TypeAlias = tuple[Reach | None, Reach | None]
"""What somebody reaches before and after; None for nothing at all."""


@dataclass(slots=True)
class Difference:
    """Who would lose and gain something, and how many records somebody would."""

    losers: set[int] = field(default_factory=set)
    gainers: set[int] = field(default_factory=set)
    lost: int = 0
    gained: int = 0

    def __bool__(self) -> bool:
        return bool(self.losers or self.gainers)


def reach_of(rights: Rights, object_id: ObjectId, level: Level) -> Reach | None:
    """Give what somebody with these rights reaches of an object; None for nothing.

    What decides on parts is what decides on their whole.
    """
    may = rights.may_read_object if level is Level.READ else rights.may_edit_object
    if not may(object_id):
        return None
    access, at = rights.record_access, object_id
    while (grants := access.of(at, level)) is not None:
        if grants.parent is None:
            return Reach(
                roles=frozenset(grants.roles),
                teams=frozenset(grants.teams),
                rules=frozenset(map(rule_key, grants.criteria)),
                principals=frozenset(access.principals),
            )
        at = grants.parent
    return Reach(is_whole=True)


def rule_key(rule: SharingRule) -> RuleKey:
    """Name a rule by what it says."""
    return rule.id, rule.where or ""


def compare(
    groups: Mapping[Sides, Iterable[int]],
    classes: Iterable[Class],
    places: tuple[Callable[[int], Place], Callable[[int], Place]],
) -> Difference:
    """Give what a change takes and gives. groups: people by what they reach before and after.

    places: tell where an owner stands, before and after.
    """
    wanted = [_Group(*sides, frozenset(people)) for sides, people in groups.items()]
    found = Difference()
    for one in _merged(classes, wanted, places):
        for group in wanted:
            one.weigh(group)
        found.lost += one.lost.records
        found.gained += one.gained.records
    for group in wanted:
        found.losers |= group.people - group.unmoved[_LOST]
        found.gainers |= group.people - group.unmoved[_GAINED]
    return found


_LOST: Final = 0
_GAINED: Final = 1


class _Group:
    """People to whom the same opens records. unmoved: who loses, and who gains, nothing so far."""

    def __init__(self, before: Reach | None, after: Reach | None, people: frozenset[int]) -> None:
        self.sides = before, after
        self.people = people
        self.unmoved = [people, people]


@dataclass(frozen=True, slots=True)
class _Side:
    """What decides about a class on one side, with the owners' places in the place of owners."""

    role: int | None
    teams: frozenset[int]
    rules: frozenset[RuleKey]
    shared: frozenset[int]

    def is_open_to(self, reach: Reach | None) -> bool:
        """Tell whether it is open beyond owners and shares of single people."""
        if reach is None or reach.is_whole:
            return reach is not None
        return (
            self.role in reach.roles
            or not self.teams.isdisjoint(reach.teams)
            or not self.rules.isdisjoint(reach.rules)
            or not self.shared.isdisjoint(reach.principals)
        )


_Owners: TypeAlias = tuple[int | None, int | None]


class _Moved:
    """Which records of a class somebody loses, or gains: all, all but those of one owner, some.

    side: of the owners, those whose records stay where they are.
    """

    def __init__(self, owners: Counter[_Owners], side: int) -> None:
        self._owners = owners
        self._side = side
        self._all_but: int | None = None
        self._some = set[_Owners]()
        self.is_all = False

    def everything(self) -> None:
        self.is_all = True

    def all_but(self, owner: int) -> None:
        self.is_all = self.is_all or self._all_but not in (None, owner)
        self._all_but = owner

    def some(self, owners: _Owners) -> None:
        self._some.add(owners)

    @property
    def records(self) -> int:
        """How many records."""
        if self.is_all:
            return self._owners.total()
        but, side = self._all_but, self._side
        return sum(
            number
            for owners, number in self._owners.items()
            if owners in self._some or (but is not None and owners[side] != but)
        )


class _Weighed:
    """A class of records with its owners, and which of them somebody loses and gains."""

    def __init__(self, before: _Side, after: _Side, owners: Counter[_Owners]) -> None:
        self._sides = before, after
        self._owners = owners
        self._owned_by = [frozenset(one[side] for one in owners) for side in (0, 1)]
        self._differ = before.shared != after.shared or any(was != now for was, now in owners)
        self.lost, self.gained = _Moved(owners, 1), _Moved(owners, 0)

    def weigh(self, group: _Group) -> None:
        """Note what a group of people loses and gains of the class."""
        before, after = group.sides
        was, is_now = self._sides[0].is_open_to(before), self._sides[1].is_open_to(after)
        if was and is_now:
            return
        if was or is_now:
            self._moves(group, _LOST if was else _GAINED)
        elif _keeps_own(before) != _keeps_own(after):
            self._own_ones(group, _LOST if _keeps_own(before) else _GAINED)
        elif _keeps_own(before) and self._differ:
            self._exchanged(group)

    def _moves(self, group: _Group, way: int) -> None:
        """Note that a group loses, or gains, all but what is theirs on the other side."""
        moved, other = (self.lost, 1) if way == _LOST else (self.gained, 0)
        if moved.is_all and not group.unmoved[way]:
            return
        kept, owners = _NONE, self._owned_by[other]
        if _keeps_own(group.sides[other]):
            kept = self._sides[other].shared & group.people
            if len(owners) == 1:
                kept |= group.people & owners
        left = len(group.people) - len(kept)
        if not left:
            return
        alone = next(iter(group.people - kept)) if left == 1 else None
        if _keeps_own(group.sides[other]) and alone is not None and alone in owners:
            moved.all_but(alone)
        else:
            moved.everything()
        group.unmoved[way] &= kept

    def _own_ones(self, group: _Group, way: int) -> None:
        """Note that people lose, or gain, what is theirs, since nothing but that was open."""
        moved, side = (self.lost, 0) if way == _LOST else (self.gained, 1)
        if theirs := group.people & self._sides[side].shared:
            moved.everything()
            group.unmoved[way] -= theirs
        for owners in self._owners:
            if owners[side] in group.people:
                moved.some(owners)
                group.unmoved[way] -= {owners[side]}

    def _exchanged(self, group: _Group) -> None:
        """Note who has records as theirs on one side alone, since others decide about them."""
        shared = [side.shared & group.people for side in self._sides]
        for owners in self._owners:
            before, after = (shared[side] | ({owners[side]} & group.people) for side in (0, 1))
            for way, moved, theirs in (
                (_LOST, self.lost, before - after),
                (_GAINED, self.gained, after - before),
            ):
                if theirs:
                    moved.some(owners)
                    group.unmoved[way] -= theirs


def _keeps_own(reach: Reach | None) -> bool:
    """Tell whether owning a record, or having it shared, opens it where nothing else does."""
    return reach is not None and not reach.is_whole


def _merged(
    classes: Iterable[Class],
    groups: Sequence[_Group],
    places: tuple[Callable[[int], Place], Callable[[int], Place]],
) -> list[_Weighed]:
    """Give the classes, those as one that differ only by what nobody's reach asks about."""
    asked = [_asked(group.sides[side] for group in groups) for side in (0, 1)]
    found: dict[tuple[_Side, _Side], Counter[_Owners]] = {}
    for one in classes:
        before = _side(one.before, places[0], asked[0])
        after = _side(one.after, places[1], asked[1])
        owners = found.setdefault((before, after), Counter())
        owners[one.before.owner, one.after.owner] += one.records
    return [_Weighed(*sides, owners) for sides, owners in found.items()]


def _asked(reaches: Iterable[Reach | None]) -> Reach:
    """Give all that some reaches ask about together."""
    some = [one for one in reaches if one is not None]
    return Reach(
        roles=frozenset[int]().union(*(one.roles for one in some)),
        teams=frozenset[int]().union(*(one.teams for one in some)),
        rules=frozenset[RuleKey]().union(*(one.rules for one in some)),
    )


def _side(deciding: Deciding, place: Callable[[int], Place], asked: Reach) -> _Side:
    stands = Place() if deciding.owner is None else place(deciding.owner)
    return _Side(
        stands.role if stands.role in asked.roles else None,
        stands.teams & asked.teams,
        deciding.rules & asked.rules,
        deciding.shared,
    )
