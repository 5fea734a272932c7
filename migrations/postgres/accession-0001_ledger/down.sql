-- Takes the ledger and the trail away. The application's tables and rows stay.
DROP TABLE audit_log;
DROP TABLE conversions;
DROP TABLE rejects;
DROP TABLE row_sources;
DROP TABLE source_files;
DROP TABLE import_runs;
DROP FUNCTION accession_refuse();
