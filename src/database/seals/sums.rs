//! The sums over the ledger's tables that seals contain: computed from all rows, or continued by a run.

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;

use crate::audit::seal::{Header, LedgerRowBytes, LedgerSum, LedgerSums, LedgerTable};
use crate::database::DatabaseError;
use crate::database::ledger::tables::{
    audit_seals, conversions, rejects, row_sources, row_sources_replaced as replaced, source_files,
};
use crate::model::{RecordId, RunId};

use super::Seals;

/// A row of `row_sources`, as hashed.
#[derive(Queryable)]
struct Origin {
    source_file_id: i64,
    position: i64,
    table_name: String,
    identity: Vec<u8>,
    identity_start: i64,
    record_id: RecordId,
    pointer: String,
    part: Option<i32>,
    digest: Vec<u8>,
    gone_run_id: Option<RunId>,
}

/// The columns of [`Origin`].
macro_rules! origin {
    ($table:ident) => {
        (
            $table::source_file_id,
            $table::position,
            $table::table_name,
            $table::identity,
            $table::identity_start,
            $table::record_id,
            $table::pointer,
            $table::part,
            $table::digest,
            $table::gone_run_id,
        )
    };
}

impl Origin {
    fn hash_into(&self, bytes: &mut LedgerRowBytes) {
        bytes.integer(self.source_file_id);
        bytes.integer(self.position);
        bytes.text(&self.table_name);
        bytes.bytes(&self.identity);
        bytes.integer(self.identity_start);
        bytes.text(&self.record_id);
        bytes.text(&self.pointer);
        bytes.optional_integer(self.part.map(i64::from));
        bytes.bytes(&self.digest);
        bytes.optional_text(self.gone_run_id.as_deref());
    }
}

/// Adds the rows of a query to a sum, each hashed by `hash_into`.
macro_rules! add_all {
    ($database:expr, $table:expr, $query:expr, $row:ty, $hash_into:expr) => {{
        let mut sum = LedgerSum::default();
        let mut bytes = LedgerRowBytes::of($table);
        let beginning = bytes.len();
        let rows =
            $query.load_iter::<$row, DefaultLoadingMode>(&mut $database.database.connection)?;
        for row in rows {
            bytes.truncate(beginning);
            let hash_into: fn($row, &mut LedgerRowBytes) = $hash_into;
            hash_into(row?, &mut bytes);
            sum.add(bytes.hash());
        }
        sum
    }};
}

type Reject = (
    i64,
    i64,
    (Option<String>, Option<String>),
    (Option<i64>, Option<i64>),
    (String, String),
);

