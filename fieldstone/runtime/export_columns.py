"""Columns of exports: told from the plan alone, so that every row fits them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Final

from fieldstone.metadata.calculation import Kind
from fieldstone.metadata.catalog import Field
from fieldstone.metadata.values import Json, fold, write_json
from fieldstone.query_language.formula.typed import Read
from fieldstone.query_language.plan import (
    AggregateRef,
    FieldRef,
    Leaf,
    Member,
    ParentShown,
    Plan,
    SourceTable,
)
from fieldstone.query_language.syntax import (
    AggregateFunction,
    ChildQuery,
    Item,
    Path,
    Query,
    SelectItem,
)
from fieldstone.runtime.imports.mapping import parts_of

_AS_THEY_ARE: Final = frozenset({str, bool, int, Decimal})
_ENDS: Final = frozenset({AggregateFunction.MIN, AggregateFunction.MAX})


def _plain(value: Json) -> Json:
    if type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, Sequence) and all(isinstance(one, str) for one in value):
        return "; ".join(str(one) for one in value)
    return write_json(value)


def _as_people_read_it(of: Field, value: Json) -> Json:
    return of.type.show(of.type.decode(value), of.options)


@dataclass(frozen=True, slots=True)
class Column:
    """One column. path: where its value stands in a row's JSON. label: what people call it.

    kind: what its values are. show: gives a value as one cell holds it, which import reads.
    """

    path: tuple[str, ...]
    label: str
    kind: Kind = Kind.TEXT
    show: Callable[[Json], Json] = field(default=_plain, compare=False)

    @property
    def name(self) -> str:
        """How it is headed, which is how a mapping names it."""
        return ".".join(self.path)

    def cell(self, row: Json) -> Json:
        """Give what a cell holds of a row: a text, a number, a boolean, or nothing."""
        found = row
        for name in self.path:
            if not isinstance(found, dict):
                return None
            found = found.get(name)
        return None if found is None else self.show(found)


def headers_of(columns: Sequence[Column], *, labels: bool) -> list[str]:
    """Give what columns are headed by: their names or, for people, their labels.

    A label that several columns have gets the name behind it.
    """
    if not labels:
        return [column.name for column in columns]
    times = Counter(column.label for column in columns)
    return [
        column.label if times[column.label] == 1 else f"{column.label} ({column.name})"
        for column in columns
    ]


def columns_of(plan: Plan) -> tuple[Column, ...]:
    """Give the columns of what a plan gives, an id before what is beside it."""
    found: dict[tuple[str, ...], Column] = {}
    for column in _columns(plan.rows.sources, plan.members, (), ""):
        found.setdefault(column.path, column)
    return tuple(found.values())


def as_asked(columns: Sequence[Column], query: Query) -> tuple[Column, ...]:
    """Give columns in the order in which a query asks for them, without ids it does not ask for.

    A row's JSON has the ids of all its records, so that callers can go on from them.
    """
    wanted = [_asked_path(item, query) for item in query.select]
    places = {path: place for place, path in reversed(list(enumerate(wanted)))}
    found: list[tuple[int, Column]] = []
    last = 0
    for column in columns:
        place = _place_among(places, tuple(map(fold, column.path)))
        if place is None and fold(column.path[-1]) == "id" and () not in places:
            continue
        last = last if place is None else place
        found.append((last, column))
    return tuple(column for _, column in sorted(found, key=lambda one: one[0])) or tuple(columns)


def _asked_path(item: Item, query: Query) -> tuple[str, ...]:
    """Give the path that an item is found by, folded; () for many fields at once."""
    if isinstance(item, ChildQuery):
        return (fold(item.query.source.path.names[-1]),)
    if not isinstance(item, SelectItem):
        return ()
    if item.alias is not None:
        return (fold(item.alias),)
    if not isinstance(item.expression, Path):
        return ("",)
    names = tuple(map(fold, item.expression.names))
    own = fold(query.source.alias or query.source.path.names[-1])
    return names[1:] if len(names) > 1 and names[0] == own else names


def _place_among(places: Mapping[tuple[str, ...], int], path: tuple[str, ...]) -> int | None:
    """Give the place of what was asked for: the value itself, or what it is a part of."""
    for length in range(len(path), 0, -1):
        if path[:length] in places:
            return places[path[:length]]
    return places.get((".".join(path),))


def _columns(
    sources: Sequence[SourceTable], members: Sequence[Member], above: tuple[str, ...], of: str
) -> Iterator[Column]:
    """Give the columns of members. of: the label of what stands above them, with a colon."""
    for key, shown in members:
        path = (*above, key)
        if isinstance(shown, ParentShown):
            for place, inner in shown.forms:
                reference = sources[place].reference
                label = key if reference is None else _label(key, reference)
                yield from _columns(sources, inner, path, f"{of}{label}: ")
        elif isinstance(shown, FieldRef):
            label = _label_of_part(sources, shown) if "." in key else _label(key, shown.field)
            yield from _of_field(path, f"{of}{label}", shown.field)
        else:
            kind = _kind_of(shown) if isinstance(shown, AggregateRef) else Kind.TEXT
            yield Column(path, f"{of}{key}", kind)


def _label(key: str, of: Field) -> str:
    """Give the label of a field that stands under its own name, else the name it was given."""
    return of.label if fold(key) == fold(of.name) else key


def _label_of_part(sources: Sequence[SourceTable], shown: FieldRef) -> str:
    """Give the labels on the way to a part of a value: the references, the field and the part."""
    place = shown.computed.source if isinstance(shown.computed, Read) else None
    if not isinstance(place, Leaf) or place.part is None:
        return shown.field.label
    labels = [place.field.label, _part_label(place.part)]
    source = sources[place.source]
    while source.reference is not None and source.parent is not None:
        labels.insert(0, source.reference.label)
        source = sources[source.parent]
    return ": ".join(labels)


def _part_label(part: str) -> str:
    return part.replace("_", " ").capitalize()


def _of_field(path: tuple[str, ...], label: str, of: Field) -> Iterator[Column]:
    parts = parts_of(of)
    for part in parts:
        yield Column((*path, part), f"{label}: {_part_label(part)}")
    if parts:
        return
    schema = of.type.json_schema(of.options)
    calculation = of.type.calculation
    kind = Kind.TEXT if calculation is None else calculation.kind
    if schema.get("type") == "object":
        yield Column(path, label, show=partial(_as_people_read_it, of))
    else:
        yield Column(path, label, kind, _plain if schema else write_json)


def _kind_of(aggregate: AggregateRef) -> Kind:
    argument = aggregate.argument
    if aggregate.function not in _ENDS or argument is None:
        return Kind.NUMBER
    calculation = argument.field.type.calculation
    return Kind.TEXT if calculation is None else calculation.kind
