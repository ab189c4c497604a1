"""What goes with DISTANCE and GEOLOCATION, the two functions that SOQL itself takes apart."""

from __future__ import annotations

from typing import Final

from fieldstone.query_language.errors import BadSyntax
from fieldstone.query_language.syntax import Bind, Call, Text

_UNITS: Final = ("mi", "km")
_HINT: Final = "Write DISTANCE(field, GEOLOCATION(latitude, longitude), 'km')."


def check_places(call: Call) -> None:
    """Refuse a distance that is not between two places, and a place outside one.

    Raises BadSyntax.
    """
    if call.name.upper() == "DISTANCE":
        _check_distance(call)
        return
    for argument in call.arguments:
        refuse_place(argument)


def refuse_place(expression: object) -> None:
    """Refuse GEOLOCATION where no distance is measured. Raises BadSyntax."""
    if isinstance(expression, Call) and expression.name.upper() == "GEOLOCATION":
        message = "GEOLOCATION stands within DISTANCE alone."
        raise BadSyntax(message, at=expression.span, hint=_HINT)


def _check_distance(call: Call) -> None:
    if len(call.arguments) != 3:
        raise BadSyntax("DISTANCE takes two places and a unit.", at=call.span, hint=_HINT)
    unit = call.arguments[2]
    if isinstance(unit, Text) and unit.value.lower() not in _UNITS:
        message = "The unit of DISTANCE is 'mi' or 'km'."
        raise BadSyntax(message, at=unit.span, hint=_HINT)
    if not isinstance(unit, Text | Bind):
        raise BadSyntax("The unit of DISTANCE is a text.", at=unit.span, hint=_HINT)
