"""toLabel, FORMAT, toHtml and convertCurrency: a value as people read it, under the field's key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from babel.numbers import get_currency_symbol

from fieldstone.errors import Span
from fieldstone.metadata.calculation import Kind
from fieldstone.metadata.catalog import Field
from fieldstone.metadata.field_types.choice import HasChoices
from fieldstone.metadata.field_types.currency import LOCALE
from fieldstone.metadata.values import fold
from fieldstone.query_language.formula.errors import WrongArguments
from fieldstone.query_language.formula.record_scope import FieldPath
from fieldstone.query_language.formula.typed import Apply, FormulaFunction, Read, Typed
from fieldstone.query_language.functions.markup import as_markup
from fieldstone.query_language.functions.shown_values import (
    FormatDate,
    FormatInstant,
    FormatNumber,
    FormatTime,
    Label,
)
from fieldstone.query_language.plan import AggregateRef, FieldRef
from fieldstone.query_language.syntax import Call, Path

_PLACES: Final = 2
"""Places of an amount that is worked out, and so belongs to no field."""


def shaped_path(call: Call) -> Path | None:
    """Give the field that a call shapes, whose key it has; None for any other call."""
    if fold(call.name) not in _SHAPES or len(call.arguments) != 1:
        return None
    match call.arguments[0]:
        case Path() as path:
            return path
        case Call() as inner:
            return shaped_path(inner)
        case _:
            return None


def shaped(name: str, arguments: Sequence[Typed], at: Span) -> Typed | None:
    """Give what toLabel, FORMAT, toHtml or convertCurrency means; None for another name.

    Raises WrongArguments.
    """
    shape = _SHAPES.get(fold(name))
    if shape is None:
        return None
    if len(arguments) != 1:
        raise WrongArguments(f"{name} takes 1 argument and has {len(arguments)}.", at=at)
    return shape(arguments[0], at)


def _label(argument: Typed, at: Span) -> Typed:
    field = _field_of(argument)
    if field is None or not isinstance(field.type, HasChoices):
        raise WrongArguments("toLabel takes a picklist.", at=at)
    if argument.shape.kind is not Kind.CHOICE:
        raise WrongArguments("toLabel takes a picklist of one value.", at=at)
    labels = {one.value: one.label for one in field.type.choices(field.options)}
    return _applied(Label(labels), argument)


def _converted(argument: Typed, at: Span) -> Typed:
    if argument.shape.kind is not Kind.CURRENCY:
        raise WrongArguments("convertCurrency takes a currency.", at=at)
    return argument


def _as_html(argument: Typed, at: Span) -> Typed:
    if not argument.shape.kind.is_text:
        raise WrongArguments(f"toHtml takes a text, and this is a {argument.shape.kind}.", at=at)
    return as_markup(argument)


def _formatted(argument: Typed, at: Span) -> Typed:
    kind = argument.shape.kind
    if kind is Kind.DATE:
        return _applied(FormatDate(), argument)
    if kind is Kind.DATETIME:
        return _applied(FormatInstant(), argument)
    if kind is Kind.TIME:
        return _applied(FormatTime(), argument)
    if not kind.is_number:
        raise WrongArguments(
            f"FORMAT takes a number, an amount, a date or a time, and this is a {kind}.", at=at
        )
    return _applied(_number_format(argument, kind), argument)


def _number_format(argument: Typed, kind: Kind) -> FormatNumber:
    field = _field_of(argument)
    options = None if field is None else field.options
    shift = 2 if kind is Kind.PERCENT else 0
    usual = _PLACES if kind is Kind.CURRENCY else max(argument.shape.places - shift, 0)
    places = int(getattr(options, "places", usual))
    code = getattr(options, "currency", None) if kind is Kind.CURRENCY else None
    symbol = get_currency_symbol(code, LOCALE) if code else ""
    if kind is Kind.PERCENT:
        return FormatNumber(argument.shape.digits + 2, places, behind=" %", factor=100)
    return FormatNumber(argument.shape.digits, places, symbol=symbol)


def _field_of(argument: Typed) -> Field | None:
    match argument:
        case Read(FieldPath(part=None) as place):
            return place.field
        case Read(AggregateRef(argument=FieldRef(field=field, computed=None))):
            return field if argument.shape.kind is not Kind.NUMBER else None
        case _:
            return None


def _applied(function: FormulaFunction, argument: Typed) -> Typed:
    arguments = tuple(function.adapt([argument]))
    return Apply(function, arguments, function.shape(arguments))


_SHAPES: Final[Mapping[str, Callable[[Typed, Span], Typed]]] = {
    "tolabel": _label,
    "format": _formatted,
    "convertcurrency": _converted,
    "tohtml": _as_html,
}
