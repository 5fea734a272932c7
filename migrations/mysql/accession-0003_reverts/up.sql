-- Ledger entries that runs removed, so that reverting a run restores them: row_sources has only the current state.
CREATE TABLE IF NOT EXISTS row_sources_replaced (
    id             BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    run_id         VARCHAR(36) NOT NULL,                     -- the run that removed or restored the entry
    `change`       VARCHAR(8) NOT NULL CHECK (`change` IN ('removed', 'restored', 'marked', 'unmarked')),
    source_file_id BIGINT NOT NULL,                          -- this and all below: as in row_sources
    position       BIGINT NOT NULL,
    table_name     VARCHAR(64) NOT NULL,
    identity       VARBINARY(16) NOT NULL,
    identity_start BIGINT NOT NULL,
    record_id      TEXT NOT NULL,
    pointer        TEXT NOT NULL,
    part           INTEGER,
    digest         VARBINARY(16) NOT NULL,
    gone_run_id    VARCHAR(36),
    FOREIGN KEY (run_id) REFERENCES import_runs (id),
    INDEX idx_row_sources_replaced_run_id (run_id, `change`)
) ENGINE = InnoDB, DEFAULT CHARACTER SET = utf8mb4 /*M!100300 , COLLATE = utf8mb4_nopad_bin */ /*!80017 , COLLATE = utf8mb4_0900_bin */;
