"""The kind territory_rule: which records of an object belong to a territory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from msgspec import Meta

from fieldstone.errors import Problem
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.kind import Kind
from fieldstone.metadata.kinds.object import Name, check_name
from fieldstone.metadata.named_places import Form, Place
from fieldstone.metadata.rights import SetupArea
from fieldstone.metadata.scope import Scope


@dataclass(frozen=True, slots=True)
class TerritoryRuleBody:
    """Give records of object that meet where, a condition of the query language, to a territory.

    order: rules are asked from the lowest on; the first whose territory has room takes a record.
    access: what the territory's people may do with it. along: objects whose records that hang on
    it go along, as a company's deals.
    """

    object: Name
    territory: Name
    where: Any
    order: Annotated[int, Meta(ge=0, le=1_000_000)] = 100
    access: Literal["read", "edit"] = "edit"
    along: tuple[Name, ...] = ()
    label: Annotated[str, Meta(max_length=120)] = ""
    active: bool = True
    description: Annotated[str, Meta(max_length=4000)] = ""


class TerritoryRuleKind(Kind[TerritoryRuleBody]):
    """A rule such as: companies in Hamburg with more than 500 people belong to the north."""

    name = "territory_rule"
    body_class = TerritoryRuleBody
    area = SetupArea.PERMISSIONS
    for_administrators = True
    places = (
        Place("territory", Form.NAME, ("territory",)),
        Place("object", Form.OBJECT),
        Place("along/*", Form.OBJECT),
        Place("where", Form.CONDITION),
    )

    def check(self, component: Component, scope: Scope) -> Iterator[Problem]:
        """Yield a bad name, and a condition that is none."""
        yield from check_name(component.name)
        where = self.read(component).where
        if not isinstance(where, str | dict) or not where:
            hint = "Such as country = 'DE' AND employees > 500."
            yield Problem("metadata.invalid", "where must be a condition.", "/where", hint)
