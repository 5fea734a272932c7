-- The ledger: what was imported, from where and by whom; and the audit log. Columns and their meaning are those of
-- `migrations/sqlite`, in the same portable types.
-- Times are RFC 3339 strings in UTC with six fractional digits, so that they sort chronologically. Strings are compared
-- byte by byte and including trailing spaces. The collation that does so has different names in MariaDB and MySQL; each
-- executes only the version comment that applies to it.
-- DDL commits implicitly here. After a failure this file can be run again: existing objects are kept.

-- One row per execution that wrote something.
CREATE TABLE IF NOT EXISTS import_runs (
    id            VARCHAR(36) NOT NULL PRIMARY KEY,          -- UUIDv7 (RFC 9562)
    kind          VARCHAR(32) NOT NULL,                      -- import, revert, enable, disable
    status        VARCHAR(32) NOT NULL CHECK (status IN ('running', 'complete')),
    layout        TEXT NOT NULL,
    layout_digest VARCHAR(64) NOT NULL,                      -- SHA-256 of the layout's files
    source        TEXT NOT NULL,                             -- the directory's name in the ledger
    actor         TEXT NOT NULL,                             -- declared
    reason        TEXT,
    os_user       TEXT NOT NULL,                             -- observed
    host          TEXT NOT NULL,
    db_user       TEXT,                                      -- observed
    tool_version  VARCHAR(64) NOT NULL,
    started_at    VARCHAR(32) NOT NULL,
    finished_at   VARCHAR(32),
    counts        LONGTEXT CHECK (counts IS NULL OR json_valid(counts)),
    archive       TEXT,                                      -- directory that holds the originals
    parent_run_id VARCHAR(36),
    FOREIGN KEY (parent_run_id) REFERENCES import_runs (id)
) ENGINE = InnoDB, DEFAULT CHARACTER SET = utf8mb4 /*M!100300 , COLLATE = utf8mb4_nopad_bin */ /*!80017 , COLLATE = utf8mb4_0900_bin */;

-- One row per version of a source file that a run read. sha256 is NULL if the run found the file deleted.
CREATE TABLE IF NOT EXISTS source_files (
    id          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    run_id      VARCHAR(36) NOT NULL,
    path        TEXT NOT NULL,
    sha256      VARCHAR(64),
    bytes       BIGINT NOT NULL,
    modified_at VARCHAR(32),
    records     BIGINT NOT NULL,
    rejected    BIGINT NOT NULL,
    FOREIGN KEY (run_id) REFERENCES import_runs (id),
    INDEX idx_source_files_path (path(255)),
    INDEX idx_source_files_run_id (run_id)
) ENGINE = InnoDB, DEFAULT CHARACTER SET = utf8mb4 /*M!100300 , COLLATE = utf8mb4_nopad_bin */ /*!80017 , COLLATE = utf8mb4_0900_bin */;

-- The origin of each row and its state at the last import. Clustered by file, because the rows of a file are read
-- together. Written for every row, and by accession alone: hence no foreign keys.
CREATE TABLE IF NOT EXISTS row_sources (
    source_file_id BIGINT NOT NULL,                          -- source_files.id
    position       BIGINT NOT NULL,                          -- order of the records in the file
    table_name     VARCHAR(64) NOT NULL,
    identity       VARBINARY(16) NOT NULL,                   -- identifies the record across runs: 128 bits of SHA-256
    identity_start BIGINT NOT NULL,                          -- its first 64 bits: an index over integers is built faster
    record_id      TEXT NOT NULL,                            -- primary key as text; several columns as a JSON array
    pointer        TEXT NOT NULL,                            -- JSON Pointer (RFC 6901)
    part           INTEGER,                                  -- index of the part of a split string
    digest         VARBINARY(16) NOT NULL,                   -- of the imported values: 128 bits of SHA-256
    gone_run_id    VARCHAR(36),                              -- the run that no longer found the record in the file
    PRIMARY KEY (source_file_id, position),
    INDEX idx_row_sources_identity (identity_start),
    INDEX idx_row_sources_gone_run_id (gone_run_id)
) ENGINE = InnoDB, DEFAULT CHARACTER SET = utf8mb4 /*M!100300 , COLLATE = utf8mb4_nopad_bin */ /*!80017 , COLLATE = utf8mb4_0900_bin */;

