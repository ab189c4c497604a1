"""Changes of access as callers propose them, by names and ids, read for a preview."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, UnsetType, ValidationError, convert

from fieldstone.errors import InvalidInput
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.registry import OBJECT, PERMISSION_SET, ROLE, SHARING_RULE
from fieldstone.metadata.values import Json, JsonObject, fold
from fieldstone.runtime.access.everybody import PeopleChange
from fieldstone.runtime.access.parties import user_named
from fieldstone.runtime.access.people_roles import check_people, role_named
from fieldstone.runtime.access.teams import get_team, team_named
from fieldstone.runtime.access_preview import ChangeOfAccess
from fieldstone.runtime.metadata_changes import load_components
from fieldstone.runtime.permissions import check_permissions, find_person, get_set, sets_in
from fieldstone.runtime.transactions import Transaction

KINDS: Final = (OBJECT.name, ROLE.name, SHARING_RULE.name, PERMISSION_SET.name)
_Text = Annotated[str, Meta(max_length=320)]
_Some = Annotated[tuple[_Text, ...], Meta(max_length=1_000)]


class BadProposal(InvalidInput):
    """A change of access that says nothing, or that is not said as it should be."""

    code = "access.bad_proposal"


@dataclass(frozen=True, slots=True)
class PersonSaid:
    """What would be changed of somebody. user: id or e-mail address. role: null for none."""

    user: _Text
    role: _Text | UnsetType | None = UNSET
    give: _Some = ()
    take: _Some = ()


@dataclass(frozen=True, slots=True)
class TeamChangeSaid:
    """What would be changed of a team. team: id or name. within: another one, null for none."""

    team: _Text
    add: _Some = ()
    remove: _Some = ()
    within: _Text | UnsetType | None = UNSET
    delete: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """A change of access. components: with kind and name; what they do not say stays as it is."""

    components: Annotated[tuple[dict[str, Any], ...], Meta(max_length=200)] = ()
    removals: Annotated[tuple[dict[str, Any], ...], Meta(max_length=200)] = ()
    people: Annotated[tuple[PersonSaid, ...], Meta(max_length=1_000)] = ()
    teams: Annotated[tuple[TeamChangeSaid, ...], Meta(max_length=200)] = ()


def read_said(body: JsonObject) -> Said:
    """Read a proposal as JSON. Raises BadProposal."""
    try:
        said = convert(body, Said)
    except ValidationError as error:
        raise BadProposal(f"{error}.", hint=_HINT) from error
    unknown = sorted(set(body) - {"components", "removals", "people", "teams"})
    if unknown:
        raise BadProposal(f"{unknown[0][:80]} is not part of a proposal.", hint=_HINT)
    if not (said.components or said.removals or said.people or said.teams):
        raise BadProposal("Nothing would change.", hint=_HINT)
    return said


_HINT: Final = "Give components, removals, people or teams, each a list."


async def resolve(tx: Transaction, said: Said, kinds: Sequence[str] = KINDS) -> ChangeOfAccess:
    """Give what a proposal means in a tenant. kinds: of components that it may be about.

    Raises Forbidden, and errors of what is not there.
    """
    _check(tx, said)
    proposal = Proposal()
    if said.components or said.removals:
        proposal = await _proposal(tx, said, kinds)
    moved = _Moved()
    for one in said.people:
        await _person(tx, one, moved)
    for team in said.teams:
        await _team(tx, team, moved)
    return ChangeOfAccess(proposal, moved.frozen())


def _check(tx: Transaction, said: Said) -> None:
    """Refuse those who could not carry it out, before names are looked up. Raises Forbidden."""
    if said.teams or any(one.role is not UNSET for one in said.people):
        check_people(tx)
    if said.components or said.removals or any(one.give or one.take for one in said.people):
        check_permissions(tx)


@dataclass(slots=True)
class _Moved:
    """What is changed of people, as far as it has been read."""

    roles: dict[int, int | None] = field(default_factory=dict)
    given: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    taken: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    joined: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    left: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    within: dict[int, int | None] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)

    def frozen(self) -> PeopleChange:
        """Give it as it is worked with."""
        return PeopleChange(
            self.roles,
            _frozen(self.given),
            _frozen(self.taken),
            _frozen(self.joined),
            _frozen(self.left),
            self.within,
            frozenset(self.gone),
        )


def _frozen(found: Mapping[int, set[int]]) -> Mapping[int, frozenset[int]]:
    return {key: frozenset(some) for key, some in found.items() if some}


async def _person(tx: Transaction, said: PersonSaid, moved: _Moved) -> None:
    if said.role is not UNSET:
        user = await user_named(tx, said.user, "/people")
        moved.roles[user] = None if said.role is None else role_named(tx, said.role).id
    if said.give or said.take:
        member = await find_person(tx, said.user)
        given = [get_set(tx.catalog, name) for name in said.give]
        moved.given[member] |= {one.id for one in given}
        moved.taken[member] |= {get_set(tx.catalog, name).id for name in said.take}
        if any(one.is_profile for one in given):
            # A profile takes the place of the one that somebody has.
            moved.taken[member] |= {one.id for one in sets_in(tx.catalog) if one.is_profile}


async def _team(tx: Transaction, said: TeamChangeSaid, moved: _Moved) -> None:
    team = (await team_named(tx, said.team)).id
    moved.joined[team] |= {await user_named(tx, one, "/teams") for one in said.add}
    moved.left[team] |= {await user_named(tx, one, "/teams") for one in said.remove}
    if said.delete:
        moved.gone.add(team)
    if said.within is not UNSET:
        moved.within[team] = (
            None if said.within is None else await _team_above(tx, team, said.within)
        )


async def _team_above(tx: Transaction, team: int, named: str) -> int:
    above = (await team_named(tx, named)).id
    at: int | None = above
    while at is not None:
        if at == team:
            raise BadProposal("A team cannot stand within itself.", at="/teams")
        at = (await get_team(tx, at)).parent
    return above


async def _proposal(tx: Transaction, said: Said, kinds: Sequence[str]) -> Proposal:
    live = [row.component for row in await load_components(tx) if row.deleted_at is None]
    known = {one.key: one for one in live}
    upserts = tuple(_merged(known, one, n, kinds) for n, one in enumerate(said.components))
    removals = tuple(_removed(known, one, n, kinds) for n, one in enumerate(said.removals))
    pointers = {one.key: f"/components/{n}" for n, one in enumerate(upserts)}
    return Proposal(upserts=upserts, removals=removals, pointers=pointers)


def _removed(
    known: Mapping[tuple[str, str], Component],
    said: Mapping[str, Json],
    number: int,
    kinds: Sequence[str],
) -> tuple[str, str]:
    key = _key(said, f"/removals/{number}", [one for one in kinds if one != OBJECT.name])
    if key not in known:
        raise BadProposal(f"There is no {key[0]} {key[1][:80]}.", at=f"/removals/{number}/name")
    return key


def _merged(
    known: Mapping[tuple[str, str], Component],
    said: Mapping[str, Json],
    number: int,
    kinds: Sequence[str],
) -> Component:
    key = _key(said, f"/components/{number}", kinds)
    body = {name: value for name, value in said.items() if name not in ("kind", "name", "package")}
    old = known.get(key)
    if old is None and key[0] == OBJECT.name:
        raise BadProposal(f"There is no object {key[1][:80]}.", at=f"/components/{number}/name")
    if old is None:
        return Component(key[0], str(said["name"]), body)
    return Component(old.kind, old.name, {**old.body, **body}, old.package)


def _key(said: Mapping[str, Json], at: str, kinds: Sequence[str]) -> tuple[str, str]:
    kind, name = said.get("kind"), said.get("name")
    if not isinstance(kind, str) or kind not in kinds:
        raise BadProposal(f"kind must be one of {', '.join(kinds)}.", at=f"{at}/kind")
    if not isinstance(name, str) or not name:
        raise BadProposal("name must be a text.", at=f"{at}/name")
    return kind, fold(name)
