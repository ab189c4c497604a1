"""What names mean in a formula over the records of one object: fields, parents' fields, $User.

The value of a formula field is that of its formula, put in its place; so formulas compose freely,
whatever they are asked in. A roll-up field is read as it is, and bound where it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from fieldstone.errors import Span
from fieldstone.metadata.calculation import Calculation, Kind
from fieldstone.metadata.catalog import Catalog, Field, ObjectDef, RollUpFunction
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.rights import ADMINISTRATOR, Rights
from fieldstone.metadata.values import fold
from fieldstone.query_language.formula.check import applied, check
from fieldstone.query_language.formula.errors import (
    FormulaCircle,
    FormulaTooLarge,
    UnknownName,
    WrongArguments,
)
from fieldstone.query_language.formula.field_shapes import SYSTEM_DIGITS, sized
from fieldstone.query_language.formula.held_values import held_value
from fieldstone.query_language.formula.object_fields import field_given, field_of_object, key_of
from fieldstone.query_language.formula.outside import outside_value
from fieldstone.query_language.formula.parse import parse_formula
from fieldstone.query_language.formula.sizes import QUOTIENT_PLACES
from fieldstone.query_language.formula.summed import children_summed, field_summed
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
from fieldstone.query_language.functions.blank import BLANKVALUE
from fieldstone.query_language.functions.currencyrate import CurrencyRate, rates_of
from fieldstone.query_language.functions.equal import are_alike
from fieldstone.query_language.functions.fit import Fit
from fieldstone.query_language.functions.look_up import NAME as VLOOKUP
from fieldstone.query_language.functions.look_up import LookedUpField, LookUp
from fieldstone.query_language.functions.registry import FUNCTIONS
from fieldstone.query_language.record_type_names import name_of_type
from fieldstone.query_language.relations import (
    TARGET_SIGN,
    pointing_to,
    relation_of,
    target_named,
    targets_of,
)
from fieldstone.query_language.syntax import Path

MAX_PARENTS: Final = 10
MAX_FORMULAS: Final = 20
"""How many formula fields may stand within each other."""

MAX_ROLL_UPS: Final = 5
"""How many roll-ups may sum up each other."""

MAX_PARTS: Final = 5_000
"""How many parts a formula may have, with those of the formula fields that it uses."""

RULE_FUNCTIONS: Final = frozenset({"ISNEW", "ISCLONE", "PRIORVALUE", "ISCHANGED"})
USER_OBJECT: Final = "User"
_RECORD_TYPE: Final = "$recordtype"


@dataclass(frozen=True, slots=True)
class FieldPath:
    """A field of a record or of one of its parents.

    steps: the references to follow, from the record on. part: the part of its value, such as the
    city of an address. of_user: whether the steps begin at the record of the viewer.
    """

    steps: tuple[Field, ...]
    field: Field
    part: str | None = None
    of_user: bool = False

    @property
    def calculation(self) -> Calculation:
        """How the value enters a formula."""
        kind = self.field.type
        found = kind.calculation if self.part is None else kind.parts[self.part]
        assert found is not None, "fields without a calculation are refused"
        return found


@dataclass(frozen=True, slots=True)
class RecordScope:
    """The names of one object's formulas.

    rights: what the viewer may read, where the viewer wrote the formula; the formulas of fields
    read what they name, whoever looks. blanks_as_zero: whether a missing number counts as 0.
    trail: the formula fields in which this formula stands.
    """

    catalog: Catalog
    object: ObjectDef
    rights: Rights = ADMINISTRATOR
    blanks_as_zero: bool = False
    trail: tuple[Field, ...] = ()

    @property
    def functions(self) -> Mapping[str, FormulaFunction]:
        """All functions."""
        return FUNCTIONS

    def read(self, path: Path) -> Typed:
        """Give what a dotted name means. Raises UnknownName, WrongArguments."""
        names = list(path.names)
        obj, of_user = self.object, False
        if fold(names[0]) == _RECORD_TYPE and len(names) > 1:
            names[0] = names[0].removeprefix("$")
        elif names[0].startswith("$"):
            outside = held_value(path, self.catalog, self.rights, self._viewer())
            outside = outside or outside_value(path, self.catalog, self.rights)
            if outside is not None:
                return outside
            obj, of_user = self._users(path), True
            names.pop(0)
        elif len(names) > 1 and self._names_itself(names[0]):
            names.pop(0)
        steps: list[Field] = []
        while len(names) > 1:
            found = obj.find_field(names[0])
            if len(names) == 2 and found is not None and self._has_part(found, names[1]):
                return self._value(FieldPath(tuple(steps), found, fold(names[1]), of_user), path)
            told = name_of_type(obj, names[0], names[1], self.rights) if len(names) == 2 else None
            if told is not None:
                return self._value(FieldPath(tuple(steps), told, None, of_user), path, obj)
            step, obj = self._parent(obj, names.pop(0), path)
            steps.append(step)
        if len(steps) > MAX_PARENTS:
            raise UnknownName(
                f"{path.text[:200]} goes through more than {MAX_PARENTS} parents.", at=path.span
            )
        field = self._field(obj, names[0], path)
        return self._value(FieldPath(tuple(steps), field, None, of_user), path, obj)

    def special(self, name: str, arguments: Sequence[Typed], at: Span) -> Typed | None:
        """Give the rates of the organization, and refuse the functions of rules.

        Raises WrongArguments.
        """
        if name == CurrencyRate.name:
            return applied(CurrencyRate(rates_of(self.catalog)), arguments, at, name)
        if name in RULE_FUNCTIONS:
            raise WrongArguments(
                f"{name} asks about a record that is being written, as only rules do.", at=at
            )
        return None

    def look_up(self, result: Path, key: Path, at: Span) -> LookUp:
        """Give VLOOKUP of two fields of one object, which the system reads, whoever looks.

        Raises UnknownName, WrongArguments, FormulaCircle.
        """
        obj, given = field_of_object(result, self.catalog, self.rights)
        same, by = field_of_object(key, self.catalog, self.rights)
        if same is not obj:
            raise WrongArguments(f"{VLOOKUP} takes two fields of one object.", at=key.span)
        found = LookedUpField(obj, key_of(obj, by, key), field_given(given, result))
        shape = shape_of(FieldPath((), given))
        if given.is_calculated:
            inner = field_expression(given, obj, self.catalog, self.trail)
            if looks_up(inner):
                raise WrongArguments(
                    f"{given.label} is looked up itself, and {VLOOKUP} gives no such field.",
                    at=result.span,
                )
            shape = inner.shape
        return LookUp(found, shape_of(FieldPath((), by)).kind, shape)

    def _has_part(self, field: Field, name: str) -> bool:
        return fold(name) in field.type.parts and self.rights.may_read_field(field.id)

    def _names_itself(self, name: str) -> bool:
        own = self.catalog.find_object(name) is self.object
        return own and relation_of(self.object, name, self.rights) is None

    def _viewer(self) -> Typed | None:
        """Give the id of the viewer's own record; None before there are people."""
        users = self.catalog.find_object(USER_OBJECT)
        if users is None:
            return None
        own = FieldPath((), users.get_field("id"), of_user=True)
        return Read(own, shape_of(own))

    def _users(self, path: Path) -> ObjectDef:
        users = self.catalog.find_object(USER_OBJECT)
        if len(path.names) < 2 or users is None:
            raise UnknownName(
                f"There is no {path.text[:80]}.", at=path.span, hint="There is $User.name."
            )
        return users

    def _parent(self, obj: ObjectDef, name: str, path: Path) -> tuple[Field, ObjectDef]:
        step = relation_of(obj, name, self.rights)
        targets = [] if step is None else targets_of(step, self.catalog, self.rights)
        if step is None or not targets:
            known = (field.name for field in obj.fields if field.references)
            raise UnknownName(
                f"{obj.label} has no parent {name[:80]}.",
                at=path.span,
                hint=suggestion(name, known),
            )
        if TARGET_SIGN not in name and len(targets) == 1:
            return step, targets[0]
        target = target_named(name, targets, self.catalog)
        if target is None:
            wanted = name.partition(TARGET_SIGN)
            raise WrongArguments(
                f"{step.label} points to no {wanted[2][:80]}."
                if wanted[2]
                else f"{step.label} may point to several objects, and so its fields are not known.",
                at=path.span,
                hint=f"Write {wanted[0]}:{targets[0].name} for one of them.",
            )
        return pointing_to(step, target.id), target

    def _field(self, obj: ObjectDef, name: str, path: Path) -> Field:
        field = obj.find_field(name)
        if field is None or not self.rights.may_read_field(field.id):
            known = (one.name for one in obj.fields if self.rights.may_read_field(one.id))
            raise UnknownName(
                f"{obj.label} has no field {name[:80]}.",
                at=path.span,
                hint=suggestion(name, known),
            )
        return field

    def _value(self, place: FieldPath, path: Path, obj: ObjectDef | None = None) -> Typed:
        field = place.field
        if field.is_calculated and obj is not None:
            inner = field_expression(field, obj, self.catalog, self.trail)
            found = behind(inner, place)
        elif field.type.calculation is None and place.part is None:
            parts = ", ".join(f"{field.name}.{part}" for part in field.type.parts)
            raise WrongArguments(
                f"{field.label} is a {field.type.label}, which formulas cannot use.",
                at=path.span,
                hint=f"There is {parts}." if parts else None,
            )
        else:
            found = Read(place, shape_of(place))
        if self.blanks_as_zero and found.shape.kind.is_number:
            zero = Constant(Decimal(0), Shape(found.shape.kind, 1))
            return Apply(BLANKVALUE, (found, zero), found.shape)
        return found


