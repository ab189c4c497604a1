"""Mappings: which column of a file fills which field, or which part of a field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fieldstone.errors import Problem, Several
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.values import Json, fold
from fieldstone.runtime.imports.errors import BadMapping

NAME_BY_PARTS: Final = "person_name"
_TEXT_TYPES: Final = ("string", "null")


@dataclass(frozen=True, slots=True)
class Target:
    """A field, or one part of a field whose value is an object of texts: address.city."""

    field: Field
    part: str = ""

    @property
    def name(self) -> str:
        """How a mapping writes it."""
        return f"{self.field.name}.{self.part}" if self.part else self.field.name


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """One column that is read. column counts from 0; score: how sure a proposal is, 0 to 1."""

    column: int
    header: str
    target: Target
    score: float = 1.0


def parts_of(field: Field) -> tuple[str, ...]:
    """Give the parts of a field whose value is an object of texts; none for other fields."""
    schema = field.type.json_schema(field.options)
    properties = schema.get("properties")
    if not isinstance(properties, dict) or schema.get("required"):
        return ()
    if all(tuple(one.get("type", ())) == _TEXT_TYPES for one in properties.values()):
        return tuple(properties)
    return ()


def may_import(field: Field, rights: Rights) -> bool:
    """Tell whether a file may fill a field."""
    derived = field.derivation is not None and field.derivation.form != NAME_BY_PARTS
    written_by_us = field.read_only or derived or field.type.read_only
    return not written_by_us and rights.may_edit_field(field.id)


def targets_of(obj: ObjectDef, rights: Rights) -> list[Target]:
    """Give everything that a column of a file may fill, parts after their whole."""
    targets = []
    for field in (*obj.own_fields, obj.by_name["owner"]):
        if may_import(field, rights):
            targets.append(Target(field))
            targets.extend(Target(field, part) for part in parts_of(field))
    return targets


def read_mapping(
    obj: ObjectDef, headers: Sequence[str], given: Mapping[str, Json], rights: Rights
) -> tuple[ColumnMapping, ...]:
    """Read a mapping of header to field name; null leaves a column out.

    Raises Several with every header that the file lacks and every field that cannot be filled.
    """
    by_header = {fold(header): (place, header) for place, header in enumerate(headers)}
    found: list[ColumnMapping] = []
    problems: list[Problem] = []
    for header, name in given.items():
        at = f"/mapping/{header[:80]}"
        place = by_header.get(fold(header.strip()))
        if place is None:
            hint = suggestion(header, headers)
            message = f"The file has no column {header[:80]!r}."
            problems.append(Problem(BadMapping.code, message, at, hint))
        elif name is not None and name != "":
            target = find_target(obj, str(name), rights)
            if isinstance(target, Problem):
                problems.append(target.below(at))
            else:
                found.append(ColumnMapping(place[0], place[1], target))
    problems.extend(_clashes(found))
    if problems:
        raise Several(problems)
    return tuple(sorted(found, key=lambda one: one.column))


def find_target(obj: ObjectDef, name: str, rights: Rights) -> Target | Problem:
    """Give what a mapping means by a name such as address.city, or what is wrong with it."""
    own, _, part = name.partition(".")
    field = obj.find_field(own)
    if field is None or not rights.may_read_field(field.id):
        known = (target.name for target in targets_of(obj, rights))
        message = f"{obj.label} has no field {name[:80]}."
        return Problem("metadata.unknown_field", message, "", suggestion(name, known))
    if field.column == "id":
        return Target(field)
    if not may_import(field, rights):
        message = f"{field.label} is set by the system."
        return Problem(BadMapping.code, message, "", "Leave the column out.")
    if part and fold(part) not in parts_of(field):
        hint = (
            suggestion(part, parts_of(field)) or f"It has {', '.join(parts_of(field)) or 'none'}."
        )
        return Problem(BadMapping.code, f"{field.label} has no part {part[:80]}.", "", hint)
    return Target(field, fold(part))


def _clashes(mapping: Iterable[ColumnMapping]) -> list[Problem]:
    """Name the columns that would fill what another fills already."""
    taken: dict[tuple[int, str], str] = {}
    problems = []
    for one in mapping:
        key = (int(one.target.field.id), one.target.part)
        if key in taken:
            message = f"{taken[key]} and {one.header} cannot both fill {one.target.name}."
            problems.append(Problem(BadMapping.code, message, f"/mapping/{one.header[:80]}"))
        taken.setdefault(key, one.header)
    return problems


def show_mapping(mapping: Iterable[ColumnMapping]) -> dict[str, Json]:
    """Give a mapping as read_mapping reads it."""
    return {one.header: one.target.name for one in mapping}


def reads(mapping: Iterable[ColumnMapping], of: Field) -> bool:
    """Tell whether some column fills a field or a part of it."""
    return any(one.target.field is of for one in mapping)
