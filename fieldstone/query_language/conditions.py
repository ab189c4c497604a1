"""Conditions of the syntax tree to conditions of a plan: operators and constants checked by type.

Every test is true or false, never unknown: `!=` and NOT hold for rows without a value, all other
tests do not. An empty text stands for no value.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Protocol, assert_never

from fieldstone.errors import Span
from fieldstone.metadata.catalog import Field
from fieldstone.metadata.field_types.datetime import Datetime
from fieldstone.metadata.field_types.field_type import Operator as TypeOperator
from fieldstone.query_language import operands
from fieldstone.query_language.against import resolve_against
from fieldstone.query_language.errors import TypeMismatch
from fieldstone.query_language.formula.typed import Constant
from fieldstone.query_language.lifting import Lifted, is_span, kind_of
from fieldstone.query_language.operands import Reader, is_null, is_temporal, uses_slot
from fieldstone.query_language.patterns import PatternKind, kind_of_pattern
from fieldstone.query_language.plan import (
    AggregateRef,
    Every,
    FieldRef,
    Holds,
    Negation,
    NullTest,
    OneOf,
    Parameter,
    Pattern,
    PlanCondition,
    Ref,
    Some,
    Test,
    Within,
)
from fieldstone.query_language.syntax import (
    AggregateFunction,
    And,
    Comparison,
    Condition,
    DateTimeValue,
    DateValue,
    ListOperator,
    Membership,
    Not,
    Null,
    Operand,
    Operator,
    Or,
    Query,
    RelativeDate,
    Text,
    Value,
    Word,
)

_TYPE_OPERATORS: Final = {
    Operator.EQUAL: TypeOperator.EQUAL,
    Operator.NOT_EQUAL: TypeOperator.NOT_EQUAL,
    Operator.LESS: TypeOperator.LESS,
    Operator.LESS_OR_EQUAL: TypeOperator.LESS_EQUAL,
    Operator.GREATER: TypeOperator.GREATER,
    Operator.GREATER_OR_EQUAL: TypeOperator.GREATER_EQUAL,
    Operator.LIKE: TypeOperator.LIKE,
    ListOperator.IN: TypeOperator.IN,
    ListOperator.NOT_IN: TypeOperator.NOT_IN,
    ListOperator.INCLUDES: TypeOperator.INCLUDES,
    ListOperator.EXCLUDES: TypeOperator.EXCLUDES,
}
_EQUALITIES: Final = (Operator.EQUAL, Operator.NOT_EQUAL)
_ENDS: Final = (AggregateFunction.MIN, AggregateFunction.MAX)
_INEXACT: Final = ("long", "fine")


class Names(Protocol):
    """What conditions ask of the query they stand in."""

    def bind(self, operand: Operand) -> Ref:
        """Give what an operand means."""
        ...

    def calculated(self, operand: Operand) -> FieldRef:
        """Give what an operand means as a calculated value. Raises TypeMismatch."""
        ...

    def rows(self, membership: Membership, query: Query) -> PlanCondition:
        """Give the test against the rows of a subquery."""
        ...

    def parameter(self, number: int | None, read: Reader) -> Parameter:
        """Make a parameter of the plan."""
        ...


class Conditions:
    """Resolves the conditions of one query."""

    def __init__(self, lifted: Lifted, names: Names) -> None:
        self._lifted = lifted
        self._names = names

    def resolve(self, condition: Condition) -> PlanCondition:
        """Give the plan of a condition. Raises UnknownField, TypeMismatch."""
        match condition:
            case Comparison():
                return self._comparison(condition)
            case Membership():
                return self._membership(condition)
            case Not(inner):
                return Negation(self.resolve(inner))
            case And(conditions):
                return Every(tuple(self.resolve(part) for part in conditions))
            case Or(conditions):
                return Some(tuple(self.resolve(part) for part in conditions))
            case _:
                assert_never(condition)

    def _comparison(self, comparison: Comparison) -> PlanCondition:
        node = comparison.right
        if isinstance(node, Operand):
            return resolve_against(comparison, node, self._names)
        left = self._names.bind(comparison.left)
        number = self._lifted.number_of(node)
        literal = self._lifted.literals[number]
        assert not isinstance(literal, tuple | int | Constant)
        field, holder = _compared_field(left)
        if is_null(literal):
            return _null_test(left, comparison, literal)
        if field is None or holder is None:
            _refuse_like(comparison)
            reader = operands.decimal
            return Test(left, comparison.operator, self._names.parameter(number, reader))
        _check_operator(field, comparison.operator, comparison.left.span)
        if comparison.operator is Operator.LIKE:
            _refuse_like(comparison if isinstance(left, AggregateRef) else None)
            return self._like(holder, literal, number)
        _check_kind(field, literal)
        if is_span(literal) and _is_span_for(field, literal):
            days = operands.days(holder)
            return self._against_days(left, comparison.operator, days, number)
        return self._tested(comparison.operator, left, _trusted(holder, literal), number)

    def _tested(
        self, operator: Operator, left: Ref, holder: FieldRef, number: int
    ) -> PlanCondition:
        """Resolve a comparison with one constant. holder: the field whose values left has.

        An encrypted value has one form for each key there is.
        """
        if holder.field.encryption is not None:
            found = OneOf(holder, self._names.parameter(number, operands.likenesses(holder)))
            return Negation(found) if operator is Operator.NOT_EQUAL else found
        left = holder if isinstance(left, FieldRef) else replace(left, argument=holder)
        return Test(left, operator, self._names.parameter(number, operands.one(holder)))

    def _like(self, left: FieldRef, literal: Value, number: int) -> PlanCondition:
        if not isinstance(literal, Text | Word):
            raise TypeMismatch(
                "LIKE compares with a text.", at=literal.span, hint="Write LIKE 'abc%'."
            )
        kind = kind_of_pattern(literal.pattern) if isinstance(literal, Text) else PatternKind.PLAIN
        left = _trusted(left, literal)
        match kind:
            case PatternKind.ANYTHING:
                return Negation(NullTest(left))
            case PatternKind.PLAIN if TypeOperator.EQUAL in left.field.type.operators:
                reader = operands.one(left)
                return Test(left, Operator.EQUAL, self._names.parameter(number, reader))
            case PatternKind.PREFIX if uses_slot(left):
                low = self._names.parameter(number, operands.prefix(left, end=False))
                high = self._names.parameter(number, operands.prefix(left, end=True))
                return Within(left, low, high)
        if not operands.slot_holds_all(left):
            left = replace(left, exact=True)
        bound = self._names.parameter(number, operands.pattern(left))
        return Pattern(left, bound, begins=kind is PatternKind.PREFIX)

    def _against_days(
        self, left: Ref, operator: Operator, days: operands.Days, number: int
    ) -> PlanCondition:
        def bound(read: Reader) -> Parameter:
            return self._names.parameter(number, read)

        match operator:
            case Operator.EQUAL:
                return Within(left, bound(days.first), bound(days.behind))
            case Operator.NOT_EQUAL:
                return Negation(Within(left, bound(days.first), bound(days.behind)))
            case Operator.LESS:
                return Within(left, None, bound(days.first))
            case Operator.LESS_OR_EQUAL:
                return Within(left, None, bound(days.behind))
            case Operator.GREATER:
                return Within(left, bound(days.behind), None)
            case Operator.GREATER_OR_EQUAL:
                return Within(left, bound(days.first), None)
            case _:
                raise AssertionError(operator)

    def _membership(self, membership: Membership) -> PlanCondition:
        right = membership.right
        if isinstance(right, Query):
            return self._names.rows(membership, right)
        left = self._names.bind(membership.left)
        if isinstance(left, AggregateRef):
            message = "An aggregate is compared with one value."
            raise TypeMismatch(message, at=membership.left.span)
        _check_operator(left.field, membership.operator, membership.left.span)
        number = self._lifted.number_of(right)
        values = self._lifted.literals[number]
        assert isinstance(values, tuple)
        if membership.operator in (ListOperator.INCLUDES, ListOperator.EXCLUDES):
            found = self._includes(left, values, number)
        else:
            found = self._one_of(left, values, number)
        negated = membership.operator in (ListOperator.NOT_IN, ListOperator.EXCLUDES)
        return Negation(found) if negated else found

    def _includes(self, left: FieldRef, values: tuple[Value, ...], number: int) -> PlanCondition:
        tests = [
            Holds(left, self._names.parameter(number, operands.members(left, place)))
            for place, value in enumerate(values)
            if not is_null(value)
        ]
        return Some(tuple(tests))

    def _one_of(self, left: FieldRef, values: tuple[Value, ...], number: int) -> PlanCondition:
        tests: list[PlanCondition] = []
        for value in values:
            if not is_null(value):
                _check_kind(left.field, value)
        if any(is_span(value) and _is_span_for(left.field, value) for value in values):
            tests.extend(self._each_day(left, values, number))
        elif not all(is_null(value) for value in values):
            trusted = left
            encrypted = left.field.encryption is not None
            for value in values:
                trusted = trusted if encrypted else _trusted(trusted, value)
            reader = operands.likenesses(left) if encrypted else operands.many(trusted)
            tests.append(OneOf(trusted, self._names.parameter(number, reader)))
        if any(is_null(value) for value in values):
            tests.append(NullTest(left))
        return Some(tuple(tests))

    def _each_day(
        self, left: FieldRef, values: tuple[Value, ...], number: int
    ) -> list[PlanCondition]:
        found: list[PlanCondition] = []
        for place, value in enumerate(values):
            if is_null(value):
                continue
            if _is_span_for(left.field, value):
                days = operands.days(left, place)
                low = self._names.parameter(number, days.first)
                found.append(Within(left, low, self._names.parameter(number, days.behind)))
            else:
                reader = operands.at_place(operands.one(left), place)
                found.append(Test(left, Operator.EQUAL, self._names.parameter(number, reader)))
        return found


def _null_test(left: Ref, comparison: Comparison, literal: Value) -> PlanCondition:
    matches_nothing = comparison.operator is Operator.LIKE and not isinstance(literal, Null)
    if comparison.operator not in _EQUALITIES and not matches_nothing:
        raise TypeMismatch(
            f"Nothing is {comparison.operator} null.",
            at=comparison.right.span,
            hint="Compare with null by = or !=.",
        )
    found = NullTest(left)
    return Negation(found) if comparison.operator is Operator.NOT_EQUAL else found


def _check_operator(field: Field, operator: Operator | ListOperator, at: Span) -> None:
    allowed = field.type.operators
    if _TYPE_OPERATORS[operator] in allowed:
        return
    known = [name for name, meant in _TYPE_OPERATORS.items() if meant in allowed]
    raise TypeMismatch(
        f"{field.label} is a field of the type {field.type.label}, which has no {operator}.",
        at=at,
        hint=f"It has {', '.join(known)}." if known else "It can be compared with null alone.",
    )


def _check_kind(field: Field, value: Value) -> None:
    """Refuse dates where none can stand; all else is refused by the type when it reads a value."""
    if isinstance(value, RelativeDate | DateValue | DateTimeValue) and not is_temporal(field):
        raise TypeMismatch(
            f"{field.label} holds no dates.", at=value.span, hint="Text stands in quotes."
        )


def _is_span_for(field: Field, value: Value) -> bool:
    """Tell whether a value means several values of a field: a day does, of a field of instants."""
    if isinstance(value, DateValue):
        return isinstance(field.type, Datetime)
    return isinstance(value, RelativeDate)


def _trusted(ref: FieldRef, value: Value) -> FieldRef:
    """Give the field to be compared by its JSON where its slot is too short for the value."""
    inexact = kind_of(value).startswith(_INEXACT) or not operands.slot_is_exact(ref)
    return replace(ref, exact=True) if inexact and ref.field.column is None else ref


def _compared_field(left: Ref) -> tuple[Field | None, FieldRef | None]:
    """Give the field whose values an operand has; None for the counts and sums of a group."""
    if isinstance(left, FieldRef):
        return left.field, left
    if left.argument is None or left.function not in _ENDS:
        return None, None
    return left.argument.field, left.argument


def _refuse_like(comparison: Comparison | None) -> None:
    if comparison is not None and comparison.operator is Operator.LIKE:
        raise TypeMismatch("Aggregates have no LIKE.", at=comparison.span)
