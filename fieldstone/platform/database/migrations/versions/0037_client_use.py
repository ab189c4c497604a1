"""What programs asked for lately: which token asked for which object and field, and how often."""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

# field_id is 0 for the object itself.
TABLE = """
CREATE TABLE client_use (
  tenant_id int NOT NULL,
  token_id bigint NOT NULL,
  object_id int NOT NULL,
  field_id int NOT NULL,
  last_day date NOT NULL,
  times bigint NOT NULL,
  PRIMARY KEY (tenant_id, token_id, object_id, field_id)
);
CREATE INDEX client_use_of ON client_use (tenant_id, object_id, field_id);
"""


def upgrade() -> None:
    """Make the table, closed to all but its tenant."""
    run(TABLE)
    run("SELECT protect_table('client_use')")


def downgrade() -> None:
    """Take the table away, with the counts."""
    run("DROP TABLE client_use")
