//! Entries of `row_sources` that runs took away, and putting them back when a run is undone.
//!
//! `row_sources` says what every row came from last, and is the only table of the ledger that changes. What a run
//! removed is noted, so that after undoing it the next import finds the ledger as it was before: the same files are
//! then changed or new again.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::database::{Database, DatabaseError};
use crate::model::Fingerprint;

use super::tables::{import_runs, row_sources, row_sources_replaced as replaced, source_files};

/// The run took the entry away.
const REMOVED: &str = "removed";
/// The run put the entry back.
const RESTORED: &str = "restored";
/// The run said that the record is gone from its file, as it was said before.
const MARKED: &str = "marked";
/// The run took that back.
const UNMARKED: &str = "unmarked";

/// Notes that are read at once.
const PAGE: i64 = 1000;

/// What a note says: number, change, entry, row, mark.
type Note = (i64, String, (i64, i64), (String, String), Option<String>);

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

/// Notes, as a change by a run, what a query of entries gives.
macro_rules! note {
    ($database:expr, $run:expr, $change:expr, $table:ident, $query:expr) => {
        diesel::insert_into(replaced::table)
            .values($query.select((
                $run.into_sql::<Text>(),
                $change.into_sql::<Text>(),
                entry!($table),
            )))
            .into_columns((replaced::run_id, replaced::change, entry!(replaced)))
            .execute(&mut $database.connection)
    };
}

impl Database {
    /// Notes entries of a file that `run` is about to remove.
    pub(in crate::database) fn note_removed(
        &mut self,
        run: &str,
        source_file_id: i64,
        positions: &[i64],
    ) -> Result<(), DatabaseError> {
        let entries = row_sources::table
            .filter(row_sources::source_file_id.eq(source_file_id))
            .filter(row_sources::position.eq_any(positions));
        note!(self, run, REMOVED, row_sources, entries)?;
        Ok(())
    }

