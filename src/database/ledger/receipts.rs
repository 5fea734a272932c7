//! What the ledger gives to a receipt.

use diesel::prelude::*;

use crate::audit::seal::{ReceiptEntry, ReceiptFile};
use crate::database::{Database, DatabaseError};

use super::tables::{audit_log, source_files};

impl Database {
    /// The files of a run, in the order in which the run entered them.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn receipt_files(&mut self, run: &str) -> Result<Vec<ReceiptFile>, DatabaseError> {
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
            .load(&mut self.connection)?;
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
    /// When the trail cannot be read.
    pub fn receipt_entry(
        &mut self,
        run: &str,
        table: &str,
        record: &str,
    ) -> Result<Option<ReceiptEntry>, DatabaseError> {
        type Changed = (String, String, String, Option<String>, Option<String>);
        type Context = (String, String, Option<String>, Option<i64>, Option<String>);
        let found: Option<(i64, Changed, Context)> = audit_log::table
            .filter(audit_log::table_name.eq(table))
            .filter(audit_log::record_id.eq(record))
            .filter(audit_log::run_id.eq(run))
            .order(audit_log::id.desc())
            .select((
                audit_log::id,
                (
                    audit_log::table_name,
                    audit_log::record_id,
                    audit_log::action,
                    audit_log::old_value,
                    audit_log::new_value,
                ),
                (
                    audit_log::changed_at,
                    audit_log::changed_by,
                    audit_log::run_id,
                    audit_log::source_file_id,
                    audit_log::db_user,
                ),
            ))
            .first(&mut self.connection)
            .optional()?;
        Ok(found.map(|(id, changed, context)| {
            let (table, record, action, old, new) = changed;
            let (at, by, run, source_file_id, db_user) = context;
            ReceiptEntry {
                id,
                texts: [
                    Some(table),
                    Some(record),
                    Some(action),
                    old,
                    new,
                    Some(at),
                    Some(by),
                    run,
                ],
                source_file_id,
                db_user,
                proof: Vec::new(),
            }
        }))
    }
}
