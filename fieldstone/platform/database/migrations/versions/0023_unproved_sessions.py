"""Sessions of which nobody knows when their person showed who they are."""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let a session begin without a proof."""
    run("ALTER TABLE session ALTER COLUMN proved_at DROP NOT NULL")
    run("ALTER TABLE session ALTER COLUMN proved_at DROP DEFAULT")


def downgrade() -> None:
    """Count what was not proved as proved long ago."""
    run("UPDATE session SET proved_at = created_at - interval '1 day' WHERE proved_at IS NULL")
    run("ALTER TABLE session ALTER COLUMN proved_at SET DEFAULT now()")
    run("ALTER TABLE session ALTER COLUMN proved_at SET NOT NULL")
