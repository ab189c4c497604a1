"""What programs ask for: counted in the process by their tokens, and added up now and then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, Date, Integer, cast, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from fieldstone.metadata.client_tables import CLIENT_USE
from fieldstone.metadata.tables import ACCESS_TOKEN
from fieldstone.query_language.named_fields import Named
from fieldstone.runtime.statements import Prepared, incoming, parameter, prepare
from fieldstone.runtime.tenants import Tenant
from fieldstone.runtime.transactions import Transaction

DAYS_KEPT: Final = 30
MOST_COUNTED: Final = 10_000
_KEY: Final = ("token_id", "object_id", "field_id")
_TENANT: Final = parameter("tenant", Integer())
_DAY: Final = parameter("day", Date())
_MINE: Final = CLIENT_USE.c.tenant_id == _TENANT
Key = tuple[int, int, int]


def _add() -> Prepared:
    x = incoming(CLIENT_USE, *_KEY, "times")
    rows = select(_TENANT, *(x.c[name] for name in _KEY), _DAY, x.c.times)
    fresh = insert(CLIENT_USE).from_select(["tenant_id", *_KEY, "last_day", "times"], rows)
    return prepare(
        fresh.on_conflict_do_update(
            index_elements=["tenant_id", *_KEY],
            set_={
                "times": CLIENT_USE.c.times + fresh.excluded.times,
                "last_day": fresh.excluded.last_day,
            },
        )
    )


def _of() -> Prepared:
    both = CLIENT_USE.join(
        ACCESS_TOKEN,
        (ACCESS_TOKEN.c.tenant_id == CLIENT_USE.c.tenant_id)
        & (ACCESS_TOKEN.c.id == CLIENT_USE.c.token_id),
    )
    name = func.coalesce(ACCESS_TOKEN.c.app, ACCESS_TOKEN.c.name).label("name")
    which = (CLIENT_USE.c.object_id, CLIENT_USE.c.field_id, name, ACCESS_TOKEN.c.app)
    return prepare(
        select(
            *which,
            cast(func.sum(CLIENT_USE.c.times), BigInteger).label("times"),
            func.max(CLIENT_USE.c.last_day).label("last_day"),
        )
        .select_from(both)
        .where(
            _MINE,
            CLIENT_USE.c.last_day >= _DAY,
            CLIENT_USE.c.object_id == func.any(parameter("objects", ARRAY(Integer))),
        )
        .group_by(*which)
        .order_by(func.sum(CLIENT_USE.c.times).desc())
    )


_ADD: Final = _add()
_OF: Final = _of()
_FORGET: Final = prepare(delete(CLIENT_USE).where(_MINE, CLIENT_USE.c.last_day < _DAY))


@dataclass(frozen=True, slots=True)
class ClientUse:
    """A program that asked for something lately. is_app: whether it is a connected app."""

    name: str
    is_app: bool
    times: int
    last_day: date


class ClientCounter:
    """Counts for a process. What does not fit any more until it is written is not counted."""

    def __init__(self, most: int = MOST_COUNTED) -> None:
        self._most = most
        self._room = most
        self._counted: dict[Tenant, dict[Key, int]] = {}

    def saw(self, tenant: Tenant, token: int, named: Named) -> None:
        """Count one query of a token."""
        counted = self._counted.setdefault(tenant, {}) if self._room > 0 else {}
        for object_id, field_id in named:
            key = (token, int(object_id), int(field_id))
            if key not in counted:
                if self._room <= 0:
                    continue
                self._room -= 1
            counted[key] = counted.get(key, 0) + 1

    def take(self) -> Mapping[Tenant, Mapping[Key, int]]:
        """Give what was counted since the last time, and begin anew."""
        counted, self._counted, self._room = self._counted, {}, self._most
        return counted


async def write_clients(tx: Transaction, counts: Mapping[Key, int]) -> None:
    """Add counts up. In one order, so that two processes do not wait for each other in a ring."""
    rows = sorted((*key, times) for key, times in counts.items())
    columns = dict(zip((*_KEY, "times"), map(list, zip(*rows, strict=True)), strict=True))
    await tx.run(_ADD, tenant=tx.tenant.id, day=tx.now.date(), **columns)


async def load_clients(
    tx: Transaction, objects: list[int]
) -> Mapping[tuple[int, int], tuple[ClientUse, ...]]:
    """Load who asked lately, by object and field; field 0 is the object itself."""
    day = tx.now.date() - timedelta(days=DAYS_KEPT)
    rows: list[Any] = await tx.rows(_OF, tenant=tx.tenant.id, day=day, objects=objects)
    found: dict[tuple[int, int], tuple[ClientUse, ...]] = {}
    for row in rows:
        key = row["object_id"], row["field_id"]
        use = ClientUse(row["name"], row["app"] is not None, row["times"], row["last_day"])
        found[key] = (*found.get(key, ()), use)
    return found


async def forget_clients(tx: Transaction, before: date) -> None:
    """Remove the counts of those who have not asked since a day."""
    await tx.run(_FORGET, tenant=tx.tenant.id, day=before)
