"""Permission sets: objects, fields and record types; what nothing here asks for is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from fieldstone.integrations.salesforce.calling import called_otherwise, set_called
from fieldstone.integrations.salesforce.columns import Missing, field_of
from fieldstone.integrations.salesforce.elements import flag_of, text_of
from fieldstone.integrations.salesforce.items import Item
from fieldstone.integrations.salesforce.mapped import Mapped
from fieldstone.integrations.salesforce.names import Names, has_types
from fieldstone.integrations.salesforce.objects import reason_left_out
from fieldstone.integrations.salesforce.own_names import own_name
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.field import SYSTEM_NAMES
from fieldstone.metadata.values import Json, fold

_RIGHTS: Final = {
    "allowCreate": "create",
    "allowRead": "read",
    "allowEdit": "edit",
    "allowDelete": "delete",
    "viewAllRecords": "view_all",
    "modifyAllRecords": "modify_all",
}
_KEPT: Final = {
    "classAccesses": ("apexClass", "enabled", "classes of code"),
    "pageAccesses": ("apexPage", "enabled", "pages of code"),
    "flowAccesses": ("flow", "enabled", "flows"),
    "tabSettings": ("tab", "visibility", "tabs"),
    "tabVisibilities": ("tab", "visibility", "tabs"),
    "applicationVisibilities": ("application", "visible", "apps"),
    "customPermissions": ("name", "enabled", "permissions of code"),
    "userPermissions": ("name", "enabled", "permissions of a whole organization"),
    "customMetadataTypeAccesses": ("name", "enabled", "types of metadata"),
    "customSettingAccesses": ("name", "enabled", "settings"),
    "externalDataSourceAccesses": ("externalDataSource", "enabled", "sources elsewhere"),
    "externalCredentialPrincipalAccesses": (
        *("externalCredentialPrincipal", "enabled"),
        "credentials elsewhere",
    ),
    "emailRoutingAddressAccesses": ("name", "enabled", "addresses"),
}
"""What is kept under a name and used by nothing: the tags of name and value, and what it is."""

_SHUT: Final = frozenset({"", "false", "None", "Hidden"})
_ORDER: Final = ("create", "read", "edit", "delete", "view_all", "modify_all")


def read_permission_set(item: Item, names: Names) -> Mapped:
    """Give what a permission set allows here, and keep what nothing here asks for."""
    made, notes = permission_set_of(item, text_of(item.xml, "label") or item.name, names)
    return Mapped((made,), notes)


def permission_set_of(
    item: Item, label: str, names: Names, *, is_profile: bool = False
) -> tuple[Component, tuple[str, ...]]:
    """Give the permission set that a set or a profile becomes, with notes."""
    written = unquote(item.name)
    missing, notes = Missing(), [*called_otherwise(item.type, written, names)]
    body: dict[str, Json] = {
        "label": label[:120],
        "objects": _objects(item.xml, names, missing),
        "fields": _fields(item.xml, names, missing),
    }
    if is_profile:
        body["is_profile"] = True
    types, none_of = _record_types(item.xml, names, missing)
    if types:
        body["record_types"] = types
    taken = [owner for owner in sorted(none_of) if _take_create(body, owner)]
    if taken:
        notes.append(f"It makes no {', '.join(taken)}: it has none of the record types here.")
    kept = _kept(item.xml, notes)
    if kept:
        body["kept"] = kept
    if text_of(item.xml, "description"):
        body["description"] = text_of(item.xml, "description")[:4000]
    made = Component("permission_set", set_called(item.type, written, names), body, names.package)
    return made, (*notes, *missing.notes("objects, fields and types"))


def _objects(xml: Element, names: Names, missing: Missing) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for one in xml.iterfind("objectPermissions"):
        written = text_of(one, "object")
        if reason_left_out(written) is not None:
            missing.add(written)
            continue
        rights = {name for tag, name in _RIGHTS.items() if flag_of(one, tag)}
        if rights:
            told: list[Json] = [name for name in _ORDER if name in rights]
            found |= dict.fromkeys(names.objects_meant(written), told)
    return found


def _fields(xml: Element, names: Names, missing: Missing) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for one in xml.iterfind("fieldPermissions"):
        full = text_of(one, "field")
        written, _, own = full.partition(".")
        if reason_left_out(written) is not None:
            missing.add(full)
            continue
        edits = flag_of(one, "editable")
        if not (edits or flag_of(one, "readable")):
            continue
        for owner in names.objects_meant(written):
            known = field_of(names, owner, own)
            if known is None:
                missing.add(full)
            elif fold(known.name) not in SYSTEM_NAMES:
                name = f"{owner}.{known.name}"
                level = "edit" if edits or found.get(name) == "edit" else "read"
                found[name] = level
    return found


def not_wider(before: Mapping[str, Json], after: dict[str, Json]) -> dict[str, Json]:
    """Give what is left of a set so that no object gains all of its types by losing each of them.

    before, after: its bodies.
    """
    for owner in _typed(before) - _typed(after):
        _take_create(after, owner)
    return after


def _typed(body: Mapping[str, Json]) -> set[str]:
    """Give the objects of which a set names types."""
    types = body.get("record_types")
    return {full.partition(".")[0] for full in types} if isinstance(types, Mapping) else set()


def _take_create(body: dict[str, Json], owner: str) -> bool:
    """Let a set make no records of an object; tell whether it could."""
    objects = body.get("objects")
    rights = objects.get(owner) if isinstance(objects, Mapping) else None
    if not isinstance(objects, Mapping) or not isinstance(rights, list | tuple):
        return False
    left: list[Json] = [one for one in rights if one != "create"]
    body["objects"] = {**objects, owner: left}
    return len(left) < len(rights)


def _record_types(xml: Element, names: Names, missing: Missing) -> tuple[dict[str, Json], set[str]]:
    """Give the types that a set names, and the objects with types of which it has none.

    Here a set that names no type of an object allows all of them.
    """
    found: dict[str, Json] = {}
    told = set[str]()
    for one in xml.iterfind("recordTypeVisibilities"):
        full = text_of(one, "recordType")
        owner, _, own = full.partition(".")
        obj = names.find_object(owner)
        if obj is not None and has_types(obj, names):
            told.add(obj)
        if not flag_of(one, "visible"):
            continue
        if obj is None or not names.contents.has_part("RecordType", obj, own):
            missing.add(full)
            continue
        found[f"{obj}.{own_name(own)}"] = "default" if flag_of(one, "default") else "allowed"
    return found, told - _typed({"record_types": found})


def _kept(xml: Element, notes: list[str]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for tag, (name, value, noun) in _KEPT.items():
        told = {text_of(one, name): text_of(one, value) for one in xml.iterfind(tag)}
        given: dict[str, Json] = {
            key: said for key, said in told.items() if key and said not in _SHUT
        }
        if given:
            found[tag] = given
            notes.append(f"Kept and used by nothing here: access to {len(given)} {noun}.")
    return found
