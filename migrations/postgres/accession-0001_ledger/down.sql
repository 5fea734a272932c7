-- Removes the ledger and the audit log. The application's tables and rows are kept.
DROP TABLE audit_log;
DROP TABLE conversions;
DROP TABLE rejects;
DROP TABLE row_sources;
DROP TABLE source_files;
DROP TABLE import_runs;
DROP FUNCTION accession_refuse();
