"""The kind metadata_record: a record of a custom metadata type, which is declared, not entered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fieldstone.errors import FieldstoneError, Problem
from fieldstone.metadata.component import Component
from fieldstone.metadata.field_types.options import options_as_said
from fieldstone.metadata.field_types.registry import FIELD_TYPES
from fieldstone.metadata.kinds.field import options_of, refers
from fieldstone.metadata.kinds.object import Label, Name
from fieldstone.metadata.kinds.part import PartKind, Text
from fieldstone.metadata.named_places import Form, Place
from fieldstone.metadata.scope import Scope


@dataclass(frozen=True, slots=True)
class MetadataRecordBody:
    """A record of a custom metadata type.

    values: by fields, as they are written through the API; of a reference, the own name of the
    record of metadata that it points to. protected: whether only its package changes it.
    """

    object: Name
    label: Label
    values: Mapping[Name, Any] = field(default_factory=dict)
    protected: bool = False
    description: Text = ""


class MetadataRecordKind(PartKind[MetadataRecordBody]):
    """A record of a custom metadata type, such as Rollup__mdt.Donations."""

    name = "metadata_record"
    body_class = MetadataRecordBody
    places = (Place("object", Form.OBJECT), Place("values/~", Form.FIELD, drops=0))

    def check(self, component: Component, scope: Scope) -> Iterator[Problem]:
        """Yield an object that holds something else, and values that its fields do not take."""
        yield from super().check(component, scope)
        body = self.read(component)
        owner = scope.find("object", body.object)
        if owner is not None and owner.body.get("holds") != "metadata":
            message = f"Records of {owner.name} are entered, not declared."
            hint = "Let the object hold metadata, or make records of it."
            yield Problem("metadata.invalid", message, "/object", hint)
        for name, value in body.values.items():
            found = scope.find("field", f"{body.object}.{name}")
            if found is not None and value is not None:
                yield from (one.below(f"/values/{name}") for one in _value_problems(found, value))


def _value_problems(said: Component, value: Any) -> Iterator[Problem]:
    """Yield what is wrong with a value of a field; a shared value set is judged when it is kept."""
    field_type = FIELD_TYPES.get(str(said.body.get("type")))
    options = options_of(said.body)
    if field_type is None or refers(field_type) or options.get("value_set"):
        return
    try:
        field_type.accept(value, options_as_said(field_type, options))
    except FieldstoneError as error:
        yield Problem("metadata.invalid", error.problem.message, "", error.problem.hint)
