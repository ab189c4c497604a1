"""What the definition of a roll-up names: child records, and what of them it sums up."""

from __future__ import annotations

from typing import Final

from fieldstone.metadata.calculation import Kind
from fieldstone.metadata.catalog import (
    Catalog,
    ChildRelation,
    Field,
    ObjectDef,
    RollUp,
    RollUpFunction,
)
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.values import fold
from fieldstone.query_language.formula.errors import UnknownName, WrongArguments
from fieldstone.query_language.relations import RELATION_SUFFIX

_ADDED: Final = frozenset({RollUpFunction.SUM, RollUpFunction.AVERAGE})
_ORDERED: Final = frozenset({Kind.DATE, Kind.DATETIME})


def children_summed(roll_up: RollUp, obj: ObjectDef, catalog: Catalog) -> ChildRelation:
    """Give the records that a roll-up of an object sums up. Raises UnknownName.

    They are called as the object calls them, or by the reference with its object before it.
    """
    relations = catalog.children_of(obj)
    owner, _, own = roll_up.children.rpartition(".")
    if owner:
        child = catalog.find_object(owner)
        reference = None if child is None else child.find_field(own)
        found = [one for one in relations if one.field is reference]
    else:
        wanted = fold(own).removesuffix(RELATION_SUFFIX)
        found = [one for one in relations if fold(one.name).removesuffix(RELATION_SUFFIX) == wanted]
    if found:
        return found[0]
    known = [one.name for one in relations]
    known += [f"{one.object.name}.{one.field.name}" for one in relations]
    raise UnknownName(
        f"{obj.label} has no children {roll_up.children[:80]}.",
        hint=suggestion(roll_up.children, known) or "Name a reference, such as Deal.company.",
    )


def field_summed(roll_up: RollUp, child: ObjectDef) -> Field | None:
    """Give the field whose values a roll-up takes of the child records; None for a count.

    Raises UnknownName, and WrongArguments for a field that the function does not take.
    """
    function = roll_up.function
    if function is RollUpFunction.COUNT:
        if roll_up.field is None:
            return None
        raise WrongArguments("A count takes no field.", hint="Leave field out, or filter by where.")
    if roll_up.field is None:
        raise WrongArguments(
            f"The function {function} needs a field.", hint=f"Name one of {child.label} in field."
        )
    found = child.find_field(roll_up.field)
    if found is None:
        raise UnknownName(
            f"{child.label} has no field {roll_up.field[:80]}.",
            hint=suggestion(roll_up.field, (one.name for one in child.fields)),
        )
    kind = found.type.calculation.kind if found.type.calculation is not None else None
    if kind is None or not (kind.is_number or (kind in _ORDERED and function not in _ADDED)):
        fitting = "numbers" if function in _ADDED else "numbers, dates and instants"
        raise WrongArguments(
            f"The function {function} takes {fitting}, and {found.label} is a {found.type.label}."
        )
    return found
