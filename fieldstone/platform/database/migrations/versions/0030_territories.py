"""Territories: who works in which, and which shares of records follow from their rules."""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE territory_person (
  tenant_id int NOT NULL,
  territory_id int NOT NULL,
  user_id bigint NOT NULL,
  PRIMARY KEY (tenant_id, territory_id, user_id)
);
CREATE INDEX territory_person_of ON territory_person (tenant_id, user_id, territory_id);
ALTER TABLE record_share ADD COLUMN by_rule boolean NOT NULL DEFAULT false;
"""
STANDING = """
-- What somebody was given in a tenant, as Standing.from_json reads it. The tenant must be set.
CREATE OR REPLACE FUNCTION standing_of(wanted int, who bigint) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT jsonb_build_object(
    'administrator', m.is_administrator,
    'sets', coalesce((SELECT jsonb_agg(a.set_id) FROM permission_assignment a
      WHERE a.tenant_id = wanted AND a.user_id = who), '[]'::jsonb),
    'role', (SELECT r.role_id FROM person_role r
      WHERE r.tenant_id = wanted AND r.user_id = who),
    'teams', coalesce((SELECT jsonb_agg(t.id) FROM teams_of(wanted, who) t), '[]'::jsonb),
    'territories', coalesce((SELECT jsonb_agg(p.territory_id) FROM territory_person p
      WHERE p.tenant_id = wanted AND p.user_id = who), '[]'::jsonb))
  FROM member m WHERE m.tenant_id = wanted AND m.user_id = who
$$;
"""


def upgrade() -> None:
    """Make the table, closed to all but its tenant, and have what is known of people tell of it."""
    run(TABLES)
    run("SELECT protect_table('territory_person')")
    run(STANDING)


def downgrade() -> None:
    """Refuse: what rules have shared could not be told from what people have."""
    raise NotImplementedError("Territories are not taken back.")
