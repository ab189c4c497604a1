"""Permission sets of people, and all that somebody was given in a tenant told in one go.

standing_of grows with what people are given; find_bearer passes on what it says, so that its own
shape stays as it is.
"""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE permission_assignment (
  tenant_id int NOT NULL,
  user_id bigint NOT NULL,
  set_id int NOT NULL,
  assigned_by bigint,
  assigned_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, user_id, set_id)
);
CREATE INDEX permission_assignment_of ON permission_assignment (tenant_id, set_id, user_id);
"""
TENANT_TABLES = ("permission_assignment",)
STANDING = """
-- What somebody was given in a tenant, as Standing.from_json reads it. The tenant must be set.
CREATE FUNCTION standing_of(wanted int, who bigint) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT jsonb_build_object(
    'administrator', m.is_administrator,
    'sets', coalesce((SELECT jsonb_agg(a.set_id) FROM permission_assignment a
      WHERE a.tenant_id = wanted AND a.user_id = who), '[]'::jsonb))
  FROM member m WHERE m.tenant_id = wanted AND m.user_id = who
$$;
"""
BEARER = """
DROP FUNCTION find_bearer(int, bytea, boolean, interval);

-- Who a session's or a token's secret stands for; no row for one that has ended. Sets the tenant
-- for this statement, so that a request is let in with one way to the database.
CREATE FUNCTION find_bearer(wanted int, secret bytea, by_session boolean, idle interval)
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
    RETURN QUERY SELECT t.id, m.user_id, m.email, standing_of(wanted, m.user_id), t.used_at
      FROM access_token t
      JOIN member m ON m.tenant_id = t.tenant_id AND m.user_id = t.user_id
      WHERE t.tenant_id = wanted AND t.token_hash = secret AND t.revoked_at IS NULL
        AND (t.expires_at IS NULL OR t.expires_at > now())
        AND m.ended_at IS NULL;
  END IF;
END $$;
"""
SIGNATURES = ("find_bearer(int, bytea, boolean, interval)", "standing_of(int, bigint)")


def upgrade() -> None:
    """Make the table, closed to all but its tenant, and what tells of it."""
    run(TABLES)
    for table in TENANT_TABLES:
        run(f"SELECT protect_table('{table}')")
    run(STANDING)
    run(BEARER)
    for signature in SIGNATURES:
        run(f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC")
        run(f"GRANT EXECUTE ON FUNCTION {signature} TO fieldstone_app")


def downgrade() -> None:
    """Refuse: everybody would see everything again."""
    raise NotImplementedError("What people were given is not taken back.")
