//! Seals in the ledger: reading what is to be sealed, keeping the seal, and reading both again.

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;

use crate::audit::seal::{
    Block, Contents, FilesHeader, Header, ReceiptEntry, ReceiptFile, RowsHeader, Seal,
    SealedConversion, SealedEntry, SealedRun, Sealer, Tree,
};
use crate::database::sealed_entry::EntryRow;
use crate::database::{AnyConnection, Database, DatabaseError};
use crate::model::{Sha256, Timestamp};

use super::RunRecord;
use super::tables::{audit_log, audit_seal_blocks, audit_seals, import_runs, source_files};

/// A seal as the ledger has it; what its columns say must be what its header says.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = audit_seals)]
pub struct SealRecord {
    /// From 1.
    pub number: i64,
    /// SHA-256 of the header, in hexadecimal digits.
    pub hash: String,
    /// The run; `None` for changes made outside runs.
    pub run_id: Option<String>,
    /// Lowest id of an entry.
    pub first_entry_id: Option<i64>,
    /// Highest id of an entry.
    pub last_entry_id: Option<i64>,
    /// RFC 3339.
    pub sealed_at: String,
    /// JSON.
    pub header: String,
}

/// What an entry is about.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = audit_log)]
pub struct TrailEntry {
    /// The table.
    pub table_name: String,
    /// Primary key as text.
    pub record_id: String,
    /// RFC 3339.
    pub changed_at: String,
}

/// What a run knows of itself that is not in the ledger.
#[derive(Debug, Clone, Default)]
pub struct RunFacts {
    /// The rows that were written, as they were read back, per table.
    pub rows: Vec<(String, RowsHeader)>,
    /// Values stored otherwise than written.
    pub conversions: Vec<SealedConversion>,
}

/// A seal that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSeal {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: Sha256,
    /// When.
    pub sealed_at: Timestamp,
    /// The run.
    pub run: Option<String>,
    /// How many entries it covers.
    pub entries: u64,
    /// The schema that holds the trail, where a database has several.
    pub schema: Option<String>,
}

/// Which entries of the trail.
#[derive(Debug, Clone, Copy)]
pub enum Entries<'a> {
    /// Those with greater ids.
    After(i64),
    /// Those of a run, with greater ids than the trail had before the run.
    OfRun {
        /// The highest id before.
        after: i64,
        /// The run.
        run: &'a str,
    },
    /// Those of a run between two ids, both included.
    Between {
        /// The lowest id.
        first: i64,
        /// The highest id.
        last: i64,
        /// The run.
        run: &'a str,
    },
}

impl Database {
    /// The highest id in the trail; 0 if it is empty.
    ///
    /// # Errors
    /// When the trail cannot be read.
    pub fn last_entry_id(&mut self) -> Result<i64, DatabaseError> {
        let last: Option<i64> = audit_log::table
            .select(diesel::dsl::max(audit_log::id))
            .get_result(&mut self.connection)?;
        Ok(last.unwrap_or(0))
    }

