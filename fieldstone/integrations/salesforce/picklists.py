"""Value sets: the values of picklists, their own or shared, in the new form and in the old one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element

from fieldstone.integrations.salesforce.elements import flag_of, text_of, texts_of
from fieldstone.integrations.salesforce.items import Item
from fieldstone.integrations.salesforce.mapped import Mapped, failed
from fieldstone.integrations.salesforce.names import Names
from fieldstone.metadata.component import Component
from fieldstone.metadata.field_types.choice import CHOICE_LENGTH, MAX_CHOICES
from fieldstone.metadata.field_types.text import one_line
from fieldstone.metadata.values import Json, fold

SHARED: Final = {"industry": "Industry", "leadsource": "Source"}
"""Standard value sets of Salesforce, and the shipped ones that are the same."""

_MARK: Final = ";"
_CHECKED: Final = {"checked": "true", "unchecked": "false"}


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a list, as a file tells it."""

    value: str
    label: str
    color: str = ""
    active: bool = True
    default: bool = False


def options_of(values: Iterable[Value]) -> tuple[list[Json], tuple[str, ...]]:
    """Give values as options of a picklist, with notes on those that cannot be."""
    options: list[Json] = []
    notes: list[str] = []
    seen: set[str] = set()
    for one in values:
        value = one_line(one.value)[:CHOICE_LENGTH]
        if not value:
            continue
        if fold(value) in seen:
            notes.append(f"The value {value} stands there twice.")
            continue
        seen.add(fold(value))
        if len(options) == MAX_CHOICES:
            notes.append(f"Values after the first {MAX_CHOICES:,} are left out.")
            break
        options.append(_option(value, one))
    return options, tuple(notes)


def _option(value: str, one: Value) -> Json:
    told: dict[str, Json] = {"value": value}
    label = one_line(one.label)[:CHOICE_LENGTH]
    if label and label != value:
        told["label"] = label
    if one.color:
        told["color"] = one.color
    if not one.active:
        told["active"] = False
    if one.default:
        told["default"] = True
    return told if len(told) > 1 else value


def values_in(element: Element) -> list[Value]:
    """Give the values that lie in an element, however they are called there."""
    found = [
        _value(one)
        for tag in ("value", "customValue", "standardValue", "picklistValues")
        for one in element.iterfind(tag)
    ]
    if flag_of(element, "sorted"):
        found.sort(key=lambda one: fold(one.label or one.value))
    return found


def _value(element: Element) -> Value:
    value = text_of(element, "fullName") or text_of(element, "valueName")
    color = text_of(element, "color").lower()
    return Value(
        value,
        text_of(element, "label"),
        color if len(color) == 7 and color.startswith("#") else "",
        text_of(element, "isActive", "true").lower() != "false",
        flag_of(element, "default"),
    )


def choices_body(
    element: Element, owner: str, names: Names, *, several: bool = False
) -> tuple[dict[str, Json], tuple[str, ...]]:
    """Give the options of a picklist field, with notes. owner: its object, as called here.

    several: whether more than one value may be chosen.
    """
    value_set = element.find("valueSet")
    if value_set is None:
        return _old_form(element, owner, names, several=several)
    shared = text_of(value_set, "valueSetName")
    body: dict[str, Json] = {"restricted": flag_of(value_set, "restricted")}
    notes: tuple[str, ...] = ()
    if shared:
        notes = _share(body, shared, names)
    else:
        definition = value_set.find("valueSetDefinition")
        values = [] if definition is None else values_in(definition)
        body["options"], notes = options_of(_allowed(values, several=several))
    control = text_of(value_set, "controllingField")
    if control:
        settings = (
            (text_of(one, "valueName"), texts_of(one, "controllingFieldValue"))
            for one in value_set.iterfind("valueSettings")
        )
        notes += _depend(body, control, settings, owner, names)
    return _sound(body), notes


def _old_form(
    element: Element, owner: str, names: Names, *, several: bool
) -> tuple[dict[str, Json], tuple[str, ...]]:
    """Read `<picklist>`, which files had before there were value sets."""
    picklist = element.find("picklist")
    if picklist is None:
        return {"restricted": False, "options": []}, ("The file names no values.",)
    values = values_in(picklist)
    restricted = flag_of(picklist, "restrictedPicklist")
    body: dict[str, Json] = {"restricted": restricted}
    body["options"], notes = options_of(_allowed(values, several=several))
    control = text_of(picklist, "controllingField")
    if control:
        settings = (
            (text_of(one, "fullName"), texts_of(one, "controllingFieldValues"))
            for one in picklist.iterfind("picklistValues")
        )
        notes += _depend(body, control, settings, owner, names)
    return _sound(body), notes


def _sound(body: dict[str, Json]) -> dict[str, Json]:
    """Leave a list without values open, for a closed one could take none."""
    if not body.get("options") and "value_set" not in body:
        body["restricted"] = False
    return body


def _share(body: dict[str, Json], shared: str, names: Names) -> tuple[str, ...]:
    own = names.own(shared)
    found = names.find_value_set(own) or names.find_value_set(SHARED.get(fold(own), own))
    if found is not None:
        body["value_set"] = found
        return ()
    body["options"], body["restricted"] = [], False
    return (f"The value set {own} is not in the package: any value may be entered.",)


def _allowed(values: Iterable[Value], *, several: bool) -> Iterator[Value]:
    """Yield values that a list may have; where several are chosen, none holds a semicolon."""
    return (one for one in values if not (several and _MARK in one.value))


def _depend(
    body: dict[str, Json],
    control: str,
    settings: Iterable[tuple[str, tuple[str, ...]]],
    owner: str,
    names: Names,
) -> tuple[str, ...]:
    known = names.need_field(owner, control)
    if known is None or known.type not in ("picklist", "checkbox"):
        return (f"It depends on {control}, which is no picklist here: all values may be chosen.",)
    body["controlled_by"] = known.name
    under: dict[str, list[Json]] = {}
    for value, controlling in settings:
        meant = (_CHECKED.get(one, one) for one in controlling)
        told = dict.fromkeys(controlling if known.type == "picklist" else meant)
        under.setdefault(one_line(value), []).extend(told)
    options = body.get("options")
    # What is not named may be chosen under no value, as long as anything is named.
    for option in options if isinstance(options, list) and under else ():
        value = option if isinstance(option, str) else str(option["value"])
        under.setdefault(value, [])
    body["valid_for"] = {value: list(dict.fromkeys(map(str, s))) for value, s in under.items()}
    return ()


def read_value_set(item: Item, names: Names) -> Mapped:
    """Give the picklist that a global value set becomes."""
    options, notes = options_of(values_in(item.xml))
    if not options:
        return failed("It has no values.")
    label = text_of(item.xml, "masterLabel") or item.name
    body: dict[str, Json] = {"label": label[:120], "options": options}
    description = text_of(item.xml, "description")
    if description:
        body["description"] = description[:4000]
    name = names.find_value_set(item.name) or item.name
    return Mapped((Component("picklist", name, body, names.package),), notes)
