"""Applies metadata changes: every surface plans with metadata/changes.py and writes here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from types import MappingProxyType
from typing import Final

from sqlalchemy import (
    BigInteger,
    DateTime,
    Integer,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from fieldstone.errors import Forbidden, Problem, Several, Span
from fieldstone.ids import FieldId
from fieldstone.metadata.build import build_catalog
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.changes import (
    MetadataPlan,
    Proposal,
    plan_changes,
)
from fieldstone.metadata.compiled_rights import compile_rights
from fieldstone.metadata.component import Component, StoredComponent
from fieldstone.metadata.component_change import ComponentChange
from fieldstone.metadata.kinds.registry import FIELD, OBJECT, get_kind
from fieldstone.metadata.masking import shows_more
from fieldstone.metadata.rights import SetupArea
from fieldstone.metadata.tables import CATALOG_VERSION, COMPONENT, COMPONENT_CHANGE
from fieldstone.metadata.values import fold, write_json
from fieldstone.query_language.formula.affected import affected
from fieldstone.query_language.formula.definitions import length_of_texts, wrong_formulas
from fieldstone.query_language.formula.renaming import FormulaRenames
from fieldstone.runtime.access.assigning import follow_territories
from fieldstone.runtime.app_upkeep import forget_apps
from fieldstone.runtime.catalogs import ALL_COMPONENTS, stored_component
from fieldstone.runtime.conversion.at_once import convert_at_once
from fieldstone.runtime.conversion.moving import Move, check_sees_all, moves_of
from fieldstone.runtime.conversion.remainders import keep_remainders
from fieldstone.runtime.field_upkeep import keep_up
from fieldstone.runtime.held_kinds import check_held
from fieldstone.runtime.long_texts import worked_out
from fieldstone.runtime.metadata_records import follow_records
from fieldstone.runtime.own_labels import under_own_labels
from fieldstone.runtime.permissions import check_covered, check_whole
from fieldstone.runtime.statements import Prepared, incoming, parameter, prepare
from fieldstone.runtime.terms import Limit
from fieldstone.runtime.transactions import Transaction
from fieldstone.runtime.view_upkeep import follow_in_views

_TENANT: Final = parameter("tenant", Integer())
_NOW: Final = parameter("now", DateTime(timezone=True))


def _created() -> Prepared:
    columns = ("id", "kind", "name", "package", "body", "storage")
    x = incoming(COMPONENT, *columns)
    rows = select(_TENANT, *(x.c[name] for name in columns), _NOW, _NOW)
    into = ["tenant_id", *columns, "created_at", "updated_at"]
    return prepare(insert(COMPONENT).from_select(into, rows))


def _changed() -> Prepared:
    columns = ("id", "name", "package", "body", "storage", "deleted_at")
    x = incoming(COMPONENT, *columns)
    values = {name: x.c[name] for name in columns[1:]}
    return prepare(
        update(COMPONENT)
        .where(COMPONENT.c.tenant_id == _TENANT, COMPONENT.c.id == x.c.id)
        .values(**values, updated_at=_NOW)
    )


def _logged() -> Prepared:
    columns = ("component_id", "kind", "name", "operation", "before", "after")
    x = incoming(COMPONENT_CHANGE, *columns)
    scalars = {
        "at": _NOW,
        "version": parameter("version", BigInteger()),
        "actor_id": parameter("actor", BigInteger()),
        "cause": parameter("cause", JSONB()),
    }
    rows = select(_TENANT, *scalars.values(), *(x.c[name] for name in columns))
    return prepare(insert(COMPONENT_CHANGE).from_select(["tenant_id", *scalars, *columns], rows))


def _followed() -> Prepared:
    columns = ("id", "name", "body")
    x = incoming(COMPONENT, *columns)
    return prepare(
        update(COMPONENT)
        .where(COMPONENT.c.tenant_id == _TENANT, COMPONENT.c.id == x.c.id)
        .values(name=x.c.name, body=x.c.body)
    )


_CREATE: Final = _created()
_CHANGE: Final = _changed()
_FOLLOW: Final = _followed()
_LOG: Final = _logged()
_TAKE_IDS: Final = prepare(
    select(func.nextval("component_id_seq")).select_from(
        func.generate_series(1, parameter("count", Integer()))
    )
)
_RAISE: Final = prepare(
    update(CATALOG_VERSION)
    .where(CATALOG_VERSION.c.tenant_id == _TENANT)
    .values(version=CATALOG_VERSION.c.version + 1)
    .returning(CATALOG_VERSION.c.version)
)


_WORK_OF_RENAME: Final = 2_000
_WORK_OF_CHANGE: Final = 100
Agree = Callable[[MetadataPlan], Awaitable[None]]
"""Refuses a plan before anything is written, by raising."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of a change: the plan as it was carried out, and the catalog from then on.

    moves: the fields whose values become others by it. job: the one that applies it later, if one
    does; then nothing has changed yet.
    """

    plan: MetadataPlan
    catalog: Catalog
    moves: tuple[Move, ...] = ()
    job: int | None = None


async def load_components(tx: Transaction) -> list[StoredComponent]:
    """Load all components of the tenant, those in the bin included, in order of id."""
    rows = await tx.rows(ALL_COMPONENTS, tenant=tx.tenant.id)
    return [stored_component(row) for row in rows]


async def change_metadata(
    tx: Transaction,
    proposal: Proposal,
    agree: Agree | None = None,
    *,
    confirmed: Mapping[str, int] = MappingProxyType({}),
    are_converted: bool = False,
) -> Applied:
    """Plan a proposal against what is there now and apply it, all or nothing.

    confirmed: how many values each field may lose whose values become others, by its key.
    are_converted: whether they were written under their new keys already.

    tx must have been opened by Database.change_metadata. A plan without changes leaves the
    version as it is. Raises Several with every problem; Forbidden without the right to set up what
    it is about, MoreThanOwn for a permission set that allows more than the viewer may.
    """
    stored, plan = await _planned(tx, proposal)
    if not plan.changes:
        return Applied(plan, tx.catalog)
    if agree is not None:
        await agree(plan)
    applied = await _apply(tx, stored, plan)
    await _check_outcome(tx, applied, proposal)
    if not are_converted:
        await convert_at_once(tx, applied.moves, confirmed)
    await _keep_up(tx, applied, are_searched=are_converted)
    return applied


async def try_change(tx: Transaction, proposal: Proposal) -> Applied:
    """Give what change_metadata would make of a proposal. Nothing is locked or written.

    What is new has an id that means nothing. Raises what change_metadata raises, but for what only
    the records can tell.
    """
    tx = await under_own_labels(tx)
    stored, plan = await _planned(tx, proposal)
    if not plan.changes:
        return Applied(plan, tx.catalog)
    free = count(max((row.id for row in stored), default=0) + 1)
    changes = [replace(one, id=one.id or next(free)) for one in plan.changes]
    rows = _after(tx, stored, changes)
    catalog = build_catalog(tx.tenant.id, tx.catalog.version + 1, tx.tenant.leaf, rows)
    moves = moves_of(tx.catalog, catalog, plan, stored)
    applied = Applied(replace(plan, changes=tuple(changes)), catalog, moves)
    await _check_outcome(tx, applied, proposal)
    return applied


async def _planned(
    tx: Transaction, proposal: Proposal
) -> tuple[list[StoredComponent], MetadataPlan]:
    """Plan a proposal, and refuse what the viewer may not change."""
    check_areas(tx, proposal)
    stored = await load_components(tx)
    formulas = FormulaRenames(tx.catalog)
    plan = await worked_out(lambda: plan_changes(stored, proposal, formulas), _work_of(proposal))
    if plan.changes:
        _check_administrator(tx, plan, proposal)
        _check_masks(tx, plan)
        check_sees_all(tx, plan)
        await check_held(tx, plan)
    return stored, plan


def _work_of(proposal: Proposal) -> int:
    """Give how much there is to plan, in characters of a text that is read as long."""
    return len(proposal.renames) * _WORK_OF_RENAME + len(proposal.keys) * _WORK_OF_CHANGE


async def _check_outcome(tx: Transaction, applied: Applied, proposal: Proposal) -> None:
    """Refuse a change by the catalog that comes of it."""
    _check_sets(tx, applied, proposal)
    _check_objects(tx, applied.catalog)
    await _check_formulas(applied.catalog, tx.catalog, proposal)


def _check_objects(tx: Transaction, after: Catalog) -> None:
    """Refuse more objects of the tenant's own than its plan gives. Raises ObjectLimit.

    Nobody else changes metadata meanwhile, so the count is exact.
    """
    before, now = (sum(obj.package is None for obj in one.objects) for one in (tx.catalog, after))
    if now > before:
        tx.tenant.terms.check(Limit.OBJECTS, before, now - before)


def _check_administrator(tx: Transaction, plan: MetadataPlan, proposal: Proposal) -> None:
    """Refuse to all but administrators what decides who gets in or sees which records.

    Raises Forbidden, InsufficientScope.
    """
    asked = proposal.keys
    if not any(_lets_in(change, asked) for change in plan.changes):
        return
    check_whole(tx)
    if not tx.viewer.standing.is_administrator:
        raise Forbidden("Only an administrator may change who gets in or sees which records.")


def _check_masks(tx: Transaction, plan: MetadataPlan) -> None:
    """Refuse to take off or loosen a mask that hides values from the viewer. Raises Forbidden."""
    for change in plan.changes:
        before, after = change.before, change.after
        if before is None or after is None or after.kind != FIELD.name:
            continue
        if not shows_more(before.body.get("mask"), after.body.get("mask")):
            continue
        # Of a field that comes back from the bin, the rights under this catalog tell nothing.
        is_live = change.operation == "change"
        sees = is_live and tx.rights.may_read_field(FieldId(change.id))
        if not (sees or tx.viewer.standing.is_administrator):
            raise Forbidden(
                f"{before.name} is masked for you, so that you may not show more of it.",
                hint="Ask somebody who sees its values.",
            )


def _lets_in(change: ComponentChange, asked: frozenset[tuple[str, str]]) -> bool:
    """Tell whether a change is an administrator's; not one that only follows a rename."""
    before, after = change.before, change.after
    kind = get_kind(_named(change).kind)
    if kind.for_administrators:
        return any(one is not None and one.key in asked for one in (before, after))
    if kind.decides_who_gets_in(before, after):
        return True
    if before is None or after is None or after.kind != OBJECT.name:
        return False
    return OBJECT.read(before).sharing != OBJECT.read(after).sharing


