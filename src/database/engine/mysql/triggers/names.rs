//! The names of triggers.

use crate::audit::TRIGGER_PREFIX;
use crate::database::engine::names::distinct;
use crate::database::guards::MIGRATIONS;

/// A trigger has its name alone in a database: a table called `audit_log_no` does not take that of a guard of
/// `audit_log`.
pub(super) fn trigger_name(table: &str, event: &str) -> String {
    let name = format!("{TRIGGER_PREFIX}{table}_{event}");
    match is_guard(&name) {
        true => distinct(&name, table),
        false => name,
    }
}

/// Whether a trigger of the ledger has this name, perhaps in another case.
fn is_guard(name: &str) -> bool {
    let created = format!("CREATE TRIGGER {} ", name.to_lowercase());
    let mut migrations = MIGRATIONS
        .dirs()
        .filter(|folder| folder.path() == std::path::Path::new("mysql"));
    migrations.any(|folder| {
        folder.dirs().any(|migration| {
            let file = migration.get_file(migration.path().join("up.sql"));
            let text = file.and_then(|file| file.contents_utf8());
            text.is_some_and(|text| text.contains(&created))
        })
    })
}