    /// Visits entries of the trail in the order of their ids; the hash of each is made while it is read.
    ///
    /// # Errors
    /// When the trail cannot be read.
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
        match entries {
            Entries::After(after) => {
                let rows = all
                    .filter(audit_log::id.gt(after))
                    .load_iter::<EntryRow, DefaultLoadingMode>(&mut self.connection)?;
                for row in rows {
                    visit(row?.0);
                }
            }
            Entries::OfRun { after, run } => {
                let rows = all
                    .filter(audit_log::id.gt(after))
                    .filter(audit_log::run_id.eq(run))
                    .load_iter::<EntryRow, DefaultLoadingMode>(&mut self.connection)?;
                for row in rows {
                    visit(row?.0);
                }
            }
            Entries::Between { first, last, run } => {
                let rows = all
                    .filter(audit_log::id.between(first, last))
                    .filter(audit_log::run_id.eq(run))
                    .load_iter::<EntryRow, DefaultLoadingMode>(&mut self.connection)?;
                for row in rows {
                    visit(row?.0);
                }
            }
        }
        Ok(())
    }

    /// What a seal says of the entries of a run.
    ///
    /// # Errors
    /// When the trail cannot be read.
    pub fn contents_of_run(&mut self, run: &str, after: i64) -> Result<Contents, DatabaseError> {
        let mut sealer = Sealer::default();
        self.each_sealed_entry(Entries::OfRun { after, run }, &mut |entry| {
            sealer.add(entry);
        })?;
        Ok(sealer.finish())
    }

    /// Seals a run that is complete. Inside its transaction, so that there is no run without a seal.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn seal_run(
        &mut self,
        run: &str,
        contents: Contents,
        facts: RunFacts,
        now: Timestamp,
    ) -> Result<NewSeal, DatabaseError> {
        let record = self.sealed_run(run)?;
        let files = self.sealed_files(run)?;
        self.keep_seal(record.map(|run| (run, files)), contents, facts, now)
    }

    /// Seals changes that were made outside runs.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn seal_others(
        &mut self,
        contents: Contents,
        now: Timestamp,
    ) -> Result<NewSeal, DatabaseError> {
        self.keep_seal(None, contents, RunFacts::default(), now)
    }

    fn keep_seal(
        &mut self,
        run: Option<(SealedRun, FilesHeader)>,
        contents: Contents,
        facts: RunFacts,
        now: Timestamp,
    ) -> Result<NewSeal, DatabaseError> {
        let last: Option<(i64, String)> = audit_seals::table
            .order(audit_seals::number.desc())
            .select((audit_seals::number, audit_seals::hash))
            .first(&mut self.connection)
            .optional()?;
        let (number, previous) = last.unwrap_or_else(|| (0, String::new()));
        let number = number + 1;
        let (run, files) = run.unzip();
        let schema = self.schema_digest()?;
        let header = Header {
            number: u64::try_from(number).unwrap_or(0),
            // A hash that is none was not written by us: the chain does not hold, and verification says so.
            previous: Sha256::from_hex(&previous).unwrap_or(Sha256([0; 32])),
            sealed_at: now.to_string(),
            tool: concat!("accession ", env!("CARGO_PKG_VERSION")).to_owned(),
            run,
            entries: contents.entries,
            files,
            rows: facts.rows.into_iter().collect(),
            conversions: facts.conversions,
            schema,
        };
        let Seal { text, hash } = header.seal();
        diesel::insert_into(audit_seals::table)
            .values((
                audit_seals::number.eq(number),
                audit_seals::hash.eq(hash.to_string()),
                audit_seals::run_id.eq(header.run_id()),
                audit_seals::first_entry_id.eq(header.entries.ids.first()),
                audit_seals::last_entry_id.eq(header.entries.ids.last()),
                audit_seals::sealed_at.eq(&header.sealed_at),
                audit_seals::header.eq(text),
            ))
            .execute(&mut self.connection)?;
        for (position, block) in (0_i64..).zip(&contents.blocks) {
            diesel::insert_into(audit_seal_blocks::table)
                .values((
                    audit_seal_blocks::seal.eq(number),
                    audit_seal_blocks::position.eq(position),
                    audit_seal_blocks::hash.eq(&block.hash.0[..]),
                    audit_seal_blocks::tags.eq(&block.tags),
                ))
                .execute(&mut self.connection)?;
        }
        Ok(NewSeal {
            number: header.number,
            hash,
            sealed_at: now,
            run: header.run_id().map(str::to_owned),
            entries: header.entries.count,
            schema: self.schema().map(str::to_owned),
        })
    }

    /// All seals, oldest first; nothing may be missing or out of order, but may be.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn seals(&mut self) -> Result<Vec<SealRecord>, DatabaseError> {
        Ok(audit_seals::table
            .order(audit_seals::number)
            .select(SealRecord::as_select())
            .load(&mut self.connection)?)
    }

    /// The seals of a run: one, unless somebody tampered with them.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn seals_of_run(&mut self, run: &str) -> Result<Vec<SealRecord>, DatabaseError> {
        Ok(audit_seals::table
            .filter(audit_seals::run_id.eq(run))
            .order(audit_seals::number)
            .select(SealRecord::as_select())
            .load(&mut self.connection)?)
    }

    /// The subtrees of a seal, in order.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn seal_blocks(&mut self, seal: i64) -> Result<Vec<Block>, DatabaseError> {
        let stored: Vec<(Vec<u8>, Vec<u8>)> = audit_seal_blocks::table
            .filter(audit_seal_blocks::seal.eq(seal))
            .order(audit_seal_blocks::position)
            .select((audit_seal_blocks::hash, audit_seal_blocks::tags))
            .load(&mut self.connection)?;
        let block = |(hash, tags): (Vec<u8>, Vec<u8>)| Block {
            // Of the wrong length it was not written by us, and equals no hash.
            hash: Sha256(hash.try_into().unwrap_or([0; 32])),
            tags,
        };
        Ok(stored.into_iter().map(block).collect())
    }

    /// A run's row, as it is sealed.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn sealed_run(&mut self, run: &str) -> Result<Option<SealedRun>, DatabaseError> {
        let record = import_runs::table
            .find(run)
            .select(RunRecord::as_select())
            .first(&mut self.connection)
            .optional()?;
        Ok(record.map(RunRecord::sealed))
    }

    /// What an entry of the trail is about.
    ///
    /// # Errors
    /// When the trail cannot be read.
    pub fn trail_entry(&mut self, id: i64) -> Result<Option<TrailEntry>, DatabaseError> {
        Ok(audit_log::table
            .find(id)
            .select(TrailEntry::as_select())
            .first(&mut self.connection)
            .optional()?)
    }

    /// The runs that the entries of a range name.
    ///
    /// # Errors
    /// When the trail cannot be read.
    pub fn runs_of_entries(&mut self, first: i64, last: i64) -> Result<Vec<String>, DatabaseError> {
        let runs: Vec<Option<String>> = audit_log::table
            .filter(audit_log::id.between(first, last))
            .select(audit_log::run_id)
            .distinct()
            .order(audit_log::run_id)
            .load(&mut self.connection)?;
        Ok(runs.into_iter().flatten().collect())
    }

    /// The highest number that an entry was ever given, where the database knows it for certain.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn last_given_entry_id(&mut self) -> Result<Option<i64>, DatabaseError> {
        match &self.connection {
            AnyConnection::Sqlite(_) => Ok(Some(self.connection.last_number("audit_log")?)),
            #[cfg(feature = "postgres")]
            AnyConnection::Postgres(_) => Ok(None),
            #[cfg(feature = "mysql")]
            AnyConnection::Mysql(_) => Ok(None),
        }
    }

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

    /// The files of a run, as they are sealed: in the order in which the run entered them.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn sealed_files(&mut self, run: &str) -> Result<FilesHeader, DatabaseError> {
        let files = self.receipt_files(run)?;
        Ok(FilesHeader {
            count: files.len() as u64,
            root: files.iter().map(ReceiptFile::leaf).collect::<Tree>().root(),
        })
    }
}