impl Seals<'_> {
    /// The sums of the current rows.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn ledger_sums(&mut self) -> Result<LedgerSums, DatabaseError> {
        let mut sums = LedgerSums::default();
        for table in LedgerTable::ALL {
            *sums.of_mut(table) = match table {
                LedgerTable::SourceFiles => self.sum_files(None)?,
                LedgerTable::RowSources => self.sum_origins()?,
                LedgerTable::RowSourcesReplaced => self.sum_replaced(None)?,
                LedgerTable::Conversions => self.sum_conversions()?,
                LedgerTable::Rejects => self.sum_rejects(i64::MIN)?,
            };
        }
        Ok(sums)
    }

    /// The sums in the newest seal; if it has none, those of the current rows.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn carried_ledger_sums(&mut self) -> Result<LedgerSums, DatabaseError> {
        let newest: Option<String> = audit_seals::table
            .order(audit_seals::number.desc())
            .select(audit_seals::header)
            .first(&mut self.database.connection)
            .optional()?;
        let carried = newest.and_then(|header| Header::parse(&header).ok()?.ledger);
        match carried {
            Some(sums) => Ok(sums),
            None => self.ledger_sums(),
        }
    }

    /// Rejects a ledger with missing or additional origins of rows: records would not be matched, and would be imported
    /// a second time.
    ///
    /// # Errors
    /// [`DatabaseError::DamagedLedger`].
    pub(in crate::database) fn check_row_sources(
        &mut self,
        sums: &LedgerSums,
    ) -> Result<(), DatabaseError> {
        let found: i64 = row_sources::table
            .count()
            .get_result(&mut self.database.connection)?;
        let found = u64::try_from(found).unwrap_or(0);
        let sealed = sums.of(LedgerTable::RowSources).rows;
        match found == sealed {
            true => Ok(()),
            false => Err(DatabaseError::DamagedLedger { found, sealed }),
        }
    }

    /// Adds the rows that a run wrote into the small tables, which it does not hash itself.
    pub(in crate::database) fn add_rows_of_run(
        &mut self,
        sums: &mut LedgerSums,
        run: &RunId,
        first_file: i64,
    ) -> Result<(), DatabaseError> {
        let none = LedgerSum::default();
        let files = self.sum_files(Some(run))?;
        sums.of_mut(LedgerTable::SourceFiles).follow(none, files);
        let replaced = self.sum_replaced(Some(run))?;
        sums.of_mut(LedgerTable::RowSourcesReplaced)
            .follow(none, replaced);
        let rejects = self.sum_rejects(first_file)?;
        sums.of_mut(LedgerTable::Rejects).follow(none, rejects);
        Ok(())
    }

    /// The sum of `row_sources`.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(in crate::database) fn sum_origins(&mut self) -> Result<LedgerSum, DatabaseError> {
        let rows = row_sources::table.select(origin!(row_sources));
        Ok(add_all!(
            self,
            LedgerTable::RowSources,
            rows,
            Origin,
            |row, bytes| row.hash_into(bytes)
        ))
    }

    /// The sum of entries of a file, which are about to be removed or marked.
    pub(in crate::database) fn sum_origins_at(
        &mut self,
        file: i64,
        positions: &[i64],
    ) -> Result<LedgerSum, DatabaseError> {
        let rows = row_sources::table
            .filter(row_sources::source_file_id.eq(file))
            .filter(row_sources::position.eq_any(positions))
            .select(origin!(row_sources));
        Ok(add_all!(
            self,
            LedgerTable::RowSources,
            rows,
            Origin,
            |row, bytes| row.hash_into(bytes)
        ))
    }

    fn sum_files(&mut self, run: Option<&RunId>) -> Result<LedgerSum, DatabaseError> {
        let mut rows = source_files::table
            .select((source_files::id, source_files::run_id, source_files::path))
            .into_boxed();
        if let Some(run) = run {
            rows = rows.filter(source_files::run_id.eq(run));
        }
        Ok(add_all!(
            self,
            LedgerTable::SourceFiles,
            rows,
            (i64, String, String),
            |(id, run, path), bytes| {
                bytes.integer(id);
                bytes.text(&run);
                bytes.text(&path);
            }
        ))
    }

    fn sum_replaced(&mut self, run: Option<&RunId>) -> Result<LedgerSum, DatabaseError> {
        let mut rows = replaced::table
            .select((
                replaced::id,
                replaced::run_id,
                replaced::change,
                origin!(replaced),
            ))
            .into_boxed();
        if let Some(run) = run {
            rows = rows.filter(replaced::run_id.eq(run));
        }
        Ok(add_all!(
            self,
            LedgerTable::RowSourcesReplaced,
            rows,
            (i64, String, String, Origin),
            |(id, run, change, origin), bytes| {
                bytes.integer(id);
                bytes.text(&run);
                bytes.text(&change);
                origin.hash_into(bytes);
            }
        ))
    }

    fn sum_conversions(&mut self) -> Result<LedgerSum, DatabaseError> {
        type Texts = (String, String, String, String, String, String, String);
        let rows = conversions::table.select((
            conversions::run_id,
            conversions::table_name,
            conversions::record_id,
            conversions::column_name,
            conversions::rule,
            conversions::source_text,
            conversions::stored_text,
        ));
        Ok(add_all!(
            self,
            LedgerTable::Conversions,
            rows,
            Texts,
            |(run, table, record, column, rule, source, stored), bytes| {
                for text in [run, table, record, column, rule, source, stored] {
                    bytes.text(&text);
                }
            }
        ))
    }

    /// The sum for files with these and higher ids.
    fn sum_rejects(&mut self, first_file: i64) -> Result<LedgerSum, DatabaseError> {
        let rows = rejects::table
            .filter(rejects::source_file_id.ge(first_file))
            .select((
                rejects::id,
                rejects::source_file_id,
                (rejects::record, rejects::pointer),
                (rejects::line, rejects::column),
                (rejects::rule, rejects::message),
            ));
        Ok(add_all!(
            self,
            LedgerTable::Rejects,
            rows,
            Reject,
            |(id, file, (record, pointer), (line, column), (rule, message)), bytes| {
                bytes.integer(id);
                bytes.integer(file);
                bytes.optional_text(record.as_deref());
                bytes.optional_text(pointer.as_deref());
                bytes.optional_integer(line);
                bytes.optional_integer(column);
                bytes.text(&rule);
                bytes.text(&message);
            }
        ))
    }
}
