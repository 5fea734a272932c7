//! The origins of rows, and the rows from a file.

use std::ops::ControlFlow;

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;

use crate::database::DatabaseError;
use crate::database::pages::{PageRow, Pages};
use crate::model::{RecordId, RunId};

use super::Ledger;
use super::replaced::REMOVED;
use super::run_record::RunRecord;
use super::tables::{
    conversions, import_runs, row_sources, row_sources_replaced as replaced, source_files,
};

/// Number of rows read at a time, unless they are large.
const PAGE: i64 = 2_000;

/// The record that a row was imported from, in the version of the file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = row_sources)]
pub struct RowOrigin {
    /// The version of the file.
    pub source_file_id: i64,
    /// Position of the record in it.
    pub position: i64,
    /// The table.
    pub table_name: String,
    /// Record id of the row.
    pub record_id: RecordId,
    /// Identity of the record, by which it is matched on the next import.
    pub identity: Vec<u8>,
    /// JSON Pointer to the record.
    pub pointer: String,
    /// The part of a split string, counted from 0.
    pub part: Option<i32>,
    /// The run that found the record removed from the file.
    pub gone_run_id: Option<RunId>,
}

impl PageRow for RowOrigin {
    fn bytes(&self) -> usize {
        self.record_id.len() + self.pointer.bytes()
    }
}

/// A version of a source file.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = source_files)]
pub struct FileVersion {
    /// Its id.
    pub id: i64,
    /// The run that read it.
    pub run_id: RunId,
    /// Relative path.
    pub path: String,
    /// Digest of its bytes; `None` if the run found the file removed.
    pub sha256: Option<String>,
    /// Size in bytes.
    pub bytes: i64,
}

/// A value that is stored differently from how it is written in the file.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = conversions)]
pub struct StoredConversion {
    /// The run that stored it.
    pub run_id: RunId,
    /// The column.
    pub column_name: String,
    /// The conversion, as [`ConversionRule::name`](crate::model::ConversionRule::name).
    pub rule: String,
    /// The text in the file.
    pub source_text: String,
    /// The stored text.
    pub stored_text: String,
}

impl Ledger<'_> {
    /// The records that a row came from, newest first. The versions in `files` are searched first; all versions, which
    /// is slower, are searched only if these have none.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn origins_of_row(
        &mut self,
        table: &str,
        record: &RecordId,
        files: &[i64],
    ) -> Result<Vec<(RowOrigin, FileVersion, RunRecord)>, DatabaseError> {
        let of_row = || {
            row_sources::table
                .inner_join(source_files::table.inner_join(import_runs::table))
                .filter(row_sources::record_id.eq(record))
                .filter(row_sources::table_name.eq(table))
                .order((row_sources::source_file_id.desc(), row_sources::position))
                .select((
                    RowOrigin::as_select(),
                    FileVersion::as_select(),
                    RunRecord::as_select(),
                ))
        };
        let near = of_row()
            .filter(row_sources::source_file_id.eq_any(files))
            .load(&mut self.database.connection)?;
        if near.is_empty() {
            return Ok(of_row().load(&mut self.database.connection)?);
        }
        Ok(near)
    }

    /// The records that a row came from until a later run replaced them, newest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn replaced_origins_of_row(
        &mut self,
        table: &str,
        record: &RecordId,
    ) -> Result<Vec<(RowOrigin, FileVersion, RunRecord)>, DatabaseError> {
        let connection = &mut self.database.connection;
        let rows: Vec<RowOrigin> = replaced::table
            .filter(replaced::record_id.eq(record))
            .filter(replaced::table_name.eq(table))
            .filter(replaced::change.eq(REMOVED))
            .order((replaced::source_file_id.desc(), replaced::position))
            .select((
                replaced::source_file_id,
                replaced::position,
                replaced::table_name,
                replaced::record_id,
                replaced::identity,
                replaced::pointer,
                replaced::part,
                replaced::gone_run_id,
            ))
            .load(connection)?;
        let mut origins = Vec::new();
        for row in rows {
            let (file, run) = source_files::table
                .inner_join(import_runs::table)
                .filter(source_files::id.eq(row.source_file_id))
                .select((FileVersion::as_select(), RunRecord::as_select()))
                .first(connection)?;
            origins.push((row, file, run));
        }
        Ok(origins)
    }

    /// The versions of files with this path, packed or not, newest first, with the runs that read them.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn versions_of_file(
        &mut self,
        path: &str,
    ) -> Result<Vec<(FileVersion, RunRecord)>, DatabaseError> {
        self.require_ledger()?;
        Ok(source_files::table
            .inner_join(import_runs::table)
            .filter(source_files::path.eq_any([path.to_owned(), format!("{path}.gz")]))
            .order(source_files::id.desc())
            .select((FileVersion::as_select(), RunRecord::as_select()))
            .load(&mut self.database.connection)?)
    }

    /// Visits the records of a version of a file that became rows, in order, until `visit` breaks.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn each_origin(
        &mut self,
        file: i64,
        visit: &mut dyn FnMut(RowOrigin) -> ControlFlow<()>,
    ) -> Result<(), DatabaseError> {
        let (mut last, mut pages) = (-1, Pages::of(PAGE));
        loop {
            let rows = row_sources::table
                .filter(row_sources::source_file_id.eq(file))
                .filter(row_sources::position.gt(last))
                .order(row_sources::position)
                .limit(pages.limit())
                .select(RowOrigin::as_select())
                .load_iter::<RowOrigin, DefaultLoadingMode>(&mut self.database.connection)?;
            let page = pages.take(rows)?;
            for origin in page.rows {
                last = origin.position;
                if visit(origin).is_break() {
                    return Ok(());
                }
            }
            if page.is_last {
                return Ok(());
            }
        }
    }

    /// The values of a row that are stored differently from how they are written in the file, oldest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn conversions_of_row(
        &mut self,
        table: &str,
        record: &RecordId,
    ) -> Result<Vec<StoredConversion>, DatabaseError> {
        Ok(conversions::table
            .filter(conversions::table_name.eq(table))
            .filter(conversions::record_id.eq(record))
            .order(conversions::id)
            .select(StoredConversion::as_select())
            .load(&mut self.database.connection)?)
    }
}
