"""Second factors: authenticators, recovery codes and passkeys, and the steps that wait for them.

The log of access tells what happened to how somebody gets in, and who did it.
"""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE authenticator (
  tenant_id int NOT NULL,
  id bigint NOT NULL,
  user_id bigint NOT NULL,
  secret bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  confirmed_at timestamptz,
  last_step bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX authenticator_mine ON authenticator (tenant_id, user_id);

CREATE TABLE recovery_code (
  tenant_id int NOT NULL,
  user_id bigint NOT NULL,
  code_hash bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  used_at timestamptz,
  PRIMARY KEY (tenant_id, user_id, code_hash)
);

CREATE TABLE passkey (
  tenant_id int NOT NULL,
  id bigint NOT NULL,
  user_id bigint NOT NULL,
  credential_id bytea NOT NULL,
  public_key bytea NOT NULL,
  sign_count bigint NOT NULL,
  site text NOT NULL,
  transports text[] NOT NULL DEFAULT '{}',
  is_synced boolean NOT NULL DEFAULT false,
  name text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  used_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, credential_id)
);
CREATE INDEX passkey_mine ON passkey (tenant_id, user_id);

CREATE TABLE sign_in_step (
  tenant_id int NOT NULL,
  token_hash bytea NOT NULL,
  purpose text NOT NULL,
  user_id bigint,
  challenge bytea,
  tries int NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, token_hash)
);
CREATE INDEX sign_in_step_end ON sign_in_step (expires_at);

CREATE TABLE access_event (
  tenant_id int NOT NULL,
  id bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  user_id bigint NOT NULL,
  actor_id bigint,
  what text NOT NULL,
  details jsonb NOT NULL DEFAULT '{}',
  address text NOT NULL DEFAULT '',
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX access_event_of ON access_event (tenant_id, user_id, id);

ALTER TABLE session ADD COLUMN proved_at timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN method text NOT NULL DEFAULT 'password',
  ADD COLUMN acting_id bigint,
  ADD COLUMN parent_id bigint;
CREATE INDEX session_acting ON session (tenant_id, acting_id) WHERE acting_id IS NOT NULL;
CREATE INDEX session_end ON session (expires_at);
ALTER TABLE member ADD COLUMN acting_until timestamptz;
ALTER TABLE invitation ADD COLUMN resets_factors boolean NOT NULL DEFAULT false;
CREATE INDEX sign_in_second ON sign_in (tenant_id, email, at) WHERE outcome = 'refused_second';
"""
TENANT_TABLES = ("authenticator", "recovery_code", "passkey", "sign_in_step", "access_event")


def upgrade() -> None:
    """Make the tables, closed to all but their tenant."""
    run(TABLES)
    for table in TENANT_TABLES:
        run(f"SELECT protect_table('{table}')")


def downgrade() -> None:
    """Refuse: accounts would be less safe than their owners made them."""
    raise NotImplementedError("Second factors are not taken back.")
