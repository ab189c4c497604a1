"""Reads the change log as an auditor would, and compares it with the records themselves."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from tests.support.app import owner_connection

CHANGES = """
SELECT tenant_id, record_id, version, operation, before, after
FROM change ORDER BY tenant_id, record_id, seq"""
RECORDS = """
SELECT tenant_id, id, version, owner_id, deleted_at IS NOT NULL AS gone,
  data || coalesce(data_long, '{}') AS data FROM record"""
Key = tuple[int, int]


async def broken_records(dsn: str) -> dict[Key, str]:
    """Give, for each record whose log does not lead to it step by step, what is wrong with it."""
    async with owner_connection(dsn) as connection:
        changes: dict[Key, list[Any]] = defaultdict(list)
        for row in await connection.fetch(CHANGES):
            changes[row["tenant_id"], row["record_id"]].append(row)
        records = {(row["tenant_id"], row["id"]): row for row in await connection.fetch(RECORDS)}
    wrong = dict.fromkeys(changes.keys() - records.keys(), "a log without a record")
    for key, record in records.items():
        problem = find_break(changes.get(key, []), record)
        if problem is not None:
            wrong[key] = problem
    return wrong


def find_break(changes: list[Any], record: Any) -> str | None:
    """Replay a record's changes; give where they do not fit each other or what is stored."""
    state: dict[str, Any] = {}
    gone = True
    for number, change in enumerate(changes, start=1):
        if change["version"] != number:
            return f"version {change['version']} is entry {number}"
        before, after = _values(change["before"]), _values(change["after"])
        expected = {key: value for key, value in state.items() if key in before}
        if {k: v for k, v in before.items() if v is not None} != _filled(expected):
            return f"entry {number} was made of another state"
        if gone != (change["operation"] in ("create", "restore")):
            return f"entry {number} cannot {change['operation']}"
        gone = change["operation"] == "delete"
        state = _filled({**state, **dict.fromkeys(before), **after})
    if not changes or changes[-1]["version"] != record["version"]:
        return "the log ends at another version"
    stored = _filled({**_values(record["data"]), "owner": record["owner_id"]})
    if gone != record["gone"] or (not gone and state != stored):
        return "the log leads to other values"
    return None


def _values(text: str | None) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(text) if text else {}
    return values


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
