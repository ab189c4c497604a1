"""The permission sets of the CRM for tenants that are there already, and for their members.

Until now every member saw and changed every record. Standard_User allows that, so that nobody
loses anything; administrators get it as well, for the day when they are administrators no more.
"""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

GIVE = """
DO $$
DECLARE
  one int;
  raised bigint;
  standard jsonb := '{
    "label": "Standard user",
    "description": "Works with every record there is: makes, reads, changes and deletes them. Sets '
    'nothing up, and sees who the users are without changing them. New members get it unless their '
    'invitation says otherwise.",
    "all_objects": ["create", "read", "edit", "delete"],
    "objects": {"User": ["read"]},
    "all_fields": "edit",
    "actions": ["export", "import", "api"]}';
  reading jsonb := '{
    "label": "Read only",
    "description": "Reads every record there is and changes none.",
    "all_objects": ["read"],
    "all_fields": "read",
    "actions": ["export", "api"]}';
BEGIN
  FOR one IN SELECT id FROM tenant ORDER BY id LOOP
    PERFORM set_config('app.tenant', one::text, true);
    CONTINUE WHEN NOT EXISTS (SELECT FROM component WHERE tenant_id = one AND kind = 'object'
      AND lower(name) = 'user' AND deleted_at IS NULL) OR EXISTS (SELECT FROM component
      WHERE tenant_id = one AND kind = 'permission_set');
    INSERT INTO component (tenant_id, id, kind, name, package, body)
      SELECT one, nextval('component_id_seq'), 'permission_set', name, 'crm', body
      FROM (VALUES ('Standard_User', standard), ('Read_Only', reading)) AS shipped (name, body);
    UPDATE catalog_version SET version = version + 1 WHERE tenant_id = one
      RETURNING version INTO raised;
    INSERT INTO component_change (tenant_id, version, cause, component_id, kind, name, operation,
        after)
      SELECT one, raised, '{"setup": "permission sets"}', id, kind, name, 'create', body
      FROM component WHERE tenant_id = one AND kind = 'permission_set' ORDER BY id;
    INSERT INTO permission_assignment (tenant_id, user_id, set_id)
      SELECT one, m.user_id, c.id FROM member m
      JOIN component c ON c.tenant_id = one AND c.kind = 'permission_set'
        AND c.name = 'Standard_User'
      WHERE m.tenant_id = one;
  END LOOP;
END $$;
"""


def upgrade() -> None:
    """Give every tenant the sets, and every member what they could do before."""
    run(GIVE)


def downgrade() -> None:
    """Refuse: what people were given is not taken back."""
    raise NotImplementedError("What people were given is not taken back.")
