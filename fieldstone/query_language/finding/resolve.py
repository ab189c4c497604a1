"""FIND to plan: the rows of each object planned as those of a query, terms to patterns."""

from __future__ import annotations

from collections.abc import Iterator

from fieldstone.metadata.catalog import Catalog, Field
from fieldstone.metadata.field_types.phone import Phone
from fieldstone.metadata.rights import Rights
from fieldstone.query_language.errors import BadQuery
from fieldstone.query_language.finding.checks import marking_of
from fieldstone.query_language.finding.fields import searched_fields
from fieldstone.query_language.finding.lifting import LiftedFind
from fieldstone.query_language.finding.patterns import expression_of, phone_digits_of
from fieldstone.query_language.finding.plan import FindPart, FindPlan, Mention
from fieldstone.query_language.finding.syntax import FieldsSearched, Returned, terms_of
from fieldstone.query_language.plan import Literal, Moment, Plan
from fieldstone.query_language.resolve import Resolution
from fieldstone.query_language.syntax import Text


def resolve_find(lifted: LiftedFind, catalog: Catalog, rights: Rights) -> FindPlan:
    """Give the plan of a search for viewers with these rights. Raises what a query raises."""
    marking = marking_of(lifted.find)
    whole = Resolution(lifted.lifted, catalog, rights)
    group = lifted.find.fields
    plans = [_checked(whole.plan_of(one.query), one) for one in lifted.find.returning]
    parts = tuple(_part(plan, group, rights) for plan in plans)
    mentions = tuple(_mentions(lifted, whole))
    return FindPlan(
        search=lifted.search,
        mentions=mentions,
        parts=parts,
        parameters=whole.parameters(),
        limit=lifted.limit,
        shows_texts=marking.is_wanted,
    )


def _checked(plan: Plan, returned: Returned) -> Plan:
    if plan.grouped or plan.counts_rows:
        raise BadQuery(
            "A search returns records, no groups.",
            at=returned.span,
            hint="Ask SELECT … GROUP BY for sums and counts.",
        )
    return plan


def _part(plan: Plan, group: FieldsSearched, rights: Rights) -> FindPart:
    obj = plan.object
    fields = list(searched_fields(obj, group, rights))
    phones = tuple(field for field in fields if isinstance(field.type, Phone))
    title: Field | None = None
    if not plan.order_by and obj.title.searchable and rights.may_read_field(obj.title.id):
        title = obj.title
    return FindPart(plan, tuple(f for f in fields if f not in phones), phones, title)


def _mentions(lifted: LiftedFind, whole: Resolution) -> Iterator[Mention]:
    for term in terms_of(lifted.search):
        number = lifted.lifted.number_of(term)
        of_phone = phone_digits_of(term.pattern) is not None
        digits = whole.parameter(number, _digits) if of_phone else None
        yield Mention(whole.parameter(number, _expression), digits)


def _expression(literal: Literal, moment: Moment) -> object:
    assert isinstance(literal, Text), "a term is kept as a text"
    return expression_of(literal.pattern)


def _digits(literal: Literal, moment: Moment) -> object:
    assert isinstance(literal, Text), "a term is kept as a text"
    return phone_digits_of(literal.pattern)
