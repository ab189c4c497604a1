"""A change of one component: the unit of which metadata plans are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from fieldstone.metadata.component import Component
from fieldstone.metadata.values import Json

Operation = Literal["create", "change", "remove", "restore"]


@dataclass(frozen=True, slots=True)
class ComponentChange:
    """One component before and after. id is 0 for a new one; storage is as it will be kept."""

    operation: Operation
    id: int
    before: Component | None
    after: Component | None
    storage: Mapping[str, Json]
