"""Fields of Salesforce as fields of ours: 24 types with their options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from xml.etree.ElementTree import Element

from fieldstone.integrations.salesforce.contents import KnownField
from fieldstone.integrations.salesforce.elements import flag_of, number_of, text_of
from fieldstone.integrations.salesforce.field_calculations import (
    TYPES_OF_FORMULAS,
    formula_body,
    roll_up_body,
)
from fieldstone.integrations.salesforce.formulas import literal_default, rewrite
from fieldstone.integrations.salesforce.items import Item
from fieldstone.integrations.salesforce.mapped import Mapped, failed, left_out
from fieldstone.integrations.salesforce.names import Names
from fieldstone.integrations.salesforce.picklists import choices_body, options_of, values_in
from fieldstone.metadata.component import Component
from fieldstone.metadata.field_types.long_text import MAX_LONG_LENGTH
from fieldstone.metadata.names import label_of
from fieldstone.metadata.values import Json, fold

Told = tuple[dict[str, Json], tuple[str, ...]]
"""The part of a body that belongs to a type, with notes."""

TYPES: Final[Mapping[str, str]] = {
    "Text": "text",
    "TextArea": "long_text",
    "LongTextArea": "long_text",
    "Html": "rich_text",
    "EncryptedText": "text",
    "Number": "number",
    "Currency": "currency",
    "Percent": "percent",
    "Checkbox": "checkbox",
    "Date": "date",
    "DateTime": "datetime",
    "Time": "time",
    "Picklist": "picklist",
    "MultiselectPicklist": "multi_select",
    "Email": "email",
    "Phone": "phone",
    "Url": "url",
    "Location": "geolocation",
    "Address": "address",
    "AutoNumber": "auto_number",
    "Lookup": "lookup",
    "Hierarchy": "lookup",
    "MasterDetail": "master_detail",
    "MetadataRelationship": "lookup",
    "ExternalLookup": "text",
    "IndirectLookup": "text",
    "Summary": "number",
}
"""What each type of Salesforce is here; formulas and roll-ups say by their own what they give."""

_OF_METADATA: Final = frozenset(
    {"entitydefinition", "fielddefinition", "entityparticle", "recordtype"}
)
"""What a field may point to that is no record here: then its value is a name."""

_NOT_KEPT: Final[Mapping[str, str]] = {
    "securityClassification": "How sensitive it is is not kept.",
    "complianceGroup": "Which rules of privacy it falls under is not kept.",
    "businessOwnerUser": "Its owner in the business is not kept.",
    "businessStatus": "Its state in the business is not kept.",
    "encryptionScheme": "Platform encryption is not brought over.",
}
_SHIFTED_LENGTH: Final = 40
_MOST_DIGITS: Final = 28
_MOST_PLACES: Final = 12


def known_field(item: Item, names: Names) -> KnownField | None:
    """Give what is known of a field before it is read; None for one that has no type of its own."""
    said = text_of(item.xml, "type")
    if said not in TYPES or not is_custom(item.own):
        return None
    name, kind = names.own(item.own), TYPES[said]
    targets: tuple[str, ...] = ()
    if said in ("Lookup", "MasterDetail"):
        targets = (names.need_object(text_of(item.xml, "referenceTo")),)
    elif said == "Hierarchy":
        targets = names.objects_meant(item.object)[:1]
    elif said == "MetadataRelationship":
        target = text_of(item.xml, "referenceTo")
        if fold(target) in _OF_METADATA:
            kind = "text"
        else:
            targets = (names.need_object(target, "metadata"),)
    if item.xml.find("formula") is not None:
        kind = TYPES_OF_FORMULAS.get(said, "text")
    return KnownField(name, kind, targets)


def is_custom(name: str) -> bool:
    """Tell whether a field is one that people made; Salesforce has the others of itself."""
    return name.endswith("__c")


def read_field(item: Item, names: Names) -> Mapped:
    """Give the field, or the two of a task and an event, that a field of Salesforce becomes."""
    said = text_of(item.xml, "type")
    owners = names.objects_meant(item.object)
    if not said or not is_custom(item.own):
        return _declared_anew(item, owners[0], names)
    if said not in TYPES:
        return failed(f"Fields of the type {said} are not known here.")
    made, notes = [], list(_general_notes(item))
    for owner in owners:
        body, more = _body(item, said, owner, names)
        notes += more
        full = f"{owner}.{names.own(item.own)}"
        made.append(Component("field", full, {"object": owner, **body}, names.package))
    return Mapped(tuple(made), tuple(dict.fromkeys(notes)))


def _body(item: Item, said: str, owner: str, names: Names) -> Told:
    """Give the body of a field but for its object."""
    xml = item.xml
    told = _common(item, names)
    if xml.find("formula") is not None:
        body, notes = formula_body(item, said, owner, names)
        return {**told, **body}, notes
    if said == "Summary":
        body, notes = roll_up_body(item, owner, names)
        return {**told, **body}, notes
    body, notes = _READERS[said](item, owner, names)
    told |= {"type": TYPES[said], **body}
    for key, tag in (("required", "required"), ("unique", "unique"), ("external_id", "externalId")):
        if flag_of(xml, tag):
            told[key] = True
    if told["type"] == "master_detail":
        told.pop("required", None)
    return told, notes + _default(item, told, owner, names)


def _common(item: Item, names: Names) -> dict[str, Json]:
    label = text_of(item.xml, "label") or label_of(names.own(item.own))
    told: dict[str, Json] = {"label": label[:120]}
    description, help_ = (text_of(item.xml, tag) for tag in ("description", "inlineHelpText"))
    if description:
        told["description"] = description[:4000]
    if help_:
        told["help"] = help_[:1000]
    return told


def _default(item: Item, told: dict[str, Json], owner: str, names: Names) -> tuple[str, ...]:
    """Say what a new record gets, as a value where the formula always gives the same one."""
    text = text_of(item.xml, "defaultValue")
    kind = str(told["type"])
    if not text or (kind == "checkbox" and fold(text) == "false"):
        return ()
    if kind == "multi_select" and text[0] in "\"'":
        told["default"] = list(filter(None, text[1:-1].split(";")))
        return ()
    for value in literal_default(text, kind):
        told["default"] = value
        return ()
    if kind in ("picklist", "multi_select", "lookup", "master_detail", "geolocation"):
        return ("Its default is a formula, which gives no value of this type.",)
    rewritten = rewrite(text, owner, names)
    told["default_formula"] = rewritten.text
    return rewritten.notes


def _general_notes(item: Item) -> tuple[str, ...]:
    return tuple(note for tag, note in _NOT_KEPT.items() if item.xml.find(tag) is not None)


def _declared_anew(item: Item, owner: str, names: Names) -> Mapped:
    """Give a standard field with the values that a file adds to it; nothing else can change."""
    known = names.find_field(owner, item.own)
    if known is None:
        return left_out(f"Salesforce has {item.own} of itself, and here is no field like it.")
    values = [
        one
        for tag in ("valueSet/valueSetDefinition", "picklist")
        for part in item.xml.iterfind(tag)
        for one in values_in(part)
    ]
    made = names.contents.standard.get((fold(owner), fold(known.name)))
    if made is not None and values:
        options, notes = options_of(values)
        body = {**made.body, "options": options}
        return Mapped((Component(made.kind, made.name, body, made.package),), notes)
    there = names.stored("field", f"{owner}.{known.name}")
    if not values:
        return Mapped()
    if there is None or known.type not in ("picklist", "multi_select"):
        return Mapped((), (f"It is {known.name} of {owner} here, which keeps its own options.",))
    options, notes = options_of(values)
    return Mapped(*with_more_options(there, options, notes))


def with_more_options(
    there: Component, options: list[Json], notes: tuple[str, ...] = ()
) -> tuple[tuple[Component, ...], tuple[str, ...]]:
    """Give a picklist that is there with the values that it has not, and a note on them."""
    held = there.body.get("options")
    if not isinstance(held, list | tuple):
        return (), (*notes, f"{there.name} draws from a value set of its own, which is kept.")
    have = {fold(_value_of(one)) for one in held}
    new = [one for one in options if fold(_value_of(one)) not in have]
    if not new:
        return (), notes
    # A default of the package does not take the place of the one that is there.
    added = [
        {k: v for k, v in one.items() if k != "default"} if isinstance(one, dict) else one
        for one in new
    ]
    told = ", ".join(_value_of(one) for one in added)
    body = {**there.body, "options": [*held, *added]}
    changed = Component(there.kind, there.name, body, there.package)
    return (changed,), (*notes, f"These values were added to {there.name}: {told[:500]}.")


def _value_of(option: Json) -> str:
    return str(option["value"]) if isinstance(option, dict) else str(option)


def _text(item: Item, owner: str, names: Names) -> Told:
    body: dict[str, Json] = {"length": number_of(item.xml, "length") or 255}
    if flag_of(item.xml, "caseSensitive"):
        body["case_sensitive"] = True
    return body, ()


def _area(item: Item, owner: str, names: Names) -> Told:
    return {"length": 255}, ()


def _long(item: Item, owner: str, names: Names) -> Told:
    body: dict[str, Json] = {"length": _long_length(item.xml)}
    lines = number_of(item.xml, "visibleLines")
    if lines is not None:
        body["lines"] = min(max(lines, 2), 50)
    return body, ()


def _long_length(xml: Element) -> int:
    return min(number_of(xml, "length") or 32_768, MAX_LONG_LENGTH)


def _rich(item: Item, owner: str, names: Names) -> Told:
    return {"length": _long_length(item.xml)}, ()


def digits_of(xml: Element) -> Told:
    """Give the digits and the places of a number, within what numbers have here."""
    precision = number_of(xml, "precision") or 18
    scale = number_of(xml, "scale") or 0
    places = min(scale, _MOST_PLACES)
    notes: tuple[str, ...] = ()
    if places < scale:
        notes = (f"Of {scale} places after the point {places} are kept.",)
    return {"precision": min(max(precision, places), _MOST_DIGITS), "places": places}, notes


def _number(item: Item, owner: str, names: Names) -> Told:
    return digits_of(item.xml)


def _percent(item: Item, owner: str, names: Names) -> Told:
    body, notes = digits_of(item.xml)
    return {**body, "lowest": None, "highest": None}, notes


def _plain(item: Item, owner: str, names: Names) -> Told:
    return {}, ()


def _one_of(item: Item, owner: str, names: Names) -> Told:
    return choices_body(item.xml, owner, names)


def _some_of(item: Item, owner: str, names: Names) -> Told:
    return choices_body(item.xml, owner, names, several=True)


def _auto_number(item: Item, owner: str, names: Names) -> Told:
    return number_format(item.xml)


def number_format(xml: Element) -> Told:
    """Give the format of a running number, as long as it can be read here."""
    written = text_of(xml, "displayFormat") or "{0}"
    body: dict[str, Json] = {}
    shown = (
        written.replace("{YYYY}", "").replace("{YY}", "").replace("{MM}", "").replace("{DD}", "")
    )
    zeros = shown.count("{") == 1 and set(shown[shown.find("{") + 1 : shown.find("}")]) == {"0"}
    notes: tuple[str, ...] = ()
    if zeros and len(written) >= 3 and len(written) <= _SHIFTED_LENGTH:
        body["format"] = written.strip()
    else:
        body["format"] = "{0000}"
        notes = (f"Its format {written} cannot be kept: numbers are written as 0001.",)
    start = number_of(xml, "startingNumber")
    if start is not None and start >= 0:
        body["start"] = start
    return body, notes


def _hidden_text(item: Item, owner: str, names: Names) -> Told:
    body: dict[str, Json] = {"length": number_of(item.xml, "length") or 175, "encrypted": "random"}
    if text_of(item.xml, "maskType") in ("all", ""):
        body["mask"] = "hidden"
        return body, ()
    body["mask"] = "last_four"
    return body, ("Its mask shows the last four characters.",)


def _lookup(item: Item, owner: str, names: Names) -> Told:
    target = text_of(item.xml, "referenceTo")
    if not target:
        return {"type": "polymorphic", "references": []}, ("It may point to any record.",)
    body = _pointing(item.xml, names.need_object(target))
    constraint = text_of(item.xml, "deleteConstraint")
    if constraint in ("Restrict", "Cascade"):
        body["on_delete"] = constraint.lower()
    return body, ()


def _pointing(xml: Element, target: str) -> dict[str, Json]:
    body: dict[str, Json] = {"references": target}
    children = text_of(xml, "relationshipName")
    if children:
        body["child_name"] = children[:80]
    return body


def _master(item: Item, owner: str, names: Names) -> Told:
    body = _pointing(item.xml, names.need_object(text_of(item.xml, "referenceTo")))
    if flag_of(item.xml, "reparentableMasterDetail"):
        body["reparentable"] = True
    if flag_of(item.xml, "writeRequiresMasterRead"):
        return body, (
            "Who reads the master may change it there; here, whoever changes the master.",
        )
    return body, ()


def _hierarchy(item: Item, owner: str, names: Names) -> Told:
    return _pointing(item.xml, owner), ()


def _of_metadata(item: Item, owner: str, names: Names) -> Told:
    target = text_of(item.xml, "referenceTo")
    if fold(target) in _OF_METADATA:
        note = f"It points to {target}, which is no object here: its value is the name."
        return {"type": "text", "length": 255}, (note,)
    return _pointing(item.xml, names.need_object(target, "metadata")), ()


def _external(item: Item, owner: str, names: Names) -> Told:
    note = "It points to records outside, by a key that is kept as text."
    return {"type": "text", "length": 255}, (note,)


Reader = Callable[[Item, str, Names], Told]
_READERS: Final[Mapping[str, Reader]] = {
    **dict.fromkeys(("Checkbox", "Date", "DateTime", "Time", "Email", "Phone", "Url"), _plain),
    **dict.fromkeys(("Location", "Address"), _plain),
    **dict.fromkeys(("Number", "Currency"), _number),
    **dict.fromkeys(("ExternalLookup", "IndirectLookup"), _external),
    "Text": _text,
    "TextArea": _area,
    "LongTextArea": _long,
    "Html": _rich,
    "EncryptedText": _hidden_text,
    "Percent": _percent,
    "Picklist": _one_of,
    "MultiselectPicklist": _some_of,
    "AutoNumber": _auto_number,
    "Lookup": _lookup,
    "MasterDetail": _master,
    "Hierarchy": _hierarchy,
    "MetadataRelationship": _of_metadata,
}
