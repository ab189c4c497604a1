"""Permission sets: objects, fields and record types; what nothing here asks for is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from fieldstone.integrations.salesforce.calling import called_otherwise, set_called
from fieldstone.integrations.salesforce.columns import Missing, field_of, field_there
from fieldstone.integrations.salesforce.elements import flag_of, text_of
from fieldstone.integrations.salesforce.items import Item
from fieldstone.integrations.salesforce.mapped import Mapped
from fieldstone.integrations.salesforce.names import ACTIVITIES, ACTIVITY, Names, has_types
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
    makes = not is_profile
    body: dict[str, Json] = {
        "label": label[:120],
        "objects": _objects(item.xml, names, missing, makes=makes),
        "fields": _fields(item.xml, names, missing, makes=makes),
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
    said = _counted(missing) if is_profile else missing.notes("objects, fields and types")
    return made, (*notes, *said)


def _counted(missing: Missing) -> tuple[str, ...]:
    """Note how much of a profile is left out: it names all that its organization has."""
    told = [*missing.told]
    if not told:
        return ()
    named = f"{', '.join(told[:_SOME])}{' and others' if len(told) > _SOME else ''}"
    return (f"{_NEITHER} {len(told):,} objects, fields and types, which are left out: {named}.",)


_SOME: Final = 10
_NEITHER: Final = "Neither the package nor this place has"


def _owners(written: str, names: Names, *, makes: bool) -> tuple[str, ...]:
    """Give the objects that a name means; makes: whether one that there is not will be made."""
    if makes:
        return names.objects_meant(written)
    meant = ACTIVITIES if fold(written) == fold(ACTIVITY) else (written,)
    return tuple(one for one in map(names.find_object, meant) if one is not None)


def _objects(xml: Element, names: Names, missing: Missing, *, makes: bool) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for one in xml.iterfind("objectPermissions"):
        written = text_of(one, "object")
        rights = {name for tag, name in _RIGHTS.items() if flag_of(one, tag)}
        has_place = reason_left_out(written) is None
        meant = _owners(written, names, makes=makes) if rights and has_place else ()
        if not has_place or (rights and not meant):
            missing.add(written)
        told: list[Json] = [name for name in _ORDER if name in rights]
        found |= dict.fromkeys(meant, told)
    return found


def _fields(xml: Element, names: Names, missing: Missing, *, makes: bool) -> dict[str, Json]:
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
        owners = _owners(written, names, makes=makes)
        if not owners:
            missing.add(full)
        for owner in owners:
            known = field_of(names, owner, own) if makes else field_there(names, owner, own)
            if known is None:
                missing.add(full)
            elif fold(known.name) not in SYSTEM_NAMES:
                name = f"{owner}.{known.name}"
                level = "edit" if edits or found.get(name) == "edit" else "read"
                found[name] = level
    return found


def rights_without(
    sets: Iterable[Element], taken: Iterable[Element], names: Names
) -> dict[str, Json]:
    """Give what some sets allow together without what others take away, as part of a body."""
    given, gone = _together(sets, names), _together(taken, names)
    objects: dict[str, Json] = {}
    for owner, rights in given.objects.items():
        left = _implied(rights - gone.objects.get(owner, set()))
        if left:
            objects[owner] = [one for one in _ORDER if one in left]
    fields: dict[str, Json] = {}
    for full, level in given.fields.items():
        taken_level = gone.fields.get(full)
        if taken_level is None:
            fields[full] = level
        elif taken_level == "edit" and full not in gone.unreadable:
            fields[full] = "read"
    types: dict[str, Json] = {
        one: said for one, said in given.types.items() if one not in gone.types
    }
    body: dict[str, Json] = {"objects": objects, "fields": fields}
    if types:
        body["record_types"] = types
    for owner in _typed({"record_types": given.types}) - _typed({"record_types": types}):
        _take_create(body, owner)
    return body


@dataclass(slots=True)
class _Rights:
    """Rights of several sets. unreadable: fields that are muted as a whole."""

    objects: dict[str, set[str]]
    fields: dict[str, Json]
    types: dict[str, Json]
    unreadable: set[str]


def _together(sets: Iterable[Element], names: Names) -> _Rights:
    found, missing = _Rights({}, {}, {}, set()), Missing()
    for xml in sets:
        for owner, rights in _objects(xml, names, missing, makes=True).items():
            if isinstance(rights, list):
                found.objects.setdefault(owner, set()).update(map(str, rights))
        for full, level in _fields(xml, names, missing, makes=True).items():
            found.fields[full] = "edit" if "edit" in (level, found.fields.get(full)) else level
        found.types |= _record_types(xml, names, missing)[0]
        found.unreadable |= {*_fields(_only_read(xml), names, missing, makes=True)}
    return found


def _only_read(xml: Element) -> Element:
    """Give the rights to fields of a set without those that let change them alone."""
    only = Element("PermissionSet")
    only.extend(one for one in xml.iterfind("fieldPermissions") if flag_of(one, "readable"))
    return only


_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "create": ("read",),
    "edit": ("read",),
    "delete": ("read", "edit"),
    "view_all": ("read",),
    "modify_all": ("read", "edit", "delete", "view_all"),
}
"""Without which other rights a right to an object is none."""


def _implied(rights: set[str]) -> set[str]:
    """Give the rights that are left once those go that others of them need."""
    while True:
        left = {one for one in rights if rights.issuperset(_NEEDS.get(one, ()))}
        if left == rights:
            return left
        rights = left


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
