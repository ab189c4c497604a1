"""Indexes that know which records are live, so that counting them reads no record.

Every query leaves out what lies in the bin. The index of a slot holds live rows alone, and that of
an object's records has deleted_at beside it, for what looks at all of them.
"""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0006"
down_revision = "0005"
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
    ' PRIMARY KEY (tenant_id, id) INCLUDE (object_id, deleted_at))'
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
    ' WHERE %I IS NOT NULL AND deleted_at IS NULL', heap || '_' || slot, heap, slot, slot);
END $$;
"""


def upgrade() -> None:
    """Make the indexes of the shared heap anew; heaps of their own have theirs made with them."""
    run("DROP INDEX record_object, record_owner")
    run("CREATE INDEX record_object ON record (tenant_id, object_id, id) INCLUDE (deleted_at)")
    run(
        "CREATE INDEX record_owner ON record (tenant_id, object_id, owner_id, id)"
        " WHERE owner_id IS NOT NULL AND deleted_at IS NULL"
    )
    for slot in SLOTS:
        run(f"DROP INDEX record_{slot}")
        run(
            f"CREATE INDEX record_{slot} ON record (tenant_id, object_id, {slot}, id)"
            f" WHERE {slot} IS NOT NULL AND deleted_at IS NULL"
        )
    run(FUNCTIONS)


def downgrade() -> None:
    """Refuse: nothing is gained by it."""
    raise NotImplementedError("The indexes on live records are not taken back.")
