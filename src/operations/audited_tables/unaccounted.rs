//! Tables of a layout whose rows the audit log does not account for before an import.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::Trigger;
use crate::database::{ReadTransaction, TargetTable, TargetTables, TriggerFault};
use crate::layout::{Layout, LayoutTable};
use crate::model::{Finding, Level, Rule, Table, shell_word};
use crate::operations::OperationError;

use super::changed::ensure_not_renamed;
use super::unfinished::bypassed_finding;

/// Tables of the layout that the audit log does not account for.
#[derive(Clone, Default)]
pub(super) struct Unaccounted {
    /// Tables that were never audited, were disabled on purpose, or have rows but no entry.
    pub(super) tables: Vec<Table>,
    /// Those of them that had entries before they get their triggers back.
    pub(super) known: BTreeSet<String>,
    /// Tables that lost triggers in another way, with the names of the triggers.
    lost: Vec<(String, Vec<String>)>,
    /// Tables with columns that were added, renamed or dropped after the triggers were created, with these columns.
    altered: Vec<(String, Vec<String>)>,
    /// Tables of which the key or the type of a column was changed after the triggers were created.
    restructured: Vec<String>,
    /// Tables that became partitions, past whose triggers rows can have been inserted.
    bypassed: BTreeSet<String>,
    /// Tables of which changes may have no entry, with the triggers that are to be recreated.
    gaps: BTreeMap<String, Vec<String>>,
    /// Findings about tables without rows that lack indexes or triggers of the layout.
    half_made: Vec<Finding>,
    /// Findings about triggers for actions of foreign keys that were dropped.
    cascades: Vec<Finding>,
}

/// The effect of missing triggers for actions of foreign keys.
pub(in crate::operations) const WITHOUT_CASCADES: &str =
    "without the trigger, another program cannot delete a row that others refer to";

impl Unaccounted {
    pub(super) fn of(
        database: &mut ReadTransaction,
        layout: &Layout,
        target: &TargetTables,
    ) -> Result<Self, OperationError> {
        let mut found = Self::default();
        let sees = database.audited_tables().sees_triggers()?;
        let mut suspect = BTreeSet::new();
        for (table, target) in layout.tables.iter().zip(&target.tables) {
            let table = &table.table;
            let is_empty = target.state.rows == 0;
            if !target.existed || is_empty && target.is_incomplete {
                suspect.insert(table.name.as_str());
                continue;
            }
            if is_empty && !database.tables().has_row_sources(&table.name)? {
                let half_made = database.tables().half_made_table(table)?;
                let finding = half_made.map(|found| half_made_finding(&table.name, &found));
                found.half_made.extend(finding);
            }
            let faults = database.trigger_faults(table)?;
            if !faults.is_empty() {
                suspect.insert(table.name.as_str());
                let columns = database
                    .audited_tables()
                    .columns_altered_since(&table.name)?;
                let is_restructured = database
                    .audited_tables()
                    .has_triggers_of_another_structure(table)?;
                if is_restructured {
                    let faulty = faults.iter().map(|(name, _)| name.clone()).collect();
                    found.gaps.insert(table.name.clone(), faulty);
                }
                match columns.is_empty() {
                    true if is_restructured => found.restructured.push(table.name.clone()),
                    true => {}
                    false => found.altered.push((table.name.clone(), columns)),
                }
            }
            let is_lost = |fault| match fault {
                TriggerFault::Missing | TriggerFault::SwitchedOff => sees,
                TriggerFault::Different | TriggerFault::Surplus => false,
            };
            let replaced = match faults.is_empty() {
                true => Vec::new(),
                false => database.audited_tables().replaced_triggers(table)?,
            };
            let missing = faults
                .iter()
                .filter(|(name, fault)| is_lost(*fault) || replaced.contains(name));
            let missing: Vec<String> = missing.map(|(name, _)| name.clone()).collect();
            let is_traced = database.audited_tables().is_traced(&table.name)?;
            if !missing.is_empty() {
                let gap = found.gaps.entry(table.name.clone()).or_default();
                let new = missing.iter().filter(|name| !gap.contains(name));
                let new: Vec<String> = new.cloned().collect();
                gap.extend(new);
            }
            if !is_traced && is_empty {
                found.gaps.remove(&table.name);
            }
            let is_new = !is_traced && (target.state.rows > 0 || !missing.is_empty());
            // Disabled tables are read from all runs, so only if it matters.
            let is_back =
                !missing.is_empty() && !database.audited_tables().is_recorded(&table.name)?;
            if is_new || is_back {
                found.tables.push(table.clone());
                found.known.extend(is_traced.then(|| table.name.clone()));
            } else if !missing.is_empty() {
                found.lost.push((table.name.clone(), missing));
            }
        }
        ensure_not_renamed(database, &suspect)?;
        for (child, trigger) in database.audited_tables().missing_cascades(layout)? {
            let mut tables = layout.tables.iter().zip(&target.tables);
            let is_complete = |(table, found): (&LayoutTable, &TargetTable)| {
                table.table.name == child && !found.is_incomplete
            };
            found
                .cascades
                .extend(tables.any(is_complete).then(|| lost_cascade(&trigger)));
        }
        let tables = layout.tables.iter().zip(&target.tables);
        let existing = tables.filter(|(_, target)| target.existed);
        let existing = existing.map(|(table, _)| &table.table);
        found.bypassed = database
            .audited_tables()
            .bypassed_tables(existing.clone())?;
        for table in existing.filter(|table| found.bypassed.contains(&table.name)) {
            found
                .gaps
                .insert(table.name.clone(), faulty_triggers(database, table)?);
        }
        Ok(found)
    }

