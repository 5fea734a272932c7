//! What a run of kind `enable` recorded for a table: numbers of entries, and the messages about them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::audit::reconcile::Correction;
use crate::database::ACCOUNTED;
use crate::model::{EntryId, Finding, Level, RecordId, Rule, RunContext, Table, plural};

/// How many inconsistent entries are named.
const NAMED: usize = 20;

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
    /// The number of entries that are inconsistent with the previous ones: changes before them have no entry, and none
    /// can be added.
    pub(super) broken_entries: u64,
    /// The first of these entries, with the record ids of their rows.
    pub(super) broken: Vec<(EntryId, RecordId)>,
    /// The last entry of the audit log when everything was recorded.
    pub(super) until: EntryId,
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
    pub(super) fn surprise(&self, table: &Table, run: &RunContext) -> Option<Finding> {
        let (table, run, count) = (&table.name, &run.id, self.changed());
        let rows = plural(count, "row");
        let message = format!(
            "`{table}`: {rows} changed without an entry; run {run} recorded their current values"
        );
        let hint = format!(
            "the author and time of these changes are unknown; `accession audit log --entries --run {run}` lists them"
        );
        (count > 0).then(|| warning(message).hint(hint))
    }

    /// Reports entries that are inconsistent with the previous ones.
    pub(super) fn gap(&self, table: &str, run: impl std::fmt::Display) -> Option<Finding> {
        let broken = self.broken_entries;
        let entries = if broken == 1 {
            "entry does"
        } else {
            "entries do"
        };
        let named = self.broken.iter();
        let named: Vec<String> = named
            .map(|(entry, record_id)| format!("{entry} of row `{record_id}`"))
            .collect();
        let more = match broken.saturating_sub(named.len() as u64) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!(
            "`{table}`: {broken} {entries} not follow from those before; run {run} accepted the current rows ({}{more})",
            named.join(", ")
        );
        let hint = format!(
            "the changes before these entries were not recorded, and cannot be: `accession audit history` shows the gap, and `accession runs show {run}` lists the entries"
        );
        (self.was_known && broken > 0).then(|| warning(message).hint(hint))
    }

    pub(super) fn count_broken(&mut self, entry: EntryId, record_id: &RecordId) {
        self.broken_entries += 1;
        if self.broken.len() < NAMED {
            self.broken.push((entry, record_id.clone()));
        }
    }

    /// Reports entries by which the rows of a renamed table replace those of the table that had its name.
    pub(super) fn renamed(&self, table: &Table, before: &str, run: &RunContext) -> Finding {
        let (table, run, entries) = (&table.name, &run.id, plural(self.changed(), "row"));
        let message = format!(
            "`{before}` was renamed to `{table}`, the name of another table before: run {run} recorded how the rows differ ({entries})"
        );
        let hint = format!(
            "rows that changed without an entry are among them, if there are any; `accession audit log --entries --run {run}` lists all"
        );
        warning(message).hint(hint)
    }

    /// Reports values of added or renamed columns.
    pub(super) fn completion(&self, table: &str, run: impl std::fmt::Display) -> Option<Finding> {
        let columns: Vec<&str> = self.columns.iter().map(String::as_str).collect();
        let (columns, rows) = (columns.join("`, `"), plural(self.completed, "row"));
        let message = format!(
            "`{table}`: run {run} recorded values of columns that were added or renamed (`{columns}`; {rows})"
        );
        let hint = "who wrote these values, and when, is unknown";
        let notice = Finding::new(Level::Notice, Rule::IncompleteAuditLog, None, message);
        (self.was_known && self.completed > 0).then(|| notice.hint(hint))
    }

    pub(super) fn count(&mut self, found: &Correction) {
        match found {
            Correction::Insert { .. } | Correction::Update { .. } | Correction::Delete { .. } => {
                self.differences += 1;
            }
            Correction::Complete { columns, .. } => {
                self.completed += 1;
                self.columns.extend(columns.iter().cloned());
            }
        }
    }

    /// The counts to store with the run.
    pub(super) fn counts(&self, table: &Table) -> Value {
        let columns = table.columns.iter().map(|column| column.name.as_str());
        let mut counts = json!({
            "noted": self.recorded,
            "differences": self.differences,
            "completed": self.completed,
            ACCOUNTED: { "until": self.until, "columns": columns.collect::<Vec<_>>() },
        });
        if self.broken_entries > 0 {
            let named = self.broken.iter();
            let named: Vec<_> = named
                .map(|(entry, record_id)| json!({ "entry": entry, "record_id": record_id }))
                .collect();
            counts["inconsistent"] = json!({ "count": self.broken_entries, "first": named });
        }
        counts
    }
}

fn warning(message: String) -> Finding {
    Finding::new(Level::Warning, Rule::IncompleteAuditLog, None, message)
}
