//! Finds the current table of the rows that runs imported into a table: other programs rename tables, and the ledger
//! keeps the names that tables had at the time of the import.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use serde_json::Value;

use crate::database::ledger::RunRecord;
use crate::database::{DatabaseError, RENAMED_TO};
use crate::model::RunKind;

use super::Ledger;
use super::tables::import_runs;

impl Ledger<'_> {
    /// For each table into which runs imported rows of `source`: the present name of the table that has them, as far as
    /// runs of kind `enable` recorded that tables were renamed. Empty if none did.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn tables_of_rows(
        &mut self,
        source: &str,
    ) -> Result<BTreeMap<String, String>, DatabaseError> {
        // Reading all runs is avoided, because few databases have renamed tables.
        let renaming: Option<String> = import_runs::table
            .filter(import_runs::kind.eq(RunKind::Enable.name()))
            .filter(import_runs::counts.like(format!("%\"{RENAMED_TO}\"%")))
            .select(import_runs::id)
            .first(&mut self.database.connection)
            .optional()?;
        Ok(match renaming {
            None => BTreeMap::new(),
            Some(_) => tables_of_rows(&self.runs()?, source),
        })
    }

    /// The present name of the table that had this name last, if a run of kind `enable` recorded that it was renamed.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn present_name(&mut self, table: &str) -> Result<Option<String>, DatabaseError> {
        let mut now: Option<String> = None;
        for run in self.runs()?.iter().rev() {
            let renamed = run.renamed_tables();
            match renamed.0.get(table) {
                Some(name) => now = Some(name.clone()),
                None => now.iter_mut().for_each(|now| renamed.follow(now)),
            }
        }
        Ok(now.filter(|now| now != table))
    }

    /// The directories from which runs imported with the layout of this name.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn imported_sources(&mut self, layout: &str) -> Result<Vec<String>, DatabaseError> {
        if !self.database.has_ledger()? {
            return Ok(Vec::new());
        }
        Ok(import_runs::table
            .filter(import_runs::kind.eq(RunKind::Import.name()))
            .filter(import_runs::layout.eq(layout))
            .select(import_runs::source)
            .distinct()
            .order(import_runs::source)
            .load(&mut self.database.connection)?)
    }

    /// The tables into which runs imported records of `source`.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn imported_tables(&mut self, source: &str) -> Result<BTreeSet<String>, DatabaseError> {
        let runs = self.runs()?;
        let imports = runs.iter().filter(|run| imports(run, source));
        Ok(imports.flat_map(RunRecord::tables).collect())
    }
}

/// The tables that a run recorded under another name than before: the new names by the old ones.
pub struct RenamedTables(BTreeMap<String, String>);

impl RunRecord {
    /// The tables that the run found renamed.
    #[must_use]
    pub fn renamed_tables(&self) -> RenamedTables {
        let tables = self.recorded_tables().into_iter();
        let renamed = |(name, counts): (String, Value)| {
            let now = counts[RENAMED_TO].as_str()?.to_owned();
            Some((name, now))
        };
        RenamedTables(tables.filter_map(renamed).collect())
    }
}

impl RenamedTables {
    /// The name before the run of the table that has this name since.
    #[must_use]
    pub fn before(&self, name: &str) -> Option<String> {
        let mut renamed = self.0.iter();
        let (before, _) = renamed.find(|(_, now)| *now == name)?;
        Some(before.clone())
    }

    /// Replaces the name that a table had before the run by the one that it has since.
    pub fn follow(&self, name: &mut String) {
        if let Some(now) = self.0.get(name) {
            name.clone_from(now);
        }
    }
}

fn imports(run: &RunRecord, source: &str) -> bool {
    run.is(RunKind::Import) && run.source == source
}

/// Follows the names of tables through the runs, which are given newest first.
fn tables_of_rows(runs: &[RunRecord], source: &str) -> BTreeMap<String, String> {
    let mut tables: BTreeMap<String, String> = BTreeMap::new();
    for run in runs.iter().rev() {
        if imports(run, source) {
            // An import is not begun while rows are in another table than the layout says.
            let imported = run.tables();
            tables.retain(|_, now| !imported.contains(now));
            tables.extend(imported.into_iter().map(|table| (table.clone(), table)));
            continue;
        }
        let renamed = run.renamed_tables();
        tables.values_mut().for_each(|now| renamed.follow(now));
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RunId;

    fn run(kind: &str, source: &str, tables: &str) -> RunRecord {
        RunRecord {
            id: RunId::from(""),
            kind: kind.to_owned(),
            status: "complete".to_owned(),
            layout: String::new(),
            layout_digest: String::new(),
            source: source.to_owned(),
            actor: String::new(),
            reason: None,
            os_user: String::new(),
            host: String::new(),
            db_user: None,
            tool_version: String::new(),
            started_at: String::new(),
            finished_at: None,
            counts: Some(format!("{{\"tables\":{tables}}}")),
            archive: None,
            parent_run_id: None,
        }
    }

    /// The tables of rows that are not where they were imported.
    fn moved(runs: &[RunRecord]) -> Vec<(String, String)> {
        let newest_first: Vec<RunRecord> = runs.iter().rev().cloned().collect();
        let mut tables = tables_of_rows(&newest_first, "/a");
        tables.retain(|table, now| table != now);
        tables.into_iter().collect()
    }

    fn pair(table: &str, now: &str) -> (String, String) {
        (table.to_owned(), now.to_owned())
    }

    #[test]
    fn rows_follow_their_table_through_renames() {
        let mut runs = vec![
            run("import", "/a", r#"{"t":{},"u":{}}"#),
            run("enable", "", r#"{"t":{"renamed_to":"x"},"x":{"noted":3}}"#),
        ];
        assert_eq!(moved(&runs), [pair("t", "x")]);
        runs.push(run("import", "/b", r#"{"x":{}}"#));
        runs.push(run("enable", "", r#"{"x":{"renamed_to":"y"}}"#));
        assert_eq!(moved(&runs), [pair("t", "y")]);
        runs.push(run("enable", "", r#"{"y":{"renamed_to":"t"}}"#));
        assert_eq!(moved(&runs), []);
    }

    #[test]
    fn exchanged_tables_have_the_rows_of_each_other_until_an_import_follows() {
        let exchanged = r#"{"t":{"renamed_to":"u"},"u":{"renamed_to":"t"}}"#;
        let mut runs = vec![
            run("import", "/a", r#"{"t":{},"u":{}}"#),
            run("enable", "", exchanged),
        ];
        assert_eq!(moved(&runs), [pair("t", "u"), pair("u", "t")]);
        let mut back = runs.clone();
        back.push(run("enable", "", exchanged));
        assert_eq!(moved(&back), []);
        runs.push(run("import", "/a", r#"{"t":{},"u":{}}"#));
        assert_eq!(moved(&runs), []);
    }
}
