"""The chain of seals over the logs, and what may be done to the logs at all.

Nobody waits for the chain: a writer leaves a mark that there is something new, and one process at a
time seals what is settled. Requests and jobs may add to the logs and to the chain, and take away
what an entry says; that they did, and a digest of what was said, is kept by the owner's triggers,
so that the chain still vouches for the rest.
"""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE audit_seal (
  tenant_id int NOT NULL,
  number bigint NOT NULL,
  at timestamptz NOT NULL,
  from_seq bigint NOT NULL,
  to_seq bigint NOT NULL,
  seqs bigint[] NOT NULL,
  leaves bytea NOT NULL,
  hash bytea NOT NULL,
  key_id text NOT NULL,
  signature bytea NOT NULL,
  PRIMARY KEY (tenant_id, number)
);
CREATE TABLE audit_redaction (
  tenant_id int NOT NULL,
  log_seq bigint NOT NULL DEFAULT nextval('change_seq'),
  at timestamptz NOT NULL DEFAULT now(),
  log text NOT NULL,
  how text NOT NULL,
  of_seq bigint,
  seqs bigint[],
  was bytea,
  digest bytea,
  PRIMARY KEY (tenant_id, log_seq)
);
CREATE INDEX audit_redaction_of ON audit_redaction (tenant_id, of_seq, log_seq);
CREATE INDEX audit_redaction_removed ON audit_redaction (tenant_id, log_seq)
  WHERE seqs IS NOT NULL;
-- Which tenants have something new; of all tenants, for whoever seals. Rows, since who writes a
-- log must not wait for others who do.
CREATE TABLE audit_pending (
  tenant_id int NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY
);
"""

FUNCTIONS = """
-- What stands for the values of an entry. The salt goes with the values.
CREATE FUNCTION log_payload(salt uuid, one jsonb, two jsonb, three jsonb) RETURNS bytea
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT sha256(convert_to(coalesce(salt::text, '') || E'\\n' || coalesce(one::text, '')
    || E'\\n' || coalesce(two::text, '') || E'\\n' || coalesce(three::text, ''), 'UTF8'))
$$;

-- What stands for an entry: who did what to what and when, and for its values what log_payload
-- gave of them before any was taken away. intact: whether the values are those that were left.
CREATE FUNCTION log_leaves(mine int, behind bigint, upto bigint, most int)
RETURNS TABLE (seq bigint, log text, leaf bytea, intact boolean, erased boolean)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  WITH entries AS (
    (SELECT c.seq, 'change' AS log, c.at, log_payload(c.salt, c.before, c.after, c.cause) AS said,
       jsonb_build_array(c.actor_id, c.object_id, c.record_id, c.version, c.operation)
         AS who
     FROM change c WHERE c.tenant_id = mine AND c.seq > behind AND c.seq <= upto
     ORDER BY c.seq LIMIT most)
    UNION ALL
    (SELECT m.log_seq, 'component_change', m.at, log_payload(m.salt, m.before, m.after, m.cause),
       jsonb_build_array(m.actor_id, m.version, m.component_id, m.kind, m.name,
         m.operation)
     FROM component_change m WHERE m.tenant_id = mine AND m.log_seq > behind AND m.log_seq <= upto
     ORDER BY m.log_seq LIMIT most)
    UNION ALL
    (SELECT e.log_seq, 'access_event', e.at,
       log_payload(e.salt, e.details, to_jsonb(e.address), e.cause),
       jsonb_build_array(e.id, e.user_id, e.actor_id, e.object_id, e.record_id, e.what)
     FROM access_event e WHERE e.tenant_id = mine AND e.log_seq > behind AND e.log_seq <= upto
     ORDER BY e.log_seq LIMIT most)
    UNION ALL
    (SELECT r.log_seq, 'audit_redaction', r.at, ''::bytea,
       jsonb_build_array(r.log, r.how, r.of_seq, r.seqs, encode(r.was, 'hex'),
         encode(r.digest, 'hex'))
     FROM audit_redaction r WHERE r.tenant_id = mine AND r.log_seq > behind AND r.log_seq <= upto
     ORDER BY r.log_seq LIMIT most)
  )
  SELECT e.seq, e.log,
    sha256(convert_to(jsonb_build_array(e.log, e.seq,
      (extract(epoch FROM e.at) * 1000000)::bigint, e.who)::text, 'UTF8')
      || coalesce(first.was, e.said)),
    last.digest IS NULL OR last.digest = e.said,
    first.was IS NOT NULL
  FROM (SELECT * FROM entries ORDER BY seq LIMIT most) e
  LEFT JOIN LATERAL (SELECT r.was FROM audit_redaction r
    WHERE r.tenant_id = mine AND r.of_seq = e.seq ORDER BY r.log_seq LIMIT 1) first ON true
  LEFT JOIN LATERAL (SELECT r.digest FROM audit_redaction r
    WHERE r.tenant_id = mine AND r.of_seq = e.seq ORDER BY r.log_seq DESC LIMIT 1) last ON true
  ORDER BY e.seq
