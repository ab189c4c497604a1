"""Search: the likeliest candidates first, among the objects that are asked for.

A thousand candidates in no order held the exact name only by luck where many records begin alike.
The tenant is an argument that must agree with the setting: who lost the setting gets an error.
"""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

OLD = """
DROP FUNCTION search_records(text[], int);
DROP FUNCTION search_records_loosely(text[], int);
"""

SEARCH = """
CREATE FUNCTION same_tenant(wanted int) RETURNS int
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
  IF wanted IS DISTINCT FROM NULLIF(current_setting('app.tenant', true), '')::int THEN
    RAISE EXCEPTION 'tenant % is not the one that is set', wanted
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN wanted;
END $$;

-- Candidates of a search, of the tenant that is set and of these objects: first those that begin
-- with the words as they were typed, then short ones. The owner runs it, because under row-level
-- security the operators of pg_trgm may use no index. Where more than 100,000 records match, the
-- first that are found are put in order, so that a single letter costs no more than that.
CREATE FUNCTION search_records(wanted int, objects int[], words text[], most int)
RETURNS TABLE (id bigint, object_id int, txt text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE mine int := same_tenant(wanted);
DECLARE patterns text[];
DECLARE longest text;
BEGIN
  SELECT array_agg('%' || replace(replace(replace(w, '\\', '\\\\'), '%', '\\%'), '_', '\\_') || '%')
    INTO patterns FROM unnest(words) w;
  -- An index serves one pattern, not LIKE ALL: the longest is the most telling.
  SELECT p INTO longest FROM unnest(patterns) p ORDER BY length(p) DESC LIMIT 1;
  RETURN QUERY SELECT f.id, f.object_id, f.txt FROM (
      SELECT s.id, s.object_id, s.txt FROM record_search s
      WHERE s.tenant_id = mine AND s.object_id = ANY (objects)
        AND s.txt LIKE longest AND s.txt LIKE ALL (patterns) LIMIT 100000) f
    ORDER BY starts_with(f.txt, array_to_string(words, ' ')) DESC, length(f.txt), f.id LIMIT most;
END $$;

CREATE FUNCTION search_records_loosely(wanted int, objects int[], words text[], most int)
RETURNS TABLE (id bigint, object_id int, txt text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp SET pg_trgm.word_similarity_threshold = 0.3 AS $$
DECLARE mine int := same_tenant(wanted);
BEGIN
  RETURN QUERY SELECT s.id, s.object_id, s.txt FROM record_search s
    WHERE s.tenant_id = mine AND s.object_id = ANY (objects)
      AND array_to_string(words, ' ') <% s.txt
    ORDER BY word_similarity(array_to_string(words, ' '), s.txt) DESC, length(s.txt), s.id
    LIMIT most;
END $$;
"""

OWNERS_FUNCTIONS = (
    "search_records(int, int[], text[], int)",
    "search_records_loosely(int, int[], text[], int)",
)


def upgrade() -> None:
    """Put the new functions in the place of the old ones, closed to everybody else."""
    run(OLD)
    run(SEARCH)
    for function in OWNERS_FUNCTIONS:
        run(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC")
        run(f"GRANT EXECUTE ON FUNCTION {function} TO fieldstone_app")


def downgrade() -> None:
    """Refuse: the functions before lost hits."""
    raise NotImplementedError("The order of search cannot be taken back.")
