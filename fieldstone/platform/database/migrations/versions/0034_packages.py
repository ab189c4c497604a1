"""What packages shipped, and packages that wait; the CRM of tenants that are there is noted.

What a component was shipped as is how the log says that it was made. Which files it came from is
not known any more, so that the package has no digest.
"""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE package_component (
  tenant_id int NOT NULL,
  component_id int NOT NULL,
  digest text NOT NULL,
  package text NOT NULL,
  kind text NOT NULL,
  name text NOT NULL,
  body jsonb NOT NULL,
  PRIMARY KEY (tenant_id, component_id, digest)
);
CREATE TABLE package_upload (
  tenant_id int NOT NULL,
  digest text NOT NULL,
  name text NOT NULL,
  version text NOT NULL,
  files jsonb NOT NULL,
  uploaded_at timestamptz NOT NULL,
  uploaded_by bigint,
  PRIMARY KEY (tenant_id, digest)
);
"""
TENANT_TABLES = ("package_component", "package_upload")
NOTE = """
DO $$
DECLARE
  one int;
  made int;
  raised bigint;
  said jsonb := '{"label": "CRM", "version": "1.0.0", "digest": "", "namespace": "",
    "description": "", "dependencies": {}}';
BEGIN
  FOR one IN SELECT id FROM tenant ORDER BY id LOOP
    PERFORM set_config('app.tenant', one::text, true);
    CONTINUE WHEN NOT EXISTS (SELECT FROM component
      WHERE tenant_id = one AND package = 'crm' AND deleted_at IS NULL)
      OR EXISTS (SELECT FROM component WHERE tenant_id = one AND kind = 'package');
    INSERT INTO package_component (tenant_id, component_id, digest, package, kind, name, body)
      SELECT DISTINCT ON (g.component_id) one, g.component_id, '', 'crm', g.kind, g.name, g.after
      FROM component_change g
      JOIN component c ON c.tenant_id = one AND c.id = g.component_id AND c.package = 'crm'
      WHERE g.tenant_id = one AND g.operation = 'create' AND g.after IS NOT NULL
      ORDER BY g.component_id, g.seq;
    INSERT INTO component (tenant_id, id, kind, name, package, body)
      VALUES (one, nextval('component_id_seq'), 'package', 'crm', 'crm', said)
      RETURNING id INTO made;
    UPDATE catalog_version SET version = version + 1 WHERE tenant_id = one
      RETURNING version INTO raised;
    INSERT INTO component_change (tenant_id, version, cause, component_id, kind, name, operation,
        after)
      VALUES (one, raised, '{"setup": "packages"}', made, 'package', 'crm', 'create', said);
  END LOOP;
END $$;
"""


def upgrade() -> None:
    """Make the tables, closed to all but their tenant, and note what tenants have."""
    run(TABLES)
    for table in TENANT_TABLES:
        run(f"SELECT protect_table('{table}')")
    run(NOTE)


def downgrade() -> None:
    """Refuse: what was shipped would not be known any more."""
    raise NotImplementedError("What packages shipped is not forgotten.")
