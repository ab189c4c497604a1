"""Records of custom metadata types: values by their fields, each told with its type."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final
from xml.etree.ElementTree import Element

from fieldstone.integrations.salesforce.columns import Missing
from fieldstone.integrations.salesforce.elements import flag_of, text_of
from fieldstone.integrations.salesforce.items import Item
from fieldstone.integrations.salesforce.mapped import Mapped, failed
from fieldstone.integrations.salesforce.names import Names
from fieldstone.integrations.salesforce.own_names import own_name
from fieldstone.metadata.component import Component
from fieldstone.metadata.values import Json

_ENDING: Final = "__mdt"
_NUMBERS: Final = frozenset({"number", "currency", "percent"})
_LONGEST: Final = 100
_MOST_DIGITS: Final = 30
"""Digits before or behind the point; 1E+999999999 would be a gigabyte, written out."""

_REFERENCES: Final = frozenset({"lookup", "master_detail"})


def read_metadata_record(item: Item, names: Names) -> Mapped:
    """Give the record of a custom metadata type."""
    written, point, own = item.name.partition(".")
    if not point:
        return failed("The name of a record is that of its type, a point and its own.")
    owner = names.need_object(written + _ENDING, "metadata")
    missing = Missing()
    values: dict[str, Json] = {}
    for one in item.xml.iterfind("values"):
        field, value = text_of(one, "field"), one.find("value")
        known = names.need_field(owner, field)
        if known is None:
            missing.add(field)
        elif value is not None:
            said = _value(value, known.type, names)
            if said is not None:
                values[known.name] = said
    body: dict[str, Json] = {
        "object": owner,
        "label": (text_of(item.xml, "label") or own)[:120],
        "values": values,
        "protected": flag_of(item.xml, "protected"),
    }
    if text_of(item.xml, "description"):
        body["description"] = text_of(item.xml, "description")[:4000]
    name = f"{owner}.{own_name(own)}"
    return Mapped((Component("metadata_record", name, body, names.package),), missing.notes())


def _value(element: Element, kind: str, names: Names) -> Json:
    """Give a value as the field of a type takes it; None for one that is not there."""
    text = element.text or ""
    if element.get("nil") == "true" or not text.strip():
        return None
    if kind == "checkbox":
        return text.strip().lower() == "true"
    if kind in _NUMBERS:
        return _number(text.strip())
    if kind in _REFERENCES:
        return own_name(names.own(text.strip()).rpartition(".")[2])
    if kind == "multi_select":
        return [part.strip() for part in text.split(";") if part.strip()]
    return text


def _number(text: str) -> Json:
    """Give a number, a whole one where it is written as a double that is whole.

    What is no number, or one of a size that no field has, stays a text, which fields refuse.
    """
    try:
        found = Decimal(text[:_LONGEST])
    except InvalidOperation:
        return text
    if len(text) > _LONGEST or not found.is_finite() or abs(found.adjusted()) > _MOST_DIGITS:
        return text
    return int(found) if found == found.to_integral_value() else found
