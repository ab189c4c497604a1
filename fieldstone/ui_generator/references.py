"""References in forms: names that were typed become ids, and chosen ids get their names."""

from __future__ import annotations

from typing import Final

from fieldstone.errors import Problem
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.values import Json
from fieldstone.query_language.syntax import Comparison, Operator, Path, Text
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.forms import RecordForm, ValueField
from fieldstone.ui_generator.reading import Wanted, fetch_names, fetch_rows
from fieldstone.ui_generator.widgets.record import is_id

_ENOUGH: Final = 2


async def resolve_names(tx: Transaction, form: RecordForm) -> None:
    """Find the record for every name that was typed where a record is to be chosen.

    That happens without scripts, and when somebody types on without choosing.
    """
    for field in form.inputs():
        if field.of.references and field.given and not field.problems:
            typed = field.data if isinstance(field.data, list | tuple) else [field.data]
            if any(isinstance(one, str) and not is_id(one) for one in typed):
                await _resolve(tx, field, [str(one) for one in typed])


async def name_chosen(tx: Transaction, form: RecordForm) -> None:
    """Learn what the records are called that a form shows by their ids alone."""
    shown = {
        text: field
        for field in form.inputs()
        if field.of.references
        for text in field.texts()
        if is_id(text) and text not in field.names
    }
    if shown:
        names = await fetch_names(tx, shown)
        for field in form.inputs():
            if field.of.references:
                field.names |= {t: names[t] for t in field.texts() if t in names}


def targets_of(tx: Transaction, field: Field) -> list[ObjectDef]:
    """Give the objects that a reference may point to and the viewer may see."""
    seen = [tx.catalog.by_id[t] for t in field.references if tx.rights.may_read_object(t)]
    return sorted(seen, key=lambda obj: obj.label)


async def _resolve(tx: Transaction, field: ValueField, typed: list[str]) -> None:
    found: list[Json] = []
    for text in typed:
        if is_id(text):
            found.append(text)
            continue
        ids = await _called(tx, field.of, text)
        if len(ids) == 1:
            found.extend(ids)
        else:
            field.problems.append(_problem(tx, field.of, text, several=bool(ids)))
    if not field.problems:
        many = field.look.several
        read = field.of.type.accept(found if many else found[-1], field.of.options)
        field.data = field.of.type.encode(read)


async def _called(tx: Transaction, field: Field, name: str) -> list[str]:
    """Give the ids of the records of this name, two at most of each object."""
    ids: list[str] = []
    for obj in targets_of(tx, field):
        where = Comparison(
            Path((obj.title.name,)), Operator.EQUAL, Text(name.replace("\\", "\\\\"))
        )
        if obj.title.name != "id":
            rows = await fetch_rows(tx, obj, (), Wanted(where=where, size=_ENOUGH))
            ids += [str(row["id"]) for row in rows.rows]
    return ids


def _problem(tx: Transaction, field: Field, name: str, *, several: bool) -> Problem:
    labels = " or ".join(obj.label for obj in targets_of(tx, field))
    if several:
        told = f"Several records are called {name[:80]}."
        return Problem("value.ambiguous_name", told, f"/{field.name}", "Choose one from the list.")
    told = f"There is no {labels or 'record'} called {name[:80]}."
    return Problem("value.unknown_reference", told, f"/{field.name}", "Choose one from the list.")
