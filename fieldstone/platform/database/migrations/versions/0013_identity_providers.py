"""Identity providers: secrets that are kept encrypted, and who somebody is elsewhere."""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE sealed_secret (
  tenant_id int NOT NULL,
  purpose text NOT NULL,
  name text NOT NULL,
  sealed bytea NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT now(),
  changed_by bigint,
  PRIMARY KEY (tenant_id, purpose, name)
);

CREATE TABLE identity_link (
  tenant_id int NOT NULL,
  issuer text NOT NULL,
  subject text NOT NULL,
  user_id bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  used_at timestamptz,
  PRIMARY KEY (tenant_id, issuer, subject)
);
CREATE INDEX identity_link_mine ON identity_link (tenant_id, user_id);
"""
TENANT_TABLES = ("sealed_secret", "identity_link")


def upgrade() -> None:
    """Make the tables, closed to all but their tenant."""
    run(TABLES)
    for table in TENANT_TABLES:
        run(f"SELECT protect_table('{table}')")


def downgrade() -> None:
    """Refuse: people could not come in any more."""
    raise NotImplementedError("Links to other accounts are not taken back.")
