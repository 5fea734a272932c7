//! The conformance suite: every test runs on every kind of database, each with a database of its own.
//!
//! The servers are given by `TEST_POSTGRES_URL` and `TEST_MYSQL_URL`, which `scripts/test` sets; `cargo test` alone
//! reports the tests that need them as ignored. Tests for SQLite alone are in the parent module.

mod altered;
mod altered_types;
mod at_once;
mod attached;
mod cascades;
mod columns_later;
mod compared_keys;
mod connecting;
mod converted_values;
mod doctor;
mod dropped;
mod edits;
mod edits_before_a_layout;
mod effects;
mod emptied;
mod enabling;
mod existing;
mod foreign_triggers;
mod forging;
mod gaps;
mod half_made;
mod imports;
mod inserted_unrecorded;
mod key_changed;
mod key_lost;
mod key_types;
mod keys;
mod ledger;
mod ledger_objects;
mod limits;
mod log;
mod malformed_entries;
mod mariadb;
mod mariadb_columns;
mod mariadb_definitions;
mod mariadb_names;
mod mariadb_sessions;
mod mariadb_triggers;
mod memory;
mod messages;
mod moved_partitions;
mod nested_rejects;
mod no_triggers;
mod not_recorded;
mod null_keys;
mod own_triggers;
mod partitions;
mod past_triggers;
mod pooler;
mod private;
mod proof;
mod recorded;
mod referring_tables;
mod rejected_row;
mod renamed_schema;
mod renamed_triggers;
mod replication;
mod revert_again;
mod revert_altered;
mod revert_at_once;
mod revert_references;
mod revert_referred;
mod revert_tables;
mod revert_text;
mod reviewer;
mod row_security;
mod spelling;
mod swapped;
mod swapped_keys;
mod switched_off;
mod tables_replaced;
mod target;
mod types;
mod update_ignore;
mod upgrade;
mod wide;
mod with_queries;
mod written_back;

/// Creates one test per kind of database for each case, a function that takes the target; after `servers:`, one per
/// kind of server.
macro_rules! on_every_database {
    ($($case:ident),* $(; servers: $($server:ident),*)? $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $case() { crate::conformance::target::run(crate::conformance::target::Backend::Sqlite, super::$case); })*
        }
        mod postgres {
            crate::conformance::on_a_server!(Postgres: $($case),* $(, $($server),*)?);
        }
        mod mysql {
            crate::conformance::on_a_server!(Mysql: $($case),* $(, $($server),*)?);
        }
    };
}
use on_every_database;

macro_rules! on_a_server {
    ($backend:ident: $($case:ident),*) => {
        $(#[test]
        #[ignore = "needs a server: scripts/test"]
        fn $case() { crate::conformance::target::run(crate::conformance::target::Backend::$backend, super::$case); })*
    };
}
use on_a_server;

use serde_json::Value;
use target::Target;

/// Where seals go, on databases that are not files.
const ARCHIVE: [&str; 2] = ["--archive", "target/archive"];

/// Runs an `audit` command and returns exit code and result.
#[track_caller]
fn audit(target: &Target, arguments: &[&str]) -> (Option<i32>, Value) {
    let ended = target.run(&[&["audit"], arguments, &["--format", "json"]].concat());
    let result = serde_json::from_str(&ended.stdout);
    (
        ended.code,
        result.unwrap_or_else(|error| panic!("{error}\n{ended}")),
    )
}

#[track_caller]
fn enables(target: &Target, table: &str) -> Value {
    let (code, result) = audit(target, &[&["enable", table], &ARCHIVE[..]].concat());
    assert_eq!(code, Some(0), "{result:#}");
    result
}

/// Runs a command and expects this exit code; gives what it prints.
#[track_caller]
fn ends(target: &Target, arguments: &[&str], code: i32) -> String {
    let ended = target.run(arguments);
    assert_eq!(ended.code, Some(code), "{ended}");
    ended.stdout
}

/// Nothing is to be reported.
#[track_caller]
fn is_well(target: &Target) {
    ends(target, &["doctor"], 0);
    for command in ["status", "verify", "reconcile"] {
        ends(target, &["audit", command], 0);
    }
}
