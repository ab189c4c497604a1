"""Roles, groups of permission sets, and rules of sharing: who stands where, and sees what."""

from __future__ import annotations

from typing import Final
from xml.etree.ElementTree import Element

from fieldstone.integrations.salesforce.calling import called_otherwise, set_brought, set_called
from fieldstone.integrations.salesforce.elements import text_of, texts_of
from fieldstone.integrations.salesforce.filters import as_condition, filter_items
from fieldstone.integrations.salesforce.items import Item
from fieldstone.integrations.salesforce.list_views import criterion_of
from fieldstone.integrations.salesforce.mapped import Mapped, left_out
from fieldstone.integrations.salesforce.names import Names
from fieldstone.integrations.salesforce.own_names import own_name
from fieldstone.integrations.salesforce.permission_sets import rights_without
from fieldstone.metadata.component import Component
from fieldstone.metadata.values import Json, fold

ROLE: Final = "Role"
GROUP: Final = "PermissionSetGroup"
SET: Final = "PermissionSet"
MUTING: Final = "MutingPermissionSet"
_PARTIES: Final = {
    "role": "role",
    "roleAndSubordinates": "role_and_below",
    "roleAndSubordinatesInternal": "role_and_below",
}
_EVERYONE: Final = "allInternalUsers"
_ALL: Final = "id != null"
"""The condition of a rule that opens all records, whoever owns them."""


def read_role(item: Item, names: Names) -> Mapped:
    """Give a place in the hierarchy."""
    body: dict[str, Json] = {"label": (text_of(item.xml, "name") or item.name)[:120]}
    parent, notes = text_of(item.xml, "parentRole"), []
    if parent and _has_role(parent, names):
        body["parent"] = own_name(parent)
    elif parent:
        notes.append(f"The role above it, {parent}, is not in the package: it has none.")
    if text_of(item.xml, "description"):
        body["description"] = text_of(item.xml, "description")[:4000]
    return Mapped((Component("role", own_name(item.name), body, names.package),), tuple(notes))


def _has_role(written: str, names: Names) -> bool:
    """Tell whether a role is in the package, or there already."""
    brought = names.contents.has_part(ROLE, "", written)
    return brought or names.stored("role", own_name(written)) is not None


def read_permission_set_group(item: Item, names: Names) -> Mapped:
    """Give a permission set that includes others: those that the package brings itself."""
    muted = texts_of(item.xml, "mutingPermissionSets")
    unknown = [one for one in muted if _of_set(MUTING, one, names) is None]
    if unknown:
        # Without it whoever had the group would be given what it takes away.
        return left_out(f"{', '.join(unknown)} takes rights away and is not in the package.")
    written = texts_of(item.xml, "permissionSets")
    found = {one: set_brought(one, names) for one in written}
    there = [one for one, name in found.items() if name is not None]
    told, more = _rights_left(there, muted, names) if muted else ({}, ())
    body: dict[str, Json] = {"label": (text_of(item.xml, "label") or item.name)[:120], **told}
    if not muted:
        body["includes"] = [*dict.fromkeys(one for one in found.values() if one is not None)]
    if text_of(item.xml, "description"):
        body["description"] = text_of(item.xml, "description")[:4000]
    notes = [*called_otherwise(GROUP, item.name, names), *more]
    missing = ", ".join(one for one, name in found.items() if name is None)
    if missing:
        notes.append(f"Without sets that the package does not bring itself: {missing}.")
    made = Component("permission_set", set_called(GROUP, item.name, names), body, names.package)
    return Mapped((made,), tuple(notes))


def _of_set(type_: str, written: str, names: Names) -> Element | None:
    """Give what a set of the package says; None for one that it does not bring."""
    return names.contents.rights.get((type_, fold(names.own(written))))


def _rights_left(
    written: list[str], muted: tuple[str, ...], names: Names
) -> tuple[dict[str, Json], tuple[str, ...]]:
    """Give what the sets of a group allow together, without what its muting sets take away."""
    sets = (_of_set(SET, one, names) for one in written)
    taken = (_of_set(MUTING, one, names) for one in muted)
    body = rights_without(
        [xml for xml in sets if xml is not None], [xml for xml in taken if xml is not None], names
    )
    note = (
        f"It allows what its sets do without what {', '.join(muted)} takes away; where they are"
        " changed here, it stays as it is."
    )
    return body, (note,)


def read_muting_set(item: Item, names: Names) -> Mapped:
    """Note where what a muting set takes away is taken away."""
    return Mapped((), ("What it takes away is taken from the groups that name it.",))


def read_sharing_rule(item: Item, names: Names) -> Mapped:
    """Give a rule that opens records to some people, by their owners or by a condition."""
    owner = names.need_object(item.object)
    shared = _party(item.xml.find("sharedTo"), names)
    if shared is None:
        return left_out("It shares with a group of people that is not in the package.")
    body: dict[str, Json] = {
        "object": owner,
        "share_with": shared,
        "access": "edit" if text_of(item.xml, "accessLevel") == "Edit" else "read",
        "label": (text_of(item.xml, "label") or item.own)[:120],
    }
    if item.type == "SharingOwnerRule":
        owned_by = _party(item.xml.find("sharedFrom"), names)
        if owned_by is None:
            return left_out("It shares what a group owns that is not in the package.")
        if "everyone" in owned_by:
            body["where"] = _ALL
        else:
            body["owned_by"] = owned_by
    else:
        told = filter_items(item.xml, "criteriaItems")
        criteria = [criterion_of(one, owner, names) for one in told]
        body["where"] = as_condition(criteria, text_of(item.xml, "booleanFilter"))
    if text_of(item.xml, "description"):
        body["description"] = text_of(item.xml, "description")[:4000]
    name = own_name(f"{item.object.removesuffix('__c')}_{item.own}")
    made = Component("sharing_rule", name, body, names.package)
    return Mapped((made,), _beside(item.xml))


def _beside(xml: Element) -> tuple[str, ...]:
    """Note what a rule shares along with an account."""
    told = xml.find("accountSettings")
    if told is None or all((one.text or "").strip() in ("", "None") for one in told):
        return ()
    return ("What it shares along with each record, as contacts, is not kept.",)


def _party(xml: Element | None, names: Names) -> dict[str, Json] | None:
    """Give the people that a rule names; None where they are none that are known here."""
    for tag, key in _PARTIES.items():
        written = "" if xml is None else text_of(xml, tag)
        if written:
            return {key: own_name(written)} if _has_role(written, names) else None
    if xml is not None and xml.find(_EVERYONE) is not None:
        return {"everyone": True}
    return None
