"""The kind record_type: several sorts of records of one object, each with its own picklists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final

from msgspec import Meta

from fieldstone.errors import Problem
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.object import Label, Name
from fieldstone.metadata.kinds.part import OwnName, PartKind, Text
from fieldstone.metadata.named_places import Form, Place
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.values import fold

SEPARATOR: Final = ";"
"""Between several values of a default, of picklists that hold several."""


@dataclass(frozen=True, slots=True)
class OfferedValues:
    """Which values of a picklist a record type offers. default: what new records get."""

    values: Annotated[tuple[str, ...], Meta(max_length=1000)] = ()
    default: str | None = None


@dataclass(frozen=True, slots=True)
class RecordTypeBody:
    """A sort of records. picklists: by the names of fields; what is not named offers all values.

    business_process: own name of the one whose stages its records go through. compact_layout: own
    name of the one that stands in the head of their pages. active: whether new records may have it.
    """

    object: Name
    label: Label
    active: bool = True
    picklists: Mapping[Name, OfferedValues] = field(default_factory=dict)
    business_process: OwnName | None = None
    compact_layout: OwnName | None = None
    description: Text = ""


class RecordTypeKind(PartKind[RecordTypeBody]):
    """A sort of records, such as Deal.New_Business."""

    name = "record_type"
    body_class = RecordTypeBody
    places = (
        Place("object", Form.OBJECT),
        Place("picklists/~", Form.FIELD, drops=0),
        Place("business_process", Form.OWN, ("business_process",)),
        Place("compact_layout", Form.OWN, ("compact_layout",), drops=0),
    )

    def check(self, component: Component, scope: Scope) -> Iterator[Problem]:
        """Yield what any part may have wrong, and usual values that are not offered."""
        yield from super().check(component, scope)
        for name, offered in self.read(component).picklists.items():
            yield from unoffered(offered.default, offered.values, f"/picklists/{name}/default")


def unoffered(default: str | None, values: Sequence[str], at: str) -> Iterator[Problem]:
    """Yield that what new records would get is not among what is offered."""
    known = {fold(one.strip()) for one in values}
    for one in (default or "").split(SEPARATOR) if default else ():
        if fold(one.strip()) not in known:
            message = f"{one.strip()[:80]} is not among the values."
            yield Problem("metadata.invalid", message, at, "Add it, or choose another default.")
