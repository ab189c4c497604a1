"""How somebody took the first step of signing in, and tries of programs and providers apart."""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

CHANGES = """
ALTER TABLE sign_in_step ADD COLUMN method text NOT NULL DEFAULT 'password';
CREATE INDEX sign_in_machine ON sign_in (tenant_id, address, at) WHERE outcome = 'refused_machine';
"""


def upgrade() -> None:
    """Add a column and an index."""
    run(CHANGES)


def downgrade() -> None:
    """Take both away."""
    run("DROP INDEX sign_in_machine; ALTER TABLE sign_in_step DROP COLUMN method;")
