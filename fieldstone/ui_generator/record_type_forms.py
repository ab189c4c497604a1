"""Record types on the pages of records: which one a form is for, and what it then asks.

The address of a form names the type, so that what is sent comes back to a form of the same type.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.requests import Request

from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.record_types import RECORD_TYPE, RecordType
from fieldstone.metadata.values import Json
from fieldstone.runtime.records.record_types import types_offered, usual_type, usual_values
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.forms import RecordForm
from fieldstone.ui_generator.reading import Row


def type_of_row(obj: ObjectDef, row: Row | None) -> RecordType | None:
    """Give the record type of a record that was read."""
    return None if row is None else obj.record_type(row.get(RECORD_TYPE))


def type_of_form(
    request: Request, tx: Transaction, obj: ObjectDef, row: Row | None
) -> RecordType | None:
    """Give the record type that a form is for: the address's, the record's or the usual one.

    A type that the viewer may not give counts as none named.
    """
    named = request.query_params.get(RECORD_TYPE)
    held = type_of_row(obj, row)
    if named is not None and (found := _offered(tx, obj, named)) is not None:
        return found
    return held if row is not None else usual_type(obj, tx.rights)


def _offered(tx: Transaction, obj: ObjectDef, named: str) -> RecordType | None:
    field = obj.type_field
    choice = None if field is None else field.options.find(named)
    offered = types_offered(obj, tx.rights)
    return next((one for one in offered if choice and one.key == choice.value), None)


def must_choose(request: Request, tx: Transaction, obj: ObjectDef) -> bool:
    """Tell whether somebody who makes a record has to say first of which type."""
    return RECORD_TYPE not in request.query_params and len(types_offered(obj, tx.rights)) > 1


def with_type(request: Request, path: str, key: str) -> str:
    """Give the address of a form of a record type, with what this address fills in."""
    kept = [one for one in request.query_params.multi_items() if one[0] != RECORD_TYPE]
    return f"{path}?{urlencode([(RECORD_TYPE, key), *kept])}"


def fit(form: RecordForm, chosen: RecordType | None, row: Row | None) -> None:
    """Let a form offer what a record type lets be chosen, and write the type where it is new."""
    held = form.object.type_field
    if held is None or chosen is None:
        return
    for one in form.inputs():
        one.options = chosen.narrowed(one.of.id, one.of.options)
    if row is None or row.get(RECORD_TYPE) != chosen.key:
        form.beside = {held: chosen.key}


def values_of_type(
    obj: ObjectDef, chosen: RecordType | None, defaults: Mapping[str, Json]
) -> dict[str, Json]:
    """Give what a new record of a type holds, by names. defaults: what it would without a type."""
    keys = {field.name: field.key for field in obj.own_fields}
    names = {key: name for name, key in keys.items()}
    known = {keys[name]: value for name, value in defaults.items() if keys.get(name)}
    found = usual_values(obj, chosen, known)
    others = {name: value for name, value in defaults.items() if not keys.get(name)}
    return {**others, **{names[key]: value for key, value in found.items()}}


def replaced_values(obj: ObjectDef, chosen: RecordType | None, row: Row) -> list[tuple[str, str]]:
    """Give what a form of another type holds in the place of values that the type lacks."""
    if chosen is None or chosen.key == row.get(RECORD_TYPE):
        return []
    found: list[tuple[str, str]] = []
    for field in obj.own_fields:
        if field.name in row and chosen.forbidden(field.id, row[field.name]):
            usual = chosen.defaults.get(field.id)
            texts = usual if isinstance(usual, list | tuple) else ("" if usual is None else usual,)
            found += [(field.name, str(text)) for text in texts]
    return found
