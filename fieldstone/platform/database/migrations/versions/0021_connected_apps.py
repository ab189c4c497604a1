"""Connected apps: what programs were allowed, their secrets, and tokens with scopes.

A grant is what somebody allowed a program once. The access and refresh tokens that came of it are
its family, and end with it.
"""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE app_secret (
  tenant_id int NOT NULL,
  app text NOT NULL,
  secret_hash bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by bigint,
  PRIMARY KEY (tenant_id, app)
);

CREATE TABLE oauth_grant (
  tenant_id int NOT NULL,
  id bigint NOT NULL,
  app text NOT NULL,
  user_id bigint NOT NULL,
  form text NOT NULL,
  scopes text[] NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  used_at timestamptz,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX oauth_grant_mine ON oauth_grant (tenant_id, user_id, app);

CREATE TABLE oauth_code (
  tenant_id int NOT NULL,
  token_hash bytea NOT NULL,
  grant_id bigint NOT NULL,
  redirect_uri text NOT NULL,
  challenge text NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  PRIMARY KEY (tenant_id, token_hash),
  FOREIGN KEY (tenant_id, grant_id) REFERENCES oauth_grant ON DELETE CASCADE
);
CREATE INDEX oauth_code_of ON oauth_code (tenant_id, grant_id);

CREATE TABLE refresh_token (
  tenant_id int NOT NULL,
  token_hash bytea NOT NULL,
  grant_id bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  PRIMARY KEY (tenant_id, token_hash),
  FOREIGN KEY (tenant_id, grant_id) REFERENCES oauth_grant ON DELETE CASCADE
);
CREATE INDEX refresh_token_of ON refresh_token (tenant_id, grant_id);

CREATE TABLE seen_once (
  tenant_id int NOT NULL,
  digest bytea NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, digest)
);
CREATE INDEX seen_once_end ON seen_once (tenant_id, expires_at);

ALTER TABLE access_token ADD COLUMN scopes text[], ADD COLUMN app text, ADD COLUMN grant_id bigint;
CREATE INDEX access_token_grant ON access_token (tenant_id, grant_id) WHERE grant_id IS NOT NULL;
ALTER TABLE member ADD COLUMN is_service boolean NOT NULL DEFAULT false;
"""
TENANT_TABLES = ("app_secret", "oauth_grant", "oauth_code", "refresh_token", "seen_once")
BEARER = """
-- Who a session's or a token's secret stands for; no row for one that has ended, nor for one of a
-- program that is no connected app any more. Sets the tenant for this statement, so that a request
-- is let in with one way to the database.
CREATE OR REPLACE FUNCTION find_bearer(wanted int, secret bytea, by_session boolean, idle interval)
RETURNS TABLE (id bigint, user_id bigint, email text, standing jsonb, seen_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM set_config('app.tenant', wanted::text, true);
  IF by_session THEN
    RETURN QUERY SELECT s.id, m.user_id, m.email, standing_of(wanted, m.user_id), s.seen_at
      FROM session s
      JOIN member m ON m.tenant_id = s.tenant_id AND m.user_id = s.user_id
      WHERE s.tenant_id = wanted AND s.token_hash = secret AND s.expires_at > now()
        AND s.seen_at > now() - idle AND m.ended_at IS NULL;
  ELSE
    RETURN QUERY SELECT t.id, m.user_id, m.email,
        standing_of(wanted, m.user_id) || jsonb_build_object('scopes', to_jsonb(t.scopes)),
        t.used_at
      FROM access_token t
      JOIN member m ON m.tenant_id = t.tenant_id AND m.user_id = t.user_id
      WHERE t.tenant_id = wanted AND t.token_hash = secret AND t.revoked_at IS NULL
        AND (t.expires_at IS NULL OR t.expires_at > now())
        AND m.ended_at IS NULL
        AND (t.app IS NULL OR EXISTS (SELECT FROM component c
          WHERE c.tenant_id = wanted AND c.kind = 'connected_app' AND lower(c.name) = lower(t.app)
            AND c.deleted_at IS NULL AND coalesce((c.body->>'active')::boolean, true)));
  END IF;
END $$;
"""


def upgrade() -> None:
    """Make the tables, closed to all but their tenant, and let tokens have scopes."""
    run(TABLES)
    for table in TENANT_TABLES:
        run(f"SELECT protect_table('{table}')")
    run(BEARER)


def downgrade() -> None:
    """Refuse: tokens would reach further than they were allowed to."""
    raise NotImplementedError("Scopes of tokens are not taken back.")
