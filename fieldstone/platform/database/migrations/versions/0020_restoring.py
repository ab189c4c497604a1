"""Restoring a tenant from its archive: rows as JSON, into the tables of the tenant that is set.

It runs as whoever calls it, so that the policies hold for every row.
"""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

FUNCTION = """
-- Adds rows, all with the same members, to a table; what they do not have gets its default.
CREATE FUNCTION restore_rows(into_table text, rows jsonb) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE columns text; added bigint;
BEGIN
  SELECT string_agg(quote_ident(key), ', ' ORDER BY key) INTO columns
    FROM jsonb_object_keys(rows->0) key;
  EXECUTE format('INSERT INTO %1$I (tenant_id, %2$s) OVERRIDING SYSTEM VALUE'
    ' SELECT current_setting(''app.tenant'')::int, %2$s'
    ' FROM jsonb_populate_recordset(NULL::%1$I, $1)', into_table, columns) USING rows;
  GET DIAGNOSTICS added = ROW_COUNT;
  RETURN added;
END $$;
"""


def upgrade() -> None:
    """Make the function."""
    run(FUNCTION)
    run("REVOKE EXECUTE ON FUNCTION restore_rows(text, jsonb) FROM PUBLIC")
    run("GRANT EXECUTE ON FUNCTION restore_rows(text, jsonb) TO fieldstone_app")


def downgrade() -> None:
    """Remove it."""
    run("DROP FUNCTION restore_rows(text, jsonb)")
