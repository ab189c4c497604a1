"""The tables of packages: what each component was shipped as, and packages that wait."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.metadata.tables import METADATA

PACKAGE_COMPONENT: Final = Table(
    "package_component",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("component_id", Integer, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("package", Text),
    Column("kind", Text),
    Column("name", Text),
    Column("body", JSONB),
)
"""What a component was shipped as, by a package of one digest: its name and its body then."""

PACKAGE_UPLOAD: Final = Table(
    "package_upload",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("name", Text),
    Column("version", Text),
    Column("files", JSONB),
    Column("uploaded_at", DateTime(timezone=True)),
    Column("uploaded_by", BigInteger),
)
"""A package that was sent here and may be installed: the texts of its files by their paths."""

PACKAGE_RECORD: Final = Table(
    "package_record",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("package", Text, primary_key=True),
    Column("object_id", Integer, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("record_id", BigInteger),
    Column("version", Integer),
    Column("change", BigInteger),
    Column("removed", BigInteger),
    Column("was_taken", Boolean),
)
"""A record that a package made here. key: the name that the package gives it, or a digest of the
value by which it is known. version: of the record then. change: the one with which it came.
removed: the one with which the package left it; was_taken: whether it went to the bin with that."""
