"""What every kind of component answers: its data class, its JSON Schema, what it leans on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar

import msgspec
from jsonschema import Draft202012Validator

from fieldstone.errors import Problem
from fieldstone.metadata.component import Component
from fieldstone.metadata.named_places import Form, Place, is_known, references_of, said_in
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.rights import SetupArea
from fieldstone.metadata.schemas import problems_of, schema_of
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.values import JsonSchema

B = TypeVar("B")


class Kind(Generic[B]):
    """One kind of component. B is the frozen data class of its body.

    area: who may set it up. for_administrators: whether it decides who gets in or sees which
    records, so that nobody else may declare one. places: where its bodies name other components.
    declared: whether the catalog holds its bodies as they were read. kept: whether nobody declares
    such components, which come of what is done otherwise. shipped: whether packages may hold them.
    """

    name: ClassVar[str]
    body_class: ClassVar[type[Any]]
    for_administrators: ClassVar[bool] = False
    area: ClassVar[SetupArea] = SetupArea.OBJECTS
    places: ClassVar[tuple[Place, ...]] = ()
    declared: ClassVar[bool] = False
    kept: ClassVar[bool] = False
    shipped: ClassVar[bool] = True

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
        for said in said_in(component, self.places):
            yield from references_of(said)

    def needs(self, component: Component) -> Iterator[tuple[str, str]]:
        """Yield kind and name of the components that may not be removed while this one is there.

        What it can do without goes from its body instead.
        """
        if not self.places:
            yield from self.depends_on(component)
        for said in said_in(component, self.places):
            if said.place.drops is None:
                yield from references_of(said)

    def decides_who_gets_in(self, before: Component | None, after: Component | None) -> bool:
        """Tell whether a change is for administrators, although others declare such components."""
        return False

    def check(self, component: Component, scope: Scope) -> Iterator[Problem]:
        """Yield what is wrong with a well-shaped body among all others."""
        for said in said_in(component, self.places):
            if not is_known(said, scope):
                what = f"{said.owner} has no" if said.place.form is Form.PATH else "There is no"
                message = f"{what} {said.text[:80]}."
                hint = suggestion(said.text, scope.names_of("field", said.owner))
                yield Problem("metadata.unknown_reference", message, said.pointer, hint)
