"""The kind picklist: a value set that several fields share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from fieldstone.errors import Problem
from fieldstone.metadata.component import Component
from fieldstone.metadata.field_types.choice import Choice, ChoiceText
from fieldstone.metadata.kinds.kind import Kind
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.values import fold


@dataclass(frozen=True, slots=True)
class PicklistBody:
    """A global value set. options are in the order in which they are offered."""

    label: Annotated[str, Meta(min_length=1, max_length=120)]
    options: Annotated[tuple[ChoiceText | Choice, ...], Meta(min_length=1, max_length=1000)]
    description: Annotated[str, Meta(max_length=4000)] = ""


class PicklistKind(Kind[PicklistBody]):
    """A global value set, such as Industry."""

    name = "picklist"
    body_class = PicklistBody

    def check(self, component: Component, scope: Scope) -> Iterator[Problem]:
        """Yield values that stand there twice."""
        seen: set[str] = set()
        for number, option in enumerate(self.read(component).options):
            value = option if isinstance(option, str) else option.value
            if fold(value) in seen:
                message = f"The value {value} stands there twice."
                yield Problem("metadata.invalid", message, f"/options/{number}")
            seen.add(fold(value))