def field_expression(
    field: Field, obj: ObjectDef, catalog: Catalog, trail: tuple[Field, ...] = ()
) -> Typed:
    """Give the value of a calculated field as an expression over the records of its object.

    trail: the calculated fields in which it stands. Raises the errors of parse_formula and check,
    FormulaCircle, and FormulaTooLarge where calculated fields stand in each other too deep.
    """
    if field in trail:
        names = " uses ".join(one.name for one in (*trail[trail.index(field) :], field))
        raise FormulaCircle(f"{field.label} uses itself: {names}.", hint="Take one of them out.")
    if len(trail) > MAX_FORMULAS:
        raise FormulaTooLarge(
            f"{field.label} uses formula fields that use others more than {MAX_FORMULAS} deep."
        )
    if field.roll_up is not None:
        return _roll_up(field, obj, catalog, trail)
    formula = field.formula
    assert formula is not None
    scope = RecordScope(catalog, obj, blanks_as_zero=formula.blanks_as_zero, trail=(*trail, field))
    found = as_field(check(parse_formula(formula.text), scope), field)
    if size_of(found) > MAX_PARTS:
        raise FormulaTooLarge(
            f"{field.label} has more than {MAX_PARTS} parts with those of the formulas it uses."
        )
    check_weight(found)
    return found


