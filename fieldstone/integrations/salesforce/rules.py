"""Validation rules, and filters of lookups, which are rules about what may be chosen."""

from __future__ import annotations

from typing import Final

from fieldstone.integrations.salesforce.contents import KnownField
from fieldstone.integrations.salesforce.elements import flag_of, text_of
from fieldstone.integrations.salesforce.filters import (
    OF_TYPE,
    Criterion,
    UnreadableFilter,
    as_formula,
    filter_items,
)
from fieldstone.integrations.salesforce.formulas import NO_PROFILES, asks_people, rewrite
from fieldstone.integrations.salesforce.items import Item
from fieldstone.integrations.salesforce.mapped import Mapped, failed
from fieldstone.integrations.salesforce.names import Names, has_types
from fieldstone.metadata.component import Component
from fieldstone.metadata.values import Json, fold

_SOURCE: Final = "$source"
_NOT_ACTIVE: Final = "The rule is not active, for it hangs on them."


def read_rule(item: Item, names: Names) -> Mapped:
    """Give the validation rule that one of Salesforce becomes."""
    xml = item.xml
    made: list[Component] = []
    notes: list[str] = []
    for owner in names.objects_meant(item.object):
        condition = rewrite(text_of(xml, "errorConditionFormula"), owner, names, "checkbox")
        if not condition.text:
            return failed("It has no condition.")
        body: dict[str, Json] = {
            "object": owner,
            "condition": condition.text,
            "message": text_of(xml, "errorMessage")[:1000] or item.own,
            "active": flag_of(xml, "active"),
        }
        notes += condition.notes
        if NO_PROFILES in condition.notes:
            # What compares something empty may hold for every record, and refuse each of them.
            body["active"] = False
            notes.append(_NOT_ACTIVE)
        shown = text_of(xml, "errorDisplayField")
        if shown:
            known = names.find_field(owner, shown)
            if known is None:
                notes.append(f"It is shown above all fields, for there is no field {shown}.")
            else:
                body["field"] = known.name.partition(".")[0]
        description = text_of(xml, "description")
        if description:
            body["description"] = description[:4000]
        made.append(
            Component("validation_rule", f"{owner}.{names.own(item.own)}", body, names.package)
        )
    return Mapped(tuple(made), tuple(dict.fromkeys(notes)))


def read_lookup_filter(item: Item, names: Names) -> Mapped:
    """Give the rule that keeps to the filter of a lookup; nothing for a field without one.

    An optional filter only suggests: its rule is there and not active.
    """
    xml = item.xml.find("lookupFilter")
    if xml is None:
        return Mapped()
    owner = names.objects_meant(item.object)[0]
    known = names.find_field(owner, item.own)
    if known is None or not known.targets:
        return Mapped((), ("Its filter is left out: it points to nothing here.",))
    try:
        criteria = [
            _criterion(told, owner, known, names) for told in filter_items(xml, "filterItems")
        ]
        if not criteria:
            return Mapped()
        met = as_formula(criteria, text_of(xml, "booleanFilter"))
    except UnreadableFilter as error:
        return Mapped((), (f"Its filter is left out: {error.problem.message}",))
    optional = flag_of(xml, "isOptional")
    active = flag_of(xml, "active") and not optional
    own = f"{known.name.removesuffix('__c')}_filter"
    message = text_of(xml, "errorMessage") or text_of(xml, "infoMessage") or _MESSAGE
    body: dict[str, Json] = {
        "object": owner,
        "condition": f"AND(NOT(ISBLANK({known.name})), NOT({met}))",
        "message": message[:1000],
        "field": known.name,
        "active": active,
        "description": f"The filter of the lookup {known.name}.",
    }
    note = f"Its filter became the validation rule {own}."
    if optional:
        note = f"Its filter only suggests: the validation rule {own} has it and is not active."
    return Mapped((Component("validation_rule", f"{owner}.{own}", body, names.package),), (note,))


_MESSAGE: Final = "Value does not exist or does not match filter criteria."


def _criterion(
    told: tuple[str, str, tuple[str, ...], str], owner: str, known: KnownField, names: Names
) -> Criterion:
    field, operation, values, other = told
    path, kind = _side(field, owner, known, names)
    beside = _side(other, owner, known, names)[0] if other else ""
    return Criterion(path, kind, operation, values, beside)


def _side(written: str, owner: str, known: KnownField, names: Names) -> tuple[str, str]:
    """Give one side of a comparison: of the record itself, of the target, or of who looks."""
    root, _, rest = written.partition(".")
    if root.startswith("$") and fold(root) != _SOURCE:
        return written, "text"
    if fold(root) == _SOURCE:
        path, obj = [], owner
    else:
        path, obj = [known.name], known.targets[0]
        rest = rest or root
    *steps, last = rest.split(".")
    for step in steps:
        if asks_people(step, obj, names):
            raise UnreadableFilter(NO_PROFILES)
        found = names.relation(obj, step)
        if found is None:
            raise UnreadableFilter(f"{written[:80]} leads nowhere.")
        path.append(found.name)
        obj = found.targets[0]
    if asks_people(last, obj, names):
        raise UnreadableFilter(NO_PROFILES)
    if fold(last) in ("recordtypeid", "recordtype"):
        if not has_types(obj, names):
            raise UnreadableFilter(f"{obj} has no record types.")
        return ".".join([*path, "RecordType"]), OF_TYPE
    field = names.need_field(obj, last)
    if field is None:
        raise UnreadableFilter(f"There is no {written[:80]}.")
    return ".".join([*path, field.name]), field.type
