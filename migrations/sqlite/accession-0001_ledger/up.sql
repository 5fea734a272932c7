-- The ledger: what was imported, from where and by whom; and the audit log.
-- Times are RFC 3339 strings in UTC with six fractional digits, so that they sort chronologically.

-- One row per execution that wrote something.
CREATE TABLE import_runs (
    id            TEXT PRIMARY KEY NOT NULL,                 -- UUIDv7 (RFC 9562)
    kind          TEXT NOT NULL,                             -- import, revert, enable, disable
    status        TEXT NOT NULL CHECK (status IN ('running', 'complete')),
    layout        TEXT NOT NULL,
    layout_digest TEXT NOT NULL,                             -- SHA-256 of the layout's files
    source        TEXT NOT NULL,                             -- the directory's name in the ledger
    actor         TEXT NOT NULL,                             -- declared
    reason        TEXT,
    os_user       TEXT NOT NULL,                             -- observed
    host          TEXT NOT NULL,
    db_user       TEXT,                                      -- observed; SQLite has no users
    tool_version  TEXT NOT NULL,
    started_at    TEXT NOT NULL,
    finished_at   TEXT,
    counts        TEXT CHECK (counts IS NULL OR json_valid(counts)),
    archive       TEXT,                                      -- directory that holds the originals
    parent_run_id TEXT REFERENCES import_runs (id)
);

-- One row per version of a source file that a run read. sha256 is NULL if the run found the file deleted.
CREATE TABLE source_files (
    id          INTEGER PRIMARY KEY NOT NULL,
    run_id      TEXT NOT NULL REFERENCES import_runs (id),
    path        TEXT NOT NULL,
    sha256      TEXT,
    bytes       BIGINT NOT NULL,
    modified_at TEXT,
    records     BIGINT NOT NULL,
    rejected    BIGINT NOT NULL
);
CREATE INDEX idx_source_files_path ON source_files (path);
CREATE INDEX idx_source_files_run_id ON source_files (run_id);

-- The origin of each row and its state at the last import. Clustered by file, because the rows of a file are read
-- together. Written for every row, and by accession alone: hence no foreign keys.
CREATE TABLE row_sources (
    source_file_id BIGINT NOT NULL,                          -- source_files.id
    position       BIGINT NOT NULL,                          -- order of the records in the file
    table_name     TEXT NOT NULL,
    identity       BLOB NOT NULL,                            -- identifies the record across runs: 128 bits of SHA-256
    identity_start BIGINT NOT NULL,                          -- its first 64 bits: an index over integers is built faster
    record_id      TEXT NOT NULL,                            -- primary key as text; several columns as a JSON array
    pointer        TEXT NOT NULL,                            -- JSON Pointer (RFC 6901)
    part           INTEGER,                                  -- index of the part of a split string
    digest         BLOB NOT NULL,                            -- of the imported values: 128 bits of SHA-256
    gone_run_id    TEXT,                                     -- the run that no longer found the record in the file
    PRIMARY KEY (source_file_id, position)
) WITHOUT ROWID;
CREATE INDEX idx_row_sources_identity ON row_sources (identity_start);
CREATE INDEX idx_row_sources_gone_run_id ON row_sources (gone_run_id) WHERE gone_run_id IS NOT NULL;

-- Records that --skip-invalid rejected; a record may have several findings.
CREATE TABLE rejects (
    id             INTEGER PRIMARY KEY NOT NULL,
    source_file_id BIGINT NOT NULL REFERENCES source_files (id),
    record         TEXT,                                     -- JSON Pointer; NULL: all records after a fault in the file
    pointer        TEXT,                                     -- JSON Pointer to the error
    line           BIGINT,
    "column"       BIGINT,
    rule           TEXT NOT NULL,
    message        TEXT NOT NULL
);
CREATE INDEX idx_rejects_source_file_id ON rejects (source_file_id);

-- Values that are stored differently from how they are written in the file.
CREATE TABLE conversions (
    id          INTEGER PRIMARY KEY NOT NULL,
    run_id      TEXT NOT NULL REFERENCES import_runs (id),
    table_name  TEXT NOT NULL,
    record_id   TEXT NOT NULL,
    column_name TEXT NOT NULL,
    rule        TEXT NOT NULL,
    source_text TEXT NOT NULL,
    stored_text TEXT NOT NULL
);
CREATE INDEX idx_conversions_record ON conversions (table_name, record_id);

-- The audit log: one row per changed row, written by triggers no matter which program made the change. The long values
-- are last, so that reading the other columns reads no overflow pages.
CREATE TABLE audit_log (
    id             INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    run_id         TEXT,
    source_file_id BIGINT,
    table_name     TEXT NOT NULL,
    record_id      TEXT NOT NULL,
    -- Not IN: for a list of three or more, SQLite builds a temporary B-tree, in a trigger again for every row.
    action         TEXT NOT NULL CHECK (action = 'INSERT' OR action = 'UPDATE' OR action = 'DELETE'),
    changed_at     TEXT NOT NULL,
    changed_by     TEXT NOT NULL,                            -- the run's actor; 'external' for other programs
    db_user        TEXT,
    old_value      TEXT,                                     -- JSON: whole row (DELETE), key and changed columns (UPDATE)
    new_value      TEXT                                      -- JSON: whole row (INSERT), key and changed columns (UPDATE)
);
CREATE INDEX idx_audit_log_record ON audit_log (table_name, record_id);
-- All entries of a run have its start time, so only entries of other programs need to be found by time.
CREATE INDEX idx_audit_log_external ON audit_log (changed_at) WHERE run_id IS NULL;

-- The attribution of changes: filled after BEGIN IMMEDIATE and emptied before COMMIT, so that no other connection
-- ever sees it.
CREATE TABLE audit_context (
    one            INTEGER PRIMARY KEY NOT NULL CHECK (one = 1),
    run_id         TEXT NOT NULL,
    changed_by     TEXT NOT NULL,
    changed_at     TEXT NOT NULL,
    source_file_id BIGINT
);

-- Append-only. REPLACE deletes without firing a DELETE trigger, hence the guard before INSERT.
CREATE TRIGGER accession_audit_log_no_update BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END;
CREATE TRIGGER accession_audit_log_no_delete BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END;
CREATE TRIGGER accession_audit_log_no_replace BEFORE INSERT ON audit_log
WHEN EXISTS (SELECT 1 FROM audit_log WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END;

-- A complete run is immutable.
CREATE TRIGGER accession_import_runs_no_update BEFORE UPDATE ON import_runs
WHEN OLD.status <> 'running'
BEGIN SELECT RAISE(ABORT, 'a complete run is never edited'); END;
CREATE TRIGGER accession_import_runs_no_delete BEFORE DELETE ON import_runs
BEGIN SELECT RAISE(ABORT, 'a run is never deleted'); END;
CREATE TRIGGER accession_import_runs_no_replace BEFORE INSERT ON import_runs
WHEN EXISTS (SELECT 1 FROM import_runs WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'a run is never replaced'); END;