async def try_metadata(tx: Transaction, proposal: Proposal) -> Catalog:
    """Give the catalog that a proposal would make, as try_change does."""
    return (await try_change(tx, proposal)).catalog


async def _check_formulas(after: Catalog, before: Catalog, proposal: Proposal) -> None:
    """Refuse a change after which a formula cannot be worked out. Raises Several.

    What was wrong before and is not in the proposal is not this change's fault.
    """
    among = affected(after, before, proposal.pointers)
    length = length_of_texts(after, among)
    wrong = await worked_out(lambda: list(wrong_formulas(after, among)), length)
    if not wrong:
        return
    before_it = await worked_out(lambda: list(wrong_formulas(before, among)), length)
    known = {(one.kind, one.name) for one in before_it}
    problems = []
    for one in wrong:
        pointer = proposal.pointers.get((one.kind, fold(one.name)))
        if pointer is not None:
            problems.append(_in_formula(one.problem, f"{pointer}/{one.key}"))
        elif (one.kind, one.name) not in known:
            problem = one.problem
            noun = one.key.partition("/")[0]
            message = f"The {noun} of {one.name} would be wrong: {problem.message}"
            hint = problem.hint or f"Change {one.name} first."
            problems.append(replace(problem, message=message, at=None, hint=hint))
    if problems:
        raise Several(problems)


