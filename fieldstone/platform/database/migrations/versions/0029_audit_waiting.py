"""What waits to be sealed is nothing that a tenant has: one that goes need not wait for it."""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

CHANGES = """
ALTER TABLE audit_pending RENAME COLUMN tenant_id TO of_tenant;

CREATE OR REPLACE FUNCTION note_log() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE mine int := nullif(current_setting('app.tenant', true), '')::int;
BEGIN
  IF mine IS NOT NULL THEN INSERT INTO audit_pending (of_tenant) VALUES (mine);
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION audit_waiting() RETURNS TABLE (tenant_id int, last bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT p.of_tenant, max(p.id) FROM audit_pending p GROUP BY 1
$$;
CREATE OR REPLACE FUNCTION audit_sealed(of_tenant int, upto bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  DELETE FROM audit_pending p WHERE p.of_tenant = $1 AND p.id <= upto
$$;
"""


def upgrade() -> None:
    """Call the column otherwise than those of tenants' tables."""
    run(CHANGES)


def downgrade() -> None:
    """Refuse: tenants could not be dropped."""
    raise NotImplementedError("What waits for its seal is not given to tenants again.")
