"""What an import tells in the end, counted from its ledger; and the files of rows left over."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from io import StringIO
from typing import Final

from sqlalchemy import BigInteger, Integer, func, select

from fieldstone.ids import RecordId
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.tables import IMPORT_ROW
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.runtime.imports.batch import known_id
from fieldstone.runtime.imports.cells import safe_cell
from fieldstone.runtime.imports.ledger import Fate, Settled, count_fates, load_told
from fieldstone.runtime.imports.plan import ImportPlan
from fieldstone.runtime.imports.stored import name_of
from fieldstone.runtime.records.write import load
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.transactions import Transaction

MOST_SHOWN: Final = 100
TOLD: Final = (Fate.HELD, Fate.MERGED, Fate.CREATED, Fate.SKIPPED)
"""Fates of rows that are doubles, those that need a person's eye first."""

_PAGE: Final = 500
_DOUBLES: Final = prepare(
    select(func.count()).where(
        IMPORT_ROW.c.tenant_id == parameter("tenant", Integer()),
        IMPORT_ROW.c.import_id == parameter("import_id", BigInteger()),
        IMPORT_ROW.c.confidence.is_not(None),
    )
)


async def report_of(
    tx: Transaction, import_id: int, plan: ImportPlan, headers: Sequence[str]
) -> JsonObject:
    """Give the answer of an import: counts, the first duplicates, where the rest is to be had."""
    obj = tx.catalog.get_object(plan.object)
    counts = await count_fates(tx, import_id)
    doubles = await tx.value(_DOUBLES, tenant=tx.tenant.id, import_id=import_id)
    shown = await _first_doubles(tx, import_id, obj)
    rejected, held = counts.get(Fate.REJECTED, 0), counts.get(Fate.HELD, 0)
    url = f"/api/imports/{import_id}"
    return {
        "imported": counts.get(Fate.CREATED, 0),
        "duplicates_found": doubles,
        "duplicates": shown,
        "updated": counts.get(Fate.UPDATED, 0),
        "unchanged": counts.get(Fate.UNCHANGED, 0),
        "merged": counts.get(Fate.MERGED, 0),
        "skipped": counts.get(Fate.SKIPPED, 0),
        "held": held,
        "rejected": rejected,
        "rejected_file": f"{url}/rejected.csv" if rejected else None,
        "held_file": f"{url}/held.csv" if held else None,
        "object": obj.name,
        "mapping": dict(plan.mapping),
        "unmapped": [header for header in headers if not plan.mapping.get(header)],
        "key": plan.key or None,
        "dry_run": plan.dry_run,
    }


async def _first_doubles(tx: Transaction, import_id: int, obj: ObjectDef) -> list[Json]:
    found: list[Settled] = []
    for fate in TOLD:
        room = MOST_SHOWN - len(found)
        if room:
            told = await load_told(tx, import_id, [fate], most=room)
            found.extend(one for one in told if one.confidence is not None)
    names = await names_of(tx, obj, found)
    return [show_duplicate(obj, one, names) for one in found]


async def names_of(tx: Transaction, obj: ObjectDef, told: Sequence[Settled]) -> Mapping[int, str]:
    """Give the names that the records which rows double have by now, if they may be read."""
    if not tx.rights.may_read_field(obj.title.id):
        return {}
    ids = {one.record_id for one in told if one.record_id is not None}
    records = await load(tx, obj, [RecordId(number) for number in sorted(ids)])
    return {number: name_of(obj, record.data) for number, record in records.items()}


def show_duplicate(obj: ObjectDef, one: Settled, names: Mapping[int, str]) -> JsonObject:
    """Give one double as callers see it. names: those of the records, by id."""
    details: Mapping[str, Json] = one.details or {}
    written = one.fate in {Fate.CREATED, Fate.MERGED}
    existing: dict[str, Json] = {"name": details.get("existing")}
    if one.fate is not Fate.CREATED:
        existing["id"] = known_id(obj, one.record_id)
    if one.fate is not Fate.CREATED and one.record_id is not None:
        now = names.get(one.record_id, details.get("existing"))
        existing["name"] = now or existing["id"]
    if details.get("existing_row") is not None:
        existing["row"] = details["existing_row"]
    new: dict[str, Json] = {"name": details.get("new"), "row": one.number}
    if written:
        new["id"] = known_id(obj, one.record_id)
    return {
        "existing": existing,
        "new": new,
        "confidence": Decimal(str(one.confidence)),
        "action": _ACTIONS.get(one.fate, one.fate.value),
        "reasons": details.get("reasons"),
        "brings": details.get("brings"),
    }


_ACTIONS: Final = {Fate.CREATED: "review", Fate.MERGED: "merge"}


async def rows_left_over(
    read: Callable[[], AbstractAsyncContextManager[Transaction]],
    import_id: int,
    headers: Sequence[str],
    fate: Fate,
) -> AsyncIterator[bytes]:
    """Give the rejected or the held rows of an import as CSV, each with the reason.

    read: opens a transaction; each page has its own, so that a slow reader keeps no connection.
    """
    yield _line([*headers, "Row", "Reason"])
    after = 0
    while True:
        async with read() as tx:
            told = await load_told(tx, import_id, [fate], after=after, most=_PAGE)
        if not told:
            return
        for one in told:
            texts = (one.details or {}).get("texts")
            cells = [str(text) for text in texts] if isinstance(texts, list) else []
            width = len(headers)
            yield _line([*(cells + [""] * width)[:width], str(one.number), _reason(one)])
        after = told[-1].number


def _reason(one: Settled) -> str:
    details = one.details or {}
    if one.fate is Fate.REJECTED:
        problems = details.get("problems")
        found = problems if isinstance(problems, list) else []
        return " ".join(_problem(problem) for problem in found)
    reasons = details.get("reasons")
    alike = ", ".join(str(reason) for reason in reasons) if isinstance(reasons, list) else ""
    sure = f"{(one.confidence or 0) * 100:.0f} %"
    return f"Probably {details.get('existing') or 'there already'} ({sure}): {alike}."


def _problem(problem: Json) -> str:
    if not isinstance(problem, dict):
        return ""
    at = str(problem.get("at") or "").strip("/")
    return f"{at}: {problem['message']}" if at else str(problem["message"])


def _line(cells: Sequence[str]) -> bytes:
    out = StringIO()
    csv.writer(out).writerow([safe_cell(cell) for cell in cells])
    return out.getvalue().encode()


_ORDER: Final = (
    *("imported", "duplicates_found", "duplicates", "updated", "unchanged", "merged", "skipped"),
    *("held", "rejected", "rows", "problems", "rejected_file", "held_file", "object", "mapping"),
    *("unmapped", "key", "dry_run", "as_of"),
)
_ORDER_OF_DUPLICATE: Final = ("existing", "new", "confidence", "action", "reasons", "brings")


def in_order(report: JsonObject) -> dict[str, Json]:
    """Give a report that was kept as JSON in the order in which it is read."""
    found = {key: report[key] for key in _ORDER if key in report}
    duplicates = found.get("duplicates")
    if isinstance(duplicates, list):
        found["duplicates"] = [
            {key: one[key] for key in _ORDER_OF_DUPLICATE if key in one}
            for one in duplicates
            if isinstance(one, dict)
        ]
    return found
