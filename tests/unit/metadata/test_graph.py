"""Tests of the order of components and of the circles that are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldstone.errors import Several
from fieldstone.metadata.component import Component
from fieldstone.metadata.graph import find_cycles, in_order


def an_object(name, **body):
    return Component("object", name, {"label": name, **body})


def a_field(name, type_name="text", **body):
    return Component("field", name, {"object": name.partition(".")[0], "type": type_name, **body})


def a_relation(name, left, right, *attributes):
    ends = {"left": {"object": left, "field": "a"}, "right": {"object": right, "field": "b"}}
    return Component("relation", name, {"label": name, **ends, "attributes": attributes})


COLOUR = Component("picklist", "Colour", {"label": "Colour", "options": ["Red"]})
CAR = an_object("Car", aliases=["Auto"])
WHEEL = an_object("Wheel")
NAME = a_field("Car.name")
PAINT = a_field("Car.paint", "picklist", value_set="Colour")
OWN_WHEEL = a_field("Car.spare", "lookup", references="Wheel")
OWN_CAR = a_field("Wheel.car", "lookup", references="Auto")
FITS = a_relation("Fit", "Car", "Wheel", {"name": "shade", "type": "text"})
BEST = a_field("Car.best_fit", "lookup", references="Fit")
RULE = Component(
    "attach_rule",
    "wheel_car",
    {
        "object": "Wheel",
        "field": "car",
        "source": "car",
        "target": "Car",
        "target_field": "name",
    },
)
ALL = [CAR, WHEEL, COLOUR, FITS, NAME, PAINT, OWN_WHEEL, OWN_CAR, BEST, RULE]


@given(st.permutations(ALL))
def test_each_component_stands_after_what_it_leans_on(components):
    places = {component.name: place for place, component in enumerate(in_order(components))}

    assert sorted(places) == sorted(component.name for component in ALL)
    assert max(places["Car"], places["Wheel"]) < min(places["Car.name"], places["Fit"])
    assert places["Colour"] < places["Car.paint"]
    assert places["Fit"] < places["Car.best_fit"]
    assert places["Wheel.car"] < places["wheel_car"]


def test_fields_keep_the_order_in_which_they_were_given():
    fields = [PAINT, OWN_WHEEL, NAME, BEST]

    ordered = in_order([COLOUR, *fields, CAR, WHEEL, FITS])

    assert [component for component in ordered if component.kind == "field"] == fields


def test_what_is_not_in_the_set_is_taken_to_be_there():
    assert in_order([OWN_WHEEL, PAINT]) == (OWN_WHEEL, PAINT)


def test_lookups_may_go_in_a_circle():
    components = [CAR, WHEEL, OWN_WHEEL, OWN_CAR, a_field("Car.twin", "lookup", references="Car")]

    assert not list(find_cycles(components))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (
            [
                a_field("Car.wheel", "master_detail", references="Wheel"),
                a_field("Wheel.car", "master_detail", references="Auto"),
            ],
            "Masters go in a circle: Car → Wheel → Car.",
        ),
        (
            [a_field("Car.car", "master_detail", references="Car")],
            "Masters go in a circle: Car → Car.",
        ),
        (
            [FITS, a_field("Car.fit", "master_detail", references="Fit")],
            "Masters go in a circle: Car → Fit → Car.",
        ),
        (
            [
                a_field("Car.a", "picklist", options=["X"], controlled_by="b"),
                a_field("Car.b", "picklist", options=["X"], controlled_by="C"),
                a_field("Car.c", "picklist", options=["X"], controlled_by="a"),
            ],
            "Picklists control each other: Car.a → Car.b → Car.c → Car.a.",
        ),
        (
            [
                a_field("Car.a", derive={"form": "join", "fields": ["b", "x"]}),
                a_field("Car.b", derive={"form": "join", "fields": ["A"]}),
            ],
            "Values follow from each other: Car.a → Car.b → Car.a.",
        ),
    ],
)
def test_circles_that_could_never_be_filled_are_shown(fields, told):
    problems = list(find_cycles([CAR, WHEEL, *fields]))

    assert [(problem.code, problem.message) for problem in problems] == [("metadata.cycle", told)]
    assert problems[0].hint


def test_every_circle_is_told():
    fields = [
        a_field("Car.car", "master_detail", references="Car"),
        a_field("Wheel.wheel", "master_detail", references="Wheel"),
    ]

    assert len(list(find_cycles([CAR, WHEEL, *fields]))) == 2


def test_relations_that_lean_on_each_other_cannot_be_put_in_order():
    first, second = a_relation("First", "Car", "Second"), a_relation("Second", "Car", "First")

    with pytest.raises(Several, match="First → Second → First"):
        in_order([first, second, CAR])
