"""Columns of exports: told from the query and the catalog alone, so that every row fits them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from fieldstone.metadata.catalog import Field
from fieldstone.metadata.values import Json, write_json
from fieldstone.query_language.lifting import lift
from fieldstone.query_language.plan import FieldRef, Member, ParentShown
from fieldstone.query_language.resolve import resolve
from fieldstone.query_language.syntax import Query
from fieldstone.runtime.imports.mapping import parts_of
from fieldstone.runtime.transactions import Transaction


@dataclass(frozen=True, slots=True)
class Column:
    """One column. path: where its value stands in a row's JSON. field: None for what is counted.

    is_part: whether it holds one of the texts that the field's value consists of.
    """

    path: tuple[str, ...]
    field: Field | None = None
    is_part: bool = False

    @property
    def header(self) -> str:
        """How it is headed, which is how a mapping names it."""
        return ".".join(self.path)

    def value(self, row: Json) -> Json:
        """Give what a row has in it."""
        found = row
        for name in self.path:
            found = found.get(name) if isinstance(found, Mapping) else None
        return found

    def show(self, value: Json) -> Json:
        """Give a value as one cell holds it: a text that import reads, a number or a boolean."""
        if value is None:
            return None
        if self.field is not None and not self.is_part:
            schema = self.field.type.json_schema(self.field.options)
            if schema.get("type") == "object":
                return self.field.type.show(self.field.type.decode(value), self.field.options)
            if not schema:
                return write_json(value)
        return _plain(value)


def _plain(value: Json) -> Json:
    if isinstance(value, str | bool | int | Decimal):
        return value
    if isinstance(value, Sequence) and all(isinstance(one, str) for one in value):
        return "; ".join(str(one) for one in value)
    return write_json(value)


def columns_of(tx: Transaction, query: Query) -> tuple[Column, ...]:
    """Give the columns of what a query gives, its id first. Raises InvalidInput."""
    plan = resolve(lift(query, {}), tx.catalog, tx.rights)
    return tuple(dict.fromkeys(_columns(plan.members, ())))


def _columns(members: Sequence[Member], above: tuple[str, ...]) -> Iterator[Column]:
    for key, shown in members:
        path = (*above, key)
        if isinstance(shown, ParentShown):
            for _, inner in shown.forms:
                yield from _columns(inner, path)
        elif isinstance(shown, FieldRef):
            parts = parts_of(shown.field)
            if parts:
                yield from (Column((*path, part), shown.field, is_part=True) for part in parts)
            else:
                yield Column(path, shown.field)
        else:
            yield Column(path)
