"""The table of a tenant's branches, as SQLAlchemy knows it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, DateTime, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.metadata.tables import METADATA

BRANCH: Final = Table(
    "branch",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("branch_tenant_id", Integer),
    Column("version", BigInteger),
    Column("branch_version", BigInteger),
    Column("base", JSONB),
    Column("created_at", DateTime(timezone=True)),
    Column("created_by", BigInteger),
    Column("merged_at", DateTime(timezone=True)),
)
"""version, branch_version: of both catalogs when they were alike last. base: what was alike."""
