"""Syntax tree to plan: names bound, access applied, types checked.

Entry point: `resolve(lifted, catalog, rights)`. The plan serves every query with the key of
lifted, under this catalog and these rights. Raises UnknownObject, UnknownField, TypeMismatch,
BadQuery or NotSupported, each at the place in the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Final, assert_never

from fieldstone.errors import Span
from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.metadata.rights import Rights
from fieldstone.query_language import operands
from fieldstone.query_language.as_of import instant_of, past_catalog
from fieldstone.query_language.binding import Binder, bind_children, bind_object
from fieldstone.query_language.checks import (
    aggregated,
    check_aggregate,
    check_clauses,
    check_same_values,
    sort_keys,
)
from fieldstone.query_language.clauses import counts_rows, grouping_of, has_aggregate
from fieldstone.query_language.conditions import Conditions
from fieldstone.query_language.constants import with_values
from fieldstone.query_language.declared_sources import bind_source
from fieldstone.query_language.errors import BadQuery, NotSupported
from fieldstone.query_language.field_sets import add_group
from fieldstone.query_language.functions.currencyrate import rates_of
from fieldstone.query_language.grouped_select import GroupedSelect
from fieldstone.query_language.guards import Guards
from fieldstone.query_language.lifting import Lifted
from fieldstone.query_language.of_aggregates import Parts, of_aggregates
from fieldstone.query_language.operand_names import GroupNames, HavingNames, RowNames
from fieldstone.query_language.operands import Reader
from fieldstone.query_language.plan import (
    AggregateRef,
    ChildrenShown,
    Every,
    FieldRef,
    InRows,
    Member,
    Negation,
    Parameter,
    Plan,
    PlanCondition,
    Rows,
    SortKey,
    Top,
)
from fieldstone.query_language.scopes import scoped
from fieldstone.query_language.shaping import shaped_path
from fieldstone.query_language.shown import ShownMembers
from fieldstone.query_language.syntax import (
    Aggregate,
    AggregateFunction,
    Call,
    ChildQuery,
    FieldGroup,
    Grouping,
    Item,
    ListOperator,
    Membership,
    Operation,
    Path,
    Query,
    SelectItem,
    TypeOf,
)

MAX_SUBQUERIES: Final = 20
_OVER_AGGREGATES: Final = 10**6
"""Where the numbers begin of fields that are made for expressions over aggregates."""


def resolve(lifted: Lifted, catalog: Catalog, rights: Rights) -> Plan:
    """Give the plan of a query for viewers with these rights."""
    return Resolution(lifted, catalog, rights).plan()


class Resolution:
    """What all queries of one text share: the parameters are numbered through."""

    def __init__(self, lifted: Lifted, catalog: Catalog, rights: Rights) -> None:
        self.lifted = lifted
        self.catalog = catalog
        self.rights = rights
        self._parameters: list[Parameter] = []
        self._subqueries = 0
        self._made = 0
        self.guards = Guards(catalog, rights.record_access, self.parameter)

    def plan(self) -> Plan:
        """Resolve the whole query."""
        return self.plan_of(self.lifted.query)

    def plan_of(self, query: Query) -> Plan:
        """Resolve one of the queries that stand side by side in the text."""
        when = self.when(query, _When(self.catalog))
        obj = bind_source(query.source.path, when.catalog, self.rights)
        return _OneQuery(self, query, obj, when).plan()

    def when(self, query: Query, outside: _When) -> _When:
        """Give when a query looks at records: where it says nothing, as the one it stands in."""
        if query.as_of is None:
            return outside
        instant = self.parameter(self.lifted.number_of(query.as_of), instant_of)
        return _When(self._past, instant)

    @cached_property
    def _past(self) -> Catalog:
        return past_catalog(self.catalog)

    def parameter(self, number: int | None, read: Reader) -> Parameter:
        """Make a parameter."""
        made = Parameter(f"p{len(self._parameters)}", number, read)
        self._parameters.append(made)
        return made

    def parameters(self) -> tuple[Parameter, ...]:
        """Give all parameters made so far."""
        return tuple(self._parameters)

    def next_made(self) -> int:
        """Give the number of one more field that is made for an expression over aggregates."""
        self._made += 1
        return _OVER_AGGREGATES + self._made

    def count_subquery(self, at: Span) -> None:
        """Count a subquery. Raises NotSupported for one too many."""
        self._subqueries += 1
        if self._subqueries > MAX_SUBQUERIES:
            raise NotSupported(f"A query has at most {MAX_SUBQUERIES} subqueries.", at=at)


@dataclass(frozen=True, slots=True)
class _When:
    """The instant at which records are looked at, None for now, and the catalog to do it under."""

    catalog: Catalog
    instant: Parameter | None = None


class _OneQuery:
    """One query of the text: the outer one or a subquery."""

    def __init__(self, whole: Resolution, query: Query, obj: ObjectDef, when: _When) -> None:
        self._whole = whole
        self._query = query
        self._when = when
        self._binder = Binder(
            when.catalog,
            whole.rights,
            obj,
            whole.parameter,
            as_of=when.instant,
            guards=whole.guards,
        )
        self._binder.name_source(query.source, query.joins)
        check_clauses(query)

    def plan(self) -> Plan:
        """Resolve the outer query."""
        query, lifted = self._query, self._whole.lifted
        only_counts = counts_rows(query)
        grouped = not only_counts and (grouping_of(query) is not None or has_aggregate(query))
        select = self._groups
        aliases = select.aliases() if grouped else {}
        members: tuple[Member, ...] = tuple(aliases.items())
        if not grouped and not only_counts:
            members = self._members()
        groups = GroupNames(self, aliases, select.keys)
        having = None
        if query.having is not None:
            tested = HavingNames(self, aliases, select.keys)
            having = Conditions(lifted, tested).resolve(query.having)
        where = self.where()
        order_by: tuple[SortKey, ...] = ()
        if not only_counts:
            names = groups if grouped else RowNames(self)
            order_by = self._order(names, where)
        top = None
        if query.per:
            if grouped:
                raise NotSupported("PER counts records, not groups.", at=query.per[0].span)
            top = self._top(select, order_by)
        return Plan(
            rows=self._rows(where, top),
            members=members,
            parameters=self._whole.parameters(),
            order_by=order_by,
            group_by=select.keys,
            having=having,
            grouped=grouped,
            grouping=Grouping.PLAIN if query.group_by is None else query.group_by.grouping,
            counts_rows=only_counts,
            limit=None if query.per else lifted.number_of_clause(query, "LIMIT"),
            offset=lifted.number_of_clause(query, "OFFSET"),
        )

    @cached_property
    def _groups(self) -> GroupedSelect:
        return GroupedSelect(self, self._query, self._binder)

    def semi_join(self, left: FieldRef, at: Span) -> InRows:
        """Resolve the query behind IN as the test that it has a row with the value of left."""
        match self._query:
            case Query(
                select=(SelectItem(expression=Path() as path),),
                group_by=None,
                order_by=(),
                limit=None,
                offset=None,
            ):
                right = self._binder.field(path)
            case _:
                message = "The query behind IN selects one field, and has WHERE alone."
                raise BadQuery(message, at=self._query.span)
        check_same_values(left.field, right.field, at)
        left, right = operands.in_one_form(left, right)
        return InRows(left, right, self._rows(self.where()))

    def children(self, parent: int, reference: Field) -> ChildrenShown:
        """Resolve a subquery in the list of fields."""
        query, whole = self._query, self._whole
        if grouping_of(query) is not None or has_aggregate(query) or query.per:
            raise NotSupported("A subquery of children shows records alone.", at=query.span)
        members = self._members()
        where = self.where()
        order_by = self._order(RowNames(self), where)
        limit = whole.lifted.number_of_clause(query, "LIMIT")
        offset = whole.lifted.number_of_clause(query, "OFFSET")
        return ChildrenShown(
            source=parent,
            reference=FieldRef(0, reference),
            rows=self._rows(where),
            members=members,
            order_by=order_by,
            limit=None if limit is None else whole.parameter(limit, operands.number),
            offset=None if offset is None else whole.parameter(offset, operands.number),
        )

    def where(self) -> PlanCondition | None:
        """Resolve WHERE and the scope."""
        tests: list[PlanCondition] = []
        if self._query.scope is not None:
            obj = self._binder.sources[0].object
            found = scoped(self._query.scope, obj, self._when.catalog, self.parameter)
            tests += [] if found is None else [found]
        if self._query.where is not None:
            conditions = Conditions(self._whole.lifted, RowNames(self))
            tests.append(conditions.resolve(self._query.where))
        if len(tests) > 1:
            return Every(tuple(tests))
        return tests[0] if tests else None

    def field(self, path: Path) -> FieldRef:
        """Give the field that a path means."""
        return self._binder.field(path)

    def expression(self, written: Path | Call | Operation) -> FieldRef:
        """Give the value of an expression, as a field."""
        return self._binder.expression(written, self._whole.lifted)

    def of_aggregates(self, written: Aggregate | Call | Operation) -> FieldRef:
        """Give the value of an expression over aggregates, as a field."""
        lifted = self._whole.lifted
        known = with_values(written, lifted.inlined)
        assert isinstance(known, Aggregate | Call | Operation)
        obj = self._binder.sources[0].object
        parts = Parts(
            aggregate=self.aggregate,
            constant=partial(self._binder.constant, lifted=lifted),
            rates=partial(rates_of, self._whole.catalog),
            outside=self._binder.outside,
            moment=self._binder.of_moment,
        )
        return of_aggregates(known, self._whole.next_made(), obj, parts)

    def aggregate(self, aggregate: Aggregate) -> AggregateRef:
        """Give what an aggregate means."""
        function, arguments = aggregate.function, aggregate.arguments
        if not arguments:
            return AggregateRef(function, None)
        written, *others = arguments
        if others or not isinstance(written, Path | Call | Operation):
            raise BadQuery(f"{function} takes one field or one expression.", at=aggregate.span)
        if function is AggregateFunction.GROUPING:
            return AggregateRef(function, self._groups.grouped(written))
        ref = self.field(written) if isinstance(written, Path) else self.expression(written)
        check_aggregate(function, ref.field, written.span)
        return AggregateRef(function, aggregated(function, ref))

    def rows_of(self, membership: Membership, query: Query) -> PlanCondition:
        """Give the test against the rows of a subquery."""
        if not isinstance(membership.left, Path):
            raise BadQuery("A field stands before IN (SELECT …).", at=membership.left.span)
        if membership.operator not in (ListOperator.IN, ListOperator.NOT_IN):
            raise BadQuery(f"{membership.operator} takes a list of values.", at=membership.span)
        left = self._binder.field(membership.left)
        when = self._whole.when(query, self._when)
        obj = bind_source(query.source.path, when.catalog, self._whole.rights)
        found = self._inner(query, obj, when).semi_join(left, membership.left.span)
        return found if membership.operator is ListOperator.IN else Negation(found)

    def parameter(self, number: int | None, read: Reader) -> Parameter:
        """Make a parameter of the plan."""
        return self._whole.parameter(number, read)

    @property
    def _known(self) -> tuple[Catalog, Rights]:
        return self._when.catalog, self._whole.rights

    def _inner(self, query: Query, obj: ObjectDef, when: _When) -> _OneQuery:
        self._whole.count_subquery(query.span)
        return _OneQuery(self._whole, query, obj, when)

    def _top(self, select: GroupedSelect, order_by: tuple[SortKey, ...]) -> Top:
        """Resolve LIMIT … PER."""
        number = self._whole.lifted.number_of_clause(self._query, "LIMIT")
        per = tuple(select.key(operand) for operand in self._query.per)
        return Top(per, order_by, self.parameter(number, operands.number))

    def _rows(self, where: PlanCondition | None, top: Top | None = None) -> Rows:
        return Rows(
            tenant_id=self._whole.catalog.tenant_id,
            sources=tuple(self._binder.sources),
            where=where,
            deleted=self._whole.lifted.query.all_rows,
            top=top,
            as_of=self._when.instant,
        )

    def _members(self) -> tuple[Member, ...]:
        shown = ShownMembers(self._binder)
        shown.add_id()
        for item in self._query.select:
            self._add(item, shown)
        return shown.members()

    def _add(self, item: Item, shown: ShownMembers) -> None:
        match item:
            case SelectItem(Path() as path, alias):
                shown.add_path(path, alias)
            case SelectItem(Call() as call, None) if whole := shaped_path(call):
                shown.add_shaped(whole, self.expression(call))
            case SelectItem((Call() | Operation()) as written, alias):
                shown.add(alias or shown.unnamed(), self.expression(written))
            case SelectItem():
                raise AssertionError("a query with an aggregate is grouped")
            case FieldGroup():
                add_group(item, shown, self._binder, *self._known)
            case ChildQuery(query):
                path, when = query.source.path, self._whole.when(query, self._when)
                relation = bind_children(
                    path, self._binder.sources[0].object, when.catalog, self._whole.rights
                )
                inner = self._inner(query, relation.object, when)
                shown.add(path.names[-1], inner.children(0, relation.field))
            case TypeOf():
                shown.add_type_of(item, self._branches(item))
            case _:
                assert_never(item)

    def _branches(self, item: TypeOf) -> dict[ObjectDef, tuple[Path, ...]]:
        """Give the fields that TYPEOF shows of each object that it names."""
        found: dict[ObjectDef, tuple[Path, ...]] = {}
        for branch in item.branches:
            obj = bind_object(Path((branch.object,), branch.span), *self._known)
            if obj in found:
                raise BadQuery(f"TYPEOF names {branch.object} twice.", at=branch.span)
            found[obj] = branch.paths
        return found

    def _order(
        self, names: RowNames | GroupNames, where: PlanCondition | None
    ) -> tuple[SortKey, ...]:
        """Resolve ORDER BY."""
        return tuple(
            key
            for order in self._query.order_by
            for key in sort_keys(order, names.bind(order.expression), where)
        )
