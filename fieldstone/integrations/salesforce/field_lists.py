"""Compact layouts and field sets: fields under a name, in their order."""

from __future__ import annotations

from typing import Final

from fieldstone.integrations.salesforce.columns import Missing, columns_of, field_of
from fieldstone.integrations.salesforce.elements import text_of, texts_of
from fieldstone.integrations.salesforce.items import Item
from fieldstone.integrations.salesforce.mapped import Mapped
from fieldstone.integrations.salesforce.names import Names
from fieldstone.integrations.salesforce.own_names import own_name
from fieldstone.metadata.component import Component
from fieldstone.metadata.names import label_of
from fieldstone.metadata.values import Json

_MOST: Final = 10


def read_compact_layout(item: Item, names: Names) -> Mapped:
    """Give the few fields that tell what a record is."""
    made: list[Component] = []
    notes: dict[str, None] = {}
    for owner in names.objects_meant(item.object):
        missing, fields = Missing(), dict[str, None]()
        for written in texts_of(item.xml, "fields"):
            known = field_of(names, owner, written)
            if known is None:
                missing.add(written)
            else:
                fields[known.name] = None
        body = _body(item, owner)
        body["fields"] = [*fields][:_MOST]
        name = f"{owner}.{own_name(item.own)}"
        made.append(Component("compact_layout", name, body, names.package))
        notes |= dict.fromkeys(missing.notes())
    return Mapped(tuple(made), tuple(notes))


def read_field_set(item: Item, names: Names) -> Mapped:
    """Give the fields that a set shows."""
    made: list[Component] = []
    notes: dict[str, None] = {}
    shown = [text_of(one, "field") for one in item.xml.iterfind("displayedFields")]
    for owner in names.objects_meant(item.object):
        missing = Missing()
        body = _body(item, owner)
        body["fields"] = [*columns_of(names, owner, shown, missing)]
        if text_of(item.xml, "description"):
            body["description"] = text_of(item.xml, "description")[:4000]
        name = f"{owner}.{own_name(item.own)}"
        made.append(Component("field_set", name, body, names.package))
        notes |= dict.fromkeys(missing.notes())
    if item.xml.find("availableFields") is not None:
        notes["Any field may be added to it here, not only those that it offers."] = None
    return Mapped(tuple(made), tuple(notes))


def _body(item: Item, owner: str) -> dict[str, Json]:
    label = text_of(item.xml, "label") or label_of(item.own)
    return {"object": owner, "label": label[:120]}
