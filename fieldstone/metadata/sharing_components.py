"""Roles and sharing rules of a catalog, out of the components that declare them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fieldstone.ids import ObjectId
from fieldstone.metadata.component import StoredComponent
from fieldstone.metadata.kinds.registry import ROLE, SHARING_RULE
from fieldstone.metadata.kinds.sharing_rule import PartyBody, team_number
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.sharing import Level, Party, PartyKind, Role, RoleTree, SharingRule
from fieldstone.metadata.values import fold, write_json


def roles_of(rows: Sequence[StoredComponent]) -> RoleTree:
    """Give the hierarchy. A role whose parent is not there stands at the top."""
    ids = _role_ids(rows)
    found = []
    for row in rows:
        if row.component.kind == ROLE.name:
            body = ROLE.read(row.component)
            parent = None if body.parent is None else ids.get(fold(body.parent))
            found.append(Role(row.id, row.component.name, body.label, parent))
    return RoleTree(found)


def sharing_rules_of(
    rows: Sequence[StoredComponent], scope: Scope, objects: Mapping[str, ObjectId]
) -> dict[ObjectId, tuple[SharingRule, ...]]:
    """Give the active rules by object. objects: their ids by folded name."""
    roles = _role_ids(rows)
    found: dict[ObjectId, tuple[SharingRule, ...]] = {}
    for row in rows:
        if row.component.kind != SHARING_RULE.name:
            continue
        body = SHARING_RULE.read(row.component)
        share_with = _party(body.share_with, roles)
        owned_by = None if body.owned_by is None else _party(body.owned_by, roles)
        if not body.active or share_with is None or (body.owned_by and owned_by is None):
            continue
        object_id = objects[fold(scope.object_name(body.object) or body.object)]
        rule = SharingRule(
            id=row.id,
            name=row.component.name,
            label=body.label or row.component.name,
            object_id=object_id,
            level=Level[body.access.upper()],
            share_with=share_with,
            owned_by=owned_by,
            where=write_json(body.where) if isinstance(body.where, dict) else body.where,
        )
        found[object_id] = (*found.get(object_id, ()), rule)
    return found


def _role_ids(rows: Sequence[StoredComponent]) -> dict[str, int]:
    return {fold(row.component.name): row.id for row in rows if row.component.kind == ROLE.name}


def _party(body: PartyBody, roles: Mapping[str, int]) -> Party | None:
    """Give who is meant; None where a role or team is not there."""
    if body.everyone:
        return Party(PartyKind.EVERYONE)
    if body.team is not None:
        number = team_number(body.team)
        return None if number is None else Party(PartyKind.TEAM, number)
    for kind, name in (
        (PartyKind.ROLE, body.role),
        (PartyKind.ROLE_AND_BELOW, body.role_and_below),
    ):
        if name is not None and (found := roles.get(fold(name))) is not None:
            return Party(kind, found)
    return None
