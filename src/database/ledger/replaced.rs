//! Entries of `row_sources` that runs removed, which are restored when a run is reverted.
//!
//! `row_sources` records what every row last came from, and is the only table of the ledger that changes. Entries that
//! a run removes are recorded, so that after reverting it the next import finds the ledger as it was before: the same
//! files are then changed or new again.

use diesel::connection::DefaultLoadingMode;
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::audit::seal::{LedgerSums, LedgerTable};
use crate::database::pages::{PageRow, Pages};
use crate::database::{DatabaseError, Writing};
use crate::model::{Fingerprint, RecordId, RunId};

use super::Ledger;
use super::reverted::RestoredEntries;
use super::tables::{import_runs, row_sources, row_sources_replaced as replaced, source_files};

/// The run removed the entry.
pub(super) const REMOVED: &str = "removed";
/// The run restored the entry.
const RESTORED: &str = "restored";
/// The run marked the record as removed from its file; an earlier mark is kept here.
const MARKED: &str = "marked";
/// The run removed the mark.
const UNMARKED: &str = "unmarked";

/// Number of records read at a time, unless they are large.
const PAGE: i64 = 1000;

/// A record of a change: id, change, entry, row, mark.
type Recorded = (i64, String, (i64, i64), (String, RecordId), Option<String>);

impl PageRow for Recorded {
    fn bytes(&self) -> usize {
        self.3.0.len() + self.3.1.len()
    }
}

