"""PostgreSQL reads the columns of a call out of their literals as they were."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.runtime.statements import incoming, prepare
from tests.support.app import owner_connection

TABLE = Table(
    "any_column",
    MetaData(),
    Column("number", BigInteger),
    Column("exact", Numeric),
    Column("share", Double),
    Column("truth", Boolean),
    Column("words", Text),
    Column("json", JSONB),
    Column("day", DateTime),
    Column("at", DateTime(timezone=True)),
    Column("bytes", LargeBinary),
)
SIGNS = [
    "",
    "NULL",
    "null",
    ",",
    "{",
    "}",
    '"',
    "\\",
    '\\"',
    "\\\\",
    "'",
    "\n",
    "\t",
    " ",
    "ü",
    "😀",
]
SIGNS += ["\x01", "\x7f", "a", "{}", "$1", "--", "\\x41", "\ufffd", "\u2028"]
VALUES: dict[str, list[Any]] = {
    "number": [None, 0, -1, 2**63 - 1, -(2**63)],
    "exact": [None, Decimal("0.10"), Decimal("-12345678901234567890.123456789"), Decimal("100001")],
    "share": [None, 0.1, -0.0, 1e308, 5e-324, float("inf"), 123456789.123456789],
    "truth": [None, True, False],
    "words": [None, *SIGNS],
    "json": [None, '{"a": ["\\"", "\\\\", "}"], "b": null}', '"{}"', "null", "[1.50]", '"\\n"'],
    "day": [None, datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999)],
    "at": [None, datetime(2026, 1, 31, 14, 30, 0, 1, tzinfo=UTC)],
    "bytes": [None, b"", b"\x00\xff\\x\"'{}"],
}


async def read_back(dsn: str, name: str, values: list[Any]) -> list[Any]:
    """Send a column of a call, and give what PostgreSQL took it for."""
    given = incoming(TABLE, name)
    statement = prepare(select(given.c[name]))
    async with owner_connection(dsn) as connection:
        rows = await connection.fetch(statement.sql, *statement.arguments({name: values}))
    return [row[0] for row in rows]


@pytest.mark.parametrize("name", [*VALUES])
async def test_every_value_of_a_column_comes_through(worker_app_dsn: str, name: str) -> None:
    known = VALUES[name]
    some = [value for value in known if value is not None]
    for values in (known, some, some[:1], [None], [None, None], []):
        found = await read_back(worker_app_dsn, name, values)

        if name == "json":
            found = [None if one is None else one.replace(" ", "") for one in found]
            values = [None if one is None else one.replace(" ", "") for one in values]
        assert [repr(one) for one in found] == [repr(one) for one in values]


async def test_texts_of_any_signs_come_through(worker_app_dsn: str) -> None:
    pick = random.Random(7)
    values: list[Any] = [
        None if pick.random() < 0.1 else "".join(pick.choices(SIGNS, k=pick.randrange(9)))
        for _ in range(5_000)
    ]
    whole = [value for value in values if value is not None]

    assert await read_back(worker_app_dsn, "words", values) == values
    assert await read_back(worker_app_dsn, "words", whole) == whole


@pytest.mark.parametrize("values", [["a\0b", "c"], ["a\0b", None], ["\0"]])
async def test_text_that_postgresql_cannot_hold_is_refused_and_never_parted(
    worker_app_dsn: str, values: list[Any]
) -> None:
    with pytest.raises(Exception, match="0x00"):
        await read_back(worker_app_dsn, "words", values)
