"""Date, date with time, and time of day."""

from __future__ import annotations

from datetime import date as day_type
from datetime import datetime, time

from markupsafe import Markup

from fieldstone.errors import BadValue
from fieldstone.metadata.catalog import Field
from fieldstone.metadata.values import Json
from fieldstone.ui_generator.moments import (
    instant_in_words,
    render_day,
    render_instant,
    render_instant_in_full,
)
from fieldstone.ui_generator.viewing import Viewing
from fieldstone.ui_generator.widgets.widget import (
    DAY_WORDS,
    WHOLE,
    FieldWidget,
    Texts,
    last,
)


class Date(FieldWidget):
    """A day, chosen from a calendar or typed."""

    name = "date"
    filter_words = DAY_WORDS
    filter_value = "day"

    def cell(self, value: Json, of: Field, view: Viewing) -> Markup:
        day: day_type = of.type.decode(value)
        return render_day(day, view)

    def texts(self, value: Json, of: Field, view: Viewing) -> Texts:
        return {WHOLE: [] if value is None else [str(value)]}


class Datetime(FieldWidget):
    """An instant, shown and typed in the zone of the viewer."""

    name = "datetime"
    filter_words = DAY_WORDS
    filter_value = "day"

    def cell(self, value: Json, of: Field, view: Viewing) -> Markup:
        return render_instant(of.type.decode(value), view)

    def full(self, value: Json, of: Field, view: Viewing) -> Markup:
        return render_instant_in_full(of.type.decode(value), view)

    def plain(self, value: Json, of: Field, view: Viewing) -> str:
        return instant_in_words(of.type.decode(value), view)

    def texts(self, value: Json, of: Field, view: Viewing) -> Texts:
        if value is None:
            return {WHOLE: []}
        instant: datetime = of.type.decode(value)
        try:
            local = instant.astimezone(view.zone)
        except OverflowError:
            return {WHOLE: [str(value)]}
        return {WHOLE: [_brief(local.replace(tzinfo=None).isoformat(timespec="milliseconds"))]}

    def read(self, sent: Texts, of: Field, view: Viewing) -> Json:
        text = last(sent).strip()
        if not text:
            return None
        instant: datetime = of.type.parse(text, of.options)
        if not _names_zone(text):
            # The type reads what names no zone as UTC; here it is meant in the viewer's.
            try:
                instant = instant.replace(tzinfo=view.zone)
                encoded: Json = of.type.encode(of.type.accept(instant.isoformat(), of.options))
            except OverflowError:
                raise BadValue("This instant lies outside the years 1 to 9999.") from None
            return encoded
        in_zone: Json = of.type.encode(instant)
        return in_zone


class Time(FieldWidget):
    """A time of day."""

    name = "time"
    filter_words = ("is", "under", "over", "empty", "filled")

    def texts(self, value: Json, of: Field, view: Viewing) -> Texts:
        if value is None:
            return {WHOLE: []}
        moment: time = of.type.decode(value)
        return {WHOLE: [_brief(moment.isoformat(timespec="milliseconds"))]}


def _brief(text: str) -> str:
    """Leave out seconds and thousandths that are nought."""
    text = text.removesuffix(".000")
    return text[:-3] if text.endswith(":00") and text.count(":") == 2 else text


def _names_zone(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return text.upper().endswith(("UTC", "GMT", "Z"))