/// The columns of an entry in one of the two tables.
macro_rules! entry {
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

/// Records the entries that a query returns, with a change by a run.
macro_rules! record {
    ($database:expr, $run:expr, $change:expr, $table:ident, $query:expr) => {
        diesel::insert_into(replaced::table)
            .values($query.select((
                $run.into_sql::<Text>(),
                $change.into_sql::<Text>(),
                entry!($table),
            )))
            .into_columns((replaced::run_id, replaced::change, entry!(replaced)))
            .execute(&mut $database.database.connection)
    };
}

impl Writing<Ledger<'_>> {
    /// Records entries of a file that `run` is about to remove.
    pub(in crate::database) fn record_removed(
        &mut self,
        run: &RunId,
        source_file_id: i64,
        positions: &[i64],
    ) -> Result<(), DatabaseError> {
        let entries = row_sources::table
            .filter(row_sources::source_file_id.eq(source_file_id))
            .filter(row_sources::position.eq_any(positions));
        record!(self, run, REMOVED, row_sources, entries)?;
        Ok(())
    }

    /// Restores the ledger's state before the run `undone` for these rows, and returns the sums for the seal.
    ///
    /// # Errors
    /// When the database reports an error.
    pub fn undo_row_sources(
        &mut self,
        run: &RunId,
        undone: &RunId,
        rows: RestoredEntries<'_>,
    ) -> Result<LedgerSums, DatabaseError> {
        let mut sums = self.database.seals().carried_ledger_sums()?;
        let before = self.database.seals().sum_origins()?;
        self.remove_entered(run, undone)?;
        self.remove_successors(run, undone)?;
        // An earlier revert of the run may have restored some.
        let present = row_sources::table
            .filter(row_sources::source_file_id.eq(replaced::source_file_id))
            .filter(row_sources::position.eq(replaced::position));
        let removed = replaced::table
            .filter(replaced::run_id.eq(undone))
            .filter(replaced::change.eq(REMOVED))
            .filter(not(exists(present)));
        record!(self, run, RESTORED, replaced, removed)?;
        diesel::insert_into(row_sources::table)
            .values(removed.select(entry!(replaced)))
            .into_columns(entry!(row_sources))
            .execute(&mut self.database.connection)?;
        self.undo_marks(run, undone, rows)?;
        if !rows.has_all() {
            self.keep_entries(run, rows)?;
        }
        let after = self.database.seals().sum_origins()?;
        sums.of_mut(LedgerTable::RowSources).follow(before, after);
        self.database
            .seals()
            .add_rows_of_run(&mut sums, run, i64::MAX)?;
        Ok(sums)
    }

    /// Removes what `undone` added: entries of its files, and those that it restored.
    fn remove_entered(&mut self, run: &RunId, undone: &RunId) -> Result<(), DatabaseError> {
        let files: Vec<i64> = source_files::table
            .filter(source_files::run_id.eq(undone))
            .select(source_files::id)
            .load(&mut self.database.connection)?;
        for file in files {
            let entries = row_sources::table.filter(row_sources::source_file_id.eq(file));
            record!(self, run, REMOVED, row_sources, entries)?;
            diesel::delete(entries).execute(&mut self.database.connection)?;
        }
        self.each_recorded(undone, &mut |database, (_, change, key, ..)| {
            if change == RESTORED {
                database.record_removed(run, key.0, &[key.1])?;
                diesel::delete(row_sources::table.find(key))
                    .execute(&mut database.database.connection)?;
            }
            Ok(())
        })
    }

    /// Removes entries that later runs made for records that `undone` added or replaced: their rows are as before it.
    fn remove_successors(&mut self, run: &RunId, undone: &RunId) -> Result<(), DatabaseError> {
        let source: String = import_runs::table
            .find(undone)
            .select(import_runs::source)
            .first(&mut self.database.connection)?;
        let own_files = source_files::table
            .filter(source_files::run_id.eq(undone))
            .select(source_files::id);
        let touched: Vec<Vec<u8>> = replaced::table
            .filter(replaced::change.eq(REMOVED).and(replaced::run_id.ne(run)))
            .filter(
                replaced::run_id
                    .eq(undone)
                    .or(replaced::source_file_id.eq_any(own_files)),
            )
            .select(replaced::identity)
            .distinct()
            .load(&mut self.database.connection)?;
        for some in touched.chunks(500) {
            let starts = some
                .iter()
                .filter_map(|identity| <[u8; 16]>::try_from(identity.as_slice()).ok())
                .map(|identity| Fingerprint(identity).start());
            let successors: Vec<(i64, i64)> = row_sources::table
                .inner_join(source_files::table.inner_join(import_runs::table))
                .filter(import_runs::source.eq(&source))
                .filter(row_sources::identity_start.eq_any(starts))
                .filter(row_sources::identity.eq_any(some))
                .select((row_sources::source_file_id, row_sources::position))
                .load(&mut self.database.connection)?;
            for (file, position) in successors {
                self.record_removed(run, file, &[position])?;
                diesel::delete(row_sources::table.find((file, position)))
                    .execute(&mut self.database.connection)?;
            }
        }
        Ok(())
    }

    /// Reverts marks: records that `undone` found removed are in their files again, and those that it found again are
    /// removed.
    fn undo_marks(
        &mut self,
        run: &RunId,
        undone: &RunId,
        rows: RestoredEntries<'_>,
    ) -> Result<(), DatabaseError> {
        let marked = row_sources::table.filter(row_sources::gone_run_id.eq(undone));
        record!(self, run, UNMARKED, row_sources, marked)?;
        diesel::update(marked)
            .set(row_sources::gone_run_id.eq(None::<&str>))
            .execute(&mut self.database.connection)?;
        self.each_recorded(undone, &mut |database, (id, change, key, row, mark)| {
            let again = match change.as_str() {
                UNMARKED => MARKED,
                MARKED => UNMARKED,
                _ => return Ok(()),
            };
            if !rows.has(&row) {
                return Ok(());
            }
            record!(
                database,
                run,
                again,
                replaced,
                replaced::table.filter(replaced::id.eq(id))
            )?;
            database.mark(key, mark.as_deref().filter(|_| again == MARKED))
        })
    }

    /// Reverts the above for the other rows.
    fn keep_entries(
        &mut self,
        run: &RunId,
        rows: RestoredEntries<'_>,
    ) -> Result<(), DatabaseError> {
        // Restored entries are removed before removed ones are restored: both may have the same key.
        for pass in [true, false] {
            self.each_recorded(run, &mut |database, (id, change, key, row, mark)| {
                if rows.has(&row) || (change == RESTORED) != pass {
                    return Ok(());
                }
                match change.as_str() {
                    RESTORED => {
                        diesel::delete(row_sources::table.find(key))
                            .execute(&mut database.database.connection)?;
                    }
                    REMOVED => {
                        let removed = replaced::table.filter(replaced::id.eq(id));
                        diesel::insert_into(row_sources::table)
                            .values(removed.select(entry!(replaced)))
                            .into_columns(entry!(row_sources))
                            .execute(&mut database.database.connection)?;
                    }
                    UNMARKED => database.mark(key, mark.as_deref())?,
                    _ => database.mark(key, None)?,
                }
                diesel::delete(replaced::table.find(id))
                    .execute(&mut database.database.connection)?;
                Ok(())
            })?;
        }
        Ok(())
    }

    fn mark(&mut self, key: (i64, i64), mark: Option<&str>) -> Result<(), DatabaseError> {
        diesel::update(row_sources::table.find(key))
            .set(row_sources::gone_run_id.eq(mark))
            .execute(&mut self.database.connection)?;
        Ok(())
    }

    /// Visits the recorded changes of a run, page by page, so that the table may be changed meanwhile.
    fn each_recorded(
        &mut self,
        run: &RunId,
        visit: &mut dyn FnMut(&mut Self, Recorded) -> Result<(), DatabaseError>,
    ) -> Result<(), DatabaseError> {
        let (mut after, mut pages) = (0, Pages::of(PAGE));
        loop {
            let changes = replaced::table
                .filter(replaced::run_id.eq(run).and(replaced::id.gt(after)))
                .order(replaced::id)
                .limit(pages.limit())
                .select((
                    replaced::id,
                    replaced::change,
                    (replaced::source_file_id, replaced::position),
                    (replaced::table_name, replaced::record_id),
                    replaced::gone_run_id,
                ))
                .load_iter::<Recorded, DefaultLoadingMode>(&mut self.database.connection)?;
            let page = pages.take(changes)?;
            for change in page.rows {
                after = change.0;
                visit(self, change)?;
            }
            if page.is_last {
                return Ok(());
            }
        }
    }
}
