//! The parts of a receipt that come from the ledger.

use diesel::prelude::*;

use crate::audit::seal::{ReceiptEntry, ReceiptFile};
use crate::database::DatabaseError;
use crate::database::audit_log::AuditEntry;
use crate::database::ledger::tables::{audit_log, source_files};
use crate::model::{RecordId, RunId};

use super::AuditLog;

impl AuditLog<'_> {
    /// The files of a run, in the order in which the run recorded them.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn receipt_files(&mut self, run: &RunId) -> Result<Vec<ReceiptFile>, DatabaseError> {
        type File = (String, Option<String>, i64, Option<String>, i64, i64);
        let files: Vec<File> = source_files::table
            .filter(source_files::run_id.eq(run))
            .order(source_files::id)
            .select((
                source_files::path,
                source_files::sha256,
                source_files::bytes,
                source_files::modified_at,
                source_files::records,
                source_files::rejected,
            ))
            .load(&mut self.database.connection)?;
        let file = |(path, sha256, bytes, modified_at, records, rejected): File| ReceiptFile {
            path,
            sha256,
            bytes,
            modified_at,
            records,
            rejected,
        };
        Ok(files.into_iter().map(file).collect())
    }

    /// The last entry of a row in a run, without its proof.
    ///
    /// # Errors
    /// When the audit log cannot be read.
    pub fn receipt_entry(
        &mut self,
        run: &RunId,
        table: &str,
        record: &RecordId,
    ) -> Result<Option<ReceiptEntry>, DatabaseError> {
        let found = audit_log::table
            .filter(audit_log::table_name.eq(table))
            .filter(audit_log::record_id.eq(record))
            .filter(audit_log::run_id.eq(run))
            .order(audit_log::id.desc())
            .select(AuditEntry::as_select())
            .first(&mut self.database.connection)
            .optional()?;
        Ok(found.map(|entry| ReceiptEntry {
            id: entry.id,
            strings: [
                Some(entry.table_name),
                Some(entry.record_id.into()),
                Some(entry.action),
                entry.old_value,
                entry.new_value,
                Some(entry.changed_at),
                Some(entry.changed_by),
                entry.run_id.map(String::from),
            ],
            source_file_id: entry.source_file_id,
            db_user: entry.db_user,
            proof: Vec::new(),
        }))
    }
}
