"""Identity: members of tenants, their sessions and tokens, and who tried to get in.

Each tenant keeps the passwords of its own members, so that nobody of one tenant can prepare how
somebody gets into another; whoever belongs to several signs in to each.
"""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE member (
  tenant_id int NOT NULL,
  user_id bigint NOT NULL,
  email text NOT NULL CHECK (email = lower(email)),
  password_hash text,
  password_at timestamptz,
  is_administrator boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  PRIMARY KEY (tenant_id, user_id),
  UNIQUE (tenant_id, email)
);

CREATE TABLE invitation (
  tenant_id int NOT NULL,
  token_hash bytea NOT NULL,
  user_id bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, token_hash)
);

CREATE TABLE session (
  tenant_id int NOT NULL,
  id bigint NOT NULL,
  token_hash bytea NOT NULL,
  user_id bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  address text NOT NULL DEFAULT '',
  agent text NOT NULL DEFAULT '',
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, token_hash)
);
CREATE INDEX session_mine ON session (tenant_id, user_id);

CREATE TABLE access_token (
  tenant_id int NOT NULL,
  id bigint NOT NULL,
  token_hash bytea NOT NULL,
  user_id bigint NOT NULL,
  name text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  used_at timestamptz,
  expires_at timestamptz,
  revoked_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, token_hash)
);
CREATE INDEX access_token_mine ON access_token (tenant_id, user_id);

CREATE TABLE sign_in (
  tenant_id int NOT NULL,
  id bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  email text NOT NULL,
  address text NOT NULL,
  agent text NOT NULL DEFAULT '',
  outcome text NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX sign_in_address ON sign_in (tenant_id, address, at) WHERE outcome = 'refused';
"""
TENANT_TABLES = ("member", "invitation", "session", "access_token", "sign_in")
FUNCTIONS = """
-- Who a session's or a token's secret stands for; no row for one that has ended. Sets the tenant
-- for this statement, so that a request is let in with one way to the database.
CREATE FUNCTION find_bearer(wanted int, secret bytea, by_session boolean, idle interval)
RETURNS TABLE (id bigint, user_id bigint, email text, is_administrator boolean, seen_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM set_config('app.tenant', wanted::text, true);
  IF by_session THEN
    RETURN QUERY SELECT s.id, m.user_id, m.email, m.is_administrator, s.seen_at
      FROM session s
      JOIN member m ON m.tenant_id = s.tenant_id AND m.user_id = s.user_id
      WHERE s.tenant_id = wanted AND s.token_hash = secret AND s.expires_at > now()
        AND s.seen_at > now() - idle AND m.ended_at IS NULL;
  ELSE
    RETURN QUERY SELECT t.id, m.user_id, m.email, m.is_administrator, t.used_at
      FROM access_token t
      JOIN member m ON m.tenant_id = t.tenant_id AND m.user_id = t.user_id
      WHERE t.tenant_id = wanted AND t.token_hash = secret AND t.revoked_at IS NULL
        AND (t.expires_at IS NULL OR t.expires_at > now())
        AND m.ended_at IS NULL;
  END IF;
END $$;

-- Whether anybody can sign in to a tenant: from then on everybody has to.
CREATE FUNCTION has_members(wanted int) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM set_config('app.tenant', wanted::text, true);
  RETURN EXISTS (SELECT FROM member m
    WHERE m.tenant_id = wanted AND m.password_hash IS NOT NULL);
END $$;
"""
SIGNATURES = (
    "find_bearer(int, bytea, boolean, interval)",
    "has_members(int)",
)


def upgrade() -> None:
    """Make the tables, closed to all but their tenant, and what lets a request in."""
    run(TABLES)
    for table in TENANT_TABLES:
        run(f"SELECT protect_table('{table}')")
    run(FUNCTIONS)
    for signature in SIGNATURES:
        run(f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC")
        run(f"GRANT EXECUTE ON FUNCTION {signature} TO fieldstone_app")


def downgrade() -> None:
    """Refuse: nobody could sign in any more."""
    raise NotImplementedError("Accounts are not taken back.")
