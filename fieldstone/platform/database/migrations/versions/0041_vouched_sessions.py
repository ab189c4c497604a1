"""What a provider calls the sessions that it vouched for, so that it can end them."""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

CHANGES = """
ALTER TABLE session ADD COLUMN voucher bytea;
ALTER TABLE session ADD COLUMN vouched text;
ALTER TABLE sign_in_step ADD COLUMN voucher bytea;
ALTER TABLE sign_in_step ADD COLUMN vouched text;
CREATE INDEX session_voucher ON session (tenant_id, voucher) WHERE voucher IS NOT NULL;
"""


def upgrade() -> None:
    """Add the columns, and an index over those that have one."""
    run(CHANGES)


def downgrade() -> None:
    """Take them away; the sessions stay."""
    run("ALTER TABLE session DROP COLUMN voucher, DROP COLUMN vouched;")
    run("ALTER TABLE sign_in_step DROP COLUMN voucher, DROP COLUMN vouched;")
