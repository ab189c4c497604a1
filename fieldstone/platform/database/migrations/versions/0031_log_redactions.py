"""Of what an entry of a log says, parts may be taken away, and nothing else be put there.

Who takes values away leaves null, nothing, or `[erased]` within texts and keys; every other change
is refused, also to the application, so that what a note of a redaction allows is a redaction.
"""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

FUNCTIONS = """
CREATE FUNCTION text_was_cut(was text, is_now text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT is_now IN ('', was) OR (position('[erased]' IN is_now) > 0 AND was LIKE
    replace(regexp_replace(is_now, '([\\\\%_])', '\\\\\\1', 'g'), '[erased]', '%'))
$$;

-- Whether values are what they were but for what was taken away.
CREATE FUNCTION only_taken_away(was jsonb, is_now jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = public, pg_temp AS $$
DECLARE kind text := jsonb_typeof(is_now);
BEGIN
  IF is_now IS NULL OR kind = 'null' OR was = is_now THEN RETURN true;
  ELSIF was IS NULL OR jsonb_typeof(was) <> kind THEN RETURN false;
  ELSIF kind = 'string' THEN RETURN text_was_cut(was #>> '{}', is_now #>> '{}');
  ELSIF kind = 'array' THEN
    RETURN jsonb_array_length(was) = jsonb_array_length(is_now) AND NOT EXISTS (
      SELECT FROM generate_series(0, jsonb_array_length(is_now) - 1) i
      WHERE NOT only_taken_away(was -> i, is_now -> i));
  ELSIF kind = 'object' THEN
    RETURN NOT EXISTS (SELECT FROM jsonb_each(is_now) n WHERE NOT EXISTS (
      SELECT FROM jsonb_each(was) o
      WHERE text_was_cut(o.key, n.key) AND only_taken_away(o.value, n.value)));
  END IF;
  RETURN false;
END $$;

CREATE FUNCTION refuse_rewriting() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE was jsonb := to_jsonb(OLD); is_now jsonb := to_jsonb(NEW); part text;
BEGIN
  FOREACH part IN ARRAY TG_ARGV LOOP
    IF NOT only_taken_away(was -> part, is_now -> part)
    THEN RAISE EXCEPTION 'the log is not written anew' USING ERRCODE = 'insufficient_privilege';
    END IF;
  END LOOP;
  RETURN NEW;
END $$;
"""
TRIGGER = """
CREATE TRIGGER {log}_kept BEFORE UPDATE ON {log}
  FOR EACH ROW EXECUTE FUNCTION refuse_rewriting({parts});
"""
PARTS = {
    "change": "'before', 'after', 'cause'",
    "component_change": "'before', 'after', 'cause'",
    "access_event": "'details', 'cause', 'address'",
}
SIGNATURES = ("text_was_cut(text, text)", "only_taken_away(jsonb, jsonb)", "refuse_rewriting()")


def upgrade() -> None:
    """Make the functions and have them called."""
    run(FUNCTIONS)
    for log, parts in PARTS.items():
        run(TRIGGER.format(log=log, parts=parts))
    for signature in SIGNATURES:
        run(f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC")
        run(f"GRANT EXECUTE ON FUNCTION {signature} TO fieldstone_app")


def downgrade() -> None:
    """Refuse: the logs could be written anew."""
    raise NotImplementedError("The logs are not opened to be written anew.")
