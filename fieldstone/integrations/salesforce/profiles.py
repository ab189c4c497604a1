"""Profiles: what their people may do, and which layout they see for which record type.

Salesforce tells in profiles who sees which layout; here each layout tells for whom it is. A layout
that the leading profile sees is for everybody, one that only others see is for theirs, and one that
nobody sees is not active.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import unquote

from fieldstone.integrations.salesforce.calling import layout_called, set_called
from fieldstone.integrations.salesforce.contents import Assignment
from fieldstone.integrations.salesforce.elements import flag_of, text_of
from fieldstone.integrations.salesforce.items import Item, Source
from fieldstone.integrations.salesforce.mapped import Mapped, left_out
from fieldstone.integrations.salesforce.names import Names
from fieldstone.integrations.salesforce.own_names import own_name
from fieldstone.integrations.salesforce.permission_sets import permission_set_of
from fieldstone.metadata.values import Json, fold

PROFILE: Final = "Profile"
_LEADING: Final = ("admin", "system administrator")
_ASSIGNS: Final = "Its layouts for each record type are kept with the layouts."
_NOT_KEPT: Final = {
    "loginIpRanges": "From which addresses its people may sign in is not kept.",
    "loginHours": "When its people may sign in is not kept.",
    "loginFlows": "What its people meet when they sign in is not kept.",
}


def is_brought(item: Item) -> bool:
    """Tell whether a profile was made by people; each organization has the standard ones."""
    return flag_of(item.xml, "custom")


def gather_assignments(source: Source, names: Names) -> None:
    """Note which layouts the profiles of a package show, those of the leading profile first."""
    profiles = sorted(source.of_type(PROFILE), key=lambda one: fold(one.name) not in _LEADING)
    for item in profiles:
        for one in item.xml.iterfind("layoutAssignments"):
            owner, point, layout = unquote(text_of(one, "layout")).partition("-")
            if not point:
                continue
            type_ = text_of(one, "recordType").rpartition(".")[2]
            profile = set_called(PROFILE, unquote(item.name), names) if is_brought(item) else ""
            own = layout_called(owner, layout, names)
            told = Assignment(own, item.name, profile, own_name(type_) if type_ else "")
            names.contents.assign(names.own(owner), told)


def read_profile(item: Item, names: Names) -> Mapped:
    """Give what a profile that people made allows, as a permission set that is a profile."""
    assigns = item.xml.find("layoutAssignments") is not None
    if not is_brought(item):
        if assigns:
            return Mapped((), (_ASSIGNS, _STANDARD))
        return left_out(_STANDARD)
    made, notes = permission_set_of(item, unquote(item.name), names, is_profile=True)
    more = [note for tag, note in _NOT_KEPT.items() if item.xml.find(tag) is not None]
    return Mapped((made,), (*notes, *more, *([_ASSIGNS] if assigns else [])))


_STANDARD: Final = "What it allows is not brought over: it is a profile of Salesforce itself."


def shown_to(written: str, own: str, names: Names) -> tuple[Mapping[str, Json], tuple[str, ...]]:
    """Give for whom a layout is, as part of its body, with notes.

    written: its object, as Salesforce calls it. own: its own name.
    """
    told = names.contents.assignments.get(fold(names.own(written)), [])
    if not told:
        return {}, ()
    leading = told[0].said_by
    mine = [one for one in told if fold(one.layout) == fold(own)]
    first = [one for one in mine if one.said_by == leading]
    if first:
        return _for_types(first), _beside(mine, leading)
    others = [one for one in mine if one.profile]
    if others:
        sets: list[Json] = [*dict.fromkeys(one.profile for one in others)]
        return {**_for_types(others), "permission_sets": sets}, _beside(others, others[0].said_by)
    taken = _taken_before(told, mine, leading)
    free = [one for one in mine if one.record_type not in taken]
    if free:
        return _for_types(free), (_OF_SALESFORCE,)
    if mine:
        by = ", ".join(dict.fromkeys(one.said_by for one in mine))
        note = f"Only {by} showed it, where people here see the layout of {leading}: not active."
        return {"active": False}, (note,)
    return {"active": False}, ("No profile of the package shows it: it is not active.",)


def _taken_before(told: Iterable[Assignment], mine: list[Assignment], leading: str) -> set[str]:
    """Give the record types for which everybody sees another layout than one of standard profiles.

    Of these profiles, the first one that shows a layout for a type counts.
    """
    taken = {one.record_type for one in told if one.said_by == leading}
    first: dict[str, str] = {}
    for one in told:
        if not one.profile:
            first.setdefault(one.record_type, fold(one.layout))
    own = {fold(one.layout) for one in mine}
    return taken | {type_ for type_, layout in first.items() if layout not in own}


_OF_SALESFORCE: Final = "Profiles of Salesforce itself showed it: here it is for everybody."


def _for_types(told: Iterable[Assignment]) -> Mapping[str, Json]:
    """Give the record types of a layout; it is for all where it is said for none in particular."""
    types = [*dict.fromkeys(one.record_type for one in told)]
    if "" in types:
        return {}
    said: list[Json] = [*types]
    return {"record_types": said}


def _beside(told: Iterable[Assignment], said_by: str) -> tuple[str, ...]:
    """Note where other profiles show a layout for other types than it is for here."""
    by: dict[str, set[str]] = {}
    for one in told:
        by.setdefault(one.said_by, set()).add(one.record_type)
    other = [name for name, types in by.items() if types != by[said_by]]
    if not other:
        return ()
    return (f"{', '.join(other)} showed it for other record types than {said_by}, which counts.",)
