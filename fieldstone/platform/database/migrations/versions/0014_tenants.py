"""Tenants' lives: plans with limits and features, usage by day, operators, and what was done when.

What hangs on the tenant's row alone is changed by functions of the owner: the application's role
may read it and no more. Tenant 0 is the platform itself, in whose name its own jobs run.

Usage is written in the transaction that causes it, as rows of their own, so that no two writers
wait for each other; now and then they are added up into the ledger.
"""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE plan (
  name text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_-]{0,39}$'),
  label text NOT NULL,
  limits jsonb NOT NULL DEFAULT '{}',
  features jsonb NOT NULL DEFAULT '{}'
);
INSERT INTO plan (name, label, limits, features) VALUES
  ('unlimited', 'Unlimited', '{}', '{}'),
  ('trial', 'Trial', '{"users": 5, "records": 10000, "storage_bytes": 1000000000,
     "api_calls": 10000, "objects": 10, "tenant_rate": 40, "token_rate": 20, "connections": 3,
     "statement_s": 5}', '{"as_of": false}'),
  ('standard', 'Standard', '{"users": 100, "records": 1000000, "storage_bytes": 100000000000,
     "api_calls": 1000000, "objects": 200, "tenant_rate": 200, "token_rate": 100}', '{}');
GRANT SELECT, INSERT, UPDATE, DELETE ON plan TO fieldstone_app;

ALTER TABLE tenant
  ADD COLUMN plan text NOT NULL DEFAULT 'unlimited' REFERENCES plan,
  ADD COLUMN limits jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN features jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN reason text NOT NULL DEFAULT '',
  ADD COLUMN previous text,
  ADD COLUMN deleted_at timestamptz,
  ADD CHECK (status IN
    ('active', 'suspended', 'deleted', 'purging', 'restoring', 'platform'));
