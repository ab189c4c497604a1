"""A function that keeps PostgreSQL from planning a statement without looking at its values.

In shared tables the values of a slot are those of all objects, so that a picklist of six values
seems to have thousands. A general plan believes that, looks cheap for it, and is chosen for good.
With a value this function is worked out while planning and is gone; without one it stands in the
plan at a price that no plan for known values has.
"""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

FUNCTION = """
CREATE FUNCTION values_known(known boolean) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100000000 AS $$ BEGIN RETURN known; END $$
"""


def upgrade() -> None:
    """Add the function."""
    run(FUNCTION)


def downgrade() -> None:
    """Remove it."""
    run("DROP FUNCTION values_known(boolean)")
