"""Days and instants in words: today 14:05, Tue 14:05, 3 Mar, 3 Mar 2027; exact on hover."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

from markupsafe import Markup

from fieldstone.metadata.field_types.date import MONTHS
from fieldstone.ui_generator.viewing import Viewing

_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_NEAR_DAYS: Final = 7
_TIME: Final = Markup('<time datetime="{}" title="{}">{}</time>')


def day_in_words(day: date, today: date) -> str:
    """Give a day as briefly as it can be understood today."""
    if day == today:
        return "today"
    if 0 < abs((day - today).days) < _NEAR_DAYS:
        return f"{_WEEKDAYS[day.weekday()]}, {day.day} {MONTHS[day.month - 1]}"
    if day.year == today.year:
        return f"{day.day} {MONTHS[day.month - 1]}"
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def instant_in_words(instant: datetime, view: Viewing) -> str:
    """Give an instant in the viewer's zone, with the time where it is near."""
    local, now = instant.astimezone(view.zone), view.now.astimezone(view.zone)
    distance = abs((local.date() - now.date()).days)
    if distance == 0:
        return f"today {local:%H:%M}"
    if distance < _NEAR_DAYS:
        return f"{_WEEKDAYS[local.weekday()]} {local:%H:%M}"
    return day_in_words(local.date(), now.date())


def exact_day(day: date) -> str:
    """Give a day in full: Tue, 3 Mar 2027."""
    return f"{_WEEKDAYS[day.weekday()]}, {day.day} {MONTHS[day.month - 1]} {day.year:04d}"


def render_day(day: date, view: Viewing) -> Markup:
    """Give a day as HTML, in full on hover."""
    today = view.now.astimezone(view.zone).date()
    return _TIME.format(day.isoformat(), exact_day(day), day_in_words(day, today))


def render_instant(instant: datetime, view: Viewing) -> Markup:
    """Give an instant as HTML, exact and with its zone on hover."""
    local = instant.astimezone(view.zone)
    exact = f"{exact_day(local.date())}, {local:%H:%M:%S} {local.tzname() or ''}".rstrip()
    told = instant_in_words(instant, view)
    return _TIME.format(instant.astimezone(UTC).isoformat(), exact, told)


def render_instant_in_full(instant: datetime, view: Viewing) -> Markup:
    """Give an instant as HTML with day and time, however far away."""
    local = instant.astimezone(view.zone)
    exact = f"{exact_day(local.date())}, {local:%H:%M:%S} {local.tzname() or ''}".rstrip()
    told = f"{day_in_words(local.date(), view.now.astimezone(view.zone).date())} {local:%H:%M}"
    return _TIME.format(instant.astimezone(UTC).isoformat(), exact, told)
