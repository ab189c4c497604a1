"""What was taken out of the logs since it was written: of which entry, when, and how much of it.

Every redaction leaves a note that nobody can leave out or alter, and that is sealed itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, Integer, Text, func, select

from fieldstone.ids import format_id
from fieldstone.metadata.audit_tables import AUDIT_REDACTION
from fieldstone.metadata.field_types.datetime import write_instant
from fieldstone.metadata.values import Json
from fieldstone.runtime.audit.reading import NEWEST, check_audit
from fieldstone.runtime.audit.showing import PREFIX
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.transactions import Transaction

_SOME: Final = 20
_R: Final = AUDIT_REDACTION.c
_TENANT: Final = parameter("tenant", Integer())
_COUNTS: Final = prepare(
    select(_R.how, func.count().label("count"))
    .where(_R.tenant_id == _TENANT, _R.of_seq.is_not(None))
    .group_by(_R.how)
)
_PAGE: Final = prepare(
    select(
        _R.log_seq,
        _R.at,
        _R.log,
        _R.how,
        _R.of_seq,
        _R.seqs[1].label("first"),
        func.cardinality(_R.seqs).label("count"),
    )
    .where(
        _R.tenant_id == _TENANT,
        _R.how == func.any(parameter("hows", ARRAY(Text()))),
        _R.log_seq < parameter("before", BigInteger()),
    )
    .order_by(_R.log_seq.desc())
    .limit(parameter("most", Integer()))
)


class Redaction(StrEnum):
    """How an entry is not what it was."""

    ERASED = "erased"
    NARROWED = "narrowed"
    CUT = "cut"
    REWRITTEN = "rewritten"
    REMOVED = "removed"


async def load_redactions(
    tx: Transaction, hows: Sequence[Redaction], most: int, before: int = NEWEST
) -> Sequence[Any]:
    """Give notes of some sorts before a place, the newest first. Raises Forbidden."""
    check_audit(tx)
    wanted = [how.value for how in hows]
    return await tx.rows(_PAGE, tenant=tx.tenant.id, hows=wanted, before=before, most=most)


def show_redaction(row: Any) -> dict[str, Json]:
    """Give a note as callers see it. entry: the one, or the first of those that were removed."""
    place = row["first"] if row["of_seq"] is None else row["of_seq"]
    return {
        "id": format_id(PREFIX, row["log_seq"]),
        "at": write_instant(row["at"]),
        "log": row["log"],
        "how": row["how"],
        "entry": format_id(PREFIX, place),
        "entries": row["count"] or 1,
    }


async def count_redactions(tx: Transaction) -> dict[str, Json]:
    """Count the entries that lost something, by how."""
    return {row["how"]: row["count"] for row in await tx.rows(_COUNTS, tenant=tx.tenant.id)}


async def some_rewritten(tx: Transaction) -> list[Json]:
    """Give the newest notes of entries that say something else than was written."""
    asked = {"hows": [Redaction.REWRITTEN.value], "before": NEWEST, "most": _SOME}
    return [show_redaction(row) for row in await tx.rows(_PAGE, tenant=tx.tenant.id, **asked)]
