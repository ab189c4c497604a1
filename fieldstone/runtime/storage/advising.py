"""Advice applied and undone, by a person or by maintenance; all that takes long becomes a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, assert_never

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Integer,
    Text,
    exists,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from fieldstone.errors import Forbidden, NotFound
from fieldstone.metadata.catalog import Field, ObjectDef, ObjectIndex
from fieldstone.metadata.rights import SetupArea
from fieldstone.metadata.tables import ADVICE_SETTING, JOB
from fieldstone.metadata.visible import visible_field
from fieldstone.query_language.index_advice import (
    AdviceKind,
    advice_id,
    read_advice_id,
    unknown_advice,
)
from fieldstone.runtime.jobs import JobState
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.storage.advice import load_advice, load_days
from fieldstone.runtime.storage.advice_actions import (
    Action,
    ActionState,
    add_action,
    field_of,
    find_action,
    load_undone,
    mark_undone,
    state_of,
)
from fieldstone.runtime.storage.advice_rules import Advice, Days, first_to_apply
from fieldstone.runtime.storage.advice_words import named, reason_of
from fieldstone.runtime.storage.errors import NothingToUndo, StorageBusy
from fieldstone.runtime.storage.heap_indexes import (
    DROP_INDEX,
    MAKE_INDEX,
    request_drop,
    request_index,
)
from fieldstone.runtime.storage.index_orders import is_indexer_there
from fieldstone.runtime.storage.moving import MOVE
from fieldstone.runtime.storage.rules import StorageRules
from fieldstone.runtime.storage.slots import EMPTY, FILL, SlotWish, lend_slot, take_slot
from fieldstone.runtime.transactions import Transaction

NOT_AGAIN: Final = timedelta(days=90)
"""What somebody undid is not applied again without being asked for that long."""

_WORK: Final = (FILL, EMPTY, MAKE_INDEX, DROP_INDEX, MOVE)
_TENANT: Final = parameter("tenant", Integer())
_AUTOMATIC: Final = prepare(
    select(ADVICE_SETTING.c.automatic).where(ADVICE_SETTING.c.tenant_id == _TENANT)
)
_SETTING: Final[Mapping[str, ColumnElement[Any]]] = {
    "tenant_id": _TENANT,
    "automatic": parameter("automatic", Boolean()),
    "at": parameter("now", DateTime(timezone=True)),
    "actor_id": parameter("actor", BigInteger()),
}
_fresh: Final = insert(ADVICE_SETTING).from_select(list(_SETTING), select(*_SETTING.values()))
_SET_AUTOMATIC: Final = prepare(
    _fresh.on_conflict_do_update(
        index_elements=["tenant_id"],
        set_={name: _fresh.excluded[name] for name in ("automatic", "at", "actor_id")},
    )
)
_AT_WORK: Final = prepare(
    select(
        exists().where(
            JOB.c.tenant_id == _TENANT,
            JOB.c.kind == func.any(parameter("kinds", ARRAY(Text))),
            JOB.c.state.in_(["waiting", "running"]),
        )
    )
)
_STATES: Final = prepare(
    select(JOB.c.id, JOB.c.state).where(
        JOB.c.tenant_id == _TENANT, JOB.c.id == func.any(parameter("ids", ARRAY(BigInteger)))
    )
)


@dataclass(frozen=True, slots=True)
class Applied:
    """Advice that is being applied or undone. job: the first that works on it; None for none."""

    advice: str
    job: int | None


@dataclass(frozen=True, slots=True)
class _Wish:
    """Advice by its id, whether or not the rules give it just now."""

    kind: AdviceKind
    obj: ObjectDef
    fields: tuple[Field, ...]
    index: ObjectIndex | None = None

    @property
    def id(self) -> str:
        """What it is called, whatever spelling was given."""
        names = (self.index.name,) if self.index else tuple(field.name for field in self.fields)
        return advice_id(self.kind, self.obj, names)


async def apply_advice(
    tx: Transaction, text: str, rules: StorageRules, *, instead_of: str | None = None
) -> Applied:
    """Begin to do what advice says, whether it was given or is only possible.

    instead_of: the field that gives its slot up, where another than the advised one shall.
    tx must have been opened by Database.change_metadata.
    Raises Forbidden, UnknownAdvice, StorageBusy and what stands in the way.
    """
    _check(tx)
    wish = _read(tx, text)
    days = await load_days(tx)
    given = {one.id: one for one in await load_advice(tx, days)}.get(wish.id)
    return await _apply(tx, wish, _Grounds(given, days, rules, instead_of))


@dataclass(frozen=True, slots=True)
class _Grounds:
    """Why advice is applied, and how. given: the advice as the rules give it, if they do."""

    given: Advice | None
    days: Days
    rules: StorageRules
    instead_of: str | None = None
    automatic: bool = False


async def _apply(tx: Transaction, wish: _Wish, grounds: _Grounds) -> Applied:
    giver = None
    match wish.kind:
        case AdviceKind.SLOT:
            giver = _giver(tx, wish, grounds)
            job = await _pass_on(tx, wish.obj, wish.fields[0], giver, grounds.rules)
        case AdviceKind.INDEX:
            job = await request_index(tx, wish.obj, wish.fields)
        case AdviceKind.DROP:
            assert wish.index is not None
            job = await request_drop(tx, wish.obj, wish.index)
        case _:
            assert_never(wish.kind)
    numbers = wish.index.fields if wish.index else tuple(field.id for field in wish.fields)
    asked = f"Somebody asked for it: {named(wish.fields)}." if wish.fields else ""
    reason = reason_of(grounds.given, grounds.days) if grounds.given else asked
    await add_action(
        tx,
        {
            "advice": wish.id,
            "object": wish.obj.id,
            "fields": list(numbers),
            "gave_way": None if giver is None else giver.id,
            "reason": reason,
            "automatic": grounds.automatic,
            "job": job,
        },
    )
    return Applied(wish.id, job)


def _giver(tx: Transaction, wish: _Wish, grounds: _Grounds) -> Field | None:
    if grounds.instead_of is not None:
        return visible_field(wish.obj, tx.rights, grounds.instead_of)
    if grounds.given is None or grounds.given.gives_way is None:
        return None
    return grounds.given.gives_way[0]


async def _pass_on(
    tx: Transaction, obj: ObjectDef, field: Field, giver: Field | None, rules: StorageRules
) -> int:
    if giver is None:
        return await lend_slot(tx, SlotWish(obj, field))
    return await take_slot(tx, SlotWish(obj, giver), rules, lend_to=field)


async def undo_advice(tx: Transaction, text: str, rules: StorageRules) -> Applied:
    """Begin to take back what was last applied under an id.

    tx must have been opened by Database.change_metadata.
    Raises Forbidden, NothingToUndo, StorageBusy.
    """
    _check(tx)
    action = await find_action(tx, text)
    if action is None:
        raise NothingToUndo(
            f"Nothing that was applied as {text[:120]} is left to undo.",
            hint="crm advise history lists what was applied.",
        )
    obj = tx.catalog.by_id.get(action.object_id)
    state = state_of(action, tx.catalog, await load_states(tx, [action]))
    if state is ActionState.AT_WORK:
        raise StorageBusy(
            f"The job {action.job} is still at work on it.",
            hint=f"Wait until it has ended, or cancel it: POST /api/jobs/{action.job}/cancel.",
        )
    job = None if obj is None else await _undo(tx, obj, action, rules)
    await mark_undone(tx, action, job)
    return Applied(text, job)


async def _undo(tx: Transaction, obj: ObjectDef, action: Action, rules: StorageRules) -> int | None:
    match action.kind:
        case AdviceKind.SLOT:
            return await _give_back(tx, obj, action, rules)
        case AdviceKind.INDEX:
            found = next((one for one in obj.indexes if one.fields == action.fields), None)
            return None if found is None else await request_drop(tx, obj, found)
        case AdviceKind.DROP:
            fields = [field_of(obj, one) for one in action.fields]
            kept = [one for one in fields if one is not None]
            there = any(one.fields == action.fields for one in obj.indexes)
            if there or len(kept) < len(fields):
                return None
            return await request_index(tx, obj, kept)


async def _give_back(
    tx: Transaction, obj: ObjectDef, action: Action, rules: StorageRules
) -> int | None:
    """Bring slots back to where they were, as far as those fields are still there."""
    field = field_of(obj, action.fields[0])
    giver = None if action.gave_way is None else field_of(obj, action.gave_way)
    wants = giver is not None and giver.slot is None
    if field is not None and field.slot is not None:
        return await take_slot(tx, SlotWish(obj, field), rules, lend_to=giver if wants else None)
    if giver is not None and wants:
        return await lend_slot(tx, SlotWish(obj, giver))
    return None


async def apply_strongest(tx: Transaction, rules: StorageRules) -> Applied | None:
    """Apply the one piece of advice that is beyond doubt; None if there is none, or work is going.

    One at a time in a tenant, and nothing that somebody has undone in the last ninety days.
    tx must have been opened by Database.change_metadata.
    """
    best = await find_strongest(tx)
    if best is None:
        return None
    grounds = _Grounds(best, await load_days(tx), rules, automatic=True)
    return await _apply(tx, _read(tx, best.id), grounds)


async def find_strongest(tx: Transaction) -> Advice | None:
    """Give what apply_strongest would apply just now."""
    if not await is_automatic(tx) or await tx.value(
        _AT_WORK, tenant=tx.tenant.id, kinds=list(_WORK)
    ):
        return None
    advice = await load_advice(tx, await load_days(tx))
    if not await is_indexer_there(tx):
        advice = [one for one in advice if one.kind is AdviceKind.SLOT]
    return first_to_apply(advice, await load_undone(tx, tx.now - NOT_AGAIN))


async def is_automatic(tx: Transaction) -> bool:
    """Tell whether strong advice is applied without anybody asked: yes, until somebody says no."""
    found: bool | None = await tx.value(_AUTOMATIC, tenant=tx.tenant.id)
    return found is not False


async def set_automatic(tx: Transaction, *, automatic: bool) -> None:
    """Say whether strong advice is applied without anybody asked. Raises Forbidden."""
    _check(tx)
    actor = tx.viewer.user_id
    await tx.run(_SET_AUTOMATIC, tenant=tx.tenant.id, automatic=automatic, now=tx.now, actor=actor)


async def load_states(tx: Transaction, actions: list[Action]) -> dict[int, JobState]:
    """Load the states of the jobs that actions name; those that are forgotten are left out."""
    ids = {one for action in actions for one in (action.job, action.undo_job) if one is not None}
    rows: list[Any] = await tx.rows(_STATES, tenant=tx.tenant.id, ids=list(ids))
    return {row["id"]: JobState(row["state"]) for row in rows}


def _read(tx: Transaction, text: str) -> _Wish:
    """Bind the names in an id of advice. Raises Forbidden, UnknownAdvice."""
    _check(tx)
    name = read_advice_id(text)
    obj = tx.catalog.find_object(name.object)
    if obj is None or not tx.rights.may_read_object(obj.id):
        raise unknown_advice(text)
    if name.kind is AdviceKind.DROP:
        index = next((one for one in obj.indexes if one.name == name.names[0]), None)
        if index is None or len(name.names) > 1:
            raise unknown_advice(text)
        found = (field_of(obj, one) for one in index.fields)
        return _Wish(name.kind, obj, tuple(one for one in found if one), index)
    try:
        fields = tuple(visible_field(obj, tx.rights, one) for one in name.names)
    except NotFound as error:
        raise unknown_advice(text) from error
    if name.kind is AdviceKind.SLOT and len(fields) > 1:
        raise unknown_advice(text)
    return _Wish(name.kind, obj, fields)


def _check(tx: Transaction) -> None:
    if not tx.rights.may_set_up(SetupArea.STORAGE):
        raise Forbidden("Only who may set up objects decides on their indexes.")
