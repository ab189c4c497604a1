"""The retention policies of a catalog, out of the components that declare them."""

from __future__ import annotations

from collections.abc import Mapping

from fieldstone.ids import ObjectId
from fieldstone.metadata.kinds.registry import RETENTION_POLICY
from fieldstone.metadata.retention import RetentionPolicy
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.values import fold, write_json


def retention_of(scope: Scope, objects: Mapping[str, ObjectId]) -> tuple[RetentionPolicy, ...]:
    """Give the policies in order of name. objects: their ids by folded name."""
    found = []
    for component in scope.of_kind(RETENTION_POLICY.name):
        body = RETENTION_POLICY.read(component)
        name = None if body.object is None else scope.object_name(body.object)
        found.append(
            RetentionPolicy(
                name=component.name,
                label=body.label or component.name,
                of=body.of,
                days=body.days,
                object_id=None if name is None else objects[fold(name)],
                since=body.since,
                where=write_json(body.where) if isinstance(body.where, dict) else body.where,
                fate=body.action,
                active=body.active,
            )
        )
    return tuple(sorted(found, key=lambda one: fold(one.name)))