    /// Tables of which changes may have no entry, with the triggers that are to be recreated, except for tables that
    /// need no record of it.
    pub(super) fn gaps_except(
        &self,
        is_settled: impl Fn(&str) -> bool,
    ) -> Vec<(String, Vec<String>)> {
        let gaps = self.gaps.iter().filter(|(table, _)| !is_settled(table));
        gaps.map(|(table, triggers)| (table.clone(), triggers.clone()))
            .collect()
    }

    /// The same, if the rows of [`tables`](Self::tables) are accounted for at once.
    pub(super) fn gaps(&self) -> Vec<(String, Vec<String>)> {
        self.gaps_except(|table| self.names().any(|name| name == table))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.tables.iter().map(|table| table.name.as_str())
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let lost = |(table, triggers): &(String, Vec<String>)| {
            let triggers = triggers.join("`, `");
            let message = format!("`{table}` lacked the triggers `{triggers}`; recreated");
            let hint = format!(
                "changes made meanwhile may be missing from the audit log: `accession audit reconcile` lists them, `accession audit enable {}` records them",
                shell_word(table)
            );
            Finding::new(Level::Warning, Rule::IncompleteAuditLog, None, message).hint(hint)
        };
        let altered = |(table, columns): &(String, Vec<String>)| {
            let message = format!(
                "columns of `{table}` were added, renamed or dropped after its triggers were created (`{}`); they were recreated",
                columns.join("`, `")
            );
            let hint = format!(
                "`accession audit reconcile` lists values that have no entry, `accession audit enable {}` records them",
                shell_word(table)
            );
            Finding::new(Level::Warning, Rule::IncompleteAuditLog, None, message).hint(hint)
        };
        let restructured = |table: &String| {
            let message = format!(
                "the key or a type of `{table}` was changed after its triggers were created; they were recreated"
            );
            let hint = format!(
                "entries made meanwhile may be incorrect: `accession audit reconcile` lists differences, `accession audit enable {}` records the current rows",
                shell_word(table)
            );
            Finding::new(Level::Warning, Rule::IncompleteAuditLog, None, message).hint(hint)
        };
        let restructured = self.restructured.iter().map(restructured);
        let lost = self.lost.iter().map(lost);
        let altered = self.altered.iter().map(altered);
        let bypassed = self.bypassed.iter().map(|table| bypassed_finding(table));
        let half_made = self.half_made.iter().chain(&self.cascades).cloned();
        lost.chain(altered)
            .chain(restructured)
            .chain(bypassed)
            .chain(half_made)
            .collect()
    }
}

/// The names of the audit triggers of a table that are not as they should be.
pub(super) fn faulty_triggers(
    database: &mut ReadTransaction,
    table: &Table,
) -> Result<Vec<String>, OperationError> {
    let faults = database.trigger_faults(table)?.into_iter();
    Ok(faults.map(|(name, _)| name).collect())
}

fn lost_cascade(trigger: &Trigger) -> Finding {
    let message = format!("the database lacked `{}`; recreated", trigger.name);
    Finding::new(Level::Warning, Rule::IncompleteAuditLog, None, message).hint(WITHOUT_CASCADES)
}

/// Earlier versions did not mark tables that they had not completed.
fn half_made_finding(table: &str, (missing, mark): &(usize, String)) -> Finding {
    let message = format!(
        "`{table}` has no rows, and lacks {missing} of the indexes and triggers of foreign keys that an import creates with it: an import by an earlier version was interrupted, or another program created the table"
    );
    let hint = format!("in the first case run `{mark}`: the next import that writes completes it");
    Finding::new(Level::Warning, Rule::IncompleteAuditLog, None, message).hint(hint)
}
