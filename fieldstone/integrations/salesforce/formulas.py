"""Formulas of Salesforce in the names and the dialect that are used here.

Functions, operators and most names are the same. What differs is put in its place by where it
stands in the text, so that all the rest stays as it was written: parts of compound fields, names
with the package's own namespace, and names with a dollar.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from fieldstone.errors import InvalidInput
from fieldstone.integrations.salesforce.guesses import uses_in
from fieldstone.integrations.salesforce.names import Names, has_types
from fieldstone.integrations.salesforce.own_names import own_name
from fieldstone.metadata.values import fold
from fieldstone.query_language.formula.parse import parse_formula
from fieldstone.query_language.syntax import Path

_KINDS: Final = {
    **dict.fromkeys(("currency", "percent", "number"), "number"),
    **dict.fromkeys(("lookup", "master_detail", "user", "id", "polymorphic"), "lookup"),
}
_SERVICE: Final = '"/services/Soap/u"'
_NO_TEXT: Final = '""'
_TYPE: Final = "recordtype"
_QUEUES: Final = frozenset({"queue", "group"})
_NO_QUEUES: Final = "Records belong to people here, and not to queues, whose names are empty."
_NAMED: Final[Mapping[str, tuple[str, str]]] = {
    "$profile.id": ("$Profile.Name", "a profile"),
    "$user.profileid": ("$Profile.Name", "a profile"),
    "$userrole.id": ("$UserRole.DeveloperName", "a role"),
    "$user.userroleid": ("$UserRole.DeveloperName", "a role"),
}
"""Ids of what has another id here, or none, by the names that stand for them."""

_OF_PEOPLE: Final = frozenset({"profile", "profileid", "userrole", "userroleid"})
NO_PROFILES: Final = (
    "Profiles and roles of others than the viewer are asked for by no formula here: they are empty."
)
_NOT_DELETED: Final = "What is deleted is in the bin, where no formula is asked: it is never true."
_NO_TYPES: Final = "Its object has no record types, so that their names are empty."


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A formula as it is written here. notes: what of it means something else."""

    text: str
    notes: tuple[str, ...] = ()


def rewrite(text: str, owner: str, names: Names, said: str = "") -> Rewritten:
    """Give a formula over the records of an object in the names that are used here.

    owner: the object as it is called here. said: what the formula gives, where that is known.
    Fields that there are not are asked of names, which will make them. A text that cannot be read
    is given as it is: applying it tells why.
    """
    try:
        tree = parse_formula(text)
    except InvalidInput:
        return Rewritten(text)
    notes: list[str] = []
    changes: list[tuple[int, int, str]] = []
    starts = _line_starts(text)
    for path, told in uses_in(tree, said):
        new = _path(path, told, owner, names, notes)
        if new != path.text:
            begin = starts[path.span.line - 1] + path.span.column - 1
            changes.append((begin, begin + path.span.length, new))
    for begin, end, new in sorted(set(changes), reverse=True):
        text = text[:begin] + new + text[end:]
    return Rewritten(text, tuple(dict.fromkeys(notes)))


def kind_of(type_name: str) -> str:
    """Give what a field of a type counts as where its neighbours are guessed by it."""
    return _KINDS.get(type_name, type_name)


def _path(path: Path, said: str, owner: str, names: Names, notes: list[str]) -> str:
    """Give a path as it is written here."""
    parts = list(path.names)
    if fold(parts[0]) == f"${_TYPE}":
        parts[0] = parts[0][1:]
    if parts[0].startswith("$"):
        return _outside(parts, said, names, notes)
    obj = owner
    if len(parts) > 1 and names.find_object(parts[0]) == owner and not _leads(parts[0], obj, names):
        parts.pop(0)
    told: list[str] = []
    while len(parts) > 1:
        step = parts.pop(0)
        nothing = _means_nothing(step, obj, names)
        if nothing:
            notes.append(nothing)
            return _NO_TEXT
        if fold(step) == _TYPE:
            return ".".join([*told, step, *parts])
        found = names.relation(obj, step)
        if found is None or not found.targets:
            return names.own(path.text)
        told.append(names.own(step))
        obj = found.targets[0]
    nothing = _means_nothing(parts[0], obj, names)
    if nothing:
        notes.append(nothing)
        return "FALSE" if nothing == _NOT_DELETED else _NO_TEXT
    known = names.need_field(obj, parts[0], said)
    told.append(known.name if known is not None and "." in known.name else names.own(parts[0]))
    return ".".join(told)


