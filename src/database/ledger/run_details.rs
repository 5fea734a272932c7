//! What the ledger keeps of one run besides the run itself.

use diesel::dsl::count_star;
use diesel::prelude::*;

use crate::database::{Database, DatabaseError};

use super::tables::{
    audit_log, audit_seals, conversions, import_runs, row_sources_replaced, source_files,
};

/// A source file as a run found it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = source_files)]
pub struct RunFile {
    /// Relative path.
    pub path: String,
    /// Digest of its bytes; `None` if the run found the file gone.
    pub sha256: Option<String>,
    /// Size in bytes.
    pub bytes: i64,
    /// When it was last written, as RFC 3339.
    pub modified_at: Option<String>,
    /// Elements of the document.
    pub records: i64,
    /// Elements that were left out.
    pub rejected: i64,
}

/// How often values of a column were changed in one way.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct ConvertedColumn {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// What was done, as [`ConversionRule::name`](crate::model::ConversionRule::name).
    pub rule: String,
    /// How often.
    pub count: i64,
}

/// What the tables of one migration hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holding {
    /// The ledger and the audit trail.
    Ledger {
        /// Runs.
        runs: i64,
        /// Entries of the audit trail.
        audit_entries: i64,
    },
    /// The seals over the trail.
    Seals(i64),
    /// Where rows came from before a run took them over, for undoing the run.
    Origins(i64),
}

impl Database {
    /// The files that a run read or found gone, sorted by path.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn files_of_run(&mut self, run: &str) -> Result<Vec<RunFile>, DatabaseError> {
        Ok(source_files::table
            .filter(source_files::run_id.eq(run))
            .order((source_files::path, source_files::id))
            .select(RunFile::as_select())
            .load(&mut self.connection)?)
    }

    /// The values that a run stored otherwise than they were written, counted per column.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn conversions_of_run(&mut self, run: &str) -> Result<Vec<ConvertedColumn>, DatabaseError> {
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
            .load(&mut self.connection)?)
    }

    /// What would be lost with the tables of `migration`.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn holding(&mut self, migration: &str) -> Result<Holding, DatabaseError> {
        self.require_ledger()?;
        let connection = &mut self.connection;
        Ok(match migration {
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
