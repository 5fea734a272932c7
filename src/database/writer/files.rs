//! The files of a run: entered before what comes from them, and named by the audit context while that is written.

use diesel::dsl::max;
use diesel::prelude::*;

use crate::database::ledger::tables::{rejects, source_files};
use crate::database::ledger::{InsertFiles, NewFile};
use crate::database::{Database, DatabaseError};

use super::{FileRecord, Reject, Writer};

impl Writer<'_> {
    /// Enters a file; the changes that follow come from it.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn begin_file(
        &mut self,
        database: &mut Database,
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

    /// Leaves the file, noting how many records it has and how many were left out.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn end_file(
        &mut self,
        database: &mut Database,
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
        self.pending
            .flush_full(database, (self.layout, &self.run_id))
    }

    /// Remembers records of the file that are left out.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn rejects(
        &mut self,
        database: &mut Database,
        rejected: &[Reject],
    ) -> Result<(), DatabaseError> {
        let Some(new) = &self.file else {
            return Ok(());
        };
        let file = new.id;
        // They refer to the file, which is entered before its end is known.
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

    /// Sees to it that the audit context names the file at hand.
    pub(super) fn set_context(&mut self, database: &mut Database) -> Result<(), DatabaseError> {
        let file = self.file.as_ref().map(|file| file.id);
        if self.context != file {
            database.connection.set_context_file(file)?;
            self.context = file;
        }
        Ok(())
    }
}

/// Not every database gives back what it numbered. Runs are written one after another, so nobody else counts.
pub(super) fn next_file(database: &mut Database) -> Result<i64, DatabaseError> {
    let last: Option<i64> = source_files::table
        .select(max(source_files::id))
        .get_result(&mut database.connection)?;
    Ok(last.unwrap_or(0) + 1)
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
