"""Sums over slots are exact to the digit, whatever places the numbers have."""

from __future__ import annotations

from decimal import Decimal

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Float, MetaData, Table, select

from fieldstone.metadata.catalog import Field
from fieldstone.query_language.plan import FieldRef
from fieldstone.query_language.totals import total
from fieldstone.runtime.statements import prepare
from tests.support.query_catalog import a_catalog

KEPT = Table("kept", MetaData(), Column("key", Float()))
FEW_PLACES = st.decimals(Decimal(-(10**13)) + 1, Decimal(10**13) - 1, places=2)
MORE_PLACES = st.decimals(Decimal(-(10**8)), Decimal(10**8), places=6)
LARGE = st.integers(-(10**15) + 1, 10**15 - 1).map(Decimal)


@pytest.fixture(scope="module")
def amount() -> Field:
    """A field of two places."""
    return a_catalog().get_object("Deal").get_field("amount")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(values=st.lists(FEW_PLACES | MORE_PLACES | LARGE | st.none(), max_size=30))
async def test_a_total_is_the_sum_of_the_decimals(
    database_dsn: str, amount: Field, values: list[Decimal | None]
) -> None:
    statement = prepare(select(total(FieldRef(0, amount), KEPT.c.key)))
    connection = await asyncpg.connect(database_dsn)
    try:
        await connection.execute("CREATE TEMPORARY TABLE kept (key float8)")
        rows = [(None if value is None else float(value),) for value in values]
        await connection.executemany("INSERT INTO kept VALUES ($1)", rows)

        found = await connection.fetchval(statement.sql)
    finally:
        await connection.close()

    known = [value for value in values if value is not None]
    assert found == (sum(known, Decimal(0)) if known else None)
