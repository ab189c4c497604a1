"""The history of metadata: what was changed when, by whom and why, and how a change is undone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import ARRAY, BigInteger, Integer, Text, and_, func, select

from fieldstone.errors import Conflict, Forbidden, NotFound, Problem
from fieldstone.metadata.changes import Proposal, Revert
from fieldstone.metadata.component import Component, StoredComponent
from fieldstone.metadata.component_change import ComponentChange, Operation
from fieldstone.metadata.kinds.registry import KINDS
from fieldstone.metadata.tables import COMPONENT_CHANGE
from fieldstone.metadata.values import Json, read_json
from fieldstone.runtime.access.parties import names_of_users
from fieldstone.runtime.metadata_changes import load_components
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.transactions import Transaction

MOST_LISTED: Final = 20
_OPERATIONS: Final = ("create", "change", "remove", "restore")
_TENANT: Final = parameter("tenant", Integer())
_LOG: Final = COMPONENT_CHANGE
_EARLIER: Final = _LOG.alias("earlier")
_DECLARED: Final = and_(
    _LOG.c.tenant_id == _TENANT,
    _LOG.c.operation == func.any(parameter("operations", ARRAY(Text))),
    _LOG.c.kind == func.any(parameter("kinds", ARRAY(Text))),
)
_VERSIONS: Final = prepare(
    select(
        _LOG.c.version,
        func.min(_LOG.c.at).label("at"),
        func.min(_LOG.c.actor_id).label("actor_id"),
        func.min(_LOG.c.cause.cast(Text)).label("cause"),
        func.count().label("count"),
        func.array_agg(_LOG.c.operation)[1:MOST_LISTED].label("operations"),
        func.array_agg(_LOG.c.kind)[1:MOST_LISTED].label("kinds"),
        func.array_agg(_LOG.c.name)[1:MOST_LISTED].label("names"),
    )
    .where(_DECLARED, _LOG.c.version < parameter("before", BigInteger()))
    .group_by(_LOG.c.version)
    .order_by(_LOG.c.version.desc())
    .limit(parameter("most", Integer()))
)
_OF_VERSION: Final = prepare(
    select(
        _LOG.c.seq,
        _LOG.c.at,
        _LOG.c.actor_id,
        _LOG.c.cause,
        _LOG.c.component_id,
        _LOG.c.kind,
        _LOG.c.name,
        _LOG.c.operation,
        _LOG.c.before,
        _LOG.c.after,
        select(_EARLIER.c.name)
        .where(
            _EARLIER.c.tenant_id == _TENANT,
            _EARLIER.c.component_id == _LOG.c.component_id,
            _EARLIER.c.seq < _LOG.c.seq,
        )
        .order_by(_EARLIER.c.seq.desc())
        .limit(1)
        .scalar_subquery()
        .label("name_before"),
    )
    .where(_DECLARED, _LOG.c.version == parameter("version", BigInteger()))
    .order_by(_LOG.c.seq)
)


class UnknownChange(NotFound):
    """No change of metadata has this number."""

    code = "metadata.unknown_change"


class ChangedSince(Conflict):
    """What is to be undone was changed again by a later change."""

    code = "metadata.changed_since"


@dataclass(frozen=True, slots=True)
class LoggedChange:
    """One metadata change: everything that was applied together.

    version: of the catalog that came of it, which is its number. cause: what led to it. changes:
    what was declared before and after, the first ones only in a list. count: how many there are.
    """

    version: int
    at: datetime
    actor: int | None
    actor_name: str | None
    cause: Mapping[str, Json]
    count: int
    changes: tuple[ComponentChange, ...]


async def list_changes(
    tx: Transaction, limit: int, before: int
) -> tuple[tuple[LoggedChange, ...], int | None]:
    """Give the newest changes before a version, and the version to go on before; None at the end.

    Of what the viewer may not set up nothing is told. In a list, changes tell kind, name and what
    was done, without the bodies.
    """
    kinds = _kinds(tx)
    rows = await tx.rows(_VERSIONS, **_of(tx, kinds), before=before, most=limit + 1)
    page = rows[:limit]
    names = await names_of_users(tx, _actors(page))
    found = tuple(
        LoggedChange(
            row["version"],
            row["at"],
            row["actor_id"],
            names.get(row["actor_id"]),
            _object(row["cause"]),
            row["count"],
            tuple(
                ComponentChange(
                    cast("Operation", operation), 0, None, Component(kind, name, {}), {}
                )
                for operation, kind, name in zip(
                    row["operations"], row["kinds"], row["names"], strict=True
                )
            ),
        )
        for row in page
    )
    return found, (page[-1]["version"] if len(rows) > limit else None)


async def get_change(tx: Transaction, version: int) -> LoggedChange:
    """Give one change whole. Raises UnknownChange."""
    rows = await _rows_of(tx, version)
    names = await names_of_users(tx, _actors(rows))
    first = rows[0]
    return LoggedChange(
        version,
        first["at"],
        first["actor_id"],
        names.get(first["actor_id"]),
        _object(first["cause"]),
        len(rows),
        tuple(_logged(row) for row in rows),
    )


async def undoing(tx: Transaction, version: int) -> Proposal:
    """Propose that all that a change touched be as it was before it.

    What is so already is left alone. Raises UnknownChange; ChangedSince where a later change has
    touched the same component.
    """
    rows = await _rows_of(tx, version)
    stored = {row.id: row for row in await load_components(tx)}
    reverts: list[Revert] = []
    problems: list[Problem] = []
    for row in rows:
        change, known = _logged(row), stored.get(row["component_id"])
        live = _live(known)
        if _same(live, change.before if change.operation != "restore" else None):
            continue
        if not _same(live, None if change.operation == "remove" else change.after):
            problems.append(_since(change, live))
            continue
        package = known.component.package if known else None
        back = None if change.operation in ("create", "restore") else change.before
        now = live or change.before or change.after
        assert now is not None
        reverts.append(
            Revert(
                change.id,
                now,
                back and Component(back.kind, back.name, back.body, package),
            )
        )
    if problems:
        error = ChangedSince(problems[0].message)
        error.problems = tuple(problems)
        raise error
    return Proposal(reverts=tuple(reverts))


def _since(change: ComponentChange, live: Component | None) -> Problem:
    told = change.after or change.before
    assert told is not None
    what = "is gone" if live is None else "was changed again"
    return Problem(
        ChangedSince.code,
        f"{told.kind.capitalize().replace('_', ' ')} {told.name} {what} since.",
        hint="Undo the later change first, or change it by hand.",
    )


def _same(live: Component | None, logged: Component | None) -> bool:
    if live is None or logged is None:
        return live is logged
    return (live.key, live.name, live.body) == (logged.key, logged.name, logged.body)


def _live(stored: StoredComponent | None) -> Component | None:
    return stored.component if stored is not None and stored.deleted_at is None else None


async def _rows_of(tx: Transaction, version: int) -> list[Any]:
    """Give what a change did. Raises UnknownChange; Forbidden if part of it is not the viewer's."""
    kinds = _kinds(tx)
    rows = await tx.rows(_OF_VERSION, **_of(tx, kinds), version=version)
    if not rows:
        raise UnknownChange(f"There is no change {version}.")
    return rows


def _kinds(tx: Transaction) -> list[str]:
    """Give the kinds that the viewer may set up. Raises Forbidden where there are none."""
    kinds = [name for name, kind in KINDS.items() if tx.rights.may_set_up(kind.area)]
    if not kinds:
        raise Forbidden("You may not see how the system is set up.")
    return kinds


def _of(tx: Transaction, kinds: Sequence[str]) -> dict[str, Any]:
    return {"tenant": tx.tenant.id, "kinds": list(kinds), "operations": list(_OPERATIONS)}


def _logged(row: Any) -> ComponentChange:
    name_before = row["name_before"] or row["name"]
    before = _component(row, row["before"], name_before)
    after = _component(row, row["after"], row["name"])
    return ComponentChange(row["operation"], row["component_id"], before, after, {})


def _component(row: Any, body: str | None, name: str) -> Component | None:
    return None if body is None else Component(row["kind"], name, _object(body))


def _object(text: str | None) -> Mapping[str, Json]:
    value = read_json(text) if text else {}
    assert isinstance(value, dict)
    return value


def _actors(rows: Iterable[Any]) -> list[int]:
    return sorted({row["actor_id"] for row in rows if row["actor_id"] is not None})
