-- Rows that the current statement may replace. REPLACE deletes rows without firing a DELETE trigger, so a trigger before
-- each write stores the conflicting rows here, and the one after it records those that were deleted. Between statements,
-- the rows here have no meaning.
CREATE TABLE IF NOT EXISTS audit_replaced (
    table_name TEXT NOT NULL,
    record_id  TEXT NOT NULL,                                -- as in audit_log
    row_number BIGINT,                                       -- the row's rowid; NULL in WITHOUT ROWID tables
    old_value  TEXT NOT NULL,                                -- as in audit_log
    PRIMARY KEY (table_name, record_id)
) WITHOUT ROWID;