$$;

CREATE FUNCTION note_log() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE mine int := nullif(current_setting('app.tenant', true), '')::int;
BEGIN
  IF mine IS NOT NULL THEN INSERT INTO audit_pending (tenant_id) VALUES (mine);
  END IF;
  RETURN NULL;
END $$;

-- Of an entry only what it says may change, and never without a fresh salt.
CREATE FUNCTION guard_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.tenant_id, OLD.seq, OLD.at, OLD.object_id, OLD.record_id, OLD.version, OLD.operation)
      IS DISTINCT FROM
      (NEW.tenant_id, NEW.seq, NEW.at, NEW.object_id, NEW.record_id, NEW.version, NEW.operation)
    OR OLD.actor_id IS DISTINCT FROM NEW.actor_id
  THEN RAISE EXCEPTION 'the log is not written anew' USING ERRCODE = 'insufficient_privilege';
  END IF;
  NEW.salt := CASE WHEN (OLD.before, OLD.after, OLD.cause) IS NOT DISTINCT FROM
    (NEW.before, NEW.after, NEW.cause) THEN OLD.salt ELSE gen_random_uuid() END;
  RETURN NEW;
END $$;
CREATE FUNCTION guard_component_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.tenant_id, OLD.seq, OLD.log_seq, OLD.at, OLD.version, OLD.component_id, OLD.kind,
      OLD.name, OLD.operation) IS DISTINCT FROM
      (NEW.tenant_id, NEW.seq, NEW.log_seq, NEW.at, NEW.version, NEW.component_id, NEW.kind,
      NEW.name, NEW.operation)
    OR OLD.actor_id IS DISTINCT FROM NEW.actor_id
  THEN RAISE EXCEPTION 'the log is not written anew' USING ERRCODE = 'insufficient_privilege';
  END IF;
  NEW.salt := CASE WHEN (OLD.before, OLD.after, OLD.cause) IS NOT DISTINCT FROM
    (NEW.before, NEW.after, NEW.cause) THEN OLD.salt ELSE gen_random_uuid() END;
  RETURN NEW;
END $$;
CREATE FUNCTION guard_access_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.tenant_id, OLD.id, OLD.log_seq, OLD.at, OLD.what) IS DISTINCT FROM
      (NEW.tenant_id, NEW.id, NEW.log_seq, NEW.at, NEW.what)
    OR (OLD.user_id, OLD.actor_id, OLD.object_id, OLD.record_id) IS DISTINCT FROM
      (NEW.user_id, NEW.actor_id, NEW.object_id, NEW.record_id)
  THEN RAISE EXCEPTION 'the log is not written anew' USING ERRCODE = 'insufficient_privilege';
  END IF;
  NEW.salt := CASE WHEN (OLD.details, OLD.address, OLD.cause) IS NOT DISTINCT FROM
    (NEW.details, NEW.address, NEW.cause) THEN OLD.salt ELSE gen_random_uuid() END;
  RETURN NEW;
END $$;

-- How values were changed: all taken away, some, or (which nobody needs to do) others put there.
CREATE FUNCTION how_redacted(was jsonb, now jsonb) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT CASE WHEN coalesce(now, '{}') IN ('{}', 'null') THEN 'erased'
    WHEN was @> now THEN 'narrowed' ELSE 'rewritten' END
$$;

CREATE FUNCTION note_redactions() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_TABLE_NAME = 'access_event' THEN
    INSERT INTO audit_redaction (tenant_id, log, how, of_seq, was, digest)
    SELECT o.tenant_id, 'access_event', how_redacted(o.details, n.details), o.log_seq,
      log_payload(o.salt, o.details, to_jsonb(o.address), o.cause),
      log_payload(n.salt, n.details, to_jsonb(n.address), n.cause)
    FROM was o JOIN is_now n USING (tenant_id, log_seq) WHERE o.salt IS DISTINCT FROM n.salt;
  ELSIF TG_TABLE_NAME = 'component_change' THEN
    INSERT INTO audit_redaction (tenant_id, log, how, of_seq, was, digest)
    SELECT o.tenant_id, 'component_change',
      how_redacted(jsonb_strip_nulls(jsonb_build_object('b', o.before, 'a', o.after)),
        jsonb_strip_nulls(jsonb_build_object('b', n.before, 'a', n.after))), o.log_seq,
      log_payload(o.salt, o.before, o.after, o.cause),
      log_payload(n.salt, n.before, n.after, n.cause)
    FROM was o JOIN is_now n USING (tenant_id, log_seq) WHERE o.salt IS DISTINCT FROM n.salt;
  ELSE
    INSERT INTO audit_redaction (tenant_id, log, how, of_seq, was, digest)
    SELECT o.tenant_id, 'change',
      how_redacted(jsonb_strip_nulls(jsonb_build_object('b', o.before, 'a', o.after)),
        jsonb_strip_nulls(jsonb_build_object('b', n.before, 'a', n.after))), o.seq,
      log_payload(o.salt, o.before, o.after, o.cause),
      log_payload(n.salt, n.before, n.after, n.cause)
    FROM was o JOIN is_now n USING (tenant_id, seq) WHERE o.salt IS DISTINCT FROM n.salt;
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION note_removals() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_TABLE_NAME = 'change' THEN
    INSERT INTO audit_redaction (tenant_id, log, how, seqs)
    SELECT tenant_id, 'change', 'removed', array_agg(seq ORDER BY seq) FROM was GROUP BY 1;
  ELSE
    INSERT INTO audit_redaction (tenant_id, log, how, seqs)
    SELECT tenant_id, TG_TABLE_NAME, 'removed', array_agg(log_seq ORDER BY log_seq)
    FROM was GROUP BY 1;
  END IF;
  RETURN NULL;
