"""Which records packages made, so that they go with them."""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE package_record (
  tenant_id int NOT NULL,
  package text NOT NULL,
  object_id int NOT NULL,
  key text NOT NULL,
  record_id bigint NOT NULL,
  version int NOT NULL,
  change bigint NOT NULL,
  removed bigint,
  was_taken boolean NOT NULL DEFAULT false,
  PRIMARY KEY (tenant_id, package, object_id, key)
);
CREATE INDEX package_record_of ON package_record (tenant_id, change);
"""


def upgrade() -> None:
    """Make the table, closed to all but its tenant."""
    run(TABLE)
    run("SELECT protect_table('package_record')")


def downgrade() -> None:
    """Take the table away; the records stay."""
    run("DROP TABLE package_record")
