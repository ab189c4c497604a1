"""The kind setting: a value with a name that formulas read, the same for the whole organization."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from msgspec import Meta

from fieldstone.errors import BadValue, Problem
from fieldstone.metadata.component import Component
from fieldstone.metadata.field_types.field_type import FieldType
from fieldstone.metadata.field_types.number import NumberOptions
from fieldstone.metadata.field_types.registry import FIELD_TYPES
from fieldstone.metadata.field_types.text import TextOptions
from fieldstone.metadata.kinds.kind import Kind
from fieldstone.metadata.names import NAME
from fieldstone.metadata.organization import Setting
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.values import Json

_DIGITS: Final = 18
_PLACES: Final = 6
_LONGEST: Final = 1_000


@dataclass(frozen=True, slots=True)
class SettingBody:
    """A setting. type: which values it may have. value: as a field of the type has it.

    Formulas read it as $Setup.Name; a name of two parts, such as Limits.Discount, is one of a
    group.
    """

    type: Literal["text", "number", "currency", "percent", "checkbox", "date", "datetime", "time"]
    value: Any = None
    label: Annotated[str, Meta(max_length=120)] = ""
    description: Annotated[str, Meta(max_length=4000)] = ""


class SettingKind(Kind[SettingBody]):
    """A value that formulas read, such as the highest discount that needs no approval."""

    name = "setting"
    body_class = SettingBody

    def check(self, component: Component, scope: Scope) -> Iterator[Problem]:
        """Yield a name that cannot stand in a formula, and a value that its type has not."""
        parts = component.name.split(".")
        if len(parts) > 2 or not all(NAME.fullmatch(part) for part in parts):
            hint = "Names look like Discount or Limits.Discount."
            yield Problem("metadata.invalid", "This name is of no setting.", "/name", hint)
        try:
            _stored(self.read(component))
        except BadValue as error:
            problem = error.problem
            yield Problem("metadata.invalid", problem.message, "/value", problem.hint)


def setting_of(component: Component, body: SettingBody) -> Setting:
    """Give a setting as formulas read it."""
    calculation = FIELD_TYPES[body.type].calculation
    assert calculation is not None, "the types of settings enter formulas"
    kind = calculation.kind
    stored = _stored(body)
    if not kind.is_number:
        return Setting(component.name, kind, calculation.read(stored))
    places = _PLACES + (2 if body.type == "percent" else 0)
    return Setting(component.name, kind, calculation.read(stored), _DIGITS, places)


def _stored(body: SettingBody) -> Json:
    """Give the value as a field stores it. Raises BadValue."""
    if body.value is None:
        return None
    kind: FieldType[Any, Any] = FIELD_TYPES[body.type]
    return kind.encode(kind.accept(body.value, _options_of(body.type, kind)))


def _options_of(name: str, kind: FieldType[Any, Any]) -> object:
    if name == "text":
        return TextOptions(length=_LONGEST)
    if name in ("number", "currency", "percent"):
        return NumberOptions(precision=_DIGITS + _PLACES, places=_PLACES)
    return kind.options_class()