def _means_nothing(step: str, owner: str, names: Names) -> str:
    """Tell why a part of a path has no value here; "" for one that has."""
    if fold(step.partition(":")[2]) in _QUEUES:
        return _NO_QUEUES
    if asks_people(step, owner, names):
        return NO_PROFILES
    if fold(step) == "isdeleted":
        return _NOT_DELETED
    is_type = fold(step) in (_TYPE, f"{_TYPE}id")
    return _NO_TYPES if is_type and not has_types(owner, names) else ""


def asks_people(step: str, owner: str, names: Names) -> bool:
    """Tell whether a part of a path asks for the profile or role of somebody."""
    return fold(step) in _OF_PEOPLE and owner == names.find_object("User")


def _leads(step: str, owner: str, names: Names) -> bool:
    """Tell whether a reference that there is leads from an object by a name."""
    told = (names.find_field(owner, one) for one in (step, f"{step}Id"))
    return any(one is not None and bool(one.targets) for one in told)


def _outside(parts: list[str], said: str, names: Names, notes: list[str]) -> str:
    """Give a name with a dollar as it is written here."""
    root, rest = fold(parts[0]), parts[1:]
    if root == "$label" and rest:
        return f"$Setup.Label.{names.contents.need_label(rest[-1])}"
    if root == "$api":
        notes.append("The address of the server is left out, so that links lead within it.")
        return _SERVICE
    if root == "$permission" and len(rest) == 1:
        notes.append(f"Custom permissions are not brought over: nobody has {rest[0]}.")
        return "FALSE"
    if fold(".".join(parts)) in _NAMED:
        meant, noun = _NAMED[fold(".".join(parts))]
        notes.append(f"{'.'.join(parts)} is the name of {noun} here, and not its id.")
        return meant
    if root == "$user" and len(rest) == 1:
        names.need_field(names.need_object("User"), rest[0], said)
    if root == "$objecttype" and len(rest) == 3:
        owner = names.need_object(rest[0])
        names.need_field(owner, rest[2], said)
    if root == "$setup" and len(rest) == 2:
        settings = names.need_object(rest[0], "settings")
        names.need_field(settings, rest[1], said)
        return f"$Setup.{settings}.{names.own(rest[1])}"
    if root == "$custommetadata" and len(rest) >= 3:
        owner = names.need_object(rest[0], "metadata")
        if len(rest) == 3:
            names.need_field(owner, rest[2], said)
        _need_record(owner, own_name(rest[1]), names)
    return names.own(".".join(parts))


def _need_record(owner: str, own: str, names: Names) -> None:
    """Have a record of a type of metadata made, where neither the package nor others have it."""
    there = names.stored("metadata_record", f"{owner}.{own}")
    is_anothers = there is not None and there.package != names.package
    if not is_anothers and not names.contents.has_part("CustomMetadata", owner, own):
        names.contents.wanted_records[f"{owner}.{own}"] = None


def _line_starts(text: str) -> list[int]:
    return [0, *(place + 1 for place, mark in enumerate(text) if mark == "\n")]


def literal_default(text: str, kind: str) -> Iterator[bool | int | str]:
    """Yield the value that a default formula always gives; nothing where it has to be worked out.

    kind: the field type here.
    """
    bare = text.strip()
    if kind == "checkbox":
        if fold(bare) in ("true", "false"):
            yield fold(bare) == "true"
    elif kind in ("number", "currency"):
        digits = bare.lstrip("-")
        if digits.isascii() and digits.isdigit() and len(digits) <= 15:
            yield int(bare)
    elif bare[:1] in "\"'" and len(bare) > 1 and bare[-1] == bare[0]:
        inner = bare[1:-1]
        if not any(mark in inner for mark in "\"'\\"):
            yield inner
