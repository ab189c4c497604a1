"""Columns of lists: fields of a record or its parents, and parts of values, by their paths."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from fieldstone.metadata.calculation import Kind
from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.metadata.field_types.registry import FIELD_TYPES
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.values import fold
from fieldstone.query_language.shown_paths import ShownPath, find_path
from fieldstone.query_language.syntax import Path

_TEXT: Final = FIELD_TYPES["text"]


def path_of(column: Field) -> Path:
    """Give the path by which queries ask for a column."""
    return Path(tuple(column.name.split(".")))


def is_behind(column: Field) -> bool:
    """Tell whether a column is none of the record's own fields."""
    return "." in column.name


def shown_at(catalog: Catalog, obj: ObjectDef, rights: Rights, written: str) -> ShownPath | None:
    """Give what a path such as company.industry or address.city means; None where it is nothing.

    What the viewer is not shown does not exist.
    """
    found = find_path(obj, written, catalog, rights)
    whole, point, part = written.rpartition(".")
    if found is not None or not point:
        return found
    owner = find_path(obj, whole, catalog, rights)
    return None if owner is None else _part(owner, fold(part), rights)


def columns_at(
    catalog: Catalog, obj: ObjectDef, rights: Rights, written: Iterable[str]
) -> tuple[Field, ...]:
    """Give the columns that paths mean, each once; those that the viewer is not shown are left out.

    Fields of the object itself are those of the catalog; one behind a parent is called by its whole
    path.
    """
    found = (shown_at(catalog, obj, rights, one) for one in written)
    return tuple({one.name: _column(one) for one in found if one is not None}.values())


def _column(shown: ShownPath) -> Field:
    return replace(shown.field, name=shown.name, label=shown.label) if shown.steps else shown.field


def _part(owner: ShownPath, part: str, rights: Rights) -> ShownPath | None:
    """Give a part of a value; a masked value has no parts."""
    whole = owner.field
    calculation = whole.type.parts.get(part)
    is_text = calculation is not None and calculation.kind is Kind.TEXT
    if not is_text or not rights.may_read_field(whole.id):
        return None
    options, label = _TEXT.options_class(), part.replace("_", " ")
    field = replace(whole, type=_TEXT, options=options, references=(), slot=None, label=label)
    return ShownPath(field, (*owner.steps, whole), (*owner.names, part))