END $$;

-- What sealing needs to know of all tenants.
CREATE FUNCTION audit_waiting() RETURNS TABLE (tenant_id int, last bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT p.tenant_id, max(p.id) FROM audit_pending p GROUP BY 1
$$;
CREATE FUNCTION audit_place() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT last_value FROM change_seq
$$;
CREATE FUNCTION audit_horizon() RETURNS bigint
LANGUAGE sql SET search_path = public, pg_temp AS $$
  SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint
$$;
CREATE FUNCTION audit_settled(horizon bigint) RETURNS boolean
LANGUAGE sql SET search_path = public, pg_temp AS $$
  SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint >= horizon
$$;
CREATE FUNCTION audit_sealed(of_tenant int, upto bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  DELETE FROM audit_pending p WHERE p.tenant_id = of_tenant AND p.id <= upto
$$;

-- As before; and the partitions of the log are no more open to be removed from than the log is.
CREATE OR REPLACE FUNCTION extend_change_log() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE month timestamptz; part text;
BEGIN
  FOR ahead IN 0..2 LOOP
    month := date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
      + make_interval(months => ahead);
    part := 'change_' || to_char(month AT TIME ZONE 'UTC', 'YYYY_MM');
    CONTINUE WHEN to_regclass(part) IS NOT NULL;
    BEGIN
      EXECUTE format('CREATE TABLE %I PARTITION OF change FOR VALUES FROM (%L) TO (%L)',
        part, month, month + interval '1 month');
      PERFORM protect_table(part);
      EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON %I FROM fieldstone_app', part);
    EXCEPTION WHEN check_violation THEN
      -- The default partition already holds rows of that month; they stay there.
      NULL;
    END;
  END LOOP;
END $$;
"""
TRIGGERS = """
CREATE TRIGGER {log}_guard BEFORE UPDATE ON {log}
  FOR EACH ROW EXECUTE FUNCTION guard_{log}();
CREATE TRIGGER {log}_redacted AFTER UPDATE ON {log}
  REFERENCING OLD TABLE AS was NEW TABLE AS is_now
  FOR EACH STATEMENT EXECUTE FUNCTION note_redactions();
CREATE TRIGGER {log}_removed AFTER DELETE ON {log}
  REFERENCING OLD TABLE AS was
  FOR EACH STATEMENT EXECUTE FUNCTION note_removals();
"""
PENDING = """
CREATE TRIGGER {log}_noted AFTER INSERT ON {log}
  FOR EACH STATEMENT EXECUTE FUNCTION note_log();
"""
PARTITIONS = """
DO $$ DECLARE part text; BEGIN
  FOR part IN SELECT inhrelid::regclass::text FROM pg_inherits
      WHERE inhparent = 'change'::regclass LOOP
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON %s FROM fieldstone_app', part);
  END LOOP;
END $$
"""
WHOLE = """
-- What there is by now is to be sealed too.
INSERT INTO audit_pending (tenant_id) SELECT id FROM tenant;
REVOKE ALL ON audit_pending FROM fieldstone_app;
REVOKE UPDATE, DELETE, TRUNCATE ON audit_seal FROM fieldstone_app;
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON audit_redaction FROM fieldstone_app;
"""
LOGS = ("change", "component_change", "access_event")
SIGNATURES = (
    "audit_waiting()",
    "audit_place()",
    "audit_horizon()",
    "audit_settled(bigint)",
    "audit_sealed(int, bigint)",
    "log_payload(uuid, jsonb, jsonb, jsonb)",
    "log_leaves(int, bigint, bigint, int)",
)


def upgrade() -> None:
    """Make the tables and what fills them, and close the logs against being written anew."""
    run(TABLES)
    run(FUNCTIONS)
    for log in LOGS:
        run(TRIGGERS.format(log=log))
    for log in (*LOGS, "audit_redaction"):
        run(PENDING.format(log=log))
    for table in ("audit_seal", "audit_redaction"):
        run(f"SELECT protect_table('{table}')")
    run(PARTITIONS)
    run(WHOLE)
    for signature in SIGNATURES:
        run(f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC")
        run(f"GRANT EXECUTE ON FUNCTION {signature} TO fieldstone_app")


def downgrade() -> None:
    """Refuse: nothing would vouch for the logs any more."""
    raise NotImplementedError("The chain of seals is not taken back.")
