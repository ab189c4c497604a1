"""Imports: a ledger with one row for each row of a file; jobs of a dead worker are found sooner.

The ledger is written in the transaction of the rows it tells of. Its fingerprints are how a file
that is imported again adds nothing, even where the records were changed in the meantime.
"""

from __future__ import annotations

from fieldstone.platform.database.migrations.script import run

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

LEDGER = """
CREATE TABLE import_row (
  tenant_id int NOT NULL,
  import_id bigint NOT NULL,
  number int NOT NULL,
  object_id int NOT NULL,
  outcome text NOT NULL,
  fingerprint bytea,
  record_id bigint,
  confidence float8,
  details jsonb,
  PRIMARY KEY (tenant_id, import_id, number)
);
CREATE INDEX import_row_fingerprint ON import_row (tenant_id, object_id, fingerprint)
  WHERE fingerprint IS NOT NULL;
CREATE INDEX import_row_told ON import_row (tenant_id, import_id, outcome, number)
  WHERE details IS NOT NULL;
"""

JOBS = """
CREATE INDEX job_newest ON job (tenant_id, id DESC);

CREATE OR REPLACE FUNCTION waiting_jobs(most int)
RETURNS TABLE (tenant_id int, id bigint, kind text)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE job SET relayed_at = now() WHERE (job.tenant_id, job.id) IN (
    SELECT j.tenant_id, j.id FROM job j WHERE j.run_after <= now()
      AND ((j.state = 'waiting'
            AND (j.relayed_at IS NULL OR j.relayed_at < now() - interval '1 minute'))
        OR (j.state = 'running' AND j.heartbeat_at < now() - interval '20 seconds'
            AND (j.relayed_at IS NULL OR j.relayed_at < now() - interval '20 seconds')))
    ORDER BY j.run_after LIMIT most FOR UPDATE SKIP LOCKED)
  RETURNING job.tenant_id, job.id, job.kind;
$$;
"""

# Two letters that changed places leave a word of five letters a third of its trigrams.
SEARCH = """
ALTER FUNCTION search_records_loosely(text[], int)
  SET pg_trgm.word_similarity_threshold = 0.3;
"""


def upgrade() -> None:
    """Add the ledger and look for dead workers every twenty seconds."""
    run(LEDGER)
    run("SELECT protect_table('import_row')")
    run(JOBS)
    run(SEARCH)


def downgrade() -> None:
    """Refuse: the ledger is what keeps files from being imported twice."""
    raise NotImplementedError("The ledger of imports cannot be taken back.")
