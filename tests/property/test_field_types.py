"""The laws that every field type keeps, tried on each type of the registry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from fieldstone.errors import BadValue, InvalidInput
from fieldstone.metadata.field_types.field_type import FieldType, Operator, Widget, is_blank
from fieldstone.metadata.field_types.options import build_options, options_schema
from fieldstone.metadata.field_types.registry import FIELD_TYPES
from fieldstone.metadata.values import Json, read_json, write_json
from tests.support.field_samples import ANY_JSON, ANY_TEXT, SAMPLES, options_of
from tests.support.field_table import FieldTable

NAMES = tuple(FIELD_TYPES)
every_type = pytest.mark.parametrize("name", NAMES)
every_compared_type = pytest.mark.parametrize(
    "name", [name for name in NAMES if FIELD_TYPES[name].operators - {Operator.LIKE}]
)
quick = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
few = settings(quick, max_examples=12)


@pytest.fixture(scope="module")
def table(database_dsn: str) -> Iterator[FieldTable]:
    """A table of sample values in PostgreSQL."""
    with FieldTable(database_dsn) as opened:
        yield opened


def draw_case(data: st.DataObject, name: str) -> tuple[FieldType[Any, Any], Any, Any]:
    """Draw a type's options and a value that it accepts and that says something."""
    field_type = FIELD_TYPES[name]
    options = data.draw(options_of(name))
    value = accepted(field_type, options, data.draw(SAMPLES[name].json(options)))
    return field_type, options, value


def accepted(field_type: FieldType[Any, Any], options: Any, said: Json) -> Any:
    """Give the value that a type makes of JSON, and forget JSON that it refuses."""
    value = outcome(lambda: field_type.accept(said, options))
    assume(value is not None and not is_blank(field_type.encode(value)))
    return value


def outcome(work: Callable[[], Any]) -> Any:
    """Give what work gives; None where it raises BadValue, the only error allowed."""
    try:
        return work()
    except BadValue as error:
        assert error.problem.message.endswith(".")
        return None


def order_key(field_type: FieldType[Any, Any], options: Any, value: Any) -> Any:
    """Give what Python orders and equals values of a type by."""
    if field_type.slot is not None:
        return field_type.slot_value(value, options)
    return field_type.sql_operand(value, options)


def fits(said: Json, schema: dict[str, object]) -> bool:
    return jsonschema.Draft202012Validator(schema).is_valid(said)


def test_every_registered_type_has_a_sample():
    assert set(SAMPLES) == set(FIELD_TYPES)


@every_type
@quick
@given(data=st.data())
def test_stored_json_fits_the_schema_and_reads_back_equal(name, data):
    field_type, options, value = draw_case(data, name)

    stored = read_json(write_json(field_type.encode(value)))

    assert fits(stored, field_type.json_schema(options))
    assert field_type.decode(stored) == value
    assert field_type.accept(stored, options) == value
    assert field_type.accept_operand(stored, options) == value


@every_type
@quick
@given(data=st.data())
def test_shown_text_is_read_as_the_same_value(name, data):
    field_type, options, value = draw_case(data, name)

    shown = field_type.show(value, options)

    assert isinstance(shown, str)
    if SAMPLES[name].shown_is_read:
        assert field_type.parse(shown, options) == value


@every_type
@quick
@given(data=st.data(), said=ANY_JSON)
def test_arbitrary_json_is_refused_as_a_bad_value_or_becomes_one_that_fits(name, data, said):
    field_type, options = FIELD_TYPES[name], data.draw(options_of(name))
    schema = field_type.json_schema(options)

    value = outcome(lambda: field_type.accept(said, options))

    if value is None:
        return
    assert fits(field_type.encode(value), schema) or is_blank(field_type.encode(value))
    assert SAMPLES[name].wider or fits(said, schema)


@every_type
@quick
@given(data=st.data(), said=ANY_JSON)
def test_a_constant_of_a_condition_is_a_bad_value_or_can_be_compared(name, data, said):
    field_type, options = FIELD_TYPES[name], data.draw(options_of(name))

    value = outcome(lambda: field_type.accept_operand(said, options))

    if value is not None and field_type.operators:
        field_type.sql_operand(value, options)
        assert field_type.slot is None or field_type.slot_value(value, options) is not None


@every_type
@quick
@given(data=st.data())
def test_arbitrary_text_is_refused_as_a_bad_value_or_read(name, data):
    field_type, options = FIELD_TYPES[name], data.draw(options_of(name))
    known = st.sampled_from(SAMPLES[name].texts) if SAMPLES[name].texts else ANY_TEXT

    value = outcome(lambda: field_type.parse(data.draw(st.one_of(known, ANY_TEXT)), options))

    if value is not None and not is_blank(field_type.encode(value)):
        assert field_type.accept(field_type.encode(value), options) == value


@every_type
@quick
@given(
    said=st.dictionaries(st.sampled_from(["length", "places", "options", "references"]), ANY_JSON)
)
def test_arbitrary_options_are_refused_with_pointers_or_fit_their_schema(name, said):
    field_type = FIELD_TYPES[name]

    try:
        build_options(field_type, said)
    except InvalidInput as error:
        assert all(str(problem.at).startswith("/") for problem in error.problems)
    else:
        assert fits(said, options_schema(field_type))


@every_type
def test_every_type_describes_itself_and_names_its_widget(name):
    field_type = FIELD_TYPES[name]
    options = build_options(field_type, SAMPLES[name].options[0])

    assert field_type.describe(options)
    assert isinstance(field_type.widget(options), Widget)
    assert field_type.__doc__
    default = field_type.default(options)
    assert default is None or field_type.accept(default, options) is not None


@every_type
def test_an_index_on_the_sql_form_can_be_created(name, table):
    field_type = FIELD_TYPES[name]
    options = build_options(field_type, SAMPLES[name].options[0])

    table.index(field_type, options)


@every_compared_type
@few
@given(data=st.data())
def test_postgresql_and_python_agree_on_order_and_equality(name, data, table):
    field_type, options = FIELD_TYPES[name], data.draw(options_of(name))
    said = data.draw(st.lists(SAMPLES[name].json(options), min_size=2, max_size=6))
    values = [accepted(field_type, options, one) for one in said]

    rows = table.compare(field_type, options, values)

    for row in rows:
        left = order_key(field_type, options, values[row.left])
        right = order_key(field_type, options, values[row.right])
        expected = left < right if Operator.LESS in field_type.operators else None
        assert (row.equal, row.less) == (left == right, expected)
        assert (row.operand_equal, row.operand_less) == (left == right, expected)
        if field_type.slot:
            assert (row.slot_equal, row.slot_less) == (left == right, expected)
