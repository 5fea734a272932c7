-- Seals: the state of the audit log at a point in time, so that later changes to it are detected. docs/seals.md
-- specifies which bytes are hashed. Columns and their meaning are those of `migrations/sqlite`.

-- One row per seal. hash is the hash of header; the other columns repeat parts of the header for queries.
CREATE TABLE audit_seals (
    number         BIGINT PRIMARY KEY,                       -- from 1, without gaps
    hash           TEXT NOT NULL,                            -- SHA-256 of the header
    run_id         TEXT COLLATE "C",                         -- NULL: changes made outside runs
    first_entry_id BIGINT,                                   -- audit_log.id; NULL if the run changed no row
    last_entry_id  BIGINT,
    sealed_at      TEXT COLLATE "C" NOT NULL,
    header         TEXT NOT NULL                             -- JSON; contains the hash of the previous seal
);
CREATE INDEX idx_audit_seals_run_id ON audit_seals (run_id);

-- Subtrees of the seal's Merkle tree: they locate differing entries and make proofs for single entries cheap.
CREATE TABLE audit_seal_blocks (
    seal     BIGINT NOT NULL REFERENCES audit_seals (number),
    position BIGINT NOT NULL,                                -- from 0
    hash     BYTEA NOT NULL,                                 -- root over 4096 entries, fewer in the last block
    tags     BYTEA NOT NULL,                                 -- the first two bytes of each entry's hash
    PRIMARY KEY (seal, position)
);

-- Append-only.
CREATE TRIGGER accession_audit_seals_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seals
    FOR EACH STATEMENT EXECUTE FUNCTION accession_refuse('audit_seals is append-only');
ALTER TABLE audit_seals ENABLE ALWAYS TRIGGER accession_audit_seals_append_only;
CREATE TRIGGER accession_audit_seal_blocks_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seal_blocks
    FOR EACH STATEMENT EXECUTE FUNCTION accession_refuse('audit_seal_blocks is append-only');
ALTER TABLE audit_seal_blocks ENABLE ALWAYS TRIGGER accession_audit_seal_blocks_append_only;
