"""Indexes that know the owners of records, so that lists and counts pass over others' unread.

Whoever sees some of the records has those of others left out. The index of a slot, and that of all
records of an object, tells whose a record is; without it every record passed over had to be read.
"""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

SLOTS = tuple(
    f"{letter}{number}"
    for letter, most in (("s", 8), ("n", 8), ("d", 4), ("r", 4))
    for number in range(1, most + 1)
)
FUNCTIONS = """
CREATE OR REPLACE FUNCTION create_own_heap(object_id int) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE heap text := own_heap_of(object_id);
BEGIN
  EXECUTE format('CREATE TABLE IF NOT EXISTS %I (LIKE record INCLUDING DEFAULTS,'
    ' PRIMARY KEY (tenant_id, id) INCLUDE (object_id, deleted_at, owner_id))'
    ' WITH (fillfactor=80, autovacuum_vacuum_scale_factor=0.02)', heap);
  EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON %I (tenant_id, object_id, owner_id, id)'
    ' WHERE owner_id IS NOT NULL AND deleted_at IS NULL', heap || '_owner', heap);
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
    ' INCLUDE (owner_id) WHERE %I IS NOT NULL AND deleted_at IS NULL',
    heap || '_' || slot, heap, slot, slot);
END $$;
"""
OWN_HEAPS = """
DO $$
DECLARE
  heap text;
  slot text;
BEGIN
  FOR heap IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^record_x[0-9]+$'
  LOOP
    EXECUTE format('ALTER TABLE %I DROP CONSTRAINT %I,'
      ' ADD PRIMARY KEY (tenant_id, id) INCLUDE (object_id, deleted_at, owner_id)',
      heap, heap || '_pkey');
    FOREACH slot IN ARRAY ARRAY[{slots}] LOOP
      IF to_regclass(heap || '_' || slot) IS NOT NULL THEN
        EXECUTE format('DROP INDEX %I', heap || '_' || slot);
        EXECUTE format('CREATE INDEX %I ON %I (tenant_id, object_id, %I, id) INCLUDE (owner_id)'
          ' WHERE %I IS NOT NULL AND deleted_at IS NULL', heap || '_' || slot, heap, slot, slot);
      END IF;
    END LOOP;
  END LOOP;
END $$;
"""


def upgrade() -> None:
    """Make the indexes anew, of the shared heap and of those that objects have of their own."""
    run("DROP INDEX record_object")
    run(
        "CREATE INDEX record_object ON record (tenant_id, object_id, id)"
        " INCLUDE (deleted_at, owner_id)"
    )
    for slot in SLOTS:
        run(f"DROP INDEX record_{slot}")
        run(
            f"CREATE INDEX record_{slot} ON record (tenant_id, object_id, {slot}, id)"
            f" INCLUDE (owner_id) WHERE {slot} IS NOT NULL AND deleted_at IS NULL"
        )
    run(OWN_HEAPS.format(slots=", ".join(f"'{slot}'" for slot in SLOTS)))
    run(FUNCTIONS)


def downgrade() -> None:
    """Refuse: nothing is gained by it."""
    raise NotImplementedError("The indexes that know owners are not taken back.")
