"""The table of who works in which territory."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Integer, Table

from fieldstone.metadata.tables import METADATA

TERRITORY_PERSON: Final = Table(
    "territory_person",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("territory_id", Integer, primary_key=True),
    Column("user_id", BigInteger, primary_key=True),
)
