"""Pages of the past: the instant that an address names by as_of, and how it is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import urlencode

from starlette.datastructures import ImmutableMultiDict

from fieldstone.query_language.parse import parse_instant
from fieldstone.query_language.syntax import DateTimeValue, DateValue, Instant
from fieldstone.ui_generator.moments import exact_day
from fieldstone.ui_generator.viewing import Viewing

PARAMETER: Final = "as_of"
_LONGEST: Final = 40


@dataclass(frozen=True, slots=True)
class Past:
    """An instant that a page looks back to. text: as the address says it."""

    text: str
    instant: Instant

    @property
    def in_address(self) -> str:
        """The instant as it stands behind an address that has nothing else behind it."""
        return f"?{urlencode({PARAMETER: self.text})}"

    def told(self, view: Viewing) -> str:
        """Give the instant as people read it."""
        match self.instant:
            case DateValue(day):
                return f"{exact_day(day)}, as the day began"
            case DateTimeValue(instant):
                local = instant.astimezone(view.zone)
                return f"{exact_day(local.date())} {local:%H:%M}"
            case _:
                return self.text.replace("_", " ").lower()

    def day(self, view: Viewing) -> str:
        """Give the day for the input of a day; "" for what is no day by itself."""
        match self.instant:
            case DateValue(day):
                return day.isoformat()
            case DateTimeValue(instant):
                return _day_of(instant, view).isoformat()
            case _:
                return ""


def _day_of(instant: datetime, view: Viewing) -> date:
    return instant.astimezone(view.zone).date()


def read_past(asked: ImmutableMultiDict[str, Any]) -> Past | None:
    """Give the instant that an address looks back to; None for now. Raises BadSyntax."""
    text = asked.get(PARAMETER, "").strip()[:_LONGEST]
    return Past(text, parse_instant(text)) if text else None
