"""The log of records by object and time: what of an object changed since an instant.

AS OF asks it for what pointed somewhere else then, and read all that the log had of the tenant.
"""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index, to every partition there is and to those to come."""
    run("CREATE INDEX change_times ON change (tenant_id, object_id, at)")


def downgrade() -> None:
    """Take the index away."""
    run("DROP INDEX change_times")