    /// Makes the ledger what it was before the run `undone`, but for the rows in `kept`, given by table and record id.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn undo_row_sources(
        &mut self,
        run: &str,
        undone: &str,
        kept: &HashSet<(String, String)>,
    ) -> Result<(), DatabaseError> {
        self.remove_entered(run, undone)?;
        self.remove_successors(run, undone)?;
        let removed = replaced::table
            .filter(replaced::run_id.eq(undone))
            .filter(replaced::change.eq(REMOVED));
        note!(self, run, RESTORED, replaced, removed)?;
        diesel::insert_into(row_sources::table)
            .values(removed.select(entry!(replaced)))
            .into_columns(entry!(row_sources))
            .execute(&mut self.connection)?;
        self.undo_marks(run, undone)?;
        if kept.is_empty() {
            Ok(())
        } else {
            self.keep_entries(run, kept)
        }
    }

    /// Runs that were undone, and not done again by undoing that, and when they were.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn undone_runs(&mut self) -> Result<HashMap<String, String>, DatabaseError> {
        let reverts: Vec<(String, Option<String>, String)> = import_runs::table
            .filter(import_runs::kind.eq("revert"))
            .filter(import_runs::status.eq("complete"))
            .order((import_runs::started_at.desc(), import_runs::id.desc()))
            .select((
                import_runs::id,
                import_runs::parent_run_id,
                import_runs::started_at,
            ))
            .load(&mut self.connection)?;
        let mut undone = HashMap::new();
        // Newest first: whether a revert counts is settled by the reverts after it.
        for (run, parent, at) in reverts {
            if !undone.contains_key(&run)
                && let Some(parent) = parent
            {
                undone.entry(parent).or_insert(at);
            }
        }
        Ok(undone)
    }

    /// Removes what `undone` entered: entries of its files, and those that it put back.
    fn remove_entered(&mut self, run: &str, undone: &str) -> Result<(), DatabaseError> {
        let files: Vec<i64> = source_files::table
            .filter(source_files::run_id.eq(undone))
            .select(source_files::id)
            .load(&mut self.connection)?;
        for file in files {
            let entries = row_sources::table.filter(row_sources::source_file_id.eq(file));
            note!(self, run, REMOVED, row_sources, entries)?;
            diesel::delete(entries).execute(&mut self.connection)?;
        }
        self.each_note(undone, &mut |database, (_, change, key, ..)| {
            if change == RESTORED {
                database.note_removed(run, key.0, &[key.1])?;
                diesel::delete(row_sources::table.find(key)).execute(&mut database.connection)?;
            }
            Ok(())
        })
    }

    /// Removes what later runs say of records that `undone` entered or replaced: their rows are as before it.
    fn remove_successors(&mut self, run: &str, undone: &str) -> Result<(), DatabaseError> {
        let source: String = import_runs::table
            .find(undone)
            .select(import_runs::source)
            .first(&mut self.connection)?;
        let own_files = source_files::table
            .filter(source_files::run_id.eq(undone))
            .select(source_files::id);
        let touched: Vec<Vec<u8>> = replaced::table
            .filter(replaced::change.eq(REMOVED))
            .filter(replaced::run_id.ne(run))
            .filter(
                replaced::run_id
                    .eq(undone)
                    .or(replaced::source_file_id.eq_any(own_files)),
            )
            .select(replaced::identity)
            .distinct()
            .load(&mut self.connection)?;
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
                .load(&mut self.connection)?;
            for (file, position) in successors {
                self.note_removed(run, file, &[position])?;
                diesel::delete(row_sources::table.find((file, position)))
                    .execute(&mut self.connection)?;
            }
        }
        Ok(())
    }

    /// Records that `undone` found gone are in their files as before, and those it brought back are gone again.
    fn undo_marks(&mut self, run: &str, undone: &str) -> Result<(), DatabaseError> {
        let marked = row_sources::table.filter(row_sources::gone_run_id.eq(undone));
        note!(self, run, UNMARKED, row_sources, marked)?;
        diesel::update(marked)
            .set(row_sources::gone_run_id.eq(None::<String>))
            .execute(&mut self.connection)?;
        self.each_note(undone, &mut |database, (id, change, key, _, mark)| {
            let again = match change.as_str() {
                UNMARKED => MARKED,
                MARKED => UNMARKED,
                _ => return Ok(()),
            };
            note!(
                database,
                run,
                again,
                replaced,
                replaced::table.filter(replaced::id.eq(id))
            )?;
            database.mark(key, mark.as_deref().filter(|_| again == MARKED))
        })
    }

    /// Takes back, for rows that stay as they are, what was done above.
    fn keep_entries(
        &mut self,
        run: &str,
        kept: &HashSet<(String, String)>,
    ) -> Result<(), DatabaseError> {
        let restored = |change: &str| change == RESTORED;
        // What was put back goes before what was removed comes: the two may have the same place.
        for pass in [true, false] {
            self.each_note(run, &mut |database, (id, change, key, row, mark)| {
                if !kept.contains(&row) || restored(&change) != pass {
                    return Ok(());
                }
                match change.as_str() {
                    RESTORED => {
                        diesel::delete(row_sources::table.find(key))
                            .execute(&mut database.connection)?;
                    }
                    REMOVED => {
                        let removed = replaced::table.filter(replaced::id.eq(id));
                        diesel::insert_into(row_sources::table)
                            .values(removed.select(entry!(replaced)))
                            .into_columns(entry!(row_sources))
                            .execute(&mut database.connection)?;
                    }
                    UNMARKED => database.mark(key, mark.as_deref())?,
                    _ => database.mark(key, None)?,
                }
                diesel::delete(replaced::table.find(id)).execute(&mut database.connection)?;
                Ok(())
            })?;
        }
        Ok(())
    }

    fn mark(&mut self, key: (i64, i64), mark: Option<&str>) -> Result<(), DatabaseError> {
        diesel::update(row_sources::table.find(key))
            .set(row_sources::gone_run_id.eq(mark))
            .execute(&mut self.connection)?;
        Ok(())
    }

    /// Visits what was noted of a run, page by page, so that it may be changed meanwhile.
    fn each_note(
        &mut self,
        run: &str,
        visit: &mut dyn FnMut(&mut Self, Note) -> Result<(), DatabaseError>,
    ) -> Result<(), DatabaseError> {
        let mut after = 0;
        loop {
            let notes: Vec<Note> = replaced::table
                .filter(replaced::run_id.eq(run))
                .filter(replaced::id.gt(after))
                .order(replaced::id)
                .limit(PAGE)
                .select((
                    replaced::id,
                    replaced::change,
                    (replaced::source_file_id, replaced::position),
                    (replaced::table_name, replaced::record_id),
                    replaced::gone_run_id,
                ))
                .load(&mut self.connection)?;
            let Some(last) = notes.last() else {
                return Ok(());
            };
            after = last.0;
            for note in notes {
                visit(self, note)?;
            }
        }
    }
}
