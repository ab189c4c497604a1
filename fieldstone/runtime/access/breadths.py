"""How many of an object's records a viewer sees: found out now and then, to ask in the best way.

It decides how a query finds what is open and never what is, so that it may be a minute old.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.record_access import Breadth
from fieldstone.metadata.rights import Rights
from fieldstone.query_language.breadth_statement import Counted, breadth_statement
from fieldstone.query_language.plan import Guard, Parameter, Plan
from fieldstone.runtime.moments import moment_of
from fieldstone.runtime.per_catalog import PerCatalog
from fieldstone.runtime.statements import Prepared, prepare
from fieldstone.runtime.transactions import Transaction

_KEPT_S: Final = 60
_Known = tuple[Prepared, Sequence[Parameter]] | None


@dataclass(slots=True)
class _Found:
    """What was found out for one viewer and object."""

    breadth: Breadth | None = None


_STATEMENTS: Final[PerCatalog[_Known]] = PerCatalog(1_000)
_BREADTHS: Final[PerCatalog[_Found]] = PerCatalog(20_000)


async def with_breadth(tx: Transaction, plan: Plan) -> tuple[Rights, Breadth]:
    """Give the rights of the viewer for making the plan of a query, with how many they see of it.

    plan: as it is without knowing that.
    """
    guard = plan.rows.sources[0].guard
    while guard is not None and guard.parent is not None:
        guard = _of_whole(guard)
    if guard is None or plan.rows.as_of is not None:
        return tx.rights, Breadth.UNKNOWN
    breadth = await _breadth_of(tx, guard.object)
    access = replace(tx.rights.record_access, breadths={guard.object.id: breadth})
    return replace(tx.rights, record_access=access), breadth


def _of_whole(guard: Guard) -> Guard | None:
    assert guard.parent is not None
    return guard.parent[1].sources[0].guard


async def _breadth_of(tx: Transaction, obj: ObjectDef) -> Breadth:
    viewer = tx.viewer
    # Not all viewers are asked about in the same second of each minute.
    shifted = int(tx.now.timestamp()) + hash(viewer.user_id) % _KEPT_S
    key = (viewer.user_id, viewer.standing, obj.id, shifted // _KEPT_S)
    found = _BREADTHS.get(tx.catalog, key, _Found)
    if found.breadth is None:
        found.breadth = await _find_out(tx, obj)
    return found.breadth


async def _find_out(tx: Transaction, obj: ObjectDef) -> Breadth:
    access = tx.rights.record_access

    def make() -> _Known:
        known = breadth_statement(tx.catalog, access, obj)
        return None if known is None else (prepare(known[0]), known[1])

    known = _STATEMENTS.get(tx.catalog, (access.digest, obj.id), make)
    if known is None:
        return Breadth.UNKNOWN
    statement, parameters = known
    moment = moment_of(tx)
    values = {one.name: one.read(0, moment) for one in parameters}
    row = await tx.row(statement, **values)
    return Counted(**row).breadth
