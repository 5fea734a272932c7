-- Seals: the state of the audit log at a point in time, so that later changes to it are detected. docs/seals.md
-- specifies which bytes are hashed. Columns and their meaning are those of `migrations/sqlite`.
-- After a failure this file can be run again.

-- One row per seal. hash is the hash of header; the other columns repeat parts of the header for queries.
CREATE TABLE IF NOT EXISTS audit_seals (
    number         BIGINT NOT NULL PRIMARY KEY,              -- from 1, without gaps
    hash           VARCHAR(64) NOT NULL,                     -- SHA-256 of the header
    run_id         VARCHAR(36),                              -- NULL: changes made outside runs
    first_entry_id BIGINT,                                   -- audit_log.id; NULL if the run changed no row
    last_entry_id  BIGINT,
    sealed_at      VARCHAR(32) NOT NULL,
    header         LONGTEXT NOT NULL,                        -- JSON; contains the hash of the previous seal
    INDEX idx_audit_seals_run_id (run_id)
) ENGINE = InnoDB, DEFAULT CHARACTER SET = utf8mb4 /*M!100300 , COLLATE = utf8mb4_nopad_bin */ /*!80017 , COLLATE = utf8mb4_0900_bin */;

-- Subtrees of the seal's Merkle tree: they locate differing entries and make proofs for single entries cheap. A
-- table that another one refers to cannot be truncated. This one can be, which is detected.
CREATE TABLE IF NOT EXISTS audit_seal_blocks (
    seal     BIGINT NOT NULL,
    position BIGINT NOT NULL,                                -- from 0
    hash     VARBINARY(32) NOT NULL,                         -- root over 4096 entries, fewer in the last block
    tags     BLOB NOT NULL,                                  -- the first two bytes of each entry's hash
    PRIMARY KEY (seal, position),
    FOREIGN KEY (seal) REFERENCES audit_seals (number)
) ENGINE = InnoDB, DEFAULT CHARACTER SET = utf8mb4 /*M!100300 , COLLATE = utf8mb4_nopad_bin */ /*!80017 , COLLATE = utf8mb4_0900_bin */;

-- Append-only.
DROP TRIGGER IF EXISTS accession_audit_seals_no_update;
CREATE TRIGGER accession_audit_seals_no_update BEFORE UPDATE ON audit_seals
    FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit_seals is append-only';
DROP TRIGGER IF EXISTS accession_audit_seals_no_delete;
CREATE TRIGGER accession_audit_seals_no_delete BEFORE DELETE ON audit_seals
    FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit_seals is append-only';
DROP TRIGGER IF EXISTS accession_audit_seal_blocks_no_update;
CREATE TRIGGER accession_audit_seal_blocks_no_update BEFORE UPDATE ON audit_seal_blocks
    FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit_seal_blocks is append-only';
DROP TRIGGER IF EXISTS accession_audit_seal_blocks_no_delete;
CREATE TRIGGER accession_audit_seal_blocks_no_delete BEFORE DELETE ON audit_seal_blocks
    FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit_seal_blocks is append-only';
