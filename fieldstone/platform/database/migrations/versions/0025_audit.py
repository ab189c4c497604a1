"""One order over all logs: what is noted anywhere draws its number from that of record changes.

Every entry has a salt beside what it says, so that the entry can be vouched for once what it said
is erased, and nobody can guess what that was.
"""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

COLUMNS = """
ALTER TABLE access_event
  ALTER COLUMN user_id DROP NOT NULL,
  ADD COLUMN object_id int,
  ADD COLUMN record_id bigint,
  ADD COLUMN cause jsonb,
  ADD COLUMN log_seq bigint NOT NULL DEFAULT nextval('change_seq'),
  ADD COLUMN salt uuid DEFAULT gen_random_uuid();
CREATE UNIQUE INDEX access_event_log ON access_event (tenant_id, log_seq);
ALTER TABLE component_change
  ADD COLUMN log_seq bigint NOT NULL DEFAULT nextval('change_seq'),
  ADD COLUMN salt uuid DEFAULT gen_random_uuid();
CREATE UNIQUE INDEX component_change_log ON component_change (tenant_id, log_seq);

-- What is there already keeps no salt: to give it one would write the whole log anew.
ALTER TABLE change ADD COLUMN salt uuid;
ALTER TABLE change ALTER COLUMN salt SET DEFAULT gen_random_uuid();
CREATE INDEX change_actor ON change (tenant_id, actor_id, seq);
"""


def upgrade() -> None:
    """Add the columns."""
    run(COLUMNS)


def downgrade() -> None:
    """Refuse: the logs would lose their order."""
    raise NotImplementedError("The order of the logs is not taken back.")
