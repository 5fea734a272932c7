//! Determines from the audit log whether rows are as an import wrote them.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use crate::database::DatabaseError;
use crate::database::ledger::tables::{audit_log, import_runs};
use crate::database::stored_text::{OptionalText, StoredText};
use crate::model::{RecordId, RunKind};

use super::AuditLog;

/// What wrote an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writer<'r> {
    /// Another program.
    Application,
    /// An import, with its id.
    Import(&'r str),
    /// The run that undoes this one.
    RevertOf(&'r str),
    /// A run that recorded rows as it found them.
    Baseline,
}

/// The entries of one row so far.
#[derive(Debug, Default)]
struct RowEntries<'r> {
    any: bool,
    is_touched: bool,
    /// Whether the row was touched before the first entry of each import.
    before: HashMap<&'r str, bool>,
}

impl<'r> RowEntries<'r> {
    /// Adds the next entry; `is_changed` is false for one that only records values that had no entry.
    fn add(&mut self, writer: Writer<'r>, is_changed: bool) {
        self.is_touched = match writer {
            Writer::Application => true,
            Writer::Import(run) => {
                self.before.entry(run).or_insert(self.is_touched);
                false
            }
            // The values from before the run may be those of another program.
            Writer::RevertOf(run) => self.before.get(run).copied().unwrap_or(true),
            // Another program made the difference, unless the row is recorded for the first time.
            Writer::Baseline => self.is_touched || (self.any && is_changed),
        };
        self.any = true;
    }
}

impl AuditLog<'_> {
    /// Returns those of these rows that no other program has changed since an import wrote them.
    ///
    /// # Errors
    /// When the audit log cannot be read.
    pub fn untouched_rows(
        &mut self,
        table: &str,
        record_ids: &[&str],
    ) -> Result<HashSet<RecordId>, DatabaseError> {
        let others: Vec<(String, String, Option<String>)> = import_runs::table
            .filter(import_runs::kind.ne(RunKind::Import.name()))
            .select((
                import_runs::id,
                import_runs::kind,
                import_runs::parent_run_id,
            ))
            .load(&mut self.database.connection)?;
        let others: HashMap<&str, (&str, Option<&str>)> = others
            .iter()
            .map(|(id, kind, parent)| (id.as_str(), (kind.as_str(), parent.as_deref())))
            .collect();
        let mut untouched = HashSet::new();
        for some in record_ids.chunks(500) {
            let entries: Vec<(StoredText, OptionalText, Option<bool>)> = audit_log::table
                .filter(audit_log::table_name.eq(table))
                .filter(audit_log::record_id.eq_any(some))
                .order(audit_log::id)
                .select((
                    audit_log::record_id,
                    audit_log::run_id,
                    audit_log::old_value.eq(audit_log::new_value),
                ))
                .load(&mut self.database.connection)?;
            let entries: Vec<(String, Option<String>, bool)> = entries
                .into_iter()
                .map(|(id, run, is_equal)| (id.into(), run.into(), is_equal != Some(true)))
                .collect();
            let mut rows: HashMap<&str, RowEntries<'_>> = HashMap::new();
            for (record_id, run, is_changed) in &entries {
                let writer = match run.as_deref().map(|run| (run, others.get(run))) {
                    None => Writer::Application,
                    Some((run, None)) => Writer::Import(run),
                    Some((_, Some((kind, parent)))) if RunKind::Revert.is(kind) => {
                        Writer::RevertOf(parent.unwrap_or_default())
                    }
                    Some((_, Some(_))) => Writer::Baseline,
                };
                rows.entry(record_id).or_default().add(writer, *is_changed);
            }
            let rows = rows.into_iter().filter(|(_, row)| !row.is_touched);
            untouched.extend(rows.map(|(id, _)| RecordId::from(id)));
        }
        Ok(untouched)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_touched(entries: &[(Writer<'_>, bool)]) -> bool {
        let mut row = RowEntries::default();
        for (writer, is_changed) in entries {
            row.add(*writer, *is_changed);
        }
        row.is_touched
    }

    #[test]
    fn only_imports_make_a_row_untouched_again() {
        let imported = (Writer::Import("1"), true);
        let edited = (Writer::Application, true);
        assert!(!is_touched(&[imported]));
        assert!(is_touched(&[imported, edited]));
        assert!(!is_touched(&[
            imported,
            edited,
            (Writer::Import("2"), true)
        ]));
    }

    #[test]
    fn a_baseline_touches_a_row_only_if_it_found_a_difference() {
        let (found, completed) = ((Writer::Baseline, true), (Writer::Baseline, false));
        let imported = (Writer::Import("1"), true);
        assert!(!is_touched(&[found]));
        assert!(!is_touched(&[imported, completed]));
        assert!(is_touched(&[imported, found]));
        assert!(is_touched(&[
            imported,
            (Writer::Application, true),
            completed
        ]));
    }

    #[test]
    fn a_revert_restores_what_was_before_its_run() {
        let [first, second] = ["1", "2"].map(|run| (Writer::Import(run), true));
        let reverted = (Writer::RevertOf("2"), true);
        assert!(!is_touched(&[first, second, reverted]));
        assert!(is_touched(&[
            first,
            (Writer::Application, true),
            second,
            reverted
        ]));
        assert!(is_touched(&[first, reverted]));
    }
}
