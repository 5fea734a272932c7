//! What a run of kind `enable` recorded for a table: numbers of entries, and the messages about them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::audit::Key;
use crate::audit::reconcile::Correction;
use crate::database::ACCOUNTED;
use crate::model::{Finding, Level, Rule, RunContext, Table};

/// Numbers of the entries that were added for a table.
#[derive(Debug, Clone, Default)]
pub(super) struct Accounted {
    /// For rows that had no entry.
    pub(super) recorded: u64,
    /// For rows that differed from their entries.
    pub(super) differences: u64,
    /// For rows with values that no entry had, of columns that were added or renamed later.
    pub(super) completed: u64,
    /// These columns.
    pub(super) columns: BTreeSet<String>,
    /// Entries that are inconsistent with the previous ones.
    pub(super) broken_entries: u64,
    /// The last entry of the audit log when everything was recorded.
    pub(super) until: i64,
    /// Whether the table had entries before.
    pub(super) was_known: bool,
}

impl Accounted {
    /// All entries.
    pub(super) fn entries(&self) -> u64 {
        self.changed() + self.completed
    }

    /// Entries of rows that were inserted, changed or deleted, if the audit log had the table.
    pub(super) fn changed(&self) -> u64 {
        self.recorded + self.differences
    }

    /// Whether rows changed although the audit log had the table.
    pub(super) fn is_surprising(&self) -> bool {
        self.was_known && (self.changed() > 0 || self.broken_entries > 0)
    }

    /// Whether anything was recorded, or an inconsistent entry is accounted for now.
    pub(super) fn changes_anything(&self) -> bool {
        self.entries() > 0 || self.broken_entries > 0
    }

    /// Reports rows that changed although the audit log had the table.
    pub(super) fn surprise(&self, table: &Table, run: &RunContext) -> Finding {
        let (table, run) = (&table.name, &run.id);
        let message = match (self.changed(), self.broken_entries) {
            (0, broken) => {
                let entries = if broken == 1 {
                    "entry does"
                } else {
                    "entries do"
                };
                format!(
                    "`{table}`: {broken} {entries} not follow from those before; run {run} accepted the current rows"
                )
            }
            (count, _) => {
                let rows = rows(count);
                format!(
                    "`{table}`: {rows} changed without an entry; run {run} recorded their current values"
                )
            }
        };
        let hint = "the author and time of these changes are unknown; `accession audit log --entries --run RUN` lists them";
        warning(message).hint(hint)
    }

    /// Reports entries by which the rows of a renamed table replace those of the table that had its name.
    pub(super) fn renamed(&self, table: &Table, before: &str, run: &RunContext) -> Finding {
        let (table, run, entries) = (&table.name, &run.id, rows(self.changed()));
        let message = format!(
            "`{before}` was renamed to `{table}`, the name of another table before: run {run} recorded how the rows differ ({entries})"
        );
        let hint = "rows that changed without an entry are among them, if there are any; `accession audit log --entries --run RUN` lists all";
        warning(message).hint(hint)
    }

    /// Reports values of added or renamed columns.
    pub(super) fn completion(&self, table: &str, run: impl std::fmt::Display) -> Option<Finding> {
        let columns: Vec<&str> = self.columns.iter().map(String::as_str).collect();
        let (columns, rows) = (columns.join("`, `"), rows(self.completed));
        let message = format!(
            "`{table}`: run {run} recorded values of columns that were added or renamed (`{columns}`; {rows})"
        );
        let hint = "who wrote these values, and when, is unknown";
        let notice = Finding::new(Level::Notice, Rule::IncompleteAuditLog, None, message);
        (self.was_known && self.completed > 0).then(|| notice.hint(hint))
    }

    pub(super) fn count(&mut self, found: &Correction, key: &Key<'_>) {
        match found {
            Correction::Insert { .. } | Correction::Update { .. } | Correction::Delete { .. } => {
                self.differences += 1;
            }
            Correction::Complete { row } => {
                self.completed += 1;
                let columns = row.keys();
                let columns = columns.filter(|name| !key.columns().contains(&name.as_str()));
                self.columns.extend(columns.cloned());
            }
        }
    }

    /// The counts to store with the run.
    pub(super) fn counts(&self, table: &Table) -> Value {
        let columns = table.columns.iter().map(|column| column.name.as_str());
        json!({
            "noted": self.recorded,
            "differences": self.differences,
            "completed": self.completed,
            ACCOUNTED: { "until": self.until, "columns": columns.collect::<Vec<_>>() },
        })
    }
}

fn warning(message: String) -> Finding {
    Finding::new(Level::Warning, Rule::IncompleteAuditLog, None, message)
}

/// `1 row`, `2 rows`.
pub(super) fn rows(count: u64) -> String {
    match count {
        1 => "1 row".to_owned(),
        count => format!("{count} rows"),
    }
}
