"""A table in PostgreSQL that holds sample values of one field type at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Executable,
    Index,
    Integer,
    MetaData,
    Row,
    Table,
    Text,
    delete,
    insert,
    literal,
    null,
    select,
)
from sqlalchemy import DateTime as Timestamp
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.schema import CreateIndex, CreateTable, DropIndex

from fieldstone.metadata.field_types.field_type import FieldType, Operator
from fieldstone.metadata.slots import SlotKind
from fieldstone.metadata.values import read_json, write_json

SAMPLE = Table(
    "sample",
    MetaData(),
    Column("place", Integer, primary_key=True),
    Column("data", JSONB, nullable=False),
    Column(SlotKind.TEXT.value, Text(collation="C")),
    Column(SlotKind.NUMBER.value, Double),
    Column(SlotKind.TIME.value, Timestamp(timezone=False)),
    Column(SlotKind.REFERENCE.value, BigInteger),
    prefixes=["TEMPORARY"],
)
KEY = "f1"


class FieldTable:
    """Asks PostgreSQL about sample values, from tests that are not asynchronous themselves."""

    def __init__(self, dsn: str) -> None:
        scheme = "postgresql+asyncpg"
        self._address = urlunsplit(urlsplit(dsn)._replace(scheme=scheme))
        self._runner = asyncio.Runner()

    def __enter__(self) -> FieldTable:
        self._engine = create_async_engine(
            self._address, json_serializer=write_json, json_deserializer=read_json
        )
        self._connection: AsyncConnection = self._runner.run(self._open())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._runner.run(self._close())
        self._runner.close()

    async def _open(self) -> AsyncConnection:
        connection = await self._engine.connect()
        await connection.execute(CreateTable(SAMPLE))
        return connection

    async def _close(self) -> None:
        await self._connection.close()
        await self._engine.dispose()

    def run(self, statement: Executable) -> Sequence[Row[Any]]:
        """Run a statement and give its rows."""
        result = self._runner.run(self._connection.execute(statement))
        return result.all() if result.returns_rows else []

    def index(self, field_type: FieldType[Any, Any], options: Any) -> None:
        """Make and drop an index on the SQL form of a type, which must be immutable for it."""
        made = Index("sample_form", field_type.sql(SAMPLE.c.data[KEY], options), _table=SAMPLE)
        SAMPLE.indexes.discard(made)
        self.run(CreateIndex(made))
        self.run(DropIndex(made))

    def compare(
        self, field_type: FieldType[Any, Any], options: Any, values: list[Any]
    ) -> list[Row[Any]]:
        """Compare every value with every other: from the JSON, from the slot, with the operand."""
        slot = field_type.slot.value if field_type.slot else None
        rows: list[dict[str, Any]] = []
        for place, value in enumerate(values):
            row = {"place": place, "data": {KEY: field_type.encode(value)}}
            rows.append(
                row if slot is None else row | {slot: field_type.slot_value(value, options)}
            )
        self.run(delete(SAMPLE))
        self.run(insert(SAMPLE).values(rows))
        return [
            row
            for right, value in enumerate(values)
            for row in self.run(self._comparison(field_type, options, right, value))
        ]

    def _comparison(
        self, field_type: FieldType[Any, Any], options: Any, right: int, value: Any
    ) -> Executable:
        one, other = SAMPLE.alias("one"), SAMPLE.alias("other")
        form = field_type.sql(one.c.data[KEY], options)
        form_of_other = field_type.sql(other.c.data[KEY], options)
        operand = literal(field_type.sql_operand(value, options), type_=form.type)
        ordered = Operator.LESS in field_type.operators
        slot = field_type.slot.value if field_type.slot else None
        columns = [
            one.c.place.label("left"),
            other.c.place.label("right"),
            (form == form_of_other).label("equal"),
            (form < form_of_other if ordered else null()).label("less"),
            (form == operand).label("operand_equal"),
            (form < operand if ordered else null()).label("operand_less"),
        ]
        if slot is not None:
            columns += [
                (one.c[slot] == other.c[slot]).label("slot_equal"),
                (one.c[slot] < other.c[slot] if ordered else null()).label("slot_less"),
            ]
        both = one.join(other, other.c.place == right)
        return select(*columns).select_from(both)
