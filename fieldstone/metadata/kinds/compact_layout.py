"""The kind compact_layout: the few fields that tell what a record is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from fieldstone.metadata.kinds.object import Label, Name
from fieldstone.metadata.kinds.part import PartKind, Text
from fieldstone.metadata.named_places import Form, Place


@dataclass(frozen=True, slots=True)
class CompactLayoutBody:
    """The fields that stand in the head of a record's page, in their order."""

    object: Name
    label: Label
    fields: Annotated[tuple[Name, ...], Meta(max_length=10)] = ()
    description: Text = ""


class CompactLayoutKind(PartKind[CompactLayoutBody]):
    """What is told of a record in its head, such as Deal.Deal_Highlights."""

    name = "compact_layout"
    body_class = CompactLayoutBody
    places = (Place("object", Form.OBJECT), Place("fields/*", Form.FIELD, drops=0))
