"""What the examples of the functions of numbers do not say."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fieldstone.query_language.formula.errors import WrongArguments
from fieldstone.query_language.formula.typed import Constant, Failure
from tests.support.formulas import FAILED, typed, value_of


@pytest.mark.parametrize(
    "formula",
    [
        "0 ^ -1",
        "(-8) ^ (1 / 3)",
        "10 ^ 101",
        "2 ^ 1000000000001",
        "SQRT(-0.1)",
        "LN(0)",
        "LOG(-1)",
        "EXP(231)",
        "ASIN(1.001)",
        "ACOS(-2)",
        "MOD(1, 0)",
        "GEOLOCATION(90.1, 0)",
        "GEOLOCATION(0, -180.1)",
    ],
)
def test_what_is_not_defined_or_too_large_fails(formula: str) -> None:
    assert isinstance(typed(formula), Failure)


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("0 ^ 0", "1"),
        ("0 ^ 0.5", "0"),
        ("(-2) ^ 2", "4"),
        ("10 ^ -30", "0"),
        ("10 ^ 100 / 10 ^ 99", "10"),
        ("2.25 ^ 12.5", "25251.168294042348861694335938"),
        ("MOD(7, -3)", "1"),
        ("MOD(-0.75, 0.5)", "-0.25"),
        ("ROUND(0.5, 0)", "1"),
        ("ROUND(-0.5, 0)", "-1"),
        ("ROUND(55.5, -2)", "100"),
        ("ROUND(44.4, -2)", "0"),
        ("ROUND(1.25, 1.9)", "1.3"),
        ("ROUND(1.25, 1000000)", "1.25"),
        ("ROUND(1.25, -1000000)", "0"),
        ("TRUNC(-0.99)", "0"),
        ("CEILING(6 / 11 * 11)", "6"),
        ("MCEILING(6 / 11 * 11)", "6"),
        ("FLOOR(1 / 3 * 3)", "1"),
        ("MFLOOR(-1 / 3 * 3)", "-1"),
        ("CEILING(1.000000000000000001)", "2"),
        ("EXP(-300)", "0"),
    ],
)
def test_numbers_at_the_edge_have_their_value(formula: str, value: str) -> None:
    assert value_of(formula) == Decimal(value)


@pytest.mark.parametrize("formula", ["ROUND(-0.4, 0)", "FLOOR(-0.4)", "MOD(-4, 2)", "SIN(-0)"])
def test_zero_has_no_sign(formula: str) -> None:
    assert str(value_of(formula)).startswith("0")


def test_the_greatest_of_numbers_is_missing_where_one_of_them_is() -> None:
    assert value_of("MAX(1, n1)") is None
    assert value_of("MIN(1, n1)", n1=Decimal(2)) == 1


def test_rounding_to_fixed_places_leaves_room_for_further_products() -> None:
    shape = typed("ROUND(n1, 2)").shape

    assert (shape.digits, shape.places) == (19, 2)


def test_a_distance_between_two_ends_of_the_earth_is_half_its_girth() -> None:
    assert value_of("DISTANCE(GEOLOCATION(90, 0), GEOLOCATION(-90, 0), 'km')") == Decimal(
        "20015.115070"
    )


def test_a_distance_in_another_unit_is_refused() -> None:
    with pytest.raises(WrongArguments, match="unit must be 'mi' or 'km'"):
        typed("DISTANCE(g1, g2, 'm')")


def test_a_distance_in_a_unit_of_the_record_fails_for_another_one() -> None:
    place = {"latitude": Decimal(1), "longitude": Decimal(2)}

    assert value_of("DISTANCE(g1, g1, t1)", g1=place, t1="km") == 0
    assert value_of("DISTANCE(g1, g1, t1)", g1=place, t1="m") == FAILED
    assert value_of("DISTANCE(g1, g1, t1)", g1=place) is None


def test_random_numbers_are_refused_with_a_reason() -> None:
    with pytest.raises(WrongArguments, match="another number each time"):
        typed("RAND()")


def test_constants_are_worked_out_beforehand() -> None:
    assert isinstance(typed("ROUND(PI() * 2 ^ 2, 2)"), Constant)
