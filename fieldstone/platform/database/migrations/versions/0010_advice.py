"""Advice on indexes: how queries ask, what was done about it, and orders for indexes of own heaps.

How queries ask is counted by object, as lists of the numbers of fields ("12,15"): by equality, by
range, sorted. No value of a query is kept. CREATE INDEX CONCURRENTLY, which stops no writer, cannot
be run by a function: the application writes an order, and who logs in as the owner carries it out.
"""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE query_use (
  tenant_id int NOT NULL,
  object_id int NOT NULL,
  day date NOT NULL,
  equal text NOT NULL,
  ranged text NOT NULL,
  sorted text NOT NULL,
  times bigint NOT NULL,
  spent_us bigint NOT NULL,
  PRIMARY KEY (tenant_id, object_id, day, equal, ranged, sorted)
);
CREATE TABLE advice_action (
  tenant_id int NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  advice text NOT NULL,
  object_id int NOT NULL,
  fields int[] NOT NULL,
  gave_way int,
  reason text NOT NULL,
  at timestamptz NOT NULL,
  actor_id bigint,
  automatic boolean NOT NULL,
  job bigint NOT NULL,
  undone_at timestamptz,
  undone_by bigint,
  undo_job bigint,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX advice_action_of ON advice_action (tenant_id, advice, id);
CREATE TABLE advice_setting (
  tenant_id int PRIMARY KEY,
  automatic boolean NOT NULL,
  at timestamptz NOT NULL,
  actor_id bigint
);
CREATE TABLE index_order (
  tenant_id int NOT NULL,
  object_id int NOT NULL,
  name text NOT NULL,
  columns text[] NOT NULL,
  doing text NOT NULL,
  state text NOT NULL DEFAULT 'waiting',
  cancelled boolean NOT NULL DEFAULT false,
  done bigint NOT NULL DEFAULT 0,
  total bigint NOT NULL DEFAULT 0,
  problem text,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, object_id, name)
);
DROP INDEX component_unsettled;
CREATE INDEX component_unsettled ON component (tenant_id)
  WHERE storage ?| ARRAY['move', 'leave', 'slot_filling', 'slot_emptying', 'index_job'];
"""

# What was counted by field alone is kept as queries that asked for nothing else.
KEPT = """
DO $$
DECLARE one int;
BEGIN
  FOR one IN SELECT id FROM tenant LOOP
    PERFORM set_config('app.tenant', one::text, true);
    INSERT INTO query_use (tenant_id, object_id, day, equal, ranged, sorted, times, spent_us)
    SELECT one, o.id, u.day, part.equal, '', part.sorted, part.times, 0
      FROM field_use u
      JOIN component f ON f.tenant_id = one AND f.id = u.field_id AND f.kind = 'field'
      JOIN component o ON o.tenant_id = one AND o.kind = 'object' AND o.deleted_at IS NULL
        AND lower(o.name) = lower(split_part(f.name, '.', 1))
      CROSS JOIN LATERAL (VALUES (u.field_id::text, '', u.filtered),
        ('', u.field_id::text, u.sorted)) part (equal, sorted, times)
      WHERE u.tenant_id = one AND part.times > 0;
  END LOOP;
END $$;
DROP TABLE field_use;
"""

FUNCTIONS = """
-- What makes an index of an own heap beside those of its slots. The owner's process asks for it and
-- runs it; columns are checked here, where nobody who only may write orders comes by.
CREATE FUNCTION making_index(object_id int, name text, columns text[]) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE heap text := own_heap_of(object_id);
DECLARE one text;
BEGIN
  IF name !~ '^a[0-9]{1,18}$' OR cardinality(columns) NOT BETWEEN 1 AND 3 THEN
    RAISE EXCEPTION 'there is no index %', name USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF (SELECT count(*) FROM pg_class WHERE relname ~ ('^' || heap || '_a[0-9]+$')) >= 8 THEN
    RAISE EXCEPTION '% has eight more indexes already', heap
      USING ERRCODE = 'program_limit_exceeded';
  END IF;
  FOREACH one IN ARRAY columns LOOP
    IF one !~ '^([snrd][1-8]|(owner|created|updated)_(id|by|at))$' THEN
      RAISE EXCEPTION 'there is no column %', one USING ERRCODE = 'invalid_parameter_value';
    END IF;
  END LOOP;
  RETURN format('CREATE INDEX CONCURRENTLY %I ON %I (tenant_id, object_id, %s, id)'
    ' WHERE %s deleted_at IS NULL', heap || '_' || name, heap,
    (SELECT string_agg(quote_ident(c), ', ' ORDER BY n)
       FROM unnest(columns) WITH ORDINALITY u (c, n)),
    CASE WHEN columns[1] ~ '_at$' THEN '' ELSE quote_ident(columns[1]) || ' IS NOT NULL AND' END);
END $$;

CREATE FUNCTION dropping_index(object_id int, name text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE heap text := own_heap_of(object_id);
BEGIN
  IF name !~ '^a[0-9]{1,18}$' THEN
    RAISE EXCEPTION 'there is no index %', name USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN format('DROP INDEX CONCURRENTLY IF EXISTS %I', heap || '_' || name);
END $$;

-- The tenants whose queries were counted since a day, and who have not said no to automatic work.
CREATE FUNCTION tenants_advised(since date)
RETURNS TABLE (advised int) LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE one int;
BEGIN
  FOR one IN SELECT id FROM tenant WHERE status = 'active' ORDER BY id LOOP
    PERFORM set_config('app.tenant', one::text, true);
    IF EXISTS (SELECT FROM query_use WHERE tenant_id = one AND day >= since)
      AND NOT EXISTS (SELECT FROM advice_setting WHERE tenant_id = one AND NOT automatic)
    THEN advised := one; RETURN NEXT;
    END IF;
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION tenants_due(deleted timestamptz, answered timestamptz, ended timestamptz,
                            used date)
RETURNS TABLE (due int) LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE one int;
BEGIN
  FOR one IN SELECT id FROM tenant WHERE status = 'active' ORDER BY id LOOP
    PERFORM set_config('app.tenant', one::text, true);
    IF EXISTS (SELECT FROM bin WHERE tenant_id = one AND at < deleted)
      OR EXISTS (SELECT FROM component WHERE tenant_id = one AND deleted_at < deleted)
      OR EXISTS (SELECT FROM component WHERE tenant_id = one
                   AND storage ?| ARRAY['move', 'leave', 'slot_filling', 'slot_emptying',
                                        'index_job'])
      OR EXISTS (SELECT FROM file WHERE tenant_id = one AND released_at IS NOT NULL)
      OR EXISTS (SELECT FROM idempotency WHERE tenant_id = one AND created_at < answered)
      OR EXISTS (SELECT FROM job WHERE tenant_id = one AND finished_at < ended)
      OR EXISTS (SELECT FROM query_use WHERE tenant_id = one AND day < used)
    THEN due := one; RETURN NEXT;
    END IF;
  END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION making_index(int, text, text[]) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION dropping_index(int, text) FROM PUBLIC;
"""


def upgrade() -> None:
    """Add tables and functions; the counts so far are kept."""
    run(TABLES)
    run(KEPT)
    for table in ("query_use", "advice_action", "advice_setting", "index_order"):
        run(f"SELECT protect_table('{table}')")
    # The owner's process reads the orders of all tenants.
    run("ALTER TABLE index_order NO FORCE ROW LEVEL SECURITY")
    run(FUNCTIONS)


def downgrade() -> None:
    """Refuse: what was counted by field alone is gone."""
    raise NotImplementedError("Advice on indexes cannot be taken back.")
