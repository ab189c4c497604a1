"""What every kind of component answers: its data class, its JSON Schema, what it leans on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar

import msgspec
from jsonschema import Draft202012Validator

from fieldstone.errors import Problem
from fieldstone.metadata.component import Component
from fieldstone.metadata.rights import SetupArea
from fieldstone.metadata.schemas import problems_of, schema_of
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.values import JsonSchema

B = TypeVar("B")


class Kind(Generic[B]):
    """One kind of component. B is the frozen data class of its body.

    area: who may set it up. for_administrators: whether it decides who gets in or sees which
    records, so that nobody else may declare one.
    """

    name: ClassVar[str]
    body_class: ClassVar[type[Any]]
    for_administrators: ClassVar[bool] = False
    area: ClassVar[SetupArea] = SetupArea.OBJECTS

    @cached_property
    def schema(self) -> JsonSchema:
        """The JSON Schema (Draft 2020-12) of a body, published at /api/metadata/schemas."""
        return schema_of(self.body_class)

    @cached_property
    def _validator(self) -> Draft202012Validator:
        return Draft202012Validator(self.schema)

    def problems(self, component: Component) -> Iterator[Problem]:
        """Yield what is wrong with the shape of a body, each with its JSON pointer."""
        yield from problems_of(self._validator, component.body, "metadata.invalid")

    def read(self, component: Component) -> B:
        """Give the body as its data class; only asked of components without shape problems."""
        body: B = msgspec.convert(dict(component.body), self.body_class)
        return body

    def depends_on(self, component: Component) -> Iterator[tuple[str, str]]:
        """Yield kind and name of the components that must exist before this one."""
        yield from ()

    def needs(self, component: Component) -> Iterator[tuple[str, str]]:
        """Yield kind and name of the components that may not be removed while this one is there."""
        yield from self.depends_on(component)

    def decides_who_gets_in(self, before: Component | None, after: Component | None) -> bool:
        """Tell whether a change is for administrators, although others declare such components."""
        return False

    def check(self, component: Component, scope: Scope) -> Iterator[Problem]:
        """Yield what is wrong with a well-shaped body among all others."""
        yield from ()
