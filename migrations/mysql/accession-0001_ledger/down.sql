-- Takes the ledger and the trail away. The application's tables and rows stay.
DROP TABLE IF EXISTS audit_log_guard;
DROP TABLE IF EXISTS audit_log;
DROP TABLE IF EXISTS conversions;
DROP TABLE IF EXISTS rejects;
DROP TABLE IF EXISTS row_sources;
DROP TABLE IF EXISTS source_files;
DROP TABLE IF EXISTS import_runs;
