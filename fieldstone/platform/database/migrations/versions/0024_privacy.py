"""What may not be lost yet, and what was asked about people: legal holds and privacy requests."""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE legal_hold (
  tenant_id int NOT NULL,
  id bigint NOT NULL,
  name text NOT NULL,
  reason text NOT NULL DEFAULT '',
  placed_at timestamptz NOT NULL DEFAULT now(),
  placed_by bigint,
  ended_at timestamptz,
  ended_by bigint,
  end_reason text,
  PRIMARY KEY (tenant_id, id)
);
CREATE TABLE held_record (
  tenant_id int NOT NULL,
  hold_id bigint NOT NULL,
  record_id bigint NOT NULL,
  object_id int NOT NULL,
  along boolean NOT NULL DEFAULT true,
  held_at timestamptz NOT NULL DEFAULT now(),
  held_by bigint,
  ended_at timestamptz,
  ended_by bigint,
  PRIMARY KEY (tenant_id, hold_id, record_id)
);
CREATE INDEX held_record_now ON held_record (tenant_id, record_id) WHERE ended_at IS NULL;
CREATE TABLE privacy_request (
  tenant_id int NOT NULL,
  id bigint NOT NULL,
  kind text NOT NULL,
  object_id int NOT NULL,
  record_id bigint NOT NULL,
  reason text NOT NULL DEFAULT '',
  plan text NOT NULL DEFAULT '',
  asked_at timestamptz NOT NULL DEFAULT now(),
  asked_by bigint,
  job_id bigint,
  finished_at timestamptz,
  report jsonb,
  digest text,
  PRIMARY KEY (tenant_id, id)
);
"""
FUNCTIONS = """
-- Whether a tenant has an active policy about something. The tenant must be set.
CREATE FUNCTION has_retention(wanted int, about text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT FROM component WHERE tenant_id = wanted AND kind = 'retention_policy'
    AND deleted_at IS NULL AND (about = '' OR body->>'of' = about)
    AND coalesce((body->>'active')::boolean, true))
$$;

-- The tenants that have policies, and where none was carried out since an instant.
CREATE FUNCTION tenants_retaining(since timestamptz) RETURNS TABLE (retaining int)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE one int;
BEGIN
  FOR one IN SELECT id FROM tenant WHERE status = 'active' ORDER BY id LOOP
    PERFORM set_config('app.tenant', one::text, true);
    IF has_retention(one, '') AND NOT EXISTS (SELECT FROM job
      WHERE tenant_id = one AND kind = 'privacy.retain'
        AND (created_at > since OR state IN ('waiting', 'running')))
    THEN retaining := one; RETURN NEXT;
    END IF;
  END LOOP;
END $$;

-- Forgets as before, but for logs of which a tenant says itself how long they are kept.
CREATE OR REPLACE FUNCTION forget_access(ended timestamptz, tried timestamptz, told timestamptz)
RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE one int;
BEGIN
  FOR one IN SELECT id FROM tenant ORDER BY id LOOP
    PERFORM set_config('app.tenant', one::text, true);
    DELETE FROM session WHERE tenant_id = one AND (expires_at < ended OR seen_at < ended);
    DELETE FROM sign_in_step WHERE tenant_id = one AND expires_at < ended;
    DELETE FROM invitation WHERE tenant_id = one AND expires_at < ended;
    DELETE FROM recovery_code WHERE tenant_id = one AND used_at < told;
    DELETE FROM authenticator
      WHERE tenant_id = one AND confirmed_at IS NULL AND created_at < ended;
    IF NOT has_retention(one, 'sign_ins') THEN
      DELETE FROM sign_in s WHERE s.tenant_id = one AND s.at < tried AND NOT EXISTS (
        SELECT FROM held_record h JOIN member m
          ON m.tenant_id = one AND m.user_id = h.record_id
        WHERE h.tenant_id = one AND h.ended_at IS NULL AND lower(m.email) = lower(s.email));
    END IF;
    IF NOT has_retention(one, 'access') THEN
      DELETE FROM access_event e WHERE e.tenant_id = one AND e.at < told AND NOT EXISTS (
        SELECT FROM held_record h WHERE h.tenant_id = one AND h.ended_at IS NULL
          AND h.record_id IN (e.user_id, e.actor_id));
    END IF;
  END LOOP;
END $$;
"""
SIGNATURES = ("has_retention(int, text)", "tenants_retaining(timestamptz)")
TENANT_TABLES = ("legal_hold", "held_record", "privacy_request")


def upgrade() -> None:
    """Make the tables, closed to all but their tenant."""
    run(TABLES)
    for table in TENANT_TABLES:
        run(f"SELECT protect_table('{table}')")
    run(FUNCTIONS)
    for signature in SIGNATURES:
        run(f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC")
        run(f"GRANT EXECUTE ON FUNCTION {signature} TO fieldstone_app")


def downgrade() -> None:
    """Refuse: what is held would be lost."""
    raise NotImplementedError("Legal holds are not taken back.")
