"""What a tenant uses: entries in the transactions that cause them, added up into a ledger by day.

An entry is a row of its own, so that no writer waits for another; the ledger's total and the
entries that are not in it yet are together exactly what was committed.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Date,
    Integer,
    Select,
    Text,
    cast,
    func,
    insert,
    select,
    union_all,
)

from fieldstone.metadata.tables import MEMBER, USAGE_ENTRY, USAGE_LEDGER
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.terms import METERED, Limit
from fieldstone.runtime.transactions import Transaction

DAYS: Final = 30
NEAR: Final = 0.8
"""The share of a limit from which on a tenant is warned."""

_TENANT: Final = parameter("tenant", Integer())
_DAY: Final = parameter("day", Date())
_METER: Final = parameter("meter", Text())
_ENTER: Final = prepare(
    insert(USAGE_ENTRY).from_select(
        ["tenant_id", "day", "meter", "value"],
        select(_TENANT, _DAY, _METER, parameter("value", BigInteger())),
    )
)


def _both(*wanted: Any) -> Select[Any]:
    """Build what ledger and entries say, as one."""
    parts = [
        select(table.c.day, table.c.meter, table.c.value).where(
            table.c.tenant_id == _TENANT, *(one(table) for one in wanted)
        )
        for table in (USAGE_LEDGER, USAGE_ENTRY)
    ]
    both = union_all(*parts).subquery()
    return select(both.c.day, both.c.meter, both.c.value)


def _of_meter(table: Any) -> Any:
    return table.c.meter == _METER


def _since(table: Any) -> Any:
    return table.c.day >= _DAY


_ONE: Final = _both(_of_meter).subquery()
_TOTAL: Final = prepare(select(cast(func.coalesce(func.sum(_ONE.c.value), 0), BigInteger)))
_ALL: Final = _both().subquery()
_TOTALS: Final = prepare(
    select(
        _ALL.c.meter,
        cast(func.sum(_ALL.c.value), BigInteger).label("total"),
        cast(func.coalesce(func.sum(_ALL.c.value).filter(_ALL.c.day == _DAY), 0), BigInteger).label(
            "today"
        ),
    ).group_by(_ALL.c.meter)
)
_RECENT: Final = _both(_since).subquery()
_BY_DAY: Final = prepare(
    select(
        _RECENT.c.day,
        _RECENT.c.meter,
        cast(func.sum(_RECENT.c.value), BigInteger).label("value"),
    )
    .group_by(_RECENT.c.day, _RECENT.c.meter)
    .order_by(_RECENT.c.day.desc(), _RECENT.c.meter)
)
_COUNT_USERS: Final = prepare(
    select(func.count()).where(MEMBER.c.tenant_id == _TENANT, MEMBER.c.ended_at.is_(None))
)
_FOLD: Final = prepare(select(func.fold_usage(parameter("most", Integer()))))
_AT_ONCE: Final = 50_000


async def meter(tx: Transaction, name: Limit, value: int) -> None:
    """Note in the transaction that so much more is used of something, or less."""
    if value:
        await tx.run(_ENTER, tenant=tx.tenant.id, day=tx.now.date(), meter=name.value, value=value)


async def check_room(tx: Transaction, name: Limit, more: int) -> None:
    """Return if so much more may be used. Raises LimitReached.

    Asks for the total only where there is a limit. Those who write at the same time may together
    pass the limit by what one call brings.
    """
    if more > 0 and tx.tenant.terms.limit(name) is not None:
        total = await tx.value(_TOTAL, tenant=tx.tenant.id, meter=name.value)
        tx.tenant.terms.check(name, total, more)


async def check_users(tx: Transaction) -> None:
    """Return if one more may sign in. Raises UserLimit. Who makes members holds a lock."""
    if tx.tenant.terms.limit(Limit.USERS) is not None:
        tx.tenant.terms.check(Limit.USERS, await tx.value(_COUNT_USERS, tenant=tx.tenant.id))


async def load_usage(tx: Transaction) -> dict[Limit, int]:
    """Give how much is used of what is limited."""
    today = tx.now.date()
    rows = {row["meter"]: row for row in await tx.rows(_TOTALS, tenant=tx.tenant.id, day=today)}

    def total(name: Limit, column: str = "total") -> int:
        row = rows.get(name.value)
        return int(row[column]) if row is not None else 0

    return {
        Limit.USERS: await tx.value(_COUNT_USERS, tenant=tx.tenant.id),
        Limit.RECORDS: total(Limit.RECORDS),
        Limit.STORAGE: total(Limit.STORAGE),
        Limit.API_CALLS: total(Limit.API_CALLS, "today"),
        Limit.OBJECTS: own_objects(tx),
    }


def own_objects(tx: Transaction) -> int:
    """Count the objects that are the tenant's own."""
    return sum(obj.package is None for obj in tx.catalog.objects)


async def load_days(tx: Transaction) -> list[tuple[date, str, int]]:
    """Give the ledger of thirty days, the newest first: how much more or less each of them."""
    since = tx.now.date() - timedelta(days=DAYS)
    rows = await tx.rows(_BY_DAY, tenant=tx.tenant.id, day=since)
    return [(row["day"], row["meter"], row["value"]) for row in rows]


async def fold_usage(pool: Any) -> int:
    """Move the entries of all tenants into the ledger; how many there were."""
    moved, total = _AT_ONCE, 0
    while moved == _AT_ONCE:
        moved = await pool.fetchval(_FOLD.sql, *_FOLD.arguments({"most": _AT_ONCE}))
        total += moved
    return total


def show_usage(tx: Transaction, used: dict[Limit, int]) -> list[dict[str, Any]]:
    """Give what is used beside what may be, and how near that is."""
    return [_shown(name, used[name], tx.tenant.terms.limit(name)) for name in METERED]


def _shown(name: Limit, current: int, most: int | None) -> dict[str, Any]:
    share = None if most is None else (current / most if most else 1.0)
    state = "ok"
    if share is not None and share >= NEAR:
        state = "reached" if share >= 1 else "near"
    return {
        "name": name.value,
        "current": current,
        "limit": most,
        "share": None if share is None else round(share, 3),
        "state": state,
    }
