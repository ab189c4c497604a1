"""What is known of access is forgotten in time: ended sessions, old tries, spent invitations."""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

FUNCTIONS = """
-- Forgets, for every tenant, what ended before an instant, tries before another, and the log of
-- access before a third.
CREATE FUNCTION forget_access(ended timestamptz, tried timestamptz, told timestamptz)
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
    DELETE FROM sign_in WHERE tenant_id = one AND at < tried;
    DELETE FROM access_event WHERE tenant_id = one AND at < told;
  END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION forget_access(timestamptz, timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_access(timestamptz, timestamptz, timestamptz) TO fieldstone_app;
DROP INDEX session_end;
DROP INDEX sign_in_step_end;
"""


def upgrade() -> None:
    """Make the function, and drop the indexes that looked over all tenants at once."""
    run(FUNCTIONS)


def downgrade() -> None:
    """Forget no more."""
    run("DROP FUNCTION forget_access(timestamptz, timestamptz, timestamptz)")
