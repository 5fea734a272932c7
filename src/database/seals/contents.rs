//! The data that seals are computed from and checked against: entries in the order of their ids, runs, and files of
//! runs.

use diesel::prelude::*;

use crate::audit::seal::{
    Contents, FilesHeader, ReceiptFile, SealedEntry, SealedRun, Sealer, Tree,
};
use crate::database::DatabaseError;
use crate::database::ledger::RunRecord;
use crate::database::ledger::tables::{audit_log, import_runs};
use crate::database::stored_text::StoredText;
use crate::model::{EntryId, RecordId, RunId};

use super::Seals;
use super::entry::EntryRow;

/// The row that an entry concerns.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = audit_log)]
pub struct EntrySubject {
    /// The table.
    #[diesel(deserialize_as = StoredText)]
    pub table_name: String,
    /// Primary key as text.
    #[diesel(deserialize_as = StoredText)]
    pub record_id: RecordId,
    /// RFC 3339.
    #[diesel(deserialize_as = StoredText)]
    pub changed_at: String,
}

/// A selection of entries of the audit log.
#[derive(Debug, Clone, Copy)]
pub enum Entries<'a> {
    /// Those with greater ids.
    After(EntryId),
    /// Entries of a run, with greater ids than any before the run.
    OfRun {
        /// The highest id before.
        after: EntryId,
        /// The run.
        run: &'a RunId,
    },
    /// Entries of a run between two ids, both included.
    Between {
        /// The lowest id.
        first: EntryId,
        /// The highest id.
        last: EntryId,
        /// The run.
        run: &'a RunId,
    },
}

impl Seals<'_> {
    /// The highest id in the audit log; 0 if it is empty.
    ///
    /// # Errors
    /// When the audit log cannot be read.
    pub fn last_entry_id(&mut self) -> Result<EntryId, DatabaseError> {
        let last: Option<EntryId> = audit_log::table
            .select(diesel::dsl::max(audit_log::id))
            .get_result(&mut self.database.connection)?;
        Ok(last.unwrap_or_default())
    }

    /// The number of entries with lower ids.
    ///
    /// # Errors
    /// When the audit log cannot be read.
    pub fn entries_below(&mut self, id: EntryId) -> Result<u64, DatabaseError> {
        let entries: i64 = audit_log::table
            .filter(audit_log::id.lt(id))
            .count()
            .get_result(&mut self.database.connection)?;
        Ok(u64::try_from(entries).unwrap_or_default())
    }

    /// Visits entries of the audit log in the order of their ids; each is hashed while it is read.
    ///
    /// # Errors
    /// When the audit log cannot be read.
    pub fn each_sealed_entry(
        &mut self,
        entries: Entries<'_>,
        visit: &mut dyn FnMut(SealedEntry),
    ) -> Result<(), DatabaseError> {
        let columns = (
            audit_log::id,
            audit_log::table_name,
            audit_log::record_id,
            audit_log::action,
            audit_log::old_value,
            audit_log::new_value,
            audit_log::changed_at,
            audit_log::changed_by,
            audit_log::run_id,
            audit_log::source_file_id,
            audit_log::db_user,
        );
        let all = audit_log::table.order(audit_log::id).select(columns);
        let connection = &mut self.database.connection;
        match entries {
            Entries::After(after) => visit_all(
                all.filter(audit_log::id.gt(after)).load_iter(connection)?,
                visit,
            ),
            Entries::OfRun { after, run } => visit_all(
                all.filter(audit_log::id.gt(after))
                    .filter(audit_log::run_id.eq(run))
                    .load_iter(connection)?,
                visit,
            ),
            Entries::Between { first, last, run } => visit_all(
                all.filter(audit_log::id.between(first, last))
                    .filter(audit_log::run_id.eq(run))
                    .load_iter(connection)?,
                visit,
            ),
        }
    }

    /// The contents of a seal over the entries of a run.
    ///
    /// # Errors
    /// When the audit log cannot be read.
    pub fn contents_of_run(
        &mut self,
        run: &RunId,
        after: EntryId,
    ) -> Result<Contents, DatabaseError> {
        let mut sealer = Sealer::default();
        self.each_sealed_entry(Entries::OfRun { after, run }, &mut |entry| {
            sealer.add(entry);
        })?;
        Ok(sealer.finish())
    }

    /// A run's row, as sealed.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn sealed_run(&mut self, run: &RunId) -> Result<Option<SealedRun>, DatabaseError> {
        let record = import_runs::table
            .find(run)
            .select(RunRecord::as_select())
            .first(&mut self.database.connection)
            .optional()?;
        Ok(record.map(RunRecord::sealed))
    }

    /// The row that an entry of the audit log concerns.
    ///
    /// # Errors
    /// When the audit log cannot be read.
    pub fn entry_subject(&mut self, id: EntryId) -> Result<Option<EntrySubject>, DatabaseError> {
        Ok(audit_log::table
            .find(id)
            .select(EntrySubject::as_select())
            .first(&mut self.database.connection)
            .optional()?)
    }

    /// The runs that the entries of a range refer to.
    ///
    /// # Errors
    /// When the audit log cannot be read.
    pub fn runs_of_entries(
        &mut self,
        first: EntryId,
        last: EntryId,
    ) -> Result<Vec<RunId>, DatabaseError> {
        let runs: Vec<Option<RunId>> = audit_log::table
            .filter(audit_log::id.between(first, last))
            .select(audit_log::run_id)
            .distinct()
            .order(audit_log::run_id)
            .load(&mut self.database.connection)?;
        Ok(runs.into_iter().flatten().collect())
    }

    /// The highest id that was ever generated for an entry, if the database knows it for certain.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn last_given_entry_id(&mut self) -> Result<Option<EntryId>, DatabaseError> {
        match self.database.connection.engine().rolls_numbers_back() {
            true => {
                let last = self.database.connection.last_number("audit_log")?;
                Ok(Some(last.into()))
            }
            false => Ok(None),
        }
    }

    /// The files of a run, as sealed: in the order in which the run recorded them.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn sealed_files(&mut self, run: &RunId) -> Result<FilesHeader, DatabaseError> {
        let files = self.database.audit_log().receipt_files(run)?;
        Ok(FilesHeader {
            count: files.len() as u64,
            root: files.iter().map(ReceiptFile::leaf).collect::<Tree>().root(),
        })
    }
}

fn visit_all(
    rows: impl Iterator<Item = QueryResult<EntryRow>>,
    visit: &mut dyn FnMut(SealedEntry),
) -> Result<(), DatabaseError> {
    for row in rows {
        visit(row?.0);
    }
    Ok(())
}
