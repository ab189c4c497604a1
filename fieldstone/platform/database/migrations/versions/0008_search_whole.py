"""Search: it tells whether all that matches was put in order, or only the first that was found.

Putting a million matches of one letter in order takes seconds. Nobody reads them, but whoever asked
must not take the best of some for the best of all.
"""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SEARCH = """
DROP FUNCTION search_records(int, int[], text[], int);

-- Candidates of a search, of the tenant that is set and of these objects: first those that begin
-- with the words as they were typed, then short ones. The owner runs it, because under row-level
-- security the operators of pg_trgm may use no index. ranked: how many matches are put in order,
-- the first that are found, so that a single letter costs no more than that. more: others match.
CREATE FUNCTION search_records(wanted int, objects int[], words text[], most int, ranked int)
RETURNS TABLE (id bigint, object_id int, txt text, more boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE mine int := same_tenant(wanted);
DECLARE patterns text[];
DECLARE longest text;
BEGIN
  SELECT array_agg('%' || replace(replace(replace(w, '\\', '\\\\'), '%', '\\%'), '_', '\\_') || '%')
    INTO patterns FROM unnest(words) w;
  -- An index serves one pattern, not LIKE ALL: the longest is the most telling.
  SELECT p INTO longest FROM unnest(patterns) p ORDER BY length(p) DESC LIMIT 1;
  RETURN QUERY SELECT f.id, f.object_id, f.txt, count(*) OVER () > ranked FROM (
      SELECT s.id, s.object_id, s.txt FROM record_search s
      WHERE s.tenant_id = mine AND s.object_id = ANY (objects)
        AND s.txt LIKE longest AND s.txt LIKE ALL (patterns) LIMIT ranked + 1) f
    ORDER BY starts_with(f.txt, array_to_string(words, ' ')) DESC, length(f.txt), f.id LIMIT most;
END $$;
REVOKE EXECUTE ON FUNCTION search_records(int, int[], text[], int, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_records(int, int[], text[], int, int) TO fieldstone_app;
"""


def upgrade() -> None:
    """Put the new function in the place of the old one, closed to everybody else."""
    run(SEARCH)


def downgrade() -> None:
    """Refuse: the function before told nothing."""
    raise NotImplementedError("What search tells cannot be taken back.")
