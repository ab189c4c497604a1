"""What operators did to tenants, plans and their own tokens: noted where it is done, and told.

It is kept apart from tenants, also when nothing else is left of one, and sealed as the logs of
tenants are, in the chain of the platform.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, DateTime, Integer, Text, func, insert, select
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.ids import format_id
from fieldstone.metadata.field_types.datetime import write_instant
from fieldstone.metadata.tables import TENANT_EVENT
from fieldstone.metadata.values import Json, read_json, write_json
from fieldstone.runtime.audit.showing import PREFIX
from fieldstone.runtime.statements import Prepared, parameter, prepare
from fieldstone.runtime.tenants import PLATFORM

_E: Final = TENANT_EVENT.c
_INSTANT: Final = DateTime(timezone=True)
_NOTE: Final = prepare(
    insert(TENANT_EVENT).values(
        number=parameter("number", Integer()),
        name=parameter("name", Text()),
        what=parameter("what", Text()),
        by_whom=parameter("by_whom", Text()),
        details=parameter("details", JSONB()),
    )
)
_CONDITIONS: Final = {
    "tenant": _E.name == parameter("tenant", Text()),
    "number": _E.number == parameter("number", Integer()),
    "what": _E.what == func.any(parameter("what", ARRAY(Text()))),
    "by_whom": _E.by_whom == parameter("by_whom", Text()),
    "since": _E.at >= parameter("since", _INSTANT),
    "until": _E.at < parameter("until", _INSTANT),
}


@dataclass(frozen=True, slots=True)
class PlatformFilter:
    """What is wanted of the log; nothing said is everything.

    tenant, number: the name or the number of a tenant. what: words such as create or suspend.
    """

    tenant: str | None = None
    number: int | None = None
    what: Sequence[str] = ()
    by_whom: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def values(self) -> dict[str, Any]:
        """Give the values of what is said, by the names of their parameters."""
        said = {
            "tenant": self.tenant,
            "number": self.number,
            "what": list(self.what) or None,
            "by_whom": self.by_whom,
            "since": self.since,
            "until": self.until,
        }
        return {name: value for name, value in said.items() if value is not None}


async def note_operation(
    connection: Any,
    what: str,
    by_whom: str,
    details: Mapping[str, Json],
    tenant: tuple[int, str] = (PLATFORM.id, PLATFORM.name),
) -> None:
    """Note what an operator did. connection: that of what is done. tenant: number and name."""
    number, name = tenant
    said = {"number": number, "name": name, "what": what, "by_whom": by_whom}
    values = {**said, "details": write_json(details)}
    await connection.fetch(_NOTE.sql, *_NOTE.arguments(values))


async def load_operations(
    pool: Any, wanted: PlatformFilter, before: int, most: int
) -> Sequence[Mapping[str, Any]]:
    """Give what operators did before a place in the logs, the newest first."""
    said = wanted.values()
    statement = _page(frozenset(said))
    arguments = statement.arguments({**said, "before": before, "most": most})
    rows: list[Any] = await pool.fetch(statement.sql, *arguments)
    return [dict(row) for row in rows]


@lru_cache(maxsize=64)
def _page(filters: frozenset[str]) -> Prepared:
    conditions = [made for name, made in _CONDITIONS.items() if name in filters]
    before = _E.log_seq < parameter("before", BigInteger())
    ordered = select(TENANT_EVENT).where(*conditions, before).order_by(_E.log_seq.desc())
    return prepare(ordered.limit(parameter("most", Integer())))


def show_operation(row: Mapping[str, Any], sealed: int) -> dict[str, Json]:
    """Give an entry as operators see it. sealed: the place up to which the log is sealed."""
    return {
        "id": format_id(PREFIX, row["log_seq"]),
        "at": write_instant(row["at"]),
        "what": row["what"],
        "by": row["by_whom"],
        "tenant": row["name"] or None,
        "details": read_json(row["details"]),
        "sealed": row["log_seq"] <= sealed,
    }
