"""What a changed field asks of the records that are there: unique values claimed, search refilled.

It is done in the metadata change itself, while no record is written, so that a field is unique or
found from the very moment on which it says so.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import BigInteger, Integer, delete, select

from fieldstone.errors import Problem, Several
from fieldstone.ids import format_id
from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.metadata.component_change import ComponentChange
from fieldstone.metadata.tables import RECORD_UNIQUE, heap
from fieldstone.runtime.encryption.sealing import unique_key
from fieldstone.runtime.records import store
from fieldstone.runtime.records.checks import is_unique
from fieldstone.runtime.records.delete import unchanged
from fieldstone.runtime.records.draft import StoredRecord
from fieldstone.runtime.records.heap_statements import of_object
from fieldstone.runtime.records.side_statements import CLAIM_UNIQUE, WHO_HOLDS
from fieldstone.runtime.statements import Prepared, parameter, prepare
from fieldstone.runtime.transactions import Transaction

MOST_RECORDS: Final = 200_000
_AT_ONCE: Final = 5_000
_TOLD: Final = 10
_RELEASE_FIELD: Final = prepare(
    delete(RECORD_UNIQUE).where(
        RECORD_UNIQUE.c.tenant_id == parameter("tenant", Integer()),
        RECORD_UNIQUE.c.field_id == parameter("field", Integer()),
    )
)


async def keep_up(
    tx: Transaction,
    changes: Iterable[ComponentChange],
    before: Catalog,
    after: Catalog,
    *,
    are_searched: bool = False,
) -> None:
    """Bring unique values and search texts up to the fields as they now are.

    are_searched: whether somebody else sees to the search texts of values that become others.

    Raises Several if values that are there already are not unique, or if there are too many
    records to look at while everybody waits.
    """
    searched: dict[int, ObjectDef] = {}
    for change in changes:
        if change.id == 0 or change.operation not in ("change", "restore"):
            continue
        obj, field = _find(after, change.id)
        if obj is None or field is None:
            continue
        _, old = _find(before, change.id)
        await _keep_unique(tx, obj, field, old)
        became = old is not None and field.searchable and field.key != old.key
        if field.searchable != (old is not None and old.searchable) or (
            became and not are_searched
        ):
            searched[obj.id] = obj
    for obj in searched.values():
        await _refill_search(tx, obj)


def _find(catalog: Catalog, field_id: int) -> tuple[ObjectDef | None, Field | None]:
    for obj in catalog.objects:
        for field in obj.own_fields:
            if field.id == field_id:
                return obj, field
    return None, None


async def _keep_unique(tx: Transaction, obj: ObjectDef, field: Field, old: Field | None) -> None:
    was = old is not None and is_unique(old)
    spelled_anew = was and old is not None and (_case(old), old.key) != (_case(field), field.key)
    if was and (spelled_anew or not is_unique(field)):
        await tx.run(_RELEASE_FIELD, tenant=tx.tenant.id, field=field.id)
    if is_unique(field) and (not was or spelled_anew):
        await _claim_all(tx, obj, field)


def _case(field: Field) -> bool:
    return bool(getattr(field.options, "case_sensitive", False))


async def _claim_all(tx: Transaction, obj: ObjectDef, field: Field) -> None:
    problems: list[Problem] = []
    async for page in _pages(tx, obj):
        held = {
            record.id: unique_key(field, value)
            for record in page
            if (value := record.data.get(field.key)) is not None
        }
        problems += await _claim(tx, obj, field, held)
        if len(problems) >= _TOLD:
            break
    if problems:
        raise Several(problems[:_TOLD])


async def _claim(
    tx: Transaction, obj: ObjectDef, field: Field, held: dict[Any, str]
) -> list[Problem]:
    """Claim the values of some records, and tell which belong to another record already."""
    if not held:
        return []
    given = {
        "tenant": tx.tenant.id,
        "object_id": [obj.id] * len(held),
        "field_id": [field.id] * len(held),
        "value": list(held.values()),
    }
    await tx.rows(CLAIM_UNIQUE, **given, record_id=list(held))
    holders = {row["value"]: row["record_id"] for row in await tx.rows(WHO_HOLDS, **given)}
    return [
        Problem(
            "metadata.not_unique",
            f"{field.label} of {format_id(obj.prefix, number)} is the same as that of"
            f" {format_id(obj.prefix, holders[value])}.",
            "/unique",
            "Change one of the two first.",
        )
        for number, value in held.items()
        if holders[value] != number
    ]


async def _refill_search(tx: Transaction, obj: ObjectDef) -> None:
    async for page in _pages(tx, obj):
        await store.put_search(tx, obj, [unchanged(record) for record in page])


async def _pages(tx: Transaction, obj: ObjectDef) -> AsyncIterator[list[StoredRecord]]:
    """Yield the live records of an object, some at a time. Raises Several beyond MOST_RECORDS."""
    last, seen = 0, 0
    while rows := await tx.rows(_page(obj.heap, tx.tenant.id, obj.id), after=last):
        seen += len(rows)
        if seen > MOST_RECORDS:
            raise Several(
                [
                    Problem(
                        "metadata.too_many_records",
                        f"{obj.plural_label} has more than {MOST_RECORDS} records; that is too"
                        " many to go through while everybody waits.",
                        "",
                        "Add a field that is so from the start, and move the values.",
                    )
                ]
            )
        last = rows[-1]["id"]
        yield [store.stored_record(row) for row in rows]


@lru_cache(maxsize=256)
def _page(heap_name: str, tenant_id: int, object_id: int) -> Prepared:
    table = heap(heap_name)
    columns = ("id", "version", "owner_id", "data", "data_long", "created_at", "updated_at")
    return prepare(
        select(*(table.c[name] for name in columns), table.c.deleted_at)
        .where(
            of_object(table, tenant_id, object_id),
            table.c.id > parameter("after", BigInteger()),
            table.c.deleted_at.is_(None),
        )
        .order_by(table.c.id)
        .limit(_AT_ONCE)
    )
