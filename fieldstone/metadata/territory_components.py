"""Territories and their rules of a catalog, out of the components that declare them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fieldstone.ids import ObjectId
from fieldstone.metadata.component import StoredComponent
from fieldstone.metadata.kinds.registry import TERRITORY, TERRITORY_RULE
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.sharing import Level
from fieldstone.metadata.territories import Territory, TerritoryRule, TerritoryTree
from fieldstone.metadata.values import fold, write_json


def territories_of(
    rows: Sequence[StoredComponent], scope: Scope, objects: Mapping[str, ObjectId]
) -> TerritoryTree:
    """Give the territories. One whose parent is not there lies in no other."""
    ids = _ids(rows)
    found = []
    for row in rows:
        if row.component.kind != TERRITORY.name:
            continue
        body = TERRITORY.read(row.component)
        parent = None if body.parent is None else ids.get(fold(body.parent))
        capacity = {_object(name, scope, objects): most for name, most in body.capacity.items()}
        name = row.component.name
        found.append(Territory(row.id, name, body.label, parent, capacity, body.active))
    return TerritoryTree(found)


def territory_rules_of(
    rows: Sequence[StoredComponent], scope: Scope, objects: Mapping[str, ObjectId]
) -> dict[ObjectId, tuple[TerritoryRule, ...]]:
    """Give the active rules of active territories by object, in the order they are asked in."""
    ids, resting = _ids(rows), _resting(rows)
    ordered: list[tuple[int, str, TerritoryRule]] = []
    for row in rows:
        if row.component.kind != TERRITORY_RULE.name:
            continue
        body = TERRITORY_RULE.read(row.component)
        territory = ids.get(fold(body.territory))
        if not body.active or territory is None or territory in resting:
            continue
        where = body.where
        rule = TerritoryRule(
            id=row.id,
            name=row.component.name,
            label=body.label or row.component.name,
            object_id=_object(body.object, scope, objects),
            territory=territory,
            where=write_json(where) if isinstance(where, dict) else str(where),
            level=Level[body.access.upper()],
            along=tuple(sorted(_object(name, scope, objects) for name in body.along)),
        )
        ordered.append((body.order, fold(rule.name), rule))
    found: dict[ObjectId, tuple[TerritoryRule, ...]] = {}
    for _, _, rule in sorted(ordered, key=lambda one: one[:2]):
        found[rule.object_id] = (*found.get(rule.object_id, ()), rule)
    return found


def _object(name: str, scope: Scope, objects: Mapping[str, ObjectId]) -> ObjectId:
    return objects[fold(scope.object_name(name) or name)]


def _ids(rows: Sequence[StoredComponent]) -> dict[str, int]:
    return {
        fold(row.component.name): row.id for row in rows if row.component.kind == TERRITORY.name
    }


def _resting(rows: Sequence[StoredComponent]) -> set[int]:
    return {
        row.id
        for row in rows
        if row.component.kind == TERRITORY.name and not TERRITORY.read(row.component).active
    }
