-- Seals: the state of the audit log at a point in time, so that later changes to it are detected. docs/seals.md
-- specifies which bytes are hashed.

-- One row per seal. hash is the hash of header; the other columns repeat parts of the header for queries.
CREATE TABLE audit_seals (
    number         INTEGER PRIMARY KEY NOT NULL,             -- from 1, without gaps
    hash           TEXT NOT NULL,                            -- SHA-256 of the header
    run_id         TEXT,                                     -- NULL: changes made outside runs
    first_entry_id BIGINT,                                   -- audit_log.id; NULL if the run changed no row
    last_entry_id  BIGINT,
    sealed_at      TEXT NOT NULL,
    header         TEXT NOT NULL                             -- JSON; contains the hash of the previous seal
);
CREATE INDEX idx_audit_seals_run_id ON audit_seals (run_id);

-- Subtrees of the seal's Merkle tree: they locate differing entries and make proofs for single entries cheap.
CREATE TABLE audit_seal_blocks (
    seal     BIGINT NOT NULL REFERENCES audit_seals (number),
    position BIGINT NOT NULL,                                -- from 0
    hash     BLOB NOT NULL,                                  -- root over 4096 entries, fewer in the last block
    tags     BLOB NOT NULL,                                  -- the first two bytes of each entry's hash
    PRIMARY KEY (seal, position)
);

-- Append-only.
CREATE TRIGGER accession_audit_seals_no_update BEFORE UPDATE ON audit_seals
BEGIN SELECT RAISE(ABORT, 'audit_seals is append-only'); END;
CREATE TRIGGER accession_audit_seals_no_delete BEFORE DELETE ON audit_seals
BEGIN SELECT RAISE(ABORT, 'audit_seals is append-only'); END;
CREATE TRIGGER accession_audit_seals_no_replace BEFORE INSERT ON audit_seals
WHEN EXISTS (SELECT 1 FROM audit_seals WHERE number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'audit_seals is append-only'); END;
CREATE TRIGGER accession_audit_seal_blocks_no_update BEFORE UPDATE ON audit_seal_blocks
BEGIN SELECT RAISE(ABORT, 'audit_seal_blocks is append-only'); END;
CREATE TRIGGER accession_audit_seal_blocks_no_delete BEFORE DELETE ON audit_seal_blocks
BEGIN SELECT RAISE(ABORT, 'audit_seal_blocks is append-only'); END;
CREATE TRIGGER accession_audit_seal_blocks_no_replace BEFORE INSERT ON audit_seal_blocks
WHEN EXISTS (SELECT 1 FROM audit_seal_blocks WHERE seal = NEW.seal AND position = NEW.position)
BEGIN SELECT RAISE(ABORT, 'audit_seal_blocks is append-only'); END;
