-- Ledger entries that runs removed, so that reverting a run restores them: row_sources has only the current state.
CREATE TABLE row_sources_replaced (
    id             INTEGER PRIMARY KEY NOT NULL,
    run_id         TEXT NOT NULL REFERENCES import_runs (id), -- the run that removed or restored the entry
    change         TEXT NOT NULL CHECK (change = 'removed' OR change = 'restored' OR change = 'marked' OR change = 'unmarked'),
    source_file_id BIGINT NOT NULL,                          -- this and all below: as in row_sources
    position       BIGINT NOT NULL,
    table_name     TEXT NOT NULL,
    identity       BLOB NOT NULL,
    identity_start BIGINT NOT NULL,
    record_id      TEXT NOT NULL,
    pointer        TEXT NOT NULL,
    part           INTEGER,
    digest         BLOB NOT NULL,
    gone_run_id    TEXT
);
CREATE INDEX idx_row_sources_replaced_run_id ON row_sources_replaced (run_id, change);
