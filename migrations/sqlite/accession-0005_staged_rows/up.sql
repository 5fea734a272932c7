-- Rows that the statement being executed may replace: REPLACE deletes rows without firing a DELETE trigger, so a trigger
-- before each write stages the conflicting rows here, and the one after it records those that do not exist any more.
-- Between statements the rows here mean nothing, and no trigger reads those of another statement. Nothing is unique or
-- required: a write of the application must not fail because of this table.
DROP TABLE IF EXISTS audit_replaced;
CREATE TABLE audit_replaced (
    number     INTEGER PRIMARY KEY NOT NULL,
    table_name TEXT,
    record_id  TEXT,                                         -- as in audit_log
    row_number BIGINT,                                       -- the row's rowid; NULL in WITHOUT ROWID tables
    old_value  TEXT,                                         -- as in audit_log
    key_1,                                                   -- key_1 to key_8: the primary key in WITHOUT ROWID tables
    key_2,
    key_3,
    key_4,
    key_5,
    key_6,
    key_7,
    key_8,
    moment     REAL,                                         -- the statement: its time as a Julian day
    state      INTEGER                                       -- 0, or recorded: 1; 2 if a new row is in its place
);
CREATE INDEX idx_audit_replaced_table_name ON audit_replaced (table_name);
