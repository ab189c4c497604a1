"""What operators do is sealed like all else, and a redaction that is none is told apart.

Events of operators belong to tenant 0, the platform, and draw their places from the sequence of all
logs, so that the chain of the platform goes over them.
"""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

EVENTS = """
ALTER TABLE tenant_event ADD COLUMN log_seq bigint;
UPDATE tenant_event SET log_seq = o.place FROM (
  SELECT id, nextval('change_seq') AS place FROM (SELECT id FROM tenant_event ORDER BY id) i) o
  WHERE o.id = tenant_event.id;
ALTER TABLE tenant_event ALTER COLUMN log_seq SET NOT NULL,
  ALTER COLUMN log_seq SET DEFAULT nextval('change_seq');
CREATE UNIQUE INDEX tenant_event_place ON tenant_event (log_seq);

CREATE FUNCTION note_platform_log() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO audit_pending (of_tenant) VALUES (0);
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION note_platform_log() FROM PUBLIC;
CREATE TRIGGER tenant_event_noted AFTER INSERT ON tenant_event
  FOR EACH STATEMENT EXECUTE FUNCTION note_platform_log();
REVOKE UPDATE, DELETE, TRUNCATE ON tenant_event FROM fieldstone_app;
-- The platform had no chain so far, or one over nothing that operators did.
INSERT INTO audit_pending (of_tenant) VALUES (0);
"""

FUNCTIONS = """
-- As before; and of the platform also what operators did.
CREATE OR REPLACE FUNCTION log_leaves(mine int, behind bigint, upto bigint, most int)
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
    UNION ALL
    (SELECT t.log_seq, 'tenant_event', t.at, ''::bytea,
       jsonb_build_array(t.id, t.number, t.name, t.what, t.by_whom, t.details)
     FROM tenant_event t WHERE mine = 0 AND t.log_seq > behind AND t.log_seq <= upto
     ORDER BY t.log_seq LIMIT most)
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

-- How an entry was changed. All values taken away, some of them, parts of texts; or others put
-- there, which is refused, so that somebody got past the refusal. beside: cause and address.
CREATE FUNCTION how_redacted(was jsonb, is_now jsonb, beside jsonb, beside_now jsonb) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT CASE
    WHEN NOT (only_taken_away(was, is_now) AND only_taken_away(beside, beside_now))
      THEN 'rewritten'
    WHEN is_now = '{}' AND was <> '{}' THEN 'erased'
    WHEN was @> is_now AND beside @> beside_now THEN 'narrowed'
    ELSE 'cut' END
$$;

CREATE OR REPLACE FUNCTION note_redactions() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_TABLE_NAME = 'access_event' THEN
    INSERT INTO audit_redaction (tenant_id, log, how, of_seq, was, digest)
    SELECT o.tenant_id, 'access_event',
      how_redacted(jsonb_strip_nulls(coalesce(o.details, '{}')),
        jsonb_strip_nulls(coalesce(n.details, '{}')),
        jsonb_strip_nulls(jsonb_build_object('c', o.cause, 'a', o.address)),
        jsonb_strip_nulls(jsonb_build_object('c', n.cause, 'a', nullif(n.address, '')))),
      o.log_seq, log_payload(o.salt, o.details, to_jsonb(o.address), o.cause),
      log_payload(n.salt, n.details, to_jsonb(n.address), n.cause)
    FROM was o JOIN is_now n USING (tenant_id, log_seq) WHERE o.salt IS DISTINCT FROM n.salt;
  ELSIF TG_TABLE_NAME = 'component_change' THEN
    INSERT INTO audit_redaction (tenant_id, log, how, of_seq, was, digest)
    SELECT o.tenant_id, 'component_change',
      how_redacted(jsonb_strip_nulls(jsonb_build_object('b', o.before, 'a', o.after)),
        jsonb_strip_nulls(jsonb_build_object('b', n.before, 'a', n.after)),
        jsonb_strip_nulls(jsonb_build_object('c', o.cause)),
        jsonb_strip_nulls(jsonb_build_object('c', n.cause))),
      o.log_seq, log_payload(o.salt, o.before, o.after, o.cause),
      log_payload(n.salt, n.before, n.after, n.cause)
    FROM was o JOIN is_now n USING (tenant_id, log_seq) WHERE o.salt IS DISTINCT FROM n.salt;
  ELSE
    INSERT INTO audit_redaction (tenant_id, log, how, of_seq, was, digest)
    SELECT o.tenant_id, 'change',
      how_redacted(jsonb_strip_nulls(jsonb_build_object('b', o.before, 'a', o.after)),
        jsonb_strip_nulls(jsonb_build_object('b', n.before, 'a', n.after)),
        jsonb_strip_nulls(jsonb_build_object('c', o.cause)),
        jsonb_strip_nulls(jsonb_build_object('c', n.cause))),
      o.seq, log_payload(o.salt, o.before, o.after, o.cause),
      log_payload(n.salt, n.before, n.after, n.cause)
    FROM was o JOIN is_now n USING (tenant_id, seq) WHERE o.salt IS DISTINCT FROM n.salt;
  END IF;
  RETURN NULL;
END $$;
DROP FUNCTION how_redacted(jsonb, jsonb);
"""
SIGNATURE = "how_redacted(jsonb, jsonb, jsonb, jsonb)"


def upgrade() -> None:
    """Give events of operators a place in the chain, and tell what was done to entries."""
    run(EVENTS)
    run(FUNCTIONS)
    run(f"REVOKE EXECUTE ON FUNCTION {SIGNATURE} FROM PUBLIC")


def downgrade() -> None:
    """Refuse: what operators did would not be vouched for any more."""
    raise NotImplementedError("The chain of seals is not taken back.")
