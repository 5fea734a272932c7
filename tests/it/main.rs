//! The program from outside: every test runs the real command on real files and looks into the real database.
//!
//! One binary, so that it is linked once. What a single stage does is tested beside its code; here stands what only
//! the whole can show: exit codes, messages, what is in the database afterwards, and what is left behind on disk.

#![expect(
    clippy::disallowed_methods,
    reason = "tests look at what is left in the outside world"
)]

mod bulk;
mod fixtures;
mod json;
mod lossless;
mod rows;
mod tree;
mod workspace;

mod architecture;
mod at_once;
mod audit_as_of;
mod audit_export;
mod audit_look;
mod audit_trail;
mod audit_why;
mod conflicts;
#[cfg(all(feature = "postgres", feature = "mysql"))]
mod conformance;
mod disk_full;
mod donna;
mod dry_run;
mod edits;
mod environment;
mod existing_tables;
mod first_import;
mod gone_records;
mod histories;
mod hostile;
mod killed;
mod layout_init;
mod manual;
mod proof;
mod receipts;
mod references;
mod refused_databases;
mod refused_directories;
mod refused_files;
mod rejects;
mod revert;
mod skip_invalid;
mod unchanged;
mod user_layout;
