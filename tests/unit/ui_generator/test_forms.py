"""Forms: what a widget shows of a value, read again, is the value; whatever its type."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from starlette.datastructures import ImmutableMultiDict

from fieldstone.errors import BadValue
from fieldstone.metadata.catalog import Field
from fieldstone.metadata.field_types.currency import CurrencyOptions
from fieldstone.metadata.field_types.options import build_options
from fieldstone.metadata.field_types.registry import FIELD_TYPES
from fieldstone.metadata.rights import ADMINISTRATOR
from fieldstone.ui_generator.assets import load_assets
from fieldstone.ui_generator.forms import RecordForm, ValueField, editable_fields, first_fields
from fieldstone.ui_generator.rendering import Templates, render_cell, render_whole
from fieldstone.ui_generator.viewing import Viewing
from fieldstone.ui_generator.widgets.registry import WIDGETS
from tests.support.components import a_catalog, an_object, stored
from tests.support.field_samples import SAMPLES, options_of

CATALOG = a_catalog(
    stored(
        *an_object(
            "Company",
            {"name": "name", "type": "text", "required": True},
            {"name": "value", "type": "currency"},
            {"name": "active", "type": "checkbox"},
            {"name": "parent", "type": "lookup", "references": "Company"},
            {"name": "number", "type": "auto_number"},
            {"name": "interests", "type": "multi_select", "options": ["Golf", "Chess"]},
        )
    )
)
COMPANY = CATALOG.get_object("Company")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
EDITABLE = [name for name, kind in FIELD_TYPES.items() if kind.definable and not kind.read_only]
TEMPLATES = Templates(load_assets())


def a_view(zone: str = "UTC") -> Viewing:
    """Give somebody who looks from a zone."""
    return Viewing(CATALOG, ADMINISTRATOR, NOW, ZoneInfo(zone))


def a_field(name: str, options: Any) -> Field:
    """Give a field of a type."""
    references = (COMPANY.id,) if hasattr(FIELD_TYPES[name], "linked") else ()
    return Field(
        id=1,  # type: ignore[arg-type]
        object_id=COMPANY.id,
        name="it",
        label="It",
        type=FIELD_TYPES[name],
        options=options,
        references=references,
    )


def a_form(*fields: Field, view: Viewing | None = None) -> RecordForm:
    """Give a form of these fields."""
    return RecordForm(COMPANY, fields, view or a_view(), TEMPLATES.render_inputs)


def sent(*pairs: tuple[str, str]) -> ImmutableMultiDict[str, str]:
    """Give what a browser sends."""
    return ImmutableMultiDict(list(pairs))


@pytest.mark.parametrize("name", EDITABLE)
@given(data=st.data(), zone=st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata"]))
def test_what_a_form_shows_is_read_back_as_the_same_value(name: str, data: Any, zone: str) -> None:
    options = data.draw(options_of(name))
    field = a_field(name, options)
    try:
        value = field.type.accept(data.draw(SAMPLES[name].json(options)), options)
    except BadValue:
        assume(False)
    stored_value = field.type.encode(value)
    assume(stored_value not in (None, "", [], {}))
    view = a_view(zone)
    widget = WIDGETS[field.type.widget(options).name]

    texts = widget.texts(stored_value, field, view)
    found = widget.read({part: list(held) for part, held in texts.items()}, field, view)

    if name == "datetime" and zone == "America/New_York":
        # An hour of autumn stands twice on the clock; a form that is left alone writes neither.
        assert abs(field.type.decode(found) - value).total_seconds() in (0, 3600)
    else:
        assert found == stored_value


@pytest.mark.parametrize("name", EDITABLE)
@settings(max_examples=30)
@given(data=st.data())
def test_every_value_can_be_shown_and_edited(name: str, data: Any) -> None:
    options = data.draw(options_of(name))
    field = a_field(name, options)
    try:
        value = field.type.accept(data.draw(SAMPLES[name].json(options)), options)
    except BadValue:
        assume(False)
    form = a_form(field)
    form.process(None, data={"it": field.type.encode(value)})

    html = [render_cell(form["it"].data, field, a_view()), form["it"]()]
    html.append(render_whole(form["it"].data, field, a_view()))

    assert all("<script" not in one and "style=" not in one for one in html)


def test_every_widget_that_a_type_asks_for_is_there() -> None:
    asked = {
        kind.widget(build_options(kind, SAMPLES[name].options[0])).name
        for name, kind in FIELD_TYPES.items()
    }

    assert asked <= set(WIDGETS)


def test_a_form_that_is_left_alone_writes_nothing() -> None:
    form = a_form(*editable_fields(COMPANY, ADMINISTRATOR))
    row = {"name": "Acme", "value": 12, "active": True, "interests": ["Golf"]}

    form.process(
        sent(
            ("name", "Acme"),
            ("value", "12"),
            ("active", "no"),
            ("active", "yes"),
            ("parent", ""),
            ("interests", ""),
            ("interests", "Golf"),
        ),
        data=row,
    )

    assert form.values() == ({}, [])


def test_what_was_changed_is_written_and_nothing_else() -> None:
    form = a_form(*editable_fields(COMPANY, ADMINISTRATOR))

    form.process(
        sent(("name", "Acme"), ("value", "1.234,50"), ("active", "no")),
        data={"name": "Acme", "value": 12, "active": True},
    )

    values, problems = form.values()
    assert {field.name: str(value) for field, value in values.items()} == {
        "value": "1234.5",
        "active": "False",
    }
    assert problems == []


def test_an_emptied_input_clears_the_field() -> None:
    form = a_form(*editable_fields(COMPANY, ADMINISTRATOR))

    form.process(sent(("value", " "), ("interests", "")), data={"value": 12, "interests": ["Golf"]})

    values, _ = form.values()
    assert {field.name: value for field, value in values.items()} == {
        "value": None,
        "interests": None,
    }


def test_what_cannot_be_read_is_kept_and_told_at_its_field() -> None:
    form = a_form(*editable_fields(COMPANY, ADMINISTRATOR))

    form.process(
        sent(
            ("value", "12x"),
        ),
        data={"value": 12},
    )
    values, problems = form.values()
    homeless = form.show(problems)

    assert values == {}
    assert homeless == []
    field = form["value"]
    assert isinstance(field, ValueField)
    assert field.text() == "12x"
    html = field()
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="f-value-error"' in html
    assert 'value="12x"' in html


def test_a_problem_of_no_field_is_given_back() -> None:
    form = a_form(*editable_fields(COMPANY, ADMINISTRATOR))
    form.process(None)

    with pytest.raises(BadValue) as refused:
        raise BadValue("It cannot be.")
    homeless = form.show(refused.value.problems)

    assert [problem.message for problem in homeless] == ["It cannot be."]


def test_what_the_engine_writes_is_not_asked_for() -> None:
    names = [field.name for field in editable_fields(COMPANY, ADMINISTRATOR)]

    assert names == ["name", "value", "active", "parent", "interests"]


def test_a_new_record_is_asked_for_what_is_required_first() -> None:
    fields = editable_fields(COMPANY, ADMINISTRATOR)

    first = [field.name for field in first_fields(COMPANY, fields, most=2)]

    assert first == ["name", "value"]


def test_amounts_of_one_column_have_the_same_places() -> None:
    field = a_field("currency", CurrencyOptions("USD"))

    cells = [str(render_cell(value, field, a_view())) for value in (9800, 25000, -1250000)]

    assert cells == ["$9,800.00", "$25,000.00", "-$1,250,000.00"]
