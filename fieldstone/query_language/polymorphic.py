"""The object that a reference to one of several points to: `what.type`, and what TYPEOF asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import ColumnElement, case, func

from fieldstone.ids import FieldId
from fieldstone.metadata.calculation import Kind, Value
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.field_types.choice import Choice
from fieldstone.metadata.field_types.registry import FIELD_TYPES
from fieldstone.metadata.field_types.stored import constant
from fieldstone.metadata.values import fold
from fieldstone.query_language.formula.typed import Apply, Read, Shape
from fieldstone.query_language.functions.function import TEXT, Category, Plain, Takes
from fieldstone.query_language.plan import FieldRef, Leaf

TYPE: Final = "type"


class _ObjectOf(Plain):
    """The name of the object of an id; blank for an object that may not be seen."""

    name = "OBJECTOF"
    category = Category.RECORD
    takes = (Takes("id", TEXT),)

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.TEXT)

    def value(self, record_id: str) -> Value:
        return self._names.get(record_id.rpartition("_")[0], "")

    def sql(self, record_id: ColumnElement[Any]) -> ColumnElement[Any]:
        prefix = func.split_part(record_id, constant("_"), constant(1))
        known = {constant(prefix): constant(name) for prefix, name in self._names.items()}
        return case(known, value=prefix, else_=constant(""))


def asks_type(name: str, targets: Sequence[ObjectDef]) -> bool:
    """Tell whether a name behind a reference means the object it points to.

    A field that is called so goes before it where the reference points to one object alone.
    """
    if fold(name) != TYPE or not targets:
        return False
    return len(targets) > 1 or targets[0].find_field(name) is None


def type_ref(number: int, place: int, reference: Field, targets: Sequence[ObjectDef]) -> FieldRef:
    """Give the name of the object that a reference points to, as a picklist of all it may be.

    number: unique among the fields that are made for a query.
    """
    names = {target.prefix: target.name for target in targets}
    kind = FIELD_TYPES["picklist"]
    choices = tuple(
        Choice(one.name, label=one.aliases[0] if one.aliases else one.name) for one in targets
    )
    field = replace(
        reference,
        id=FieldId(-(10**11) - number),
        name=TYPE,
        label=f"{reference.label} type",
        type=kind,
        options=kind.options_class(options=choices),
        references=(),
        slot=None,
        column=None,
        aliases=(),
        read_only=True,
    )
    shape = Shape(Kind.TEXT)
    read = Read(Leaf(place, reference), Shape(Kind.ID))
    return FieldRef(place, field, computed=Apply(_ObjectOf(names), (read,), shape))
