"""Work on storage: own heaps only for the tenant's own objects, use of fields, maintenance.

The functions that make and drop heaps run as the owner, so they look for themselves whether the
object belongs to the tenant that is set, and nobody but the application's role may call them.
"""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE field_use (
  tenant_id int NOT NULL,
  field_id int NOT NULL,
  day date NOT NULL,
  filtered bigint NOT NULL DEFAULT 0,
  sorted bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, field_id, day)
);
CREATE TABLE maintenance (
  task text PRIMARY KEY,
  done_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON maintenance TO fieldstone_app;
CREATE INDEX job_finished ON job (tenant_id, finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX component_bin ON component (tenant_id, deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX component_unsettled ON component (tenant_id)
  WHERE storage ?| ARRAY['move', 'leave', 'slot_filling', 'slot_emptying'];
ALTER TABLE file ADD COLUMN released_at timestamptz;
CREATE INDEX file_released ON file (tenant_id) WHERE released_at IS NOT NULL;
"""

HEAPS = """
-- Gives the name of an object's own heap. Refuses objects of any tenant but the one that is set.
CREATE FUNCTION own_heap_of(object_id int) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM component c
      WHERE c.tenant_id = NULLIF(current_setting('app.tenant', true), '')::int
        AND c.id = own_heap_of.object_id AND c.kind = 'object') THEN
    RAISE EXCEPTION 'object % is not of this tenant', object_id
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN 'record_x' || object_id;
END $$;

CREATE OR REPLACE FUNCTION create_own_heap(object_id int) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE heap text := own_heap_of(object_id);
BEGIN
  EXECUTE format('CREATE TABLE IF NOT EXISTS %I (LIKE record INCLUDING DEFAULTS,'
    ' PRIMARY KEY (tenant_id, id))'
    ' WITH (fillfactor=80, autovacuum_vacuum_scale_factor=0.02)', heap);
  PERFORM protect_table(heap);
  RETURN heap;
END $$;

-- slot: s1 to s8 and so on. Every slot has its index, used or not, so that a field that is added
-- later needs no DDL; an index of a slot without values is empty and costs nothing.
CREATE OR REPLACE FUNCTION index_own_heap(object_id int, slot text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE heap text := own_heap_of(object_id);
BEGIN
  IF slot !~ '^[snrd][1-8]$' THEN
    RAISE EXCEPTION 'there is no slot %', slot USING ERRCODE = 'invalid_parameter_value';
  END IF;
  EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON %I (tenant_id, object_id, %I, id)'
    ' WHERE %I IS NOT NULL', heap || '_' || slot, heap, slot, slot);
END $$;

CREATE OR REPLACE FUNCTION analyze_own_heap(object_id int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN EXECUTE format('ANALYZE %I', own_heap_of(object_id)); END $$;

-- Drops the heap of an object that is not stored there (any more), or that lies in the bin itself.
CREATE OR REPLACE FUNCTION drop_own_heap(object_id int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE heap text := own_heap_of(object_id);
BEGIN
  IF EXISTS (SELECT FROM component c
      WHERE c.tenant_id = current_setting('app.tenant')::int AND c.id = drop_own_heap.object_id
        AND c.deleted_at IS NULL AND c.storage->>'heap' = heap) THEN
    RAISE EXCEPTION 'the records of object % lie in %', object_id, heap
      USING ERRCODE = 'object_in_use';
  END IF;
  EXECUTE format('DROP TABLE IF EXISTS %I', heap);
END $$;
"""

TENANTS_DUE = """
-- The tenants that have something to clear away: records and components that were deleted, answers
-- kept for idempotency keys, jobs that ended, uses of fields, each before an instant; storage that
-- is on its way, files that nothing may need any more. The policies hold within the loop as they do
-- for any statement of the application.
CREATE FUNCTION tenants_due(deleted timestamptz, answered timestamptz, ended timestamptz,
                            used date)
RETURNS TABLE (due int) LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE one int;
BEGIN
  FOR one IN SELECT id FROM tenant WHERE status = 'active' ORDER BY id LOOP
    PERFORM set_config('app.tenant', one::text, true);
    IF EXISTS (SELECT FROM bin WHERE tenant_id = one AND at < deleted)
      OR EXISTS (SELECT FROM component WHERE tenant_id = one AND deleted_at < deleted)
      OR EXISTS (SELECT FROM component WHERE tenant_id = one
                   AND storage ?| ARRAY['move', 'leave', 'slot_filling', 'slot_emptying'])
      OR EXISTS (SELECT FROM file WHERE tenant_id = one AND released_at IS NOT NULL)
      OR EXISTS (SELECT FROM idempotency WHERE tenant_id = one AND created_at < answered)
      OR EXISTS (SELECT FROM job WHERE tenant_id = one AND finished_at < ended)
      OR EXISTS (SELECT FROM field_use WHERE tenant_id = one AND day < used)
    THEN due := one; RETURN NEXT;
    END IF;
  END LOOP;
END $$;

-- The objects that have more rows than this in a shared heap. A tenant whose heap has fewer rows
-- in all by the statistics is passed over; -1 stands for a heap that was never analysed.
CREATE FUNCTION big_objects(above int) RETURNS TABLE (of_tenant int, object_id int)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE one record;
BEGIN
  FOR one IN SELECT t.id, t.leaf FROM tenant t
      JOIN pg_class c ON c.oid = to_regclass(t.leaf)
      WHERE t.status = 'active' AND (c.reltuples < 0 OR c.reltuples > above) ORDER BY t.id LOOP
    PERFORM set_config('app.tenant', one.id::text, true);
    RETURN QUERY EXECUTE format(
      'SELECT %1$s, c.id FROM component c WHERE c.tenant_id = %1$s AND c.kind = ''object'''
      ' AND c.deleted_at IS NULL AND NOT c.storage ?| ARRAY[''heap'', ''move'', ''leave'']'
      ' AND EXISTS (SELECT FROM %2$I r WHERE r.tenant_id = %1$s AND r.object_id = c.id'
      ' OFFSET %3$s)',
      one.id, one.leaf, above);
  END LOOP;
END $$;
"""

OWNERS_FUNCTIONS = (
    "create_own_heap(int)",
    "index_own_heap(int, text)",
    "analyze_own_heap(int)",
    "drop_own_heap(int)",
    "search_records(text[], int)",
    "search_records_loosely(text[], int)",
    "waiting_jobs(int)",
    "create_tenant(text, text, jsonb)",
    "extend_change_log()",
)


def upgrade() -> None:
    """Add the tables and close the functions to everybody else."""
    run(TABLES)
    run("SELECT protect_table('field_use')")
    run(HEAPS)
    run(TENANTS_DUE)
    for function in OWNERS_FUNCTIONS:
        run(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC")
        run(f"GRANT EXECUTE ON FUNCTION {function} TO fieldstone_app")


def downgrade() -> None:
    """Refuse: objects may lie in heaps of their own by now."""
    raise NotImplementedError("The work on storage cannot be taken back.")
