"""The roll-ups that rules and formulas read of records, loaded once for all records of a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fieldstone.ids import RecordId
from fieldstone.metadata.calculation import Value
from fieldstone.metadata.catalog import Field
from fieldstone.query_language.plan import Moment, Parameter
from fieldstone.query_language.roll_up_statement import IDS, compile_roll_up
from fieldstone.runtime.per_catalog import PerCatalog
from fieldstone.runtime.statements import Prepared, prepare
from fieldstone.runtime.transactions import Transaction


@dataclass(frozen=True, slots=True)
class _Ready:
    statement: Prepared
    parameters: tuple[Parameter, ...]


_KEPT: Final = 2_000
_READY: Final[PerCatalog[_Ready]] = PerCatalog(_KEPT)


async def load_roll_up(
    tx: Transaction, field: Field, ids: Sequence[RecordId], moment: Moment
) -> Mapping[RecordId, Value]:
    """Give the value of a roll-up field for each of some records, which need not be stored yet."""
    if not ids:
        return {}
    ready = _READY.get(tx.catalog, field.id, lambda: _prepared(tx, field))
    bound = {one.name: one.read(0, moment) for one in ready.parameters}
    rows = await tx.rows(ready.statement, **{IDS: list(ids)}, **bound)
    return {RecordId(row["id"]): row["value"] for row in rows}


def _prepared(tx: Transaction, field: Field) -> _Ready:
    found = compile_roll_up(field, tx.catalog.by_id[field.object_id], tx.catalog)
    return _Ready(prepare(found.statement), found.parameters)
