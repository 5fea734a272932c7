-- Removes the ledger and the audit log. The application's tables and rows are kept.
DROP TABLE IF EXISTS audit_log_guard;
DROP TABLE IF EXISTS audit_log;
DROP TABLE IF EXISTS conversions;
DROP TABLE IF EXISTS rejects;
DROP TABLE IF EXISTS row_sources;
DROP TABLE IF EXISTS source_files;
DROP TABLE IF EXISTS import_runs;
