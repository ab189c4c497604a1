"""The ledger: what became of every row of every import, written with the records themselves.

A row's fingerprint is a digest of what it says. A row whose fingerprint stands in the ledger for a
record that still lives was imported before, however the record has changed since.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, Integer, LargeBinary, Text, func, select
from sqlalchemy.dialects.postgresql import insert

from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.tables import IMPORT_ROW
from fieldstone.metadata.values import Json, JsonObject, fold, read_json, write_json
from fieldstone.runtime.imports.plan import Duplicates
from fieldstone.runtime.records.draft import Data
from fieldstone.runtime.records.heap_statements import living_ids
from fieldstone.runtime.records.levels import seen_of
from fieldstone.runtime.statements import incoming, parameter, prepare
from fieldstone.runtime.transactions import Transaction

_DIGEST_BYTES: Final = 16
_TENANT: Final = parameter("tenant", Integer())
_IMPORT: Final = parameter("import_id", BigInteger())


class Fate(StrEnum):
    """What became of a row."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    MERGED = "merged"
    SKIPPED = "skip"
    HELD = "review"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Settled:
    """One row and what became of it.

    record_id: the record it is in, or the one it doubles. confidence: for duplicates, how sure.
    details: what is told of it, None where there is nothing to tell.
    """

    number: int
    fate: Fate
    record_id: int | None = None
    fingerprint: bytes | None = None
    confidence: float | None = None
    details: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What the ledger knows of a fingerprint."""

    fate: Fate
    record_id: int
    confidence: float | None


_COLUMNS: Final = (*("number", "outcome", "fingerprint", "record_id", "confidence", "details"),)


def _added() -> Any:
    x = incoming(IMPORT_ROW, *_COLUMNS)
    object_id = parameter("object_id", Integer())
    rows = select(_TENANT, _IMPORT, object_id, *(x.c[name] for name in _COLUMNS))
    return insert(IMPORT_ROW).from_select(["tenant_id", "import_id", "object_id", *_COLUMNS], rows)


_ADD: Final = prepare(_added())
_SEEN: Final = prepare(
    select(
        IMPORT_ROW.c.fingerprint,
        IMPORT_ROW.c.outcome,
        IMPORT_ROW.c.record_id,
        IMPORT_ROW.c.confidence,
    )
    .where(
        IMPORT_ROW.c.tenant_id == _TENANT,
        IMPORT_ROW.c.object_id == parameter("object_id", Integer()),
        IMPORT_ROW.c.fingerprint == func.any(parameter("prints", ARRAY(LargeBinary))),
    )
    .order_by(IMPORT_ROW.c.import_id, IMPORT_ROW.c.number)
)
_COUNTS: Final = prepare(
    select(IMPORT_ROW.c.outcome, func.count())
    .where(IMPORT_ROW.c.tenant_id == _TENANT, IMPORT_ROW.c.import_id == _IMPORT)
    .group_by(IMPORT_ROW.c.outcome)
)
_TOLD: Final = prepare(
    select(
        IMPORT_ROW.c.number,
        IMPORT_ROW.c.outcome,
        IMPORT_ROW.c.record_id,
        IMPORT_ROW.c.confidence,
        IMPORT_ROW.c.details,
    )
    .where(
        IMPORT_ROW.c.tenant_id == _TENANT,
        IMPORT_ROW.c.import_id == _IMPORT,
        IMPORT_ROW.c.details.is_not(None),
        IMPORT_ROW.c.outcome == func.any(parameter("outcomes", ARRAY(Text))),
        IMPORT_ROW.c.number > parameter("after", Integer()),
    )
    .order_by(IMPORT_ROW.c.number)
    .limit(parameter("most", Integer()))
)


def fingerprint(data: Data) -> bytes:
    """Give the digest of what a row says, in which neither case nor the order of columns counts."""
    text = fold(write_json(sorted(data.items())))
    return hashlib.blake2b(text.encode(), digest_size=_DIGEST_BYTES).digest()


async def add_rows(
    tx: Transaction, import_id: int, obj: ObjectDef, settled: Sequence[Settled]
) -> None:
    """Write down what became of rows."""
    await tx.run(
        _ADD,
        tenant=tx.tenant.id,
        import_id=import_id,
        object_id=obj.id,
        number=[one.number for one in settled],
        outcome=[one.fate.value for one in settled],
        fingerprint=[one.fingerprint for one in settled],
        record_id=[one.record_id for one in settled],
        confidence=[one.confidence for one in settled],
        details=[None if one.details is None else write_json(one.details) for one in settled],
    )


async def find_seen(
    tx: Transaction, obj: ObjectDef, prints: Iterable[bytes], duplicates: Duplicates
) -> dict[bytes, Seen]:
    """Give those fingerprints that stand for a living record, newest entries first.

    Rows that were held back count as seen only while duplicates are to be reviewed.
    """
    wanted = list(prints)
    if not wanted:
        return {}
    rows = await tx.rows(_SEEN, tenant=tx.tenant.id, object_id=obj.id, prints=wanted)
    if not rows:
        return {}
    ids = sorted({row["record_id"] for row in rows})
    living = await tx.rows(living_ids(obj.heap, tx.tenant.id, obj.id), ids=ids)
    alive = await seen_of(tx, obj, (row["id"] for row in living))
    seen = {}
    for row in rows:
        fate = Fate(row["outcome"])
        if row["record_id"] in alive and (fate is not Fate.HELD or duplicates is Duplicates.REVIEW):
            seen[bytes(row["fingerprint"])] = Seen(fate, row["record_id"], row["confidence"])
    return seen


async def count_fates(tx: Transaction, import_id: int) -> Mapping[Fate, int]:
    """Count the rows of an import by what became of them."""
    rows = await tx.rows(_COUNTS, tenant=tx.tenant.id, import_id=import_id)
    return {Fate(row[0]): row[1] for row in rows}


async def load_told(
    tx: Transaction, import_id: int, fates: Iterable[Fate], *, after: int = 0, most: int = 100
) -> list[Settled]:
    """Load rows that there is something to tell of, in order, those after a number."""
    rows = await tx.rows(
        _TOLD,
        tenant=tx.tenant.id,
        import_id=import_id,
        outcomes=[fate.value for fate in fates],
        after=after,
        most=most,
    )
    return [
        Settled(
            number=row["number"],
            fate=Fate(row["outcome"]),
            record_id=row["record_id"],
            confidence=row["confidence"],
            details=_details(row["details"]),
        )
        for row in rows
    ]


def _details(text: str) -> JsonObject:
    value: Json = read_json(text)
    assert isinstance(value, dict)
    return value
