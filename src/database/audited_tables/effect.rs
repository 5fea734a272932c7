//! What becomes of the changes of a table whose triggers are not as they should be.

use crate::audit::Trigger;
use crate::database::DatabaseError;
use crate::database::engine::{AlteredTable, StoredTrigger};
use crate::model::Table;

use super::AuditedTables;

/// What becomes of the changes of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// All are recorded.
    Recorded,
    /// Those of these statements are not recorded.
    Except(Vec<String>),
    /// Some may have no entry, or an incorrect one.
    Unknown,
    /// None is recorded.
    NotRecorded,
    /// Statements that change the table fail: the triggers name columns or a table that do not exist.
    Rejected,
}

/// What is known about a table.
pub(super) struct Found<'a> {
    pub(super) table: &'a Table,
    pub(super) stored: &'a [StoredTrigger],
    /// The triggers whose names no stored one has.
    pub(super) missing: &'a [&'a Trigger],
    /// Those that differ from the ones that the table should have.
    pub(super) different: &'a [&'a StoredTrigger],
    /// Whether triggers of the application fire before them.
    pub(super) is_overtaken: bool,
    /// Columns that were added, dropped or renamed after the triggers were created.
    pub(super) columns: &'a [String],
    /// Whether the table had another name then.
    pub(super) is_renamed: bool,
}

impl AuditedTables<'_> {
    pub(super) fn effect(&mut self, found: &Found<'_>) -> Result<Effect, DatabaseError> {
        let dialect = self.database.connection.dialect();
        let is_lost = |column: &String| found.table.column(column).is_none();
        let mut altered = AlteredTable::PartlyRecorded;
        if found.is_renamed || !found.columns.is_empty() {
            let lost = found.columns.iter().any(is_lost);
            let engine = self.database.connection.engine_mut();
            altered = engine.altered_table(&found.table.name, lost)?;
        }
        let is_created = |wanted: &&&Trigger| {
            let mut stored = found.stored.iter();
            stored.any(|stored| dialect.is_renamed(&stored.definition, wanted))
        };
        let (off, different): (Vec<&StoredTrigger>, Vec<&StoredTrigger>) =
            (found.different.iter()).partition(|stored| dialect.is_disabled(&stored.definition));
        let missing = found.missing.iter().filter(|wanted| !is_created(wanted));
        let missing = missing.map(|trigger| &trigger.name);
        let missing = missing.chain(off.iter().map(|trigger| &trigger.name));
        let missing: Vec<String> = missing.map(|name| statement(name)).collect();
        let is_different = !different.is_empty() && altered != AlteredTable::Recorded;
        Ok(if altered == AlteredTable::Rejected {
            Effect::Rejected
        } else if !self.writes_own_entries(found.stored, &found.table.name) {
            Effect::NotRecorded
        } else if is_different || found.is_overtaken || missing.iter().any(String::is_empty) {
            Effect::Unknown
        } else if missing.is_empty() {
            Effect::Recorded
        } else {
            Effect::Except(missing)
        })
    }
}

/// The statement whose changes a trigger of this name records; empty if that cannot be said of one alone.
fn statement(trigger: &str) -> String {
    let (name, partition) = match trigger.split_once(" of ") {
        Some((name, partition)) => (name, format!(" of `{partition}`")),
        None => (trigger, String::new()),
    };
    let event = name.rsplit([' ', '_']).next().unwrap_or_default();
    match event {
        "insert" | "update" | "delete" | "truncate" => {
            format!("{}{partition}", event.to_uppercase())
        }
        _ => String::new(),
    }
}
