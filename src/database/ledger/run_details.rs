//! The details of one run in the ledger.

use diesel::dsl::count_star;
use diesel::prelude::*;
use serde::Serialize;

use crate::database::DatabaseError;
use crate::model::RunId;

use super::Ledger;
use super::run_record::RunRecord;
use super::tables::{
    audit_log, audit_seals, conversions, import_runs, row_sources_replaced, source_files,
};

/// A source file as a run found it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[diesel(table_name = source_files)]
pub struct RunFile {
    /// Relative path.
    pub path: String,
    /// Digest of its bytes; `None` if the run found the file removed.
    pub sha256: Option<String>,
    /// Size in bytes.
    pub bytes: i64,
    /// When it was last written, as RFC 3339.
    pub modified_at: Option<String>,
    /// Number of elements of the document.
    pub records: i64,
    /// Number of rejected elements.
    pub rejected: i64,
}

/// The number of conversions of one kind in a column.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Conversion"))]
pub struct ConvertedColumn {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// The conversion, by the name of its rule.
    pub rule: String,
    /// Number of values.
    pub count: i64,
}

/// The contents of the tables of one migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holding {
    /// The ledger and the audit log.
    Ledger {
        /// Number of runs.
        runs: i64,
        /// Number of entries in the audit log.
        audit_entries: i64,
    },
    /// Number of seals over the audit log.
    Seals(i64),
    /// Number of replaced origins of rows, which are needed to revert runs.
    Origins(i64),
    /// Nothing that outlasts a statement.
    Nothing,
}

impl RunRecord {
    /// Whether the run read a directory, or reverts one that did. Runs of the kinds `enable` and `disable` have empty
    /// strings instead of a layout and a source in the ledger, because its columns are NOT NULL.
    #[must_use]
    pub fn read_directory(&self) -> bool {
        !self.layout.is_empty()
    }
}

impl Ledger<'_> {
    /// The files that a run read or found removed, sorted by path.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn files_of_run(&mut self, run: &RunId) -> Result<Vec<RunFile>, DatabaseError> {
        Ok(source_files::table
            .filter(source_files::run_id.eq(run))
            .order((source_files::path, source_files::id))
            .select(RunFile::as_select())
            .load(&mut self.database.connection)?)
    }

    /// The values that a run stored differently from how they are written in the file, counted per column.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn conversions_of_run(
        &mut self,
        run: &RunId,
    ) -> Result<Vec<ConvertedColumn>, DatabaseError> {
        let by = (
            conversions::table_name,
            conversions::column_name,
            conversions::rule,
        );
        Ok(conversions::table
            .filter(conversions::run_id.eq(run))
            .group_by(by)
            .order(by)
            .select((
                conversions::table_name,
                conversions::column_name,
                conversions::rule,
                count_star(),
            ))
            .load(&mut self.database.connection)?)
    }

    /// The data that would be lost with the tables of `migration`.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn holding(&mut self, migration: &str) -> Result<Holding, DatabaseError> {
        self.require_ledger()?;
        let connection = &mut self.database.connection;
        Ok(match migration {
            "accession-0005_staged_rows" | "accession-0004_replaced_rows" => Holding::Nothing,
            "accession-0003_reverts" => {
                Holding::Origins(row_sources_replaced::table.count().get_result(connection)?)
            }
            "accession-0002_seals" => {
                Holding::Seals(audit_seals::table.count().get_result(connection)?)
            }
            _ => Holding::Ledger {
                runs: import_runs::table.count().get_result(connection)?,
                audit_entries: audit_log::table.count().get_result(connection)?,
            },
        })
    }
}
