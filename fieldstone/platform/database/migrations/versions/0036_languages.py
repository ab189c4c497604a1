"""Languages: each member has one, or sees labels as the organization does."""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

COLUMN = "ALTER TABLE member ADD COLUMN language text"
STANDING = """
-- What somebody was given in a tenant, as Standing.from_json reads it, and their language. The
-- tenant must be set.
CREATE OR REPLACE FUNCTION standing_of(wanted int, who bigint) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT jsonb_build_object(
    'administrator', m.is_administrator,
    'language', m.language,
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
    """Make the column, and have what is known of people tell of it."""
    run(COLUMN)
    run(STANDING)


def downgrade() -> None:
    """Refuse: which languages people chose would be forgotten."""
    raise NotImplementedError("Languages are not taken back.")
