"""The formulas of a catalog, checked: what a metadata change must not break."""

from __future__ import annotations

from collections.abc import Iterator

from fieldstone.errors import FieldstoneError, Problem
from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.query_language.formula.record_scope import field_expression


def wrong_formulas(catalog: Catalog) -> Iterator[tuple[ObjectDef, Field, Problem]]:
    """Yield every field whose formula cannot be worked out, with what is wrong with it.

    Formula fields that use each other in a circle are among them.
    """
    for obj in catalog.objects:
        for field in obj.own_fields:
            if field.formula is None:
                continue
            try:
                field_expression(field, obj, catalog)
            except FieldstoneError as error:
                yield obj, field, error.problem
