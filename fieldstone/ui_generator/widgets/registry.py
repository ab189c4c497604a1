"""The widgets there are: a list in plain sight."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fieldstone.metadata.catalog import Field
from fieldstone.ui_generator.widgets.check import Check
from fieldstone.ui_generator.widgets.choice import Choice, Choices
from fieldstone.ui_generator.widgets.compound import Address, Geolocation, PersonName
from fieldstone.ui_generator.widgets.contact_points import Email, Phone, Url
from fieldstone.ui_generator.widgets.date import Date, Datetime, Time
from fieldstone.ui_generator.widgets.decimal import Decimal
from fieldstone.ui_generator.widgets.file import File, Image
from fieldstone.ui_generator.widgets.json import JsonText
from fieldstone.ui_generator.widgets.line import Line, ReadOnly
from fieldstone.ui_generator.widgets.lines import Lines
from fieldstone.ui_generator.widgets.record import Record, Records
from fieldstone.ui_generator.widgets.rich_text import RichText
from fieldstone.ui_generator.widgets.widget import FieldWidget


def by_name(*widgets: FieldWidget) -> Mapping[str, FieldWidget]:
    """Give the widgets under their names."""
    named = {widget.name: widget for widget in widgets}
    assert len(named) == len(widgets), "two widgets of one name"
    return MappingProxyType(named)


WIDGETS: Final[Mapping[str, FieldWidget]] = by_name(
    Line(),
    Lines(),
    RichText(),
    Decimal(),
    Check(),
    Date(),
    Datetime(),
    Time(),
    Choice(),
    Choices(),
    Email(),
    Phone(),
    Url(),
    Address(),
    PersonName(),
    Geolocation(),
    JsonText(),
    File(),
    Image(),
    Record(),
    Records(),
    ReadOnly(),
)


def widget_of(field: Field) -> FieldWidget:
    """Give the widget that shows and edits a field."""
    return WIDGETS[field.type.widget(field.options).name]
