"""Objects of Salesforce as objects of ours, with the field that names their records."""

from __future__ import annotations

from typing import Final

from fieldstone.integrations.salesforce.attaching import attach
from fieldstone.integrations.salesforce.contents import RECORDS
from fieldstone.integrations.salesforce.elements import flag_of, text_of
from fieldstone.integrations.salesforce.fields import number_format
from fieldstone.integrations.salesforce.items import Item
from fieldstone.integrations.salesforce.making import name_field, plural_of_object
from fieldstone.integrations.salesforce.mapped import Mapped, left_out
from fieldstone.integrations.salesforce.names import Names
from fieldstone.metadata.component import Component
from fieldstone.metadata.names import label_of, plural_of
from fieldstone.metadata.values import Json

LEFT_OUT: Final = {
    "__e": "is a platform event, and there is no bus of events here",
    "__x": "is an external object, whose records lie elsewhere",
    "__b": "is a big object, which only code reads",
    "__kav": "is a type of articles",
    "__Share": "shares records by code",
    "__ChangeEvent": "is an event of changes",
}
"""Sorts of objects, by how their names end, that have no place here."""

METADATA: Final = "metadata"
_SHARING: Final = {
    "Private": "private",
    "Read": "read",
    "ReadSelect": "read",
    "ReadWrite": "read_write",
    "ReadWriteTransfer": "read_write",
    "FullAccess": "read_write",
    "ControlledByParent": "parent",
    "ControlledByCampaign": "parent",
}
_HOLDS: Final = {"Hierarchy": "settings", "List": "list_settings"}
_NOTED: Final = {
    "searchLayouts": "The columns of its search results are not kept; list views have theirs.",
    "sharingReasons": "Reasons of sharing are not kept.",
    "indexes": "Its indexes are not kept; they follow from how it is asked.",
}


def reason_left_out(name: str) -> str | None:
    """Give why objects of this name have no place here; None for those that have one."""
    return next((why for ending, why in LEFT_OUT.items() if name.endswith(ending)), None)


def holds_of(item: Item) -> str:
    """Give what an object holds: records, settings of either sort, or metadata."""
    if item.name.endswith("__mdt"):
        return METADATA
    return _HOLDS.get(text_of(item.xml, "customSettingsType"), RECORDS)


def read_object(item: Item, names: Names) -> Mapped:
    """Give the object and its field Name; nothing of objects that are there already."""
    why = reason_left_out(item.name)
    if why is not None:
        return left_out(f"It {why}.")
    if names.is_extended(item.name) or item.name == "Activity":
        meant = " and ".join(names.objects_meant(item.name))
        return Mapped((), (f"It is {meant} here, which keeps its own settings.",))
    name, holds = names.own(item.name), names.holds(item.name)
    label = text_of(item.xml, "label") or label_of(name)
    written = text_of(item.xml, "pluralLabel") or plural_of(label)
    plural = plural_of_object(name, written, names)
    body: dict[str, Json] = {
        "label": label[:120],
        "plural_label": plural[:120],
        "name_field": "Name",
        "in_navigation": holds == RECORDS and names.contents.has_tab(name),
    }
    description = text_of(item.xml, "description")
    if description:
        body["description"] = description[:4000]
    if holds != RECORDS:
        body["holds"] = holds
    notes = _notes(item)
    if plural != written:
        notes.append(f"Its plural is {plural}, for another object has that address.")
    body["sharing"] = _sharing(item, name, names, notes)
    made = Component("object", name, body, names.package)
    if holds != RECORDS:
        return Mapped((made,), tuple(notes))
    if flag_of(item.xml, "enableActivities"):
        for reference in ("Task.WhatId", "Event.WhatId"):
            attach(reference, name, names)
    field, told = _name_field(item, name, names)
    return Mapped((made, field), (*notes, *told))


def _notes(item: Item) -> list[str]:
    notes = [note for tag, note in _NOTED.items() if item.xml.find(tag) is not None]
    overridden = [
        text_of(one, "actionName")
        for one in item.xml.iterfind("actionOverrides")
        if text_of(one, "type") not in ("Default", "")
    ]
    if overridden:
        told = ", ".join(dict.fromkeys(overridden))
        notes.append(f"Pages of code for {told} are not brought over.")
    return notes


def _sharing(item: Item, name: str, names: Names, notes: list[str]) -> str:
    found = _SHARING.get(text_of(item.xml, "sharingModel"), "read_write")
    if found == "parent" and not names.contents.is_part(name):
        notes.append("It is part of nothing here: everybody sees its records.")
        return "read_write"
    return found


def _name_field(item: Item, name: str, names: Names) -> tuple[Component, tuple[str, ...]]:
    """Give the field that names a record, a text or a running number."""
    told = item.xml.find("nameField")
    label = "Name" if told is None else text_of(told, "label") or "Name"
    if told is not None and text_of(told, "type") == "AutoNumber":
        numbered, notes = number_format(told)
        body: dict[str, Json] = {"type": "auto_number", **numbered}
        return name_field(name, body, names.package, label), notes
    body = {"type": "text", "length": 80, "required": True}
    return name_field(name, body, names.package, label), ()
