"""Formula fields and roll-up summaries of Salesforce."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from xml.etree.ElementTree import Element

from fieldstone.integrations.salesforce.elements import number_of, text_of
from fieldstone.integrations.salesforce.filters import (
    Criterion,
    UnreadableFilter,
    as_condition,
    filter_items,
)
from fieldstone.integrations.salesforce.formulas import kind_of, rewrite
from fieldstone.integrations.salesforce.items import Item
from fieldstone.integrations.salesforce.names import Names
from fieldstone.metadata.values import Json, fold

TYPES_OF_FORMULAS: Final[Mapping[str, str]] = {
    "Text": "text",
    "Number": "number",
    "Currency": "currency",
    "Percent": "percent",
    "Checkbox": "checkbox",
    "Date": "date",
    "DateTime": "datetime",
    "Time": "time",
}
"""What formula fields of each type give."""

_SUMMED: Final = frozenset({"number", "currency", "percent", "date", "datetime"})
_LONGEST: Final = 4000
_MOST_PLACES: Final = 12


def formula_body(
    item: Item, said: str, owner: str, names: Names
) -> tuple[dict[str, Json], tuple[str, ...]]:
    """Give what a formula field is calculated by. said: its type in Salesforce."""
    kind = TYPES_OF_FORMULAS.get(said, "text")
    rewritten = rewrite(text_of(item.xml, "formula"), owner, names, kind_of(kind))
    blanks = text_of(item.xml, "formulaTreatBlanksAs")
    body: dict[str, Json] = {
        "type": kind,
        "formula": rewritten.text,
        "blanks_as": "blank" if blanks == "BlankAsBlank" else "zero",
    }
    if kind == "text":
        body["length"] = _LONGEST
    elif kind in ("number", "currency", "percent"):
        body |= {"precision": 18, "places": min(number_of(item.xml, "scale") or 0, _MOST_PLACES)}
    if kind == "percent":
        body |= {"lowest": None, "highest": None}
    return body, rewritten.notes


def roll_up_body(item: Item, owner: str, names: Names) -> tuple[dict[str, Json], tuple[str, ...]]:
    """Give what a roll-up summary sums up. The type is that of what it gives."""
    xml = item.xml
    child, _, reference = text_of(xml, "summaryForeignKey").rpartition(".")
    children = names.need_object(child)
    known = names.need_field(children, reference, "lookup", (owner,))
    function = text_of(xml, "summaryOperation").lower()
    told: dict[str, Json] = {
        "children": f"{children}.{reference if known is None else known.name}",
        "function": "average" if function == "avg" else function,
    }
    body: dict[str, Json] = {"type": "number", "precision": 18, "places": 0, "roll_up": told}
    summed = text_of(xml, "summarizedField").rpartition(".")[2]
    if summed and function != "count":
        found = names.need_field(children, summed, "number" if function in ("sum", "avg") else "")
        if found is not None and (fold(children), fold(found.name)) in names.contents.wanted:
            is_summed = found.type in _SUMMED
            found = found if is_summed else names.need_field(children, summed, "number")
        told["field"] = summed if found is None else found.name
        kind = "number" if found is None or found.type not in _SUMMED else found.type
        body = {"type": kind, "roll_up": told}
        if kind in ("number", "currency", "percent"):
            body |= {"precision": 18, "places": 2}
        if kind == "percent":
            body |= {"lowest": None, "highest": None}
    where, notes = _where(xml, children, names)
    if where:
        told["where"] = where
    return body, notes


def _where(xml: Element, children: str, names: Names) -> tuple[str, tuple[str, ...]]:
    criteria = []
    try:
        for path, operation, values, other in filter_items(xml, "summaryFilterItems"):
            own = path.rpartition(".")[2]
            known = names.need_field(children, own)
            name, kind = (own, "text") if known is None else (known.name, known.type)
            criteria.append(Criterion(name, kind, operation, values, other))
        if not criteria:
            return "", ()
        return as_condition(criteria, text_of(xml, "summaryBooleanFilter")), ()
    except UnreadableFilter as error:
        return "", (f"Its filter is left out: {error.problem.message}",)
