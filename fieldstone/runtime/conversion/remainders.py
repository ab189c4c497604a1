"""Writes what fields leave whose values become others: rows in the bin that nobody declared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import DateTime, Integer, select
from sqlalchemy.dialects.postgresql import insert

from fieldstone.metadata.moved_values import Remainder
from fieldstone.metadata.tables import COMPONENT
from fieldstone.metadata.values import write_json
from fieldstone.runtime.statements import Prepared, incoming, parameter, prepare
from fieldstone.runtime.transactions import Transaction


def _remaining() -> Prepared:
    columns = ("id", "kind", "name", "package", "body", "storage")
    times = ("created_at", "updated_at", "deleted_at")
    now = parameter("now", DateTime(timezone=True))
    x = incoming(COMPONENT, *columns)
    given = [parameter("tenant", Integer()), *(x.c[name] for name in columns)]
    rows = select(*given, *(now.label(name) for name in times))
    return prepare(insert(COMPONENT).from_select(["tenant_id", *columns, *times], rows))


_REMAIN: Final = _remaining()


async def keep_remainders(
    tx: Transaction, remainders: Sequence[Remainder], ids: Iterator[int]
) -> None:
    """Write remainders under ids that are theirs from now on."""
    if not remainders:
        return
    await tx.run(
        _REMAIN,
        tenant=tx.tenant.id,
        now=tx.now,
        id=[next(ids) for _ in remainders],
        kind=[one.component.kind for one in remainders],
        name=[one.component.name for one in remainders],
        package=[one.component.package for one in remainders],
        body=[write_json(one.component.body) for one in remainders],
        storage=[write_json(one.storage) for one in remainders],
    )
