//! Integration tests: every test runs the real command on real files and examines the real database.
//!
//! All of them are in one binary, so that it is linked only once. Single stages are tested next to their code; the
//! tests here cover what only the whole program shows: exit codes, messages, the resulting database, and files left on
//! disk.

#![expect(
    clippy::disallowed_methods,
    reason = "tests examine files and processes"
)]

mod bulk;
mod fixtures;
mod json;
mod lossless;
mod peak;
mod published;
mod rows;
mod tree;
mod workspace;

mod architecture;
mod archive_manifests;
mod at_once;
mod audit_as_of;
mod audit_export;
mod audit_look;
mod audit_why;
mod audited_changes;
mod conflicts;
#[cfg(all(feature = "postgres", feature = "mysql"))]
mod conformance;
mod database_links;
mod disk_full;
mod donna;
mod dry_run;
mod edits;
mod environment;
mod existing_tables;
mod file_modes;
mod first_import;
mod fuzz_seeds;
mod hints;
mod histories;
mod hostile;
mod killed;
mod layout_init;
mod limits;
mod log;
mod manual;
mod mounted_disks;
mod other_sqlite;
mod passwords;
mod pipes;
mod proof;
mod quoted_messages;
mod receipts;
mod references;
mod rejected_databases;
mod rejected_directories;
mod rejected_files;
mod rejects;
mod removed_records;
mod revert;
mod skip_invalid;
mod unavailable_files;
mod unchanged;
mod user_layout;
