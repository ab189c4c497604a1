"""References that a file gives by name: found set by set, and made where they are missing.

A list of contacts names their companies; it would be of little use if each had to be there first.
Records of people who may sign in are never made by the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fieldstone.errors import FieldstoneError, Problem
from fieldstone.ids import format_id
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.values import Json, fold
from fieldstone.runtime.imports.mapping import may_import
from fieldstone.runtime.imports.reading import ReadRow
from fieldstone.runtime.records.heap_statements import find_by_slot
from fieldstone.runtime.records.levels import seen_of
from fieldstone.runtime.records.write import Incoming, write
from fieldstone.runtime.transactions import Transaction

_NEVER_MADE: Final = "User"


async def resolve_names(tx: Transaction, rows: Sequence[ReadRow]) -> int:
    """Fill in the references that rows name, and note those that cannot be; count what was made."""
    wanted: dict[Field, dict[str, str]] = {}
    for row in rows:
        for of, text in row.named:
            wanted.setdefault(of, {}).setdefault(fold(text), text)
    made = 0
    found: dict[Field, dict[str, str]] = {}
    for of, texts in wanted.items():
        target = tx.catalog.by_id[of.references[0]]
        found[of] = await _find(tx, target, list(texts))
        missing = {key: text for key, text in texts.items() if key not in found[of]}
        if missing and _may_make(tx, target):
            created = await _make(tx, target, missing)
            made += len(created)
            found[of].update(created)
    for row in rows:
        _fill(tx, row, found)
    return made


async def _find(tx: Transaction, target: ObjectDef, names: Sequence[str]) -> dict[str, str]:
    """Give the ids of a target's records by folded name, or e-mail address where it has one."""
    ids: dict[str, str] = {}
    for of in (target.find_field("email"), target.title):
        if of is not None and of.slot is not None and tx.rights.may_read_field(of.id):
            statement = find_by_slot(target.heap, tx.tenant.id, target.id, of.slot)
            rows = await tx.rows(statement, values=list(names))
            seen = await seen_of(tx, target, (row["id"] for row in rows))
            for row in rows:
                if row["id"] in seen:
                    ids[row["value"]] = format_id(target.prefix, row["id"])
    return ids


def _may_make(tx: Transaction, target: ObjectDef) -> bool:
    others = [
        f for f in target.own_fields if (f.required or f.required_if) and f is not target.title
    ]
    return (
        target.name != _NEVER_MADE
        and not others
        and target.title.slot is not None
        and may_import(target.title, tx.rights)
        and tx.rights.may_create(target.id)
    )


async def _make(tx: Transaction, target: ObjectDef, names: dict[str, str]) -> dict[str, str]:
    title = target.title
    keys, incoming = [], []
    for key, text in names.items():
        try:
            value: Json = title.type.encode(title.type.parse(text, title.options))
        except FieldstoneError:
            continue
        keys.append(key)
        incoming.append(Incoming({title: value}))
    outcomes = await write(tx, target, incoming, partly=True)
    return {
        key: format_id(target.prefix, outcome.id)
        for key, outcome in zip(keys, outcomes, strict=True)
        if outcome.id is not None and not outcome.problems
    }


def _fill(tx: Transaction, row: ReadRow, found: dict[Field, dict[str, str]]) -> None:
    for of, text in row.named:
        record = found[of].get(fold(text))
        if record is not None:
            row.put(of, record)
        else:
            label = tx.catalog.by_id[of.references[0]].label
            message = f"There is no {label} {text[:80]!r}."
            row.problems.append(Problem("value.unknown_reference", message, f"/{of.name}"))
    row.named.clear()
