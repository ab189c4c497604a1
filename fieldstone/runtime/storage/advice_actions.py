"""Advice that was applied: by whom and why, what stands of it, and how it is undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Integer,
    Text,
    insert,
    select,
    update,
)

from fieldstone.ids import FieldId, ObjectId, format_id
from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.metadata.tables import ADVICE_ACTION
from fieldstone.metadata.values import Json
from fieldstone.query_language.index_advice import AdviceKind, read_advice_id
from fieldstone.runtime.jobs import JobState
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.transactions import Transaction

NEWEST: Final = 2**63 - 1
_TENANT: Final = parameter("tenant", Integer())
_ID: Final = parameter("id", BigInteger())
_NOW: Final = parameter("now", DateTime(timezone=True))
_COLUMNS: Final = tuple(column for column in ADVICE_ACTION.c if column.name != "tenant_id")
_ADDED: Final[Mapping[str, ColumnElement[Any]]] = {
    "tenant_id": _TENANT,
    "advice": parameter("advice", Text()),
    "object_id": parameter("object", Integer()),
    "fields": parameter("fields", ARRAY(Integer)),
    "gave_way": parameter("gave_way", Integer()),
    "reason": parameter("reason", Text()),
    "at": _NOW,
    "actor_id": parameter("actor", BigInteger()),
    "automatic": parameter("automatic", Boolean()),
    "job": parameter("job", BigInteger()),
}
_ADD: Final = prepare(
    insert(ADVICE_ACTION)
    .from_select(list(_ADDED), select(*_ADDED.values()))
    .returning(ADVICE_ACTION.c.id)
)
_PAGE: Final = prepare(
    select(*_COLUMNS)
    .where(ADVICE_ACTION.c.tenant_id == _TENANT, ADVICE_ACTION.c.id < _ID)
    .order_by(ADVICE_ACTION.c.id.desc())
    .limit(parameter("most", Integer()))
)
_LAST_OF: Final = prepare(
    select(*_COLUMNS)
    .where(
        ADVICE_ACTION.c.tenant_id == _TENANT,
        ADVICE_ACTION.c.advice == parameter("advice", Text()),
        ADVICE_ACTION.c.undone_at.is_(None),
    )
    .order_by(ADVICE_ACTION.c.id.desc())
    .limit(1)
)
_UNDO: Final = prepare(
    update(ADVICE_ACTION)
    .where(ADVICE_ACTION.c.tenant_id == _TENANT, ADVICE_ACTION.c.id == _ID)
    .values(
        undone_at=_NOW,
        undone_by=parameter("actor", BigInteger()),
        undo_job=parameter("job", BigInteger()),
    )
)
_UNDONE_SINCE: Final = prepare(
    select(ADVICE_ACTION.c.advice)
    .where(ADVICE_ACTION.c.tenant_id == _TENANT, ADVICE_ACTION.c.undone_at >= _NOW)
    .distinct()
)


class ActionState(StrEnum):
    """What stands of advice that was applied."""

    AT_WORK = "at_work"
    IN_EFFECT = "in_effect"
    WITHOUT_EFFECT = "without_effect"
    UNDOING = "undoing"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Action:
    """Advice that was applied. gave_way: the field that gave its slot up, if one did."""

    id: int
    advice: str
    object_id: ObjectId
    fields: tuple[FieldId, ...]
    gave_way: FieldId | None
    reason: str
    at: datetime
    actor_id: int | None
    automatic: bool
    job: int
    undone_at: datetime | None
    undone_by: int | None
    undo_job: int | None

    @property
    def kind(self) -> AdviceKind:
        """What was advised."""
        return read_advice_id(self.advice).kind


async def add_action(tx: Transaction, action: Mapping[str, Any]) -> int:
    """Write down that advice was applied; its number."""
    values = {"tenant": tx.tenant.id, "now": tx.now, "actor": tx.viewer.user_id, **action}
    number: int = await tx.value(_ADD, **values)
    return number


async def load_actions(tx: Transaction, *, before: int, most: int) -> list[Action]:
    """Load the newest actions, of those whose number is lower than before."""
    rows = await tx.rows(_PAGE, tenant=tx.tenant.id, id=before, most=most)
    return [_action(row) for row in rows]


async def find_action(tx: Transaction, advice: str) -> Action | None:
    """Load the newest action of this advice that was not undone; None if there is none."""
    row: Any = await tx.row(_LAST_OF, tenant=tx.tenant.id, advice=advice)
    return None if row is None else _action(row)


async def mark_undone(tx: Transaction, action: Action, job: int | None) -> None:
    """Write down that an action was undone."""
    actor = tx.viewer.user_id
    await tx.run(_UNDO, tenant=tx.tenant.id, id=action.id, now=tx.now, actor=actor, job=job)


async def load_undone(tx: Transaction, since: datetime) -> frozenset[str]:
    """Load the ids of the advice that was undone since an instant."""
    rows = await tx.rows(_UNDONE_SINCE, tenant=tx.tenant.id, now=since)
    return frozenset(row["advice"] for row in rows)


def state_of(action: Action, catalog: Catalog, jobs: Mapping[int, JobState]) -> ActionState:
    """Tell what stands of an action. jobs: those of actions that are known, with their states."""
    if action.undone_at is not None:
        undoing = _is_alive(action.undo_job, jobs)
        return ActionState.UNDOING if undoing else ActionState.UNDONE
    if _is_alive(action.job, jobs):
        return ActionState.AT_WORK
    obj = catalog.by_id.get(action.object_id)
    if obj is None:
        return ActionState.WITHOUT_EFFECT
    if action.kind is AdviceKind.SLOT:
        return _state_of_slot(obj, action)
    there = any(index.fields == action.fields for index in obj.indexes)
    stands = there is (action.kind is AdviceKind.INDEX)
    return ActionState.IN_EFFECT if stands else ActionState.WITHOUT_EFFECT


def _state_of_slot(obj: ObjectDef, action: Action) -> ActionState:
    field = field_of(obj, action.fields[0])
    giver = None if action.gave_way is None else field_of(obj, action.gave_way)
    if field is not None and field.slot is not None:
        return ActionState.IN_EFFECT
    if field is not None and field.filling is not None:
        return ActionState.AT_WORK
    leaving = giver is not None and giver.filling is not None
    return ActionState.AT_WORK if leaving else ActionState.WITHOUT_EFFECT


def field_of(obj: ObjectDef, number: FieldId) -> Field | None:
    """Give a field of an object by its number; None if it is gone."""
    return next((field for field in obj.fields if field.id == number), None)


def show_action(action: Action, state: ActionState, catalog: Catalog) -> Mapping[str, Json]:
    """Give an action as callers see it."""
    undone = action.undone_at
    return {
        "number": action.id,
        "advice": action.advice,
        "state": state.value,
        "reason": action.reason,
        "at": action.at.isoformat(),
        "by": _user(catalog, action.actor_id),
        "automatic": action.automatic,
        "job": action.job,
        "undone_at": None if undone is None else undone.isoformat(),
        "undone_by": _user(catalog, action.undone_by),
        "undo_job": action.undo_job,
    }


def _user(catalog: Catalog, number: int | None) -> str | None:
    user = catalog.find_object("User")
    return None if user is None or number is None else format_id(user.prefix, number)


def _is_alive(job: int | None, jobs: Mapping[int, JobState]) -> bool:
    return job is not None and job in jobs and not jobs[job].is_end


def _action(row: Any) -> Action:
    values = {column.name: row[column.name] for column in _COLUMNS}
    values["fields"] = tuple(FieldId(one) for one in values["fields"])
    return Action(**values)
