"""The kind field_set: fields under a name, for pages and programs that show some of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from fieldstone.metadata.kinds.object import Label, Name
from fieldstone.metadata.kinds.part import FieldPath, PartKind, Text
from fieldstone.metadata.named_places import Form, Place


@dataclass(frozen=True, slots=True)
class FieldSetBody:
    """Fields of an object and of its parents, in their order."""

    object: Name
    label: Label
    fields: Annotated[tuple[FieldPath, ...], Meta(max_length=500)] = ()
    description: Text = ""


class FieldSetKind(PartKind[FieldSetBody]):
    """Fields under a name, such as Contact.Address_Fields."""

    name = "field_set"
    body_class = FieldSetBody
    places = (Place("object", Form.OBJECT), Place("fields/*", Form.PATH, drops=0))
