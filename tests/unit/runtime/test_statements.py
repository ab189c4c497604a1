"""Statements are compiled when they run first, or where it is asked for."""

from __future__ import annotations

from sqlalchemy import Integer, select

from fieldstone.metadata.tables import TENANT
from fieldstone.runtime.statements import parameter, prepare


def test_a_statement_is_compiled_once_when_its_text_is_asked_for() -> None:
    statement = prepare(select(TENANT.c.name).where(TENANT.c.id == parameter("id", Integer())))

    assert "$1" in statement.sql
    assert statement.sql is statement.sql
    assert statement.names == ("id",)
    assert statement.arguments({"id": 7}) == [7]


def test_a_compiled_statement_is_the_same() -> None:
    statement = select(TENANT.c.name)

    assert prepare(statement).compiled().sql == prepare(statement).sql