def _in_formula(problem: Problem, pointer: str) -> Problem:
    """Say where in what the caller sent a problem is, and where in the formula."""
    details = problem.details
    if isinstance(problem.at, Span):
        place = problem.at
        details = {"line": place.line, "column": place.column, "length": place.length}
    elif isinstance(problem.at, str):
        pointer += problem.at
    return replace(problem, at=pointer, details=details)


def check_areas(tx: Transaction, proposal: Proposal) -> None:
    """Refuse those who may not set up what a proposal is about. Raises Forbidden."""
    areas = {get_kind(kind).area for kind, _ in proposal.keys} or {SetupArea.OBJECTS}
    if not all(tx.rights.may_set_up(area) for area in areas):
        raise Forbidden("You may not change objects and fields.")
    # What a narrowed token may change lets nobody in, and nobody do more.
    if areas != {SetupArea.OBJECTS}:
        check_whole(tx)


def _check_sets(tx: Transaction, applied: Applied, proposal: Proposal) -> None:
    """Refuse a permission set that allows more than the viewer may. Raises MoreThanOwn."""
    asked = proposal.keys
    for change in applied.plan.changes:
        after, known = change.after, applied.catalog.permission_sets.get(change.id)
        if after is not None and known is not None and after.key in asked:
            check_covered(tx, compile_rights(applied.catalog, (known.id,)))


async def apply_first(tx: Transaction, plan: MetadataPlan) -> Applied | None:
    """Apply a plan that was made for tenants without components; None if this one has some.

    tx must have been opened by Database.change_metadata.
    """
    if not tx.rights.may_set_up(SetupArea.OBJECTS):
        raise Forbidden("You may not change objects and fields.")
    if await load_components(tx):
        return None
    applied = await _apply(tx, [], plan)
    await _keep_up(tx, applied)
    return applied


