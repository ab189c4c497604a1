"""Where everybody of a tenant stands, and where they would stand if some of them were moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import ARRAY, BigInteger, Integer, func, select

from fieldstone.metadata.record_access import Place
from fieldstone.metadata.standing import Standing
from fieldstone.metadata.tables import (
    MEMBER,
    PERMISSION_ASSIGNMENT,
    PERSON_ROLE,
    TEAM,
    TEAM_MEMBER,
)
from fieldstone.metadata.territory_tables import TERRITORY_PERSON
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.transactions import Transaction

_TENANT: Final = parameter("tenant", Integer())
_GIVEN: Final = PERMISSION_ASSIGNMENT.c
_SETS: Final = (
    select(func.array_agg(_GIVEN.set_id))
    .where(_GIVEN.tenant_id == MEMBER.c.tenant_id, _GIVEN.user_id == MEMBER.c.user_id)
    .scalar_subquery()
)
_MEMBERS: Final = prepare(
    select(MEMBER.c.user_id, _SETS.label("sets")).where(
        MEMBER.c.tenant_id == _TENANT,
        MEMBER.c.ended_at.is_(None),
        MEMBER.c.is_administrator.is_(False),
    )
)
_ROLES: Final = prepare(
    select(PERSON_ROLE.c.user_id, PERSON_ROLE.c.role_id).where(PERSON_ROLE.c.tenant_id == _TENANT)
)
_TEAMS: Final = prepare(select(TEAM.c.id, TEAM.c.parent_id).where(TEAM.c.tenant_id == _TENANT))
_IN_TEAMS: Final = prepare(
    select(TEAM_MEMBER.c.user_id, func.array_agg(TEAM_MEMBER.c.team_id, type_=ARRAY(BigInteger)))
    .where(TEAM_MEMBER.c.tenant_id == _TENANT)
    .group_by(TEAM_MEMBER.c.user_id)
)
_IN_TERRITORIES: Final = prepare(
    select(
        TERRITORY_PERSON.c.user_id,
        func.array_agg(TERRITORY_PERSON.c.territory_id, type_=ARRAY(Integer)),
    )
    .where(TERRITORY_PERSON.c.tenant_id == _TENANT)
    .group_by(TERRITORY_PERSON.c.user_id)
)
_NONE: Final[frozenset[int]] = frozenset()


@dataclass(frozen=True, slots=True)
class PeopleChange:
    """What would be changed of people, by their ids.

    roles: the role that each would have; None for none. given, taken: permission sets. joined,
    left: people by team. within: by team the one that it would stand in; None for none. gone:
    teams that there would be no more.
    """

    roles: Mapping[int, int | None] = field(default_factory=dict)
    given: Mapping[int, frozenset[int]] = field(default_factory=dict)
    taken: Mapping[int, frozenset[int]] = field(default_factory=dict)
    joined: Mapping[int, frozenset[int]] = field(default_factory=dict)
    left: Mapping[int, frozenset[int]] = field(default_factory=dict)
    within: Mapping[int, int | None] = field(default_factory=dict)
    gone: frozenset[int] = _NONE

    @property
    def moves_people(self) -> bool:
        """Whether anybody's role or team would change."""
        return bool(self.roles or self.joined or self.left or self.within or self.gone)

    @property
    def gives_sets(self) -> bool:
        """Whether anybody's permission sets would change."""
        return bool(self.given or self.taken)


@dataclass(frozen=True, slots=True)
class Everybody:
    """Where people stand.

    sets: of each member who is let in and no administrator. roles: of all users. teams: those
    that users are in themselves. above: the team in which each team stands. territories: those
    that users work in themselves.
    """

    sets: Mapping[int, frozenset[int]]
    roles: Mapping[int, int]
    teams: Mapping[int, frozenset[int]]
    above: Mapping[int, int | None]
    territories: Mapping[int, frozenset[int]] = field(default_factory=dict)
    _reached: dict[frozenset[int], frozenset[int]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def place_of(self, user: int) -> Place:
        """Give the role of somebody, and all teams that they belong to, however deep."""
        own = self.teams.get(user, _NONE)
        if own not in self._reached:
            self._reached[own] = frozenset(self._above(own))
        territories = self.territories.get(user, _NONE)
        return Place(self.roles.get(user), self._reached[own], territories)

    def standing_of(self, user: int) -> Standing:
        """Give what a member was given, as the gate would find it."""
        place = self.place_of(user)
        return Standing(
            sets=self.sets[user],
            role=place.role,
            teams=place.teams,
            territories=place.territories,
        )

    def changed(self, change: PeopleChange) -> Everybody:
        """Give where people would stand."""
        roles = {**self.roles, **change.roles}
        teams = {user: own - change.gone for user, own in self.teams.items()}
        for team, users in change.joined.items():
            teams |= {user: teams.get(user, _NONE) | {team} for user in users}
        for team, users in change.left.items():
            teams |= {user: teams.get(user, _NONE) - {team} for user in users}
        sets = {
            user: (own - change.taken.get(user, _NONE)) | change.given.get(user, _NONE)
            for user, own in self.sets.items()
        }
        above = {**self.above, **change.within}
        return Everybody(
            sets,
            {user: role for user, role in roles.items() if role is not None},
            teams,
            {team: over for team, over in above.items() if team not in change.gone},
            self.territories,
        )

    def _above(self, teams: frozenset[int]) -> Iterator[int]:
        seen, waiting = set[int](), list(teams)
        while waiting:
            one = waiting.pop()
            if one not in seen:
                seen.add(one)
                yield one
                over = self.above.get(one)
                waiting += [] if over is None else [over]


async def load_everybody(tx: Transaction) -> Everybody:
    """Load where everybody stands, with five statements."""
    tenant = tx.tenant.id
    members = await tx.rows(_MEMBERS, tenant=tenant)
    roles = await tx.rows(_ROLES, tenant=tenant)
    teams = await tx.rows(_TEAMS, tenant=tenant)
    joined = await tx.rows(_IN_TEAMS, tenant=tenant)
    working = await tx.rows(_IN_TERRITORIES, tenant=tenant)
    return Everybody(
        {row["user_id"]: frozenset(row["sets"] or ()) for row in members},
        {row["user_id"]: row["role_id"] for row in roles},
        {row["user_id"]: frozenset(row[1]) for row in joined},
        {row["id"]: row["parent_id"] for row in teams},
        {row["user_id"]: frozenset(row[1]) for row in working},
    )
