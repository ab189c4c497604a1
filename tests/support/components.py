"""Builders of components and of what is stored of them, without a database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fieldstone.metadata.build import build_catalog
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.changes import MetadataPlan, Proposal, plan_changes
from fieldstone.metadata.component import Component, StoredComponent
from fieldstone.metadata.definitions import object_components
from fieldstone.metadata.values import JsonObject

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def an_object(name: str, *fields: JsonObject, **body: Any) -> tuple[Component, ...]:
    """Give an object as a package would bring it, with its fields."""
    return object_components({"name": name, "fields": list(fields), **body}, package="test")


def after(rows: Sequence[StoredComponent], plan: MetadataPlan) -> list[StoredComponent]:
    """Give the stored components once a plan has been carried out."""
    by_id = {row.id: row for row in rows}
    following = max(by_id, default=0) + 1
    for change in plan.changes:
        number = change.id or following
        following += not change.id
        component = change.after or change.before
        assert component is not None
        removed = change.operation == "remove"
        by_id[number] = StoredComponent(
            number, component, change.storage, MOMENT, MOMENT if removed else None
        )
    for one in plan.remainders:
        by_id[following] = StoredComponent(following, one.component, one.storage, MOMENT, MOMENT)
        following += 1
    for row in plan.following:
        by_id[row.id] = replace(by_id[row.id], component=row.component)
    return sorted(by_id.values(), key=lambda row: row.id)


def stored(*components: Component) -> list[StoredComponent]:
    """Give components as they would be stored, created in this order."""
    return after([], plan_changes([], Proposal(creates=components)))


def a_catalog(rows: Iterable[StoredComponent]) -> Catalog:
    """Build the catalog of stored components."""
    return build_catalog(1, 1, "record_p00", list(rows))  # type: ignore[arg-type]
