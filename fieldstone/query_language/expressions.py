"""Expressions in a query: formulas of fields, and functions that stand in the query itself.

Both become the value of a field: the formula's own, or one that is made for the expression, so that
whatever a query does with fields it does with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from fieldstone.errors import FieldstoneError, Span
from fieldstone.ids import FieldId
from fieldstone.metadata.calculation import Kind
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.field_types.number import NumberOptions
from fieldstone.metadata.field_types.registry import FIELD_TYPES
from fieldstone.metadata.field_types.text import MAX_LENGTH, TextOptions
from fieldstone.query_language.constants import names_constant, parts_of
from fieldstone.query_language.errors import BadQuery, TypeMismatch, UnknownField, UnknownFunction
from fieldstone.query_language.formula import errors as formula_errors
from fieldstone.query_language.formula.check import check
from fieldstone.query_language.formula.object_fields import no_look_up
from fieldstone.query_language.formula.record_scope import (
    FieldPath,
    RecordScope,
)
from fieldstone.query_language.formula.typed import (
    Apply,
    Constant,
    Failure,
    FormulaFunction,
    Read,
    Shape,
    Typed,
)
from fieldstone.query_language.formula.weight import check_weight
from fieldstone.query_language.functions.look_up import LookedUpField, LookUp
from fieldstone.query_language.plan import FieldRef, Leaf, LookedUp, Parameter, RolledUp
from fieldstone.query_language.shaping import shaped
from fieldstone.query_language.syntax import (
    Aggregate,
    Expression,
    Path,
)

_FIRST_MADE: Final = -(10**12)
_TYPES: Final[Mapping[Kind, str]] = {
    Kind.BOOLEAN: "checkbox",
    Kind.DATE: "date",
    Kind.DATETIME: "datetime",
    Kind.TIME: "time",
    Kind.CHOICES: "multi_select",
    Kind.PLACE: "geolocation",
}


Constants = Callable[[Path], Read]
"""Gives the value that the name of a constant stands for."""


class Places(Protocol):
    """What expressions ask of the query that they stand in."""

    def place_behind(self, place: int, step: Field) -> int:
        """Give the place of the parent that a reference of a source points to."""
        ...

    def place_of_user(self) -> int:
        """Give the place of the viewer's own record."""
        ...

    def of_moment(self, source: object) -> Parameter:
        """Give the parameter that takes what is known of moment and viewer."""
        ...

    def rolled_up(self, place: int, field: Field) -> RolledUp:
        """Give what a roll-up field of a source sums up."""
        ...

    def looked_up(self, wanted: LookedUpField) -> LookedUp:
        """Give what VLOOKUP reads of another object."""
        ...


@dataclass(frozen=True, slots=True)
class QueryScope:
    """The names of an expression that stands in a query.

    paths: takes the alias in front of a path away. constant: gives what the name of a constant
    stands for.
    """

    record: RecordScope
    paths: Mapping[Path, Path]
    constant: Constants

    @property
    def functions(self) -> Mapping[str, FormulaFunction]:
        """All functions."""
        return self.record.functions

    def read(self, path: Path) -> Typed:
        """Give what a dotted name means."""
        if names_constant(path):
            return self.constant(path)
        return self.record.read(self.paths.get(path, path))

    def look_up(self, result: Path, key: Path, at: Span) -> LookUp:
        """Refuse VLOOKUP. Raises WrongArguments."""
        raise no_look_up(at)

    def special(self, name: str, arguments: Sequence[Typed], at: Span) -> Typed | None:
        """Give what shapes a field's value, and refuse the functions of rules.

        Raises WrongArguments.
        """
        return shaped(name, arguments, at) or self.record.special(name, arguments, at)


def written_expression(
    written: Expression, scope: RecordScope, paths: Mapping[Path, Path], constant: Constants
) -> Typed:
    """Give the value of an expression in a query. scope: the names of the object that is asked.

    Raises UnknownField, UnknownFunction, TypeMismatch and BadQuery, at its place in the query.
    """
    for part in parts_of(written):
        if isinstance(part, Aggregate):
            message = "An aggregate stands alone, outside of operations."
            raise BadQuery(message, at=part.span)
    try:
        found = check(written, QueryScope(scope, paths, constant))
        check_weight(found)
    except formula_errors.UnknownName as error:
        raise _as(UnknownField, error) from None
    except formula_errors.UnknownFunction as error:
        raise _as(UnknownFunction, error) from None
    except (
        formula_errors.BadFormula,
        formula_errors.WrongArguments,
        formula_errors.FormulaTooLarge,
    ) as error:
        raise _as(TypeMismatch, error) from None
    return found


def _as(kind: type[FieldstoneError], error: FieldstoneError) -> FieldstoneError:
    problem = error.problem
    return kind(problem.message, at=problem.at, hint=problem.hint)


def bound_at(expression: Typed, place: int, places: Places) -> Typed:
    """Give an expression over records as one over the sources of a query."""
    match expression:
        case Read(FieldPath() as path):
            at = places.place_of_user() if path.of_user else place
            for step in path.steps:
                at = places.place_behind(at, step)
            if path.field.roll_up is not None:
                return Read(places.rolled_up(at, path.field), expression.shape)
            return Read(Leaf(at, path.field, path.part), expression.shape)
        case Read(Parameter()):
            return expression
        case Read(source):
            return Read(places.of_moment(source), expression.shape)
        case Apply(function, arguments, shape):
            bound = tuple(bound_at(part, place, places) for part in arguments)
            if isinstance(function, LookUp) and isinstance(function.of, LookedUpField):
                function = replace(function, of=places.looked_up(function.of))
            return Apply(function, bound, shape)
        case Constant() | Failure():
            return expression


def made_field(number: int, text: str, shape: Shape, obj: ObjectDef) -> Field:
    """Give a field for the value of an expression. number: unique in the query."""
    kind = shape.kind
    options: object = FIELD_TYPES[_TYPES[kind]].options_class() if kind in _TYPES else None
    name = _TYPES.get(kind, "number" if kind.is_number else "text")
    if kind.is_number:
        options = NumberOptions(precision=28, places=12)
    elif options is None:
        options = TextOptions(length=MAX_LENGTH)
    return Field(
        id=FieldId(_FIRST_MADE - number),
        object_id=obj.id,
        name=text,
        label=text,
        type=FIELD_TYPES[name],
        options=options,
        read_only=True,
    )


def made_ref(place: int, field: Field, expression: Typed) -> FieldRef:
    """Give the reference to a calculated field."""
    return FieldRef(place, field, computed=expression)


def paths_in(written: Expression) -> list[Path]:
    """Give the paths that an expression names."""
    return [
        part for part in parts_of(written) if isinstance(part, Path) and not names_constant(part)
    ]
