"""The audit as a file: lines of JSON, or a table whose cells no spreadsheet takes for a formula.

It is read a portion at a time; what is noted while it is written comes before what was read first,
and so is not in it.
"""

from __future__ import annotations

import csv
from collections.abc import AsyncGenerator, Iterable, Mapping
from io import StringIO
from typing import Any, Final

from fieldstone.metadata.values import Json, write_json, write_json_bytes
from fieldstone.runtime.audit.reading import NEWEST, AuditFilter, audit_page
from fieldstone.runtime.audit.showing import show_entries
from fieldstone.runtime.audit.verifying import sealed_up_to
from fieldstone.runtime.imports.cells import safe_cell
from fieldstone.runtime.tenants import Tenant
from fieldstone.runtime.transactions import Database, Viewer

AUDIT_FORMATS: Final = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}
"""What the audit is written as, with the media types."""

_PORTION: Final = 500
_COLUMNS: Final = (
    *("id", "at", "kind", "what", "by", "by_name", "user", "user_name"),
    *("object", "record", "component", "address", "details", "cause", "sealed"),
)


async def audit_lines(
    database: Database, tenant: Tenant, viewer: Viewer, wanted: AuditFilter, kind: str
) -> AsyncGenerator[bytes, None]:
    """Give the audit, the newest first, as bytes. kind: csv or ndjson. Raises Forbidden."""
    place: int | None = NEWEST
    if kind == "csv":
        yield _csv([_COLUMNS])
    while place is not None:
        async with database.read(tenant, viewer) as tx:
            page = await audit_page(tx, wanted, _PORTION, place)
            shown = await show_entries(tx, page.rows, await sealed_up_to(tx))
        place = page.following
        if shown:
            yield _csv(map(_cells, shown)) if kind == "csv" else _ndjson(shown)


def _ndjson(shown: Iterable[Mapping[str, Json]]) -> bytes:
    return b"".join(write_json_bytes(one) + b"\n" for one in shown)


def _csv(rows: Iterable[Iterable[str]]) -> bytes:
    out = StringIO()
    writer = csv.writer(out)
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return out.getvalue().encode()


def _cells(entry: Mapping[str, Any]) -> list[str]:
    by, user = entry["by"] or {}, entry["user"] or {}
    component = entry["component"]
    flat = {
        **entry,
        "by": by.get("id"),
        "by_name": by.get("name"),
        "user": user.get("id"),
        "user_name": user.get("name"),
        "component": component and f"{component['kind']} {component['name']}",
        "details": write_json(entry["details"]),
        "cause": write_json(entry["cause"]),
        "sealed": "true" if entry["sealed"] else "false",
    }
    return [str(flat[name] or "") for name in _COLUMNS]
