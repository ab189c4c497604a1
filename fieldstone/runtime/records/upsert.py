"""Finds which of the records that a caller sent are there already, by a unique field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from fieldstone.errors import InvalidInput, Problem, Several
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.values import JsonObject
from fieldstone.metadata.visible import visible_field
from fieldstone.runtime.encryption.sealing import sought_keys, unique_key
from fieldstone.runtime.records.checks import NOT_UNIQUE, is_unique
from fieldstone.runtime.records.draft import Outcome
from fieldstone.runtime.records.levels import levels_of
from fieldstone.runtime.records.reading import Values, read_values
from fieldstone.runtime.records.side_statements import WHO_HOLDS
from fieldstone.runtime.records.write import Incoming, incoming_of, sent_version, write
from fieldstone.runtime.transactions import Collision, Transaction

TAKEN: Final = "value.taken"
"""The code of a key whose record the viewer does not see: to try again would find the same."""


class NotAKey(InvalidInput):
    """A field that does not tell records apart."""

    code = "record.not_a_key"


def key_field(obj: ObjectDef, rights: Rights, name: str) -> Field:
    """Give the unique field of this name that the viewer may read. Raises UnknownField, NotAKey."""
    field = visible_field(obj, rights, name, at=f"/{name[:80]}")
    if not is_unique(field):
        readable = (one for one in obj.fields if rights.may_read_field(one.id))
        known = [one.name for one in readable if is_unique(one)]
        hint = f"Keys are: {', '.join(known)}." if known else "Make a field unique first."
        raise NotAKey(f"{field.name} is not unique.", at=f"/{name}", hint=hint)
    return field


async def find_by_key(
    tx: Transaction, obj: ObjectDef, name: str, sent: Sequence[JsonObject]
) -> list[Incoming]:
    """Read records and give each the id of the record that has its key, if there is one.

    One statement for all. A record without a key is new.
    """
    field = key_field(obj, tx.rights, name)
    read = [read_values(obj, one, tx.rights) for one in sent]
    keys = [_sought(tx, field, values) for values, _ in read]
    wanted = sorted({key for some in keys for key in some})
    rows = await tx.rows(
        WHO_HOLDS,
        tenant=tx.tenant.id,
        object_id=[obj.id] * len(wanted),
        field_id=[field.id] * len(wanted),
        value=wanted,
    )
    seen = await levels_of(tx, obj, [row["record_id"] for row in rows])
    every = {row["value"]: row["record_id"] for row in rows}
    holders = {value: number for value, number in every.items() if number in seen}
    found = []
    for (values, problems), some, raw in zip(read, keys, sent, strict=True):
        number = next((holders[key] for key in some if key in holders), None)
        is_taken = number is None and any(key in every for key in some)
        unseen = [_taken(field, values)] if is_taken else []
        version = sent_version(raw) if number is not None else None
        found.append(incoming_of((values, [*problems, *unseen]), id=number, version=version))
    return found


async def upsert(
    tx: Transaction,
    obj: ObjectDef,
    name: str,
    sent: Sequence[JsonObject],
    *,
    partly: bool = False,
    version: int | None = None,
) -> list[Outcome]:
    """Change the records that have these keys and create the others; as write() does otherwise.

    version: that of the one record sent, where it is told apart from it. Raises Collision if
    somebody else created a record of a key meanwhile: tried again, it is found and changed.
    """
    incoming = await find_by_key(tx, obj, name, sent)
    if version is not None:
        incoming = [replace(one, version=version) for one in incoming]
    field = key_field(obj, tx.rights, name)
    keys = Counter(_key(field, one.values) for one in incoming if one.id is None)
    try:
        outcomes = await write(tx, obj, incoming, partly=partly)
    except Several as error:
        _check_keys(error.problems, field, keys)
        raise
    _check_keys([one for outcome in outcomes for one in outcome.problems], field, keys)
    return outcomes


def _taken(field: Field, values: Values) -> Problem:
    """Say that a record which the viewer does not see has a key."""
    message = f"{field.label} {values.get(field)} belongs to another record already."
    return Problem(TAKEN, message, f"/{field.name}")


def _check_keys(problems: Sequence[Problem], field: Field, keys: Counter[str | None]) -> None:
    """Raise Collision if a new key was taken meanwhile, and does not stand in the call twice."""
    of_key = [one for one in problems if one.code == NOT_UNIQUE and _at(one, field)]
    if len(of_key) > sum(count - 1 for key, count in keys.items() if key is not None):
        raise Collision("Two writers created one record.", hint="Try again.")


def _at(problem: Problem, field: Field) -> bool:
    return isinstance(problem.at, str) and problem.at.endswith(f"/{field.name}")


def _sought(tx: Transaction, field: Field, values: Values) -> list[str]:
    value = values.get(field)
    return [] if value is None else sought_keys(tx, field, value)


def _key(field: Field, values: Values) -> str | None:
    value = values.get(field)
    return None if value is None else unique_key(field, value)
