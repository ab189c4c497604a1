"""Functions that triggers run as the owner are called by nobody else."""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

FUNCTIONS = ("note_log()", "note_redactions()", "note_removals()")


def upgrade() -> None:
    """Take from everybody what triggers do not need."""
    for signature in FUNCTIONS:
        run(f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC")


def downgrade() -> None:
    """Refuse: it would let others call them."""
    raise NotImplementedError("Functions of the owner are not opened again.")
