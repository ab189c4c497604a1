"""The records of an object counted by what decides who sees them, as one statement.

What is counted is the owner, the sharing rules whose condition is met, and with whom a record is
shared: everything that a guard (guards.py) looks at. The conditions are those of the guards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    any_,
    cast,
    false,
    func,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from fieldstone.ids import TenantId
from fieldstone.metadata.access_difference import RuleKey, rule_key
from fieldstone.metadata.catalog import Catalog, ObjectDef
from fieldstone.metadata.field_types.stored import constant
from fieldstone.metadata.sharing import Level, Sharing
from fieldstone.metadata.tables import LINK, RECORD_SHARE
from fieldstone.query_language.guarded_sql import Asking
from fieldstone.query_language.guards import criterion_rows
from fieldstone.query_language.open_records import ParameterMaker
from fieldstone.query_language.plan import Parameter, Rows, SourceTable
from fieldstone.query_language.statement_parts import GuardedTables, Tables

RECORDS: Final = "records"
OWNER: Final = "owner"
SEEN: Final = "seen"
EDITED: Final = "edited"
_NOBODY: Final = cast(constant("{}"), ARRAY(BigInteger))


@dataclass(frozen=True, slots=True)
class CountedClasses:
    """The statement, and what its columns mean.

    Columns are records and, for each step, owner{step}, seen{step} and edited{step}: the numbers
    of those with whom the record is shared so far; also one for each rule, true where it opens.
    parameters: what the statement takes. rules: by step, the column of each.
    """

    statement: Select[Any]
    parameters: tuple[Parameter, ...]
    rules: Mapping[int, tuple[tuple[str, RuleKey], ...]]


def steps_to_whole(catalog: Catalog, obj: ObjectDef) -> int:
    """Give how many steps above a record the one lies that decides who sees it."""
    steps, at = 0, obj
    while at.sharing is Sharing.PARENT and at.master is not None:
        at = catalog.by_id[at.master.references[0]]
        steps += 1
    return steps


def counted_classes(
    catalogs: Sequence[Catalog], obj: ObjectDef, steps: Sequence[int], most: int
) -> CountedClasses:
    """Give what counts the live records of an object by what decides about them.

    catalogs: those whose sharing rules are looked at. steps: how far above a record what decides
    may lie; none where nothing has to be told apart. most: how many classes are given at most.
    """
    maker, catalog = ParameterMaker(), catalogs[0]
    tables = _chain(catalog, obj, max(steps, default=0))
    columns: list[ColumnElement[Any]] = []
    joined, rules = tables.joined(), {}
    for step in sorted(set(steps)):
        table, decider = tables.aliases[step], tables.rows.sources[step].object
        shares = _shares(decider, catalog.tenant_id).subquery(f"shares{step}")
        joined = joined.outerjoin(shares, shares.c.record_id == table.c.id)
        shared = {name: func.coalesce(shares.c[name], _NOBODY) for name in (SEEN, EDITED)}
        columns += [table.c.owner_id.label(f"{OWNER}{step}")]
        columns += [found.label(f"{name}{step}") for name, found in shared.items()]
        tests = _criteria(catalogs, decider, maker, GuardedTables(tables), table)
        columns += [test.label(f"rule{step}_{n}") for n, test in enumerate(tests.values())]
        rules[step] = tuple((f"rule{step}_{n}", key) for n, key in enumerate(tests))
    told = columns or [constant(1).label("one")]
    each = select(*told).select_from(joined).where(*tables.filtered()).subquery("each")
    counted = select(*each.c, func.count().label(RECORDS)).group_by(*each.c)
    return CountedClasses(counted.limit(constant(most)), tuple(maker.made), rules)


def _chain(catalog: Catalog, obj: ObjectDef, steps: int) -> Tables:
    """Give an object's table joined with those of the wholes above it."""
    sources = [SourceTable(obj)]
    for step in range(steps):
        part = sources[step].object
        assert part.master is not None, "parts have a whole"
        whole = catalog.by_id[part.master.references[0]]
        sources.append(SourceTable(whole, parent=step, reference=part.master))
    rows = Rows(catalog.tenant_id, tuple(sources), None)
    tables = Tables.of(rows, (), catalog.by_id, count())
    return replace(tables, joins=frozenset(range(len(sources))))


def _criteria(
    catalogs: Sequence[Catalog],
    obj: ObjectDef,
    maker: ParameterMaker,
    asking: Asking,
    table: FromClause,
) -> dict[RuleKey, ColumnElement[bool]]:
    """Give for each rule with a condition whether a record meets it; none meets a broken one."""
    found: dict[RuleKey, ColumnElement[bool]] = {}
    for catalog in catalogs:
        for rule in catalog.sharing_rules.get(obj.id, ()):
            if rule.where is not None and rule_key(rule) not in found:
                own = catalog.by_id[obj.id]
                rows = criterion_rows(own, rule.where, catalog, maker.make)
                met = false() if rows is None else asking.meets(rows, table)
                found[rule_key(rule)] = func.coalesce(met, false())
    return found


def _shares(obj: ObjectDef, tenant_id: TenantId) -> Select[Any]:
    """Give for each record that is shared, or goes along with one, those who see and edit it."""
    share, above, link = RECORD_SHARE.alias(), RECORD_SHARE.alias(), LINK.alias()
    tenant = constant(tenant_id)
    own = select(share.c.record_id, share.c.principal, share.c.level).where(
        share.c.tenant_id == tenant, share.c.object_id == constant(obj.id)
    )
    along = (
        select(link.c.source_id, above.c.principal, above.c.level)
        .select_from(
            above.join(
                link,
                (link.c.tenant_id == above.c.tenant_id) & (link.c.target_id == above.c.record_id),
            )
        )
        .where(
            above.c.tenant_id == tenant,
            above.c.along != cast(constant("{}"), ARRAY(Integer)),
            constant(obj.id) == any_(above.c.along),
            link.c.source_object_id == constant(obj.id),
        )
    )
    given = union_all(own, along).subquery()
    each = (
        select(given.c.record_id, given.c.principal, func.max(given.c.level).label("level"))
        .group_by(given.c.record_id, given.c.principal)
        .subquery()
    )
    everybody = func.array_agg(aggregate_order_by(each.c.principal, each.c.principal))
    editors = everybody.filter(each.c.level >= constant(Level.EDIT))
    return select(each.c.record_id, everybody.label(SEEN), editors.label(EDITED)).group_by(
        each.c.record_id
    )
