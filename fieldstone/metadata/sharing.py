"""What decides who sees which records, beside what a permission set gives for whole objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

from fieldstone.ids import ObjectId

MOST_ROLES: Final = 5_000
EVERYONE: Final = 0
"""The principal that everybody is."""


class Sharing(StrEnum):
    """Who sees an object's records where nothing else says so; the value stands in definitions."""

    PRIVATE = "private"
    READ = "read"
    READ_WRITE = "read_write"
    PARENT = "parent"


class Level(IntEnum):
    """How much somebody may do with a record; who may edit it sees it too."""

    READ = 1
    EDIT = 2

    @property
    def word(self) -> str:
        """How it is called in definitions and answers."""
        return self.name.lower()


class PartyKind(StrEnum):
    """Who is meant by a party; the value is its name in definitions."""

    EVERYONE = "everyone"
    ROLE = "role"
    ROLE_AND_BELOW = "role_and_below"
    TEAM = "team"
    USER = "user"
    TERRITORY = "territory"


@dataclass(frozen=True, slots=True)
class Party:
    """Some of the people: all, those of a role, with those below it, of a team, or one.

    id: of the component of the role or territory, of the team, or of the user; 0 for everyone.
    """

    kind: PartyKind
    id: int = EVERYONE

    @property
    def principal(self) -> int:
        """The number under which shares name it.

        Ids of components lie below those of teams and users, which are drawn from one sequence in
        time; a role with all below it has the number of the role, less than nothing.
        """
        return -self.id if self.kind is PartyKind.ROLE_AND_BELOW else self.id


@dataclass(frozen=True, slots=True)
class Role:
    """One place in the hierarchy. parent: the role above it; None at the top."""

    id: int
    name: str
    label: str
    parent: int | None = None


class RoleTree:
    """The roles of a tenant. Whoever stands above sees what those below own."""

    def __init__(self, roles: Iterable[Role] = ()) -> None:
        self.by_id: Mapping[int, Role] = {role.id: role for role in roles}
        self._below: dict[int | None, list[int]] = {}
        for role in self.by_id.values():
            self._below.setdefault(role.parent, []).append(role.id)

    def __iter__(self) -> Iterator[Role]:
        return iter(self.by_id.values())

    def children_of(self, role: int | None) -> tuple[Role, ...]:
        """Give the roles right below one; for None, those at the top."""
        return tuple(self.by_id[one] for one in self._below.get(role, ()))

    def below(self, role: int | None) -> frozenset[int]:
        """Give the roles below one, however deep, without itself."""
        found: set[int] = set()
        waiting = [] if role is None else list(self._below.get(role, ()))
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting.extend(self._below.get(one, ()))
        return frozenset(found - {role})

    def above(self, role: int | None) -> tuple[int, ...]:
        """Give the roles above one, the nearest first."""
        found: list[int] = []
        at = self.by_id.get(role) if role is not None else None
        while at is not None and at.parent is not None and at.parent not in found:
            found.append(at.parent)
            at = self.by_id.get(at.parent)
        return tuple(one for one in found if one in self.by_id and one != role)

    def members_of(self, party: Party) -> frozenset[int]:
        """Give the roles that a party of roles means."""
        if party.kind is PartyKind.ROLE_AND_BELOW:
            return self.below(party.id) | {party.id}
        return frozenset({party.id} if party.kind is PartyKind.ROLE else ())


@dataclass(frozen=True, slots=True)
class SharingRule:
    """Opens records of an object to some people.

    Which: those whose owner is of owned_by, or those that meet where, a condition of the query
    language. label: how people call it.
    """

    id: int
    name: str
    label: str
    object_id: ObjectId
    level: Level
    share_with: Party
    owned_by: Party | None = None
    where: str | None = None