-- Records that --skip-invalid rejected; a record may have several findings.
CREATE TABLE IF NOT EXISTS rejects (
    id             BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    source_file_id BIGINT NOT NULL,
    record         TEXT,                                     -- JSON Pointer; NULL: all records after a fault in the file
    pointer        TEXT,                                     -- JSON Pointer to the error
    line           BIGINT,
    `column`       BIGINT,
    rule           TEXT NOT NULL,
    message        LONGTEXT NOT NULL,
    FOREIGN KEY (source_file_id) REFERENCES source_files (id),
    INDEX idx_rejects_source_file_id (source_file_id)
) ENGINE = InnoDB, DEFAULT CHARACTER SET = utf8mb4 /*M!100300 , COLLATE = utf8mb4_nopad_bin */ /*!80017 , COLLATE = utf8mb4_0900_bin */;

-- Values that are stored differently from how they are written in the file.
CREATE TABLE IF NOT EXISTS conversions (
    id          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    run_id      VARCHAR(36) NOT NULL,
    table_name  VARCHAR(64) NOT NULL,
    record_id   TEXT NOT NULL,
    column_name VARCHAR(64) NOT NULL,
    rule        TEXT NOT NULL,
    source_text LONGTEXT NOT NULL,
    stored_text LONGTEXT NOT NULL,
    FOREIGN KEY (run_id) REFERENCES import_runs (id),
    INDEX idx_conversions_record (table_name, record_id(64))
) ENGINE = InnoDB, DEFAULT CHARACTER SET = utf8mb4 /*M!100300 , COLLATE = utf8mb4_nopad_bin */ /*!80017 , COLLATE = utf8mb4_0900_bin */;

-- The audit log: one row per changed row, written by triggers no matter which program made the change. The two checks
-- reject an entry whose image became NULL because it is longer than `max_allowed_packet`.
CREATE TABLE IF NOT EXISTS audit_log (
    id             BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    run_id         VARCHAR(36),
    source_file_id BIGINT,
    table_name     VARCHAR(64) NOT NULL,
    record_id      TEXT NOT NULL,
    action         VARCHAR(6) NOT NULL CHECK (action = 'INSERT' OR action = 'UPDATE' OR action = 'DELETE'),
    changed_at     VARCHAR(32) NOT NULL,
    changed_by     TEXT NOT NULL,                            -- the run's actor; 'external' for other programs
    db_user        TEXT,                                     -- the logged-in user
    old_value      LONGTEXT,                                 -- JSON: whole row (DELETE), key and changed columns (UPDATE)
    new_value      LONGTEXT,                                 -- JSON: whole row (INSERT), key and changed columns (UPDATE)
    CHECK (old_value IS NOT NULL OR action = 'INSERT'),
    CHECK (new_value IS NOT NULL OR action = 'DELETE'),
    INDEX idx_audit_log_record (table_name, record_id(64)),
    INDEX idx_audit_log_external (changed_at)
) ENGINE = InnoDB, DEFAULT CHARACTER SET = utf8mb4 /*M!100300 , COLLATE = utf8mb4_nopad_bin */ /*!80017 , COLLATE = utf8mb4_0900_bin */;

-- Always empty. No trigger fires on TRUNCATE, but a table that is referenced by another one can be neither truncated
-- nor dropped.
CREATE TABLE IF NOT EXISTS audit_log_guard (
    audit_log_id BIGINT PRIMARY KEY,
    FOREIGN KEY (audit_log_id) REFERENCES audit_log (id),
    CHECK (audit_log_id IS NULL)
) ENGINE = InnoDB;

-- Append-only. REPLACE and ON DUPLICATE KEY UPDATE fire these too.
DROP TRIGGER IF EXISTS accession_audit_log_no_update;
CREATE TRIGGER accession_audit_log_no_update BEFORE UPDATE ON audit_log
    FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit_log is append-only';
DROP TRIGGER IF EXISTS accession_audit_log_no_delete;
CREATE TRIGGER accession_audit_log_no_delete BEFORE DELETE ON audit_log
    FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit_log is append-only';

-- A complete run is immutable.
DROP TRIGGER IF EXISTS accession_import_runs_no_update;
CREATE TRIGGER accession_import_runs_no_update BEFORE UPDATE ON import_runs
    FOR EACH ROW BEGIN IF OLD.status <> 'running' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a complete run is never edited'; END IF; END;
DROP TRIGGER IF EXISTS accession_import_runs_no_delete;
CREATE TRIGGER accession_import_runs_no_delete BEFORE DELETE ON import_runs
    FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a run is never deleted';
