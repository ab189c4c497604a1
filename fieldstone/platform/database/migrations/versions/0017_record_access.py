"""Who stands where, who is in which team, and which records are shared with whom.

Roles are components; who has one is data, as teams are, of which a company may have many thousand.
"""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE person_role (
  tenant_id int NOT NULL,
  user_id bigint NOT NULL,
  role_id int NOT NULL,
  PRIMARY KEY (tenant_id, user_id) INCLUDE (role_id)
);
CREATE INDEX person_role_of ON person_role (tenant_id, role_id, user_id);

CREATE TABLE team (
  tenant_id int NOT NULL,
  id bigint NOT NULL,
  name text NOT NULL,
  description text NOT NULL DEFAULT '',
  parent_id bigint,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX team_name ON team (tenant_id, lower(name));
CREATE INDEX team_parent ON team (tenant_id, parent_id);

CREATE TABLE team_member (
  tenant_id int NOT NULL,
  team_id bigint NOT NULL,
  user_id bigint NOT NULL,
  PRIMARY KEY (tenant_id, team_id, user_id)
);
CREATE INDEX team_member_of ON team_member (tenant_id, user_id, team_id);

CREATE TABLE record_share (
  tenant_id int NOT NULL,
  record_id bigint NOT NULL,
  principal bigint NOT NULL,
  object_id int NOT NULL,
  level int NOT NULL CHECK (level IN (1, 2)),
  along int[] NOT NULL DEFAULT '{}',
  reason text NOT NULL DEFAULT '',
  at timestamptz NOT NULL DEFAULT now(),
  actor_id bigint,
  PRIMARY KEY (tenant_id, record_id, principal)
);
CREATE INDEX record_share_with
  ON record_share (tenant_id, object_id, principal, level, record_id);
CREATE INDEX record_share_along ON record_share (tenant_id, principal) WHERE along <> '{}';
"""
TENANT_TABLES = ("person_role", "team", "team_member", "record_share")
TEAMS = """
-- The teams that somebody is in, be it through a team within them. The tenant must be set.
CREATE FUNCTION teams_of(wanted int, who bigint) RETURNS TABLE (id bigint)
LANGUAGE sql STABLE ROWS 10 SET search_path = public, pg_temp AS $$
  WITH RECURSIVE above AS (
    SELECT m.team_id AS id FROM team_member m WHERE m.tenant_id = wanted AND m.user_id = who
    UNION
    SELECT t.parent_id FROM team t JOIN above a ON t.id = a.id
      WHERE t.tenant_id = wanted AND t.parent_id IS NOT NULL)
  SELECT above.id FROM above
$$;

-- Who is in one of these teams, or in a team within them. The tenant must be set.
CREATE FUNCTION people_of_teams(wanted int, among bigint[]) RETURNS TABLE (user_id bigint)
LANGUAGE sql STABLE ROWS 100 SET search_path = public, pg_temp AS $$
  WITH RECURSIVE below AS (
    SELECT unnest(among) AS id
    UNION
    SELECT t.id FROM team t JOIN below b ON t.parent_id = b.id WHERE t.tenant_id = wanted)
  SELECT DISTINCT m.user_id FROM team_member m JOIN below b ON m.team_id = b.id
    WHERE m.tenant_id = wanted
$$;
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
    'teams', coalesce((SELECT jsonb_agg(t.id) FROM teams_of(wanted, who) t), '[]'::jsonb))
  FROM member m WHERE m.tenant_id = wanted AND m.user_id = who
$$;
"""


def upgrade() -> None:
    """Make the tables, closed to all but their tenant, and what tells of them."""
    run(TABLES)
    for table in TENANT_TABLES:
        run(f"SELECT protect_table('{table}')")
    run(TEAMS)
    run(STANDING)
    for signature in ("teams_of(int, bigint)", "people_of_teams(int, bigint[])"):
        run(f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC")
        run(f"GRANT EXECUTE ON FUNCTION {signature} TO fieldstone_app")


def downgrade() -> None:
    """Refuse: everybody would see everything again."""
    raise NotImplementedError("What was kept from people stays so.")
