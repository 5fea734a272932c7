//! The trigger that makes other programs wait while an import numbers rows.

use super::names::trigger_name;
use super::trigger;
use crate::audit::Trigger;
use crate::database::engine::mysql::quote::identifier;

/// A trigger that makes other programs wait, before the database numbers a row of `table` for them, while an import
/// numbers rows itself: it shares a lock of the row of the ledger's first migration, which the import has for itself.
/// The lock is kept until the transaction ends, and asking for it again costs little: a trigger cannot know whether
/// another transaction began.
pub(in crate::database) fn numbering(table: &str, column: &str) -> Trigger {
    let body = format!(
        "BEGIN IF COALESCE(NEW.{}, 0) = 0 THEN\n\
         DO (SELECT count(*) FROM {NUMBERING} LOCK IN SHARE MODE);\nEND IF; END",
        identifier(column)
    );
    let name = trigger_name(table, "number");
    trigger(&name, "BEFORE", "INSERT", table, &body)
}

/// The row whose lock is held by the session that numbers rows. Every database with a ledger has it.
pub(in crate::database) const NUMBERING: &str =
    "__diesel_schema_migrations WHERE version = 'accession0001'";