CREATE INDEX tenant_deleted ON tenant (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE tenant_event (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  number int NOT NULL,
  name text NOT NULL,
  what text NOT NULL,
  by_whom text NOT NULL,
  details jsonb NOT NULL DEFAULT '{}',
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX tenant_event_of ON tenant_event (number, id);
GRANT SELECT, INSERT ON tenant_event TO fieldstone_app;

CREATE TABLE operator_token (
  id bigint PRIMARY KEY,
  token_hash bytea NOT NULL UNIQUE,
  name text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  used_at timestamptz,
  expires_at timestamptz,
  revoked_at timestamptz
);
GRANT SELECT, INSERT, UPDATE ON operator_token TO fieldstone_app;

CREATE TABLE usage_ledger (
  tenant_id int NOT NULL,
  day date NOT NULL,
  meter text NOT NULL,
  value bigint NOT NULL,
  PRIMARY KEY (tenant_id, meter, day)
);
CREATE TABLE usage_entry (
  tenant_id int NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  day date NOT NULL,
  meter text NOT NULL,
  value bigint NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
"""

# What tenants hold so far, on the days it came and went.
BACKFILL = """
DO $$
DECLARE one int;
BEGIN
  FOR one IN SELECT id FROM tenant LOOP
    PERFORM set_config('app.tenant', one::text, true);
    INSERT INTO usage_ledger (tenant_id, day, meter, value)
    SELECT one, day, 'records', sum(value) FROM (
      SELECT (at AT TIME ZONE 'UTC')::date AS day,
        (operation NOT IN ('delete', 'purge'))::int
          - coalesce((lag(operation) OVER (PARTITION BY record_id ORDER BY seq)
              NOT IN ('delete', 'purge'))::int, 0) AS value
        FROM change WHERE tenant_id = one) steps
      GROUP BY day HAVING sum(value) <> 0;
    INSERT INTO usage_ledger (tenant_id, day, meter, value)
    SELECT one, (created_at AT TIME ZONE 'UTC')::date, 'storage_bytes', sum(size_bytes)
      FROM file WHERE tenant_id = one GROUP BY 2 HAVING sum(size_bytes) <> 0;
  END LOOP;
END $$;
"""

PLATFORM = """
INSERT INTO tenant (id, name, label, status, leaf)
  SELECT 0, '', 'Fieldstone', 'platform', 'record_p' || lpad(n::text, 2, '0')
  FROM generate_series(0, 15) n WHERE satisfies_hash_partition('record'::regclass, 16, n, 0);
SELECT set_config('app.tenant', '0', true);
INSERT INTO catalog_version (tenant_id) VALUES (0);
"""

FUNCTIONS = """
-- Moves a tenant from one of some states to another; whether it was in one of them.
CREATE FUNCTION change_tenant(wanted int, was text[], becomes text, why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE tenant SET previous = status, reason = why,
    status = CASE WHEN becomes = 'previous' THEN coalesce(previous, 'active') ELSE becomes END,
    deleted_at = CASE WHEN becomes IN ('deleted', 'purging') THEN coalesce(deleted_at, now()) END
  WHERE id = wanted AND id > 0 AND status = ANY (was);
  RETURN FOUND;
END $$;

-- Sets what a tenant may use, and how it is called; null leaves a thing as it is.
CREATE FUNCTION set_tenant_terms(
  wanted int, new_label text, new_plan text, new_limits jsonb, new_features jsonb)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE tenant SET label = coalesce(new_label, label), plan = coalesce(new_plan, plan),
    limits = coalesce(new_limits, limits), features = coalesce(new_features, features)
  WHERE id = wanted AND id > 0;
END $$;

-- The tables of which each row belongs to a tenant, the leaves of partitioned ones by themselves.
CREATE FUNCTION tables_of_tenants() RETURNS SETOF name
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
  WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
    AND a.attname = 'tenant_id' AND NOT a.attisdropped ORDER BY 1
$$;

-- How many rows each table has of a tenant that is being purged, those that have any.
CREATE FUNCTION rows_of_purged(wanted int) RETURNS TABLE (table_name text, row_count bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE one name; asking text := current_setting('app.tenant', true);
BEGIN
  IF EXISTS (SELECT FROM tenant WHERE id = wanted AND status <> 'purging') OR wanted <= 0 THEN
    RAISE EXCEPTION 'tenant % is not being purged', wanted USING ERRCODE = 'object_in_use';
  END IF;
  PERFORM set_config('app.tenant', wanted::text, true);
  FOR one IN SELECT * FROM tables_of_tenants() LOOP
    table_name := one;
    EXECUTE format('SELECT count(*) FROM %I WHERE tenant_id = $1', one) INTO row_count
      USING wanted;
    IF row_count > 0 THEN RETURN NEXT;
    END IF;
  END LOOP;
  PERFORM set_config('app.tenant', coalesce(asking, ''), true);
END $$;

-- Removes some rows of a tenant that is being purged, and the heaps of its own; how many rows.
CREATE FUNCTION purge_tenant_rows(wanted int, most int) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE one name; removed bigint; total bigint := 0;
DECLARE asking text := current_setting('app.tenant', true);
BEGIN
  PERFORM FROM tenant WHERE id = wanted AND id > 0 AND status = 'purging' FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'tenant % is not being purged', wanted USING ERRCODE = 'object_in_use';
  END IF;
  PERFORM set_config('app.tenant', wanted::text, true);
  PERFORM set_config('statement_timeout', '0', true);
  FOR one IN SELECT DISTINCT 'record_x' || c.id FROM component c
      WHERE c.tenant_id = wanted AND c.kind = 'object'
        AND to_regclass('record_x' || c.id) IS NOT NULL LOOP
    EXECUTE format('DELETE FROM %I WHERE tenant_id = $1', one) USING wanted;
    GET DIAGNOSTICS removed = ROW_COUNT;
    total := total + removed;
    EXECUTE format('DROP TABLE %I', one);
  END LOOP;
  FOR one IN SELECT * FROM tables_of_tenants() LOOP
    EXIT WHEN total >= most;
    EXECUTE format('DELETE FROM %1$I WHERE ctid = ANY (ARRAY('
      'SELECT ctid FROM %1$I WHERE tenant_id = $1 LIMIT $2)) AND tenant_id = $1', one)
      USING wanted, most - total;
    GET DIAGNOSTICS removed = ROW_COUNT;
    total := total + removed;
  END LOOP;
  PERFORM set_config('app.tenant', coalesce(asking, ''), true);
  RETURN total;
END $$;

-- Removes the tenant itself, of which nothing may be left.
CREATE FUNCTION drop_tenant(wanted int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM rows_of_purged(wanted)) THEN
    RAISE EXCEPTION 'rows of tenant % are left', wanted USING ERRCODE = 'object_in_use';
  END IF;
  DELETE FROM tenant WHERE id = wanted AND status = 'purging';
END $$;

-- The jobs that wait, for the relay, in turns of the tenants: ids alone, nothing of what is in
-- them. share: how many of one tenant may be under way, those that run included.
CREATE FUNCTION waiting_jobs(most int, share int)
RETURNS TABLE (tenant_id int, id bigint, kind text)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH open AS (
    SELECT j.tenant_id, j.id, j.run_after,
      coalesce((j.state = 'running' AND j.heartbeat_at >= now() - interval '1 minute')
        OR j.relayed_at >= now() - interval '1 minute', false) AS under_way
    FROM job j JOIN tenant t ON t.id = j.tenant_id AND t.status IN ('active', 'platform')
    WHERE j.state IN ('waiting', 'running') AND j.run_after <= now()
  ), ranked AS (
    SELECT o.tenant_id, o.id, o.run_after, o.under_way,
      row_number() OVER (PARTITION BY o.tenant_id
        ORDER BY o.under_way DESC, o.run_after, o.id) AS place
    FROM open o
  )
  UPDATE job SET relayed_at = now() WHERE (job.tenant_id, job.id) IN (
    SELECT j.tenant_id, j.id FROM job j JOIN ranked r ON r.tenant_id = j.tenant_id AND r.id = j.id
    WHERE NOT r.under_way AND r.place <= share
    ORDER BY r.place, r.run_after, r.id LIMIT most FOR UPDATE OF j SKIP LOCKED)
  RETURNING job.tenant_id, job.id, job.kind;
$$;
DROP FUNCTION waiting_jobs(int);
"""
SIGNATURES = (
    "change_tenant(int, text[], text, text)",
    "set_tenant_terms(int, text, text, jsonb, jsonb)",
    "rows_of_purged(int)",
    "purge_tenant_rows(int, int)",
    "drop_tenant(int)",
    "waiting_jobs(int, int)",
)


def upgrade() -> None:
    """Make the tables, note what tenants hold, and make the functions of their lives."""
    run(TABLES)
    run(BACKFILL)
    run(PLATFORM)
    for table in ("usage_ledger", "usage_entry"):
        run(f"SELECT protect_table('{table}')")
    run(FUNCTIONS)
    for signature in SIGNATURES:
        run(f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC")
        run(f"GRANT EXECUTE ON FUNCTION {signature} TO fieldstone_app")


def downgrade() -> None:
    """Refuse: tenants may be suspended, limited or deleted by now."""
    raise NotImplementedError("The lives of tenants cannot be taken back.")
