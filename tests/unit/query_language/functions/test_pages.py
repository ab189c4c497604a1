"""URLFOR and LINKTO, beside what their examples say."""

from __future__ import annotations

from typing import cast

import pytest
from starlette.routing import Route

from fieldstone.query_language.formula.pages import PAGES
from fieldstone.ui_generator.pages.routes import ROUTES
from tests.support.formulas import value_of


@pytest.mark.parametrize("page", PAGES.values())
def test_every_page_that_formulas_name_is_there(page: str):
    there = {cast("Route", route).path for route in ROUTES}

    assert page.replace("{}", "{object}") in there


def test_an_id_that_is_none_gives_no_address():
    assert value_of("URLFOR('/a/{id}', t1)", t1="../x") == ""


def test_a_program_is_no_target():
    assert value_of("LINKTO('x', t1)", t1="javascript:f()") == (
        '<a href="unsafe:javascript:f()">x</a>'
    )


def test_a_label_is_escaped():
    assert value_of("LINKTO(t1, '/')", t1="<b>") == '<a href="/">&lt;b&gt;</a>'
