"""The history of metadata: what was changed when, by whom and why, and how a change is undone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import ARRAY, BigInteger, Integer, Text, and_, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from fieldstone.errors import Conflict, Forbidden, NotFound, Problem
from fieldstone.metadata import undo
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.component_change import ComponentChange, Operation
from fieldstone.metadata.kinds.registry import KINDS, OBJECT
from fieldstone.metadata.tables import COMPONENT_CHANGE
from fieldstone.metadata.values import Json, read_json
from fieldstone.runtime.access.parties import names_of_users
from fieldstone.runtime.metadata_changes import load_components
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.transactions import Transaction

MOST_LISTED: Final = 20
UNDO: Final = "undo"
"""Where the cause of a change says the number of the one that it undoes."""

_OPERATIONS: Final = ("create", "change", "remove", "restore")
_TENANT: Final = parameter("tenant", Integer())
_LOG: Final = COMPONENT_CHANGE
_EARLIER: Final = _LOG.alias("earlier")
_DECLARED: Final = and_(
    _LOG.c.tenant_id == _TENANT,
    _LOG.c.operation == func.any(parameter("operations", ARRAY(Text))),
    _LOG.c.kind == func.any(parameter("kinds", ARRAY(Text))),
)
# Objects before what they are made of.
_IN_ORDER: Final = (_LOG.c.kind != OBJECT.name, _LOG.c.name, _LOG.c.seq)
_VERSIONS: Final = prepare(
    select(
        _LOG.c.version,
        func.min(_LOG.c.at).label("at"),
        func.min(_LOG.c.actor_id).label("actor_id"),
        func.min(_LOG.c.cause.cast(Text)).label("cause"),
        func.count().label("count"),
        *(
            func.array_agg(aggregate_order_by(column, *_IN_ORDER))[1:MOST_LISTED].label(f"{name}s")
            for name, column in (
                ("operation", _LOG.c.operation),
                ("kind", _LOG.c.kind),
                ("name", _LOG.c.name),
            )
        ),
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
    .order_by(*_IN_ORDER)
)

_UNDOES: Final = _LOG.c.cause[UNDO]
_UNDOINGS: Final = prepare(
    select(_LOG.c.version, _UNDOES.astext.label("undone"))
    .where(
        _LOG.c.tenant_id == _TENANT,
        _LOG.c.version > parameter("after", BigInteger()),
        _UNDOES.is_not(None),
    )
    .distinct()
)


class UnknownChange(NotFound):
    """No change of metadata has this number."""

    code = "metadata.unknown_change"


class ChangedSince(Conflict):
    """What is to be undone was changed again by a later change."""

    code = undo.CHANGED_SINCE

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(" ".join(problem.message for problem in problems))
        self.problems = tuple(problems)


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
    rows = await _rows_of(tx, version, _kinds(tx))
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

    What is so already is left alone. Raises UnknownChange; Forbidden where part of it is not the
    viewer's to set up; ChangedSince where a later change has
    touched the same component.
    """
    known = set(_kinds(tx))
    rows = await _rows_of(tx, version, list(KINDS))
    if not all(row["kind"] in known for row in rows):
        raise Forbidden("You may not undo all that this change did.")
    changes = [_logged(row) for row in rows]
    proposal, problems = undo.undoing(changes, await load_components(tx), rows[0]["at"])
    if problems:
        raise ChangedSince(problems)
    return proposal


async def undone_among(tx: Transaction, versions: Sequence[int]) -> frozenset[int]:
    """Give those of some changes that are undone; an undo may be undone itself."""
    if not versions:
        return frozenset()
    rows = await tx.rows(_UNDOINGS, tenant=tx.tenant.id, after=min(versions))
    undoings: dict[int, list[int]] = {}
    for row in rows:
        undoings.setdefault(int(row["undone"]), []).append(row["version"])
    undone: set[int] = set()
    # An undo comes after what it undoes, so that the newest are known first.
    for version in sorted(undoings, reverse=True):
        if any(by not in undone for by in undoings[version]):
            undone.add(version)
    return frozenset(undone.intersection(versions))


async def _rows_of(tx: Transaction, version: int, kinds: Sequence[str]) -> list[Any]:
    """Give what a change did to components of some kinds. Raises UnknownChange."""
    rows = await tx.rows(_OF_VERSION, **_of(tx, kinds), version=version)
    if not rows:
        raise UnknownChange(f"There is no change {version}.")
    return rows


def _kinds(tx: Transaction) -> list[str]:
    """Give the kinds that the viewer may set up. Raises Forbidden where there are none."""
    is_administrator = tx.viewer.standing.is_administrator
    kinds = [
        name
        for name, kind in KINDS.items()
        if tx.rights.may_set_up(kind.area) and (is_administrator or not kind.for_administrators)
    ]
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
