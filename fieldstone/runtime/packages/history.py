"""When a package came and was upgraded, by whom, and as which change of the set-up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Integer, Text, func, select

from fieldstone.metadata.kinds.registry import PACKAGE
from fieldstone.metadata.tables import COMPONENT_CHANGE
from fieldstone.metadata.values import Json, fold, read_json
from fieldstone.runtime.access.parties import names_of_users
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.transactions import Transaction

_MOST: Final = 100
_LOG: Final = COMPONENT_CHANGE
_ENTRIES: Final = prepare(
    select(_LOG.c.version, _LOG.c.at, _LOG.c.actor_id, _LOG.c.before, _LOG.c.after)
    .where(
        _LOG.c.tenant_id == parameter("tenant", Integer()),
        _LOG.c.kind == PACKAGE.name,
        func.lower(_LOG.c.name) == parameter("name", Text()),
    )
    .order_by(_LOG.c.seq.desc())
    .limit(_MOST)
)


@dataclass(frozen=True, slots=True)
class PackageEntry:
    """One change of a package. change: its number; versions: None where it was not installed."""

    change: int
    at: datetime
    by_name: str | None
    version_before: str | None
    version: str | None


async def history_of(tx: Transaction, package: str) -> list[PackageEntry]:
    """Give the changes of a package, the newest first."""
    rows = await tx.rows(_ENTRIES, tenant=tx.tenant.id, name=fold(package))
    actors = sorted({row["actor_id"] for row in rows if row["actor_id"] is not None})
    names = await names_of_users(tx, actors)
    return [
        PackageEntry(
            row["version"],
            row["at"],
            names.get(row["actor_id"]),
            _version(row["before"]),
            _version(row["after"]),
        )
        for row in rows
    ]


def _version(body: Any) -> str | None:
    said: Json = None if body is None else read_json(body)
    found = said.get("version") if isinstance(said, Mapping) else None
    return found if isinstance(found, str) else None
