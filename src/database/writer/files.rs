//! The files of a run: inserted before the rows that come from them, and set in the audit context while these are
//! written.

use diesel::dsl::max;
use diesel::prelude::*;

use crate::database::ledger::tables::{rejects, source_files};
use crate::database::ledger::{InsertFiles, NewFile};
use crate::database::{DatabaseError, WriteTransaction};

use super::{FileRecord, Reject, Writer};

impl Writer<'_> {
    /// Begins a file; the following changes come from it.
    ///
    /// # Errors
    /// When the database reports an error.
    pub fn begin_file(
        &mut self,
        database: &mut WriteTransaction,
        file: &FileRecord,
    ) -> Result<(), DatabaseError> {
        self.flush(database)?;
        self.file = Some(NewFile {
            id: self.next_file,
            path: file.path.clone(),
            sha256: file.sha256.map(|sha256| sha256.to_string()),
            bytes: signed(file.bytes),
            modified_at: file.modified.map(|modified| modified.to_string()),
            records: 0,
            rejected: 0,
        });
        self.next_file += 1;
        self.position = 0;
        Ok(())
    }

    /// Ends the file, recording the numbers of its records and of rejected records.
    ///
    /// # Errors
    /// When the database reports an error.
    pub fn end_file(
        &mut self,
        database: &mut WriteTransaction,
        records: u64,
        rejected: u64,
    ) -> Result<(), DatabaseError> {
        self.flush(database)?;
        let Some(mut new) = self.file.take() else {
            return Ok(());
        };
        new.records = signed(records);
        new.rejected = signed(rejected);
        if self.entered == Some(new.id) {
            diesel::update(source_files::table.find(new.id))
                .set((
                    source_files::records.eq(new.records),
                    source_files::rejected.eq(new.rejected),
                ))
                .execute(&mut database.connection)?;
            return Ok(());
        }
        self.pending.file(new);
        self.pending.flush_full(database, self.layout, &self.run_id)
    }

    /// Records rejected records of the file.
    ///
    /// # Errors
    /// When the database reports an error.
    pub fn rejects(
        &mut self,
        database: &mut WriteTransaction,
        rejected: &[Reject],
    ) -> Result<(), DatabaseError> {
        let Some(new) = &self.file else {
            return Ok(());
        };
        let file = new.id;
        // Rejects refer to the file, which is inserted before it was read to its end.
        if self.entered != Some(file) {
            InsertFiles {
                run_id: &self.run_id,
                files: std::slice::from_ref(new),
            }
            .execute(&mut database.connection)?;
            self.entered = Some(file);
        }
        for reject in rejected {
            diesel::insert_into(rejects::table)
                .values((
                    rejects::source_file_id.eq(file),
                    rejects::record.eq(reject.record.as_deref()),
                    rejects::pointer.eq(reject.pointer.as_deref()),
                    rejects::line.eq(reject.line.map(signed)),
                    rejects::column.eq(reject.column.map(signed)),
                    rejects::rule.eq(reject.rule),
                    rejects::message.eq(&reject.message),
                ))
                .execute(&mut database.connection)?;
        }
        Ok(())
    }

    /// Sets the current file in the audit context.
    pub(super) fn set_context(
        &mut self,
        database: &mut WriteTransaction,
    ) -> Result<(), DatabaseError> {
        let file = self.file.as_ref().map(|file| file.id);
        if self.context != file {
            database.connection.engine_mut().set_context_file(file)?;
            self.context = file;
        }
        Ok(())
    }
}

/// Ids are assigned here because not every database returns generated ids. Only one run writes at a time, so they are
/// unique.
pub(super) fn next_file(database: &mut WriteTransaction) -> Result<i64, DatabaseError> {
    let last: Option<i64> = source_files::table
        .select(max(source_files::id))
        .get_result(&mut database.connection)?;
    Ok(last.unwrap_or(0) + 1)
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
