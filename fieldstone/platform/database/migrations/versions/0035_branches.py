"""Which branches a tenant has, and what both had in common when they were alike last.

A branch is a tenant of its own; the row is its parent's, and tells whose metadata to compare.
"""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE branch (
  tenant_id int NOT NULL,
  name text NOT NULL,
  branch_tenant_id int NOT NULL,
  version bigint NOT NULL,
  branch_version bigint NOT NULL,
  base jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  created_by bigint,
  merged_at timestamptz,
  PRIMARY KEY (tenant_id, name)
);
"""


def upgrade() -> None:
    """Make the table, closed to all but its tenant."""
    run(TABLE)
    run("SELECT protect_table('branch')")


def downgrade() -> None:
    """Take the table away; the branches stay as tenants of their own."""
    run("DROP TABLE branch")
