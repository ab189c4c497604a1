"""A component: one small declaration of one kind. Everything an administrator can change is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fieldstone.errors import NotFound
from fieldstone.metadata.values import Json, JsonObject, fold


class UnknownComponent(NotFound):
    """No component of this kind and name."""

    code = "metadata.unknown_component"


@dataclass(frozen=True, slots=True)
class Component:
    """A declaration. name is unique within its kind, whatever its case; a field's is Object.field.

    body: what is declared, without kind and name. package: who ships it; None for a tenant's own.
    """

    kind: str
    name: str
    body: JsonObject
    package: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What tells it apart from all other components of its tenant."""
        return self.kind, fold(self.name)


@dataclass(frozen=True, slots=True)
class StoredComponent:
    """A component as it is kept. id is unique over all tenants and never reused.

    storage: where its records' values lie (key, slot, heap, leaf); no part of the declaration.
    deleted_at: when it was put in the bin, from where it can be restored.
    """

    id: int
    component: Component
    storage: Mapping[str, Json] = field(default_factory=dict)
    created_at: datetime | None = None
    deleted_at: datetime | None = None
