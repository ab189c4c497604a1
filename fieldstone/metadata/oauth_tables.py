"""The tables of connected apps: grants, codes, refresh tokens, secrets of programs."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    DateTime,
    Integer,
    LargeBinary,
    Table,
    Text,
)

from fieldstone.metadata.tables import METADATA

APP_SECRET: Final = Table(
    "app_secret",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("app", Text, primary_key=True),
    Column("secret_hash", LargeBinary),
    Column("created_at", DateTime(timezone=True)),
    Column("created_by", BigInteger),
)
OAUTH_GRANT: Final = Table(
    "oauth_grant",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("app", Text),
    Column("user_id", BigInteger),
    Column("form", Text),
    Column("scopes", ARRAY(Text)),
    Column("created_at", DateTime(timezone=True)),
    Column("used_at", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True)),
)
OAUTH_CODE: Final = Table(
    "oauth_code",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("token_hash", LargeBinary, primary_key=True),
    Column("grant_id", BigInteger),
    Column("redirect_uri", Text),
    Column("challenge", Text),
    Column("expires_at", DateTime(timezone=True)),
    Column("used_at", DateTime(timezone=True)),
)
REFRESH_TOKEN: Final = Table(
    "refresh_token",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("token_hash", LargeBinary, primary_key=True),
    Column("grant_id", BigInteger),
    Column("created_at", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True)),
    Column("used_at", DateTime(timezone=True)),
)
SEEN_ONCE: Final = Table(
    "seen_once",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
    Column("expires_at", DateTime(timezone=True)),
)
