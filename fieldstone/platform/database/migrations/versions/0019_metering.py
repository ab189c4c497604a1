"""Usage is added up for all tenants at once, by functions of the owner.

The entries of writers are moved into the ledger, and calls of the API, which are counted outside of
any transaction, come in for many tenants together. The owner sees both tables whole; the
application's role sees its tenant's rows alone.
"""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

FUNCTIONS = """
ALTER TABLE usage_ledger NO FORCE ROW LEVEL SECURITY;
ALTER TABLE usage_entry NO FORCE ROW LEVEL SECURITY;

-- Moves entries into the ledger, so many at most; how many it moved.
CREATE FUNCTION fold_usage(most int) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH gone AS (
    DELETE FROM usage_entry WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM usage_entry LIMIT most FOR UPDATE SKIP LOCKED))
    RETURNING tenant_id, day, meter, value
  ), added AS (
    INSERT INTO usage_ledger AS l (tenant_id, day, meter, value)
    SELECT tenant_id, day, meter, sum(value)::bigint FROM gone
    GROUP BY tenant_id, day, meter ORDER BY tenant_id, meter, day
    ON CONFLICT (tenant_id, meter, day) DO UPDATE SET value = l.value + excluded.value
  )
  SELECT count(*) FROM gone
$$;

-- Notes calls of the API of many tenants, of one day.
CREATE FUNCTION note_calls(tenants int[], on_day date, counts bigint[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  INSERT INTO usage_entry (tenant_id, day, meter, value)
  SELECT t.id, on_day, 'api_calls', x.count
  FROM unnest(tenants, counts) x (id, count) JOIN tenant t ON t.id = x.id
$$;
"""
SIGNATURES = ("fold_usage(int)", "note_calls(int[], date, bigint[])")


def upgrade() -> None:
    """Make the functions."""
    run(FUNCTIONS)
    for signature in SIGNATURES:
        run(f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC")
        run(f"GRANT EXECUTE ON FUNCTION {signature} TO fieldstone_app")


def downgrade() -> None:
    """Refuse: the ledger would no longer be kept."""
    raise NotImplementedError("Metering is not taken back.")
