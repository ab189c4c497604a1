"""What the audit tells one viewer: entries of all logs, the newest first, a page at a time.

Who may see the audit sees of it what they may see anyway: no entry on a record or a component that
is hidden from them, and no value of a field that they may not read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fieldstone.errors import Forbidden
from fieldstone.ids import ObjectId, RecordId
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.kinds.registry import KINDS as COMPONENT_KINDS
from fieldstone.metadata.rights import SetupArea
from fieldstone.runtime.audit.events import KINDS, Event
from fieldstone.runtime.audit.kinds import AuditKind
from fieldstone.runtime.audit.log_statements import COMPONENTS, EVENTS, RECORDS, asked_logs, entries
from fieldstone.runtime.records.levels import seen_of
from fieldstone.runtime.transactions import Transaction

_LOG_OF: Final = {AuditKind.RECORD: RECORDS, AuditKind.METADATA: COMPONENTS}
NEWEST: Final = 2**63 - 1
_MOST_LOOKED: Final = 20_000
"""Entries that are looked at for one page, of which the viewer may see none."""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What is wanted of the audit; nothing said is everything.

    what: words for what was done, such as update or signed_in. actor: who did it. user: whom it
    was done to. component: the beginning of a component's name. since, until: of that time.
    """

    kinds: frozenset[AuditKind] = frozenset()
    what: frozenset[str] = frozenset()
    actor: RecordId | None = None
    user: RecordId | None = None
    obj: ObjectDef | None = None
    record: RecordId | None = None
    component: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def values(self) -> dict[str, Any]:
        """Give the values of the filters that are set, by the names of their parameters."""
        said = {
            "actor": self.actor,
            "user": self.user,
            "object": None if self.obj is None else self.obj.id,
            "record": self.record,
            "component": _beginning(self.component) if self.component else None,
            "since": self.since,
            "until": self.until,
        }
        return {name: value for name, value in said.items() if value is not None}


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some entries as the logs have them, and where the next ones begin; None at the end."""

    rows: Sequence[Any]
    following: int | None


def check_audit(tx: Transaction) -> None:
    """Refuse those who may not see the audit. Raises Forbidden."""
    if not tx.rights.may_set_up(SetupArea.AUDIT):
        raise Forbidden("You may not see the audit.", hint="Ask for a permission set with it.")


def kind_of(row: Any) -> AuditKind:
    """Give the kind of an entry."""
    if row["log"] == RECORDS:
        return AuditKind.RECORD
    if row["log"] == COMPONENTS:
        return AuditKind.METADATA
    return Event(row["what"]).kind if row["what"] in set(Event) else AuditKind.AUDIT


async def audit_page(
    tx: Transaction, wanted: AuditFilter, limit: int, before: int = NEWEST
) -> AuditPage:
    """Give the newest entries before a place that the viewer may see.

    A page may have fewer entries than it might, or none, where more follow: of those that may not
    be seen, only so many are looked at. Raises Forbidden.
    """
    check_audit(tx)
    found: list[Any] = []
    place, looked, size = before, 0, limit + 1
    while len(found) <= limit and looked < _MOST_LOOKED:
        rows = await _rows(tx, wanted, place, size)
        found += await _seen(tx, rows)
        looked += len(rows)
        if len(rows) < size:
            return AuditPage(found[:limit], _after(found, limit))
        place = rows[-1]["seq"]
        size = min(size * 2, 2_000)
    following = _after(found, limit) or place
    return AuditPage(found[:limit], following)


def _after(found: Sequence[Any], limit: int) -> int | None:
    return found[limit - 1]["seq"] if len(found) > limit else None


async def _rows(tx: Transaction, wanted: AuditFilter, before: int, most: int) -> list[Any]:
    """Give entries of all logs that are asked, the newest first."""
    values = wanted.values()
    logs, events = _within(wanted.kinds or frozenset(AuditKind))
    if wanted.what:
        values["words"] = sorted(wanted.what)
    if wanted.kinds:
        values["events"] = sorted(events)
    filters = frozenset(values)
    asked = asked_logs(filters, logs)
    if not asked:
        return []
    statement = entries(asked, filters)
    return await tx.rows(statement, tenant=tx.tenant.id, before=before, most=most, **values)


def _within(kinds: Iterable[AuditKind]) -> tuple[frozenset[str], frozenset[str]]:
    """Give in which logs entries of some kinds are, and which events they are."""
    wanted = frozenset(kinds)
    events = frozenset(event.value for kind in wanted for event in KINDS.get(kind, ()))
    logs = {log for kind, log in _LOG_OF.items() if kind in wanted}
    return frozenset(logs | ({EVENTS} if events else set())), events


def _beginning(text: str) -> str:
    """Give the pattern of texts that begin so, whatever their case."""
    for mark in "\\%_":
        text = text.replace(mark, f"\\{mark}")
    return f"{text.lower()}%"


async def _seen(tx: Transaction, rows: Sequence[Any]) -> list[Any]:
    """Give those of some entries that the viewer may see."""
    if tx.rights.reads_everything:
        return list(rows)
    of_object: dict[ObjectId, set[int]] = defaultdict(set)
    for row in rows:
        if row["record_id"] is not None:
            of_object[row["object_id"]].add(row["record_id"])
    seen: set[int] = set()
    for number, ids in of_object.items():
        obj = tx.catalog.by_id.get(number)
        if obj is not None and tx.rights.may_read_object(obj.id):
            seen |= await seen_of(tx, obj, ids)
    return [row for row in rows if _is_seen(tx, row, seen)]


def _is_seen(tx: Transaction, row: Any, seen: set[int]) -> bool:
    if row["record_id"] is not None:
        return row["record_id"] in seen
    if row["log"] == COMPONENTS:
        kind = COMPONENT_KINDS.get(row["component_kind"])
        return kind is not None and tx.rights.may_set_up(kind.area)
    return True