def _roll_up(field: Field, obj: ObjectDef, catalog: Catalog, trail: tuple[Field, ...]) -> Typed:
    """Give the value of a roll-up field; what it sums up is bound where it is asked for."""
    if sum(one.roll_up is not None for one in trail) >= MAX_ROLL_UPS:
        message = (
            f"{field.label} sums up roll-ups that sum up others more than {MAX_ROLL_UPS} deep."
        )
        raise FormulaTooLarge(message)
    return as_field(Read(FieldPath((), field), summed_shape(field, obj, catalog)), field)


def summed_shape(field: Field, obj: ObjectDef, catalog: Catalog) -> Shape:
    """Give what is known of a roll-up before it is fitted into its field. Raises UnknownName."""
    assert field.roll_up is not None
    child = children_summed(field.roll_up, obj, catalog).object
    summed = field_summed(field.roll_up, child)
    if summed is None:
        return Shape(Kind.NUMBER, SYSTEM_DIGITS)
    shape = shape_of(FieldPath((), summed))
    if not shape.kind.is_number:
        return shape
    is_average = field.roll_up.function is RollUpFunction.AVERAGE
    places = QUOTIENT_PLACES if is_average else shape.places
    return Shape(shape.kind, shape.digits + SYSTEM_DIGITS, places)


def default_expression(field: Field, obj: ObjectDef, catalog: Catalog) -> Typed:
    """Give the value that a field of a new record gets by itself.

    Raises the errors of parse_formula and check; WrongArguments for a type that formulas cannot
    give.
    """
    assert field.default_formula is not None
    if field.type.calculation is None:
        message = f"A formula gives no default of the type {field.type.label}."
        raise WrongArguments(message, hint="Use default.")
    scope = RecordScope(catalog, obj)
    return as_field(check(parse_formula(field.default_formula), scope), field)


def size_of(expression: Typed) -> int:
    """Give how many parts an expression has."""
    if isinstance(expression, Apply):
        return 1 + sum(size_of(part) for part in expression.arguments)
    return 1


def looks_up(expression: Typed) -> bool:
    """Tell whether VLOOKUP stands in an expression."""
    match expression:
        case Apply(LookUp()):
            return True
        case Apply(_, arguments):
            return any(looks_up(part) for part in arguments)
        case _:
            return False


def as_field(expression: Typed, field: Field) -> Typed:
    """Give an expression as the value of a field: of its kind, and with its places.

    Raises WrongArguments for an expression of another kind.
    """
    calculation = field.type.calculation
    assert calculation is not None, "a formula field has a type that formulas can give"
    kind, wanted = expression.shape.kind, calculation.kind
    if not are_alike(kind, wanted):
        noun, hint = "formula", "TEXT, VALUE, DATEVALUE and DATETIMEVALUE make one kind of another."
        if field.roll_up is not None:
            noun, hint = "roll-up", f"Give {field.label} the type of what it sums up."
        raise WrongArguments(
            f"The {noun} gives a {kind}, and {field.label} is a {field.type.label}.", hint=hint
        )
    if not wanted.is_number or kind is Kind.NOTHING:
        return expression
    shape = sized(field, wanted)
    return Apply(Fit(shape), (expression,), shape)


def behind(expression: Typed, place: FieldPath) -> Typed:
    """Give an expression over the records of a parent as one over those that point to it."""
    match expression:
        case Read(FieldPath() as inner) if not inner.of_user:
            steps = place.steps + inner.steps
            return Read(replace(inner, steps=steps, of_user=place.of_user), expression.shape)
        case Apply(function, arguments, shape):
            return Apply(function, tuple(behind(part, place) for part in arguments), shape)
        case Read() | Constant() | Failure():
            return expression


def shape_of(place: FieldPath) -> Shape:
    """Give what is known of a field's values."""
    kind = place.calculation.kind
    if not kind.is_number:
        return Shape(kind)
    if place.part is not None:
        return Shape(kind, 3, 20)
    return sized(place.field, kind)
