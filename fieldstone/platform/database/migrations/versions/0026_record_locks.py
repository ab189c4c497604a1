"""Which records are locked, and were: by whom, since when and why.

A lock that ended stays, so that who locked and unlocked what can be told. Nothing of it changes but
its end and, while it holds, its reason.
"""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE record_lock (
  tenant_id int NOT NULL,
  id bigint NOT NULL,
  record_id bigint NOT NULL,
  object_id int NOT NULL,
  reason text NOT NULL DEFAULT '',
  locked_at timestamptz NOT NULL,
  locked_by bigint,
  ended_at timestamptz,
  ended_by bigint,
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX record_lock_held ON record_lock (tenant_id, record_id)
  WHERE ended_at IS NULL;
CREATE INDEX record_lock_of ON record_lock (tenant_id, record_id, id);
CREATE INDEX record_lock_listed ON record_lock (tenant_id, object_id, id)
  WHERE ended_at IS NULL;
"""


def upgrade() -> None:
    """Make the table, closed to all but its tenant."""
    run(TABLE)
    run("SELECT protect_table('record_lock')")


def downgrade() -> None:
    """Refuse: what was kept from changing could be changed."""
    raise NotImplementedError("What is locked stays so.")
