"""Fields of any object, as VLOOKUP names them: $ObjectType.Region.Fields.manager."""

from __future__ import annotations

from typing import Final

from fieldstone.errors import Span
from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.values import fold
from fieldstone.query_language.formula.errors import UnknownName, WrongArguments
from fieldstone.query_language.functions.look_up import KEYS, NAME, UNGIVEN
from fieldstone.query_language.syntax import Path

OBJECT_TYPE: Final = "$objecttype"
OF_OBJECTS: Final = (OBJECT_TYPE, "$action")
"""What stands in front of the name of an object."""

FIELD_PLACE: Final = 3
"""Which name of $ObjectType.Region.Fields.manager is that of the field."""

_FIELDS: Final = "fields"
_FORM: Final = "A field of an object is $ObjectType.Region.Fields.manager."


def object_named(path: Path, catalog: Catalog, rights: Rights) -> ObjectDef:
    """Give the object that $ObjectType.Region names. Raises UnknownName."""
    name = path.names[1] if len(path.names) > 1 else ""
    found = catalog.find_object(name)
    if found is None or not rights.may_read_object(found.id):
        visible = (obj.name for obj in catalog.objects if rights.may_read_object(obj.id))
        known = suggestion(name, visible)
        raise UnknownName(f"There is no object {name[:80]}.", at=path.span, hint=known or _FORM)
    return found


def field_of_object(path: Path, catalog: Catalog, rights: Rights) -> tuple[ObjectDef, Field]:
    """Give the object and the field that a path names.

    rights: of whoever writes the formula. Raises UnknownName, WrongArguments.
    """
    names = path.names
    if fold(names[0]) != OBJECT_TYPE or len(names) != 4 or fold(names[2]) != _FIELDS:
        raise WrongArguments(
            f"{path.text[:80]} is no field of an object.", at=path.span, hint=_FORM
        )
    obj = object_named(path, catalog, rights)
    field = obj.find_field(names[3])
    if field is None or not rights.may_read_field(field.id):
        visible = (one.name for one in obj.fields if rights.may_read_field(one.id))
        known = suggestion(names[3], visible)
        raise UnknownName(f"{obj.label} has no field {names[3][:80]}.", at=path.span, hint=known)
    return obj, field


def field_given(field: Field, path: Path) -> Field:
    """Give a field that VLOOKUP may give. Raises WrongArguments."""
    calculation = field.type.calculation
    if calculation is None or calculation.kind in UNGIVEN:
        raise WrongArguments(
            f"{field.label} is a {field.type.label}, which {NAME} does not give.", at=path.span
        )
    return field


def key_of(obj: ObjectDef, field: Field, path: Path) -> Field:
    """Give a field by which records are told apart. Raises WrongArguments."""
    calculation = field.type.calculation
    tells_apart = field.unique or field.external_id or fold(field.name) == fold(obj.name_field)
    if calculation is None or calculation.kind not in KEYS or field.is_calculated:
        tells_apart = False
    if field.is_system or not tells_apart:
        raise WrongArguments(
            f"{NAME} looks in a name or in a unique field, which {field.label} is not.",
            at=path.span,
            hint=f"There is $ObjectType.{obj.name}.Fields.{obj.name_field}.",
        )
    return field


def no_look_up(at: Span) -> WrongArguments:
    """Give the error of VLOOKUP in a query: it reads whatever the system may read."""
    return WrongArguments(
        f"{NAME} stands in formulas of fields, defaults and rules, not in a query.",
        at=at,
        hint="Ask for a formula field that has it, or compare with a subquery.",
    )