async def _apply(tx: Transaction, stored: list[StoredComponent], plan: MetadataPlan) -> Applied:
    numbered = await _numbered(tx, plan)
    version = await tx.value(_RAISE, tenant=tx.tenant.id)
    await _write(tx, numbered)
    await _follow(tx, plan.following)
    await keep_remainders(tx, plan.remainders, await _take_ids(tx, len(plan.remainders)))
    await tx.run(
        _LOG,
        tenant=tx.tenant.id,
        now=tx.now,
        version=version,
        actor=tx.viewer.user_id,
        cause=write_json(tx.cause),
        component_id=[change.id for change in numbered],
        kind=[_named(change).kind for change in numbered],
        name=[_named(change).name for change in numbered],
        operation=[change.operation for change in numbered],
        before=[_body(change.before) for change in numbered],
        after=[_body(change.after) for change in numbered],
    )
    rows = _after(tx, stored, numbered)
    catalog = build_catalog(tx.tenant.id, version, tx.tenant.leaf, rows)
    tx.keep_catalog(catalog)
    moves = moves_of(tx.catalog, catalog, plan, stored)
    await follow_in_views(tx, numbered, stored, FormulaRenames(tx.catalog))
    return Applied(replace(plan, changes=tuple(numbered)), catalog, moves)


async def _keep_up(tx: Transaction, applied: Applied, *, are_searched: bool = False) -> None:
    """Bring what hangs on records up to the catalog that is new."""
    changes, after = applied.plan.changes, applied.catalog
    await keep_up(tx, changes, tx.catalog, after, are_searched=are_searched)
    await forget_apps(tx, changes)
    await follow_territories(tx, changes, tx.catalog, after)
    await follow_records(tx, changes, after)


async def _take_ids(tx: Transaction, count: int) -> Iterator[int]:
    """Take so many ids of components, unique over all tenants."""
    return iter([row[0] for row in await tx.rows(_TAKE_IDS, count=count)] if count else [])


async def _numbered(tx: Transaction, plan: MetadataPlan) -> list[ComponentChange]:
    """Give new components their ids."""
    ids = await _take_ids(tx, sum(change.id == 0 for change in plan.changes))
    return [
        change
        if change.id
        else ComponentChange(
            change.operation, next(ids), change.before, change.after, change.storage
        )
        for change in plan.changes
    ]


async def _write(tx: Transaction, changes: list[ComponentChange]) -> None:
    new = [change for change in changes if change.operation == "create"]
    old = [change for change in changes if change.operation != "create"]
    removed = [change for change in old if change.operation == "remove"]
    moved = [change for change in old if change.operation != "remove" and _is_moved(change)]
    # Names are unique at any moment: what goes makes room first, and names that are exchanged
    # stand aside.
    await _put(tx, removed)
    await _put(tx, moved, [f"#{change.id}" for change in moved])
    await _put(tx, [change for change in old if change.operation != "remove"])
    if new:
        await tx.run(
            _CREATE,
            tenant=tx.tenant.id,
            now=tx.now,
            id=[change.id for change in new],
            kind=[_named(change).kind for change in new],
            name=[_named(change).name for change in new],
            package=[_named(change).package for change in new],
            body=[_body(_named(change)) for change in new],
            storage=[write_json(change.storage) for change in new],
        )


def _is_moved(change: ComponentChange) -> bool:
    """Tell whether a change gives a live component another name."""
    before, after = change.before, change.after
    if change.operation != "change" or before is None or after is None:
        return False
    return before.key != after.key


async def _put(
    tx: Transaction, changes: list[ComponentChange], names: list[str] | None = None
) -> None:
    """Write components that are there. names: what they are called for the moment."""
    if not changes:
        return
    await tx.run(
        _CHANGE,
        tenant=tx.tenant.id,
        now=tx.now,
        id=[change.id for change in changes],
        name=names or [_named(change).name for change in changes],
        package=[_named(change).package for change in changes],
        body=[_body(_named(change)) for change in changes],
        storage=[write_json(change.storage) for change in changes],
        deleted_at=[tx.now if change.operation == "remove" else None for change in changes],
    )


async def _follow(tx: Transaction, rows: Sequence[StoredComponent]) -> None:
    """Write what lies in the bin as it is called after its object. Nobody declared it: no log."""
    if rows:
        await tx.run(
            _FOLLOW,
            tenant=tx.tenant.id,
            id=[row.id for row in rows],
            name=[row.component.name for row in rows],
            body=[_body(row.component) for row in rows],
        )


def _after(
    tx: Transaction, stored: list[StoredComponent], changes: list[ComponentChange]
) -> list[StoredComponent]:
    """Give the components as they now stand, without asking the database again."""
    by_id = {row.id: row for row in stored}
    for change in changes:
        known = by_id.get(change.id)
        by_id[change.id] = StoredComponent(
            id=change.id,
            component=_named(change),
            storage=change.storage,
            created_at=known.created_at if known else tx.now,
            deleted_at=tx.now if change.operation == "remove" else None,
        )
    return sorted(by_id.values(), key=lambda row: row.id)


def _named(change: ComponentChange) -> Component:
    component = change.after or change.before
    assert component is not None
    return component


def _body(component: Component | None) -> str | None:
    return None if component is None else write_json(component.body)
