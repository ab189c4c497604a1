"""Views of lists that people keep for themselves; those for others are components."""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

# Before anybody can sign in, the machine itself has views, and is nobody.
TABLE = """
CREATE TABLE personal_view (
  tenant_id int NOT NULL,
  id bigint NOT NULL,
  user_id bigint,
  object_id int NOT NULL,
  label text NOT NULL,
  body jsonb NOT NULL,
  changed_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX personal_view_of ON personal_view (tenant_id, object_id, user_id, id);
"""


def upgrade() -> None:
    """Make the table, closed to all but its tenant."""
    run(TABLE)
    run("SELECT protect_table('personal_view')")


def downgrade() -> None:
    """Take the table away, with the views."""
    run("DROP TABLE personal_view")
