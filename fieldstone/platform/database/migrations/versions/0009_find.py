"""Candidates of FIND: records whose search text holds one pattern of each of several lists."""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

FIND = """
-- Candidates of the tenant that is set and of these objects, whose search text matches one pattern
-- of each list. The owner runs it, because under row-level security the operators of pg_trgm may
-- use no index. The patterns stand in the statement as literals, so that PostgreSQL knows which of
-- them tell much. most: how many are given, the first that are found. more: others match.
CREATE FUNCTION find_records(wanted int, objects int[], patterns jsonb, most int)
RETURNS TABLE (id bigint, object_id int, more boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE mine int := same_tenant(wanted);
DECLARE tests text;
BEGIN
  SELECT string_agg('(' || tested || ')', ' AND ' ORDER BY place) INTO tests
    FROM jsonb_array_elements(patterns) WITH ORDINALITY AS lists (list, place),
    LATERAL (SELECT string_agg(format('s.txt LIKE %L', pattern), ' OR ') AS tested
      FROM jsonb_array_elements_text(list) AS pattern) AS each;
  RETURN QUERY EXECUTE format(
    'SELECT f.id, f.object_id, count(*) OVER () > $3 FROM (SELECT s.id, s.object_id'
    ' FROM record_search s WHERE s.tenant_id = $1 AND s.object_id = ANY ($2) AND (%s)'
    ' LIMIT $3 + 1) f LIMIT $3', tests) USING mine, objects, most;
END $$;
REVOKE EXECUTE ON FUNCTION find_records(int, int[], jsonb, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_records(int, int[], jsonb, int) TO fieldstone_app;
"""


def upgrade() -> None:
    """Add the function, closed to everybody but the application."""
    run(FIND)


def downgrade() -> None:
    """Take the function away."""
    run("DROP FUNCTION find_records(int, int[], jsonb, int)")
