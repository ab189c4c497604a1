"""An index on owners, and plans that are made once for the statements of writes.

"My records" are what people ask for most, and owner_id is a column of its own, so no slot helps.

The statements of writes take arrays of ids. For each array of one, PostgreSQL finds a plan that
seems cheaper than the general one and so plans anew every time, which among the indexes of a record
table takes longer than the write. Their general plans, index lookups by id, are the right ones.
"""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

FUNCTIONS = """
CREATE OR REPLACE FUNCTION open_tenant(wanted int, hold int) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE found bigint;
BEGIN
  PERFORM set_config('app.tenant', wanted::text, hold > 0);
  IF hold > 0 THEN
    PERFORM set_config('plan_cache_mode', 'force_generic_plan', true);
    IF hold = 1 THEN PERFORM pg_advisory_xact_lock_shared(7201, wanted);
    ELSE PERFORM pg_advisory_xact_lock(7201, wanted);
    END IF;
  END IF;
  SELECT version INTO found FROM catalog_version WHERE tenant_id = wanted;
  RETURN found;
END $$;

CREATE OR REPLACE FUNCTION create_own_heap(object_id int) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE heap text := own_heap_of(object_id);
BEGIN
  EXECUTE format('CREATE TABLE IF NOT EXISTS %I (LIKE record INCLUDING DEFAULTS,'
    ' PRIMARY KEY (tenant_id, id))'
    ' WITH (fillfactor=80, autovacuum_vacuum_scale_factor=0.02)', heap);
  EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON %I (tenant_id, object_id, owner_id, id)'
    ' WHERE owner_id IS NOT NULL', heap || '_owner', heap);
  PERFORM protect_table(heap);
  RETURN heap;
END $$;
"""
OWN_HEAPS = """
DO $$
DECLARE heap text;
BEGIN
  FOR heap IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^record_x[0-9]+$'
  LOOP
    EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON %I (tenant_id, object_id, owner_id, id)'
      ' WHERE owner_id IS NOT NULL', heap || '_owner', heap);
  END LOOP;
END $$;
"""


def upgrade() -> None:
    """Add the index, and replace the functions."""
    run(
        "CREATE INDEX record_owner ON record (tenant_id, object_id, owner_id, id)"
        " WHERE owner_id IS NOT NULL"
    )
    run(OWN_HEAPS)
    run(FUNCTIONS)


def downgrade() -> None:
    """Refuse: nothing is gained by it."""
    raise NotImplementedError("The index on owners is not taken back.")
