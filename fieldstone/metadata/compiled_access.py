"""Works out which records somebody may see and edit, object by object, from where they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fieldstone.ids import ObjectId
from fieldstone.metadata.catalog import Catalog, ObjectDef
from fieldstone.metadata.record_access import OPEN, Grants, Place, RecordAccess
from fieldstone.metadata.sharing import EVERYONE, Level, Party, PartyKind, Sharing

Unrestricted = Callable[[ObjectId, Level], bool]
"""Tells whether somebody may do so much with all records of an object."""


def record_access(catalog: Catalog, place: Place, unrestricted: Unrestricted) -> RecordAccess:
    """Give what somebody may see and edit, object by object."""
    closed = [obj for obj in catalog.objects if obj.sharing is not Sharing.READ_WRITE]
    if not closed:
        return OPEN
    below = catalog.roles.below(place.role)
    principals = _principals(catalog, place, below)
    grants: dict[tuple[ObjectId, Level], Grants] = {}
    for level in Level:
        for obj in closed:
            if unrestricted(obj.id, level) or (obj.sharing is Sharing.READ and level is Level.READ):
                continue
            grants[obj.id, level] = _grants(catalog, obj, level, below, frozenset(principals))
        _open_parts(catalog, grants, level)
    return RecordAccess(grants, principals) if grants else OPEN


def _open_parts(
    catalog: Catalog, grants: dict[tuple[ObjectId, Level], Grants], level: Level
) -> None:
    """Leave out the parts of what is open, part by part."""
    while opened := [
        key
        for key, found in grants.items()
        if key[1] is level and found.parent is not None and (found.parent, level) not in grants
    ]:
        for key in opened:
            del grants[key]


def _grants(
    catalog: Catalog,
    obj: ObjectDef,
    level: Level,
    below: frozenset[int],
    principals: frozenset[int],
) -> Grants:
    if obj.sharing is Sharing.PARENT and obj.master is not None:
        return Grants(parent=obj.master.references[0])
    roles, teams, criteria = set(below), set[int](), []
    for rule in catalog.sharing_rules.get(obj.id, ()):
        if rule.level < level or rule.share_with.principal not in principals:
            continue
        if rule.owned_by is None:
            criteria.append(rule)
        elif rule.owned_by.kind is PartyKind.TEAM:
            teams.add(rule.owned_by.id)
        else:
            roles |= catalog.roles.members_of(rule.owned_by)
    return Grants(tuple(sorted(roles)), tuple(sorted(teams)), tuple(criteria))


def _principals(catalog: Catalog, place: Place, below: Iterable[int]) -> tuple[int, ...]:
    """Give the numbers of everything that somebody is part of.

    Whoever stands above a role sees what is shared with it, as what its people own; whoever works
    in a territory, what belongs to those within it.
    """
    roles, territories = catalog.roles, catalog.territories
    found = {EVERYONE, *place.teams, *territories.reached_from(place.territories)}
    if place.role in roles.by_id:
        assert place.role is not None
        found |= {place.role, *below}
        found |= {_with_below(one) for one in (place.role, *below, *roles.above(place.role))}
    return tuple(sorted(found))


def _with_below(role: int) -> int:
    return Party(PartyKind.ROLE_AND_BELOW, role).principal
