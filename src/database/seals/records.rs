//! The seals in the ledger: making, storing and reading them.

use diesel::prelude::*;

use crate::audit::seal::{
    Block, Contents, FilesHeader, Header, LedgerSums, RowsHeader, Seal, SealedConversion, SealedRun,
};
use crate::database::ledger::tables::{audit_seal_blocks, audit_seals};
use crate::database::{DatabaseError, Writing};
use crate::model::{EntryId, RunId, Sha256, Timestamp};

use super::Seals;

/// A seal as stored in the ledger; its columns must agree with its header.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = audit_seals)]
pub struct SealRecord {
    /// Sequential number, from 1.
    pub number: i64,
    /// SHA-256 of the header, in hexadecimal digits.
    pub hash: String,
    /// The run; `None` for changes made outside runs.
    pub run_id: Option<RunId>,
    /// Lowest id of an entry.
    pub first_entry_id: Option<EntryId>,
    /// Highest id of an entry.
    pub last_entry_id: Option<EntryId>,
    /// RFC 3339.
    pub sealed_at: String,
    /// JSON.
    pub header: String,
}

/// Facts about a run that are not in the ledger.
#[derive(Debug, Clone, Default)]
pub struct RunFacts {
    /// The rows that were written, as read back, per table.
    pub rows: Vec<(String, RowsHeader)>,
    /// Values stored differently from how they are written in the file.
    pub conversions: Vec<SealedConversion>,
    /// Digest of its manifest in the archive, if it has one.
    pub manifest: Option<Sha256>,
    /// The current sums of the ledger's tables, if the run changed them.
    pub ledger: Option<LedgerSums>,
}

/// A new seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSeal {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: Sha256,
    /// When.
    pub sealed_at: Timestamp,
    /// The run.
    pub run: Option<RunId>,
    /// Number of entries that it covers.
    pub entries: u64,
    /// The schema that contains the audit log, on databases with several schemas.
    pub schema: Option<String>,
}

impl Writing<Seals<'_>> {
    /// Seals a complete run, within its transaction, so that there is no run without a seal.
    ///
    /// # Errors
    /// When the database reports an error.
    pub fn seal_run(
        &mut self,
        run: &RunId,
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
    /// When the database reports an error.
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
            .first(&mut self.database.connection)
            .optional()?;
        let (number, previous) = last.unwrap_or_else(|| (0, String::new()));
        let number = number + 1;
        let ledger = match facts.ledger {
            Some(ledger) => ledger,
            None => self.carried_ledger_sums()?,
        };
        let (run, files) = run.unzip();
        let schema = self.schema_digest()?;
        let header = Header {
            number: u64::try_from(number).unwrap_or(0),
            // An invalid hash was not written by accession: the chain is broken, which verification reports.
            previous: Sha256::from_hex(&previous).unwrap_or(Sha256([0; 32])),
            sealed_at: now.to_string(),
            tool: concat!("accession ", env!("CARGO_PKG_VERSION")).to_owned(),
            run,
            entries: contents.entries,
            files,
            rows: facts.rows.into_iter().collect(),
            conversions: facts.conversions,
            schema,
            manifest: facts.manifest,
            ledger: Some(ledger),
        };
        let Seal { text, hash } = header.seal();
        let ids = &header.entries.ids;
        diesel::insert_into(audit_seals::table)
            .values((
                audit_seals::number.eq(number),
                audit_seals::hash.eq(hash.to_string()),
                audit_seals::run_id.eq(header.run_id().as_deref()),
                audit_seals::first_entry_id.eq(ids.first().map(EntryId::get)),
                audit_seals::last_entry_id.eq(ids.last().map(EntryId::get)),
                audit_seals::sealed_at.eq(&header.sealed_at),
                audit_seals::header.eq(text),
            ))
            .execute(&mut self.database.connection)?;
        for (position, block) in (0_i64..).zip(&contents.blocks) {
            diesel::insert_into(audit_seal_blocks::table)
                .values((
                    audit_seal_blocks::seal.eq(number),
                    audit_seal_blocks::position.eq(position),
                    audit_seal_blocks::hash.eq(&block.hash.0[..]),
                    audit_seal_blocks::tags.eq(&block.tags),
                ))
                .execute(&mut self.database.connection)?;
        }
        Ok(NewSeal {
            number: header.number,
            hash,
            sealed_at: now,
            run: header.run_id(),
            entries: header.entries.count,
            schema: self.database.schema().map(str::to_owned),
        })
    }
}

impl Seals<'_> {
    /// All seals, oldest first. They may be incomplete or out of order if they were tampered with.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn all(&mut self) -> Result<Vec<SealRecord>, DatabaseError> {
        Ok(audit_seals::table
            .order(audit_seals::number)
            .select(SealRecord::as_select())
            .load(&mut self.database.connection)?)
    }

    /// The seals of a run: one, unless they were tampered with.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn seals_of_run(&mut self, run: &RunId) -> Result<Vec<SealRecord>, DatabaseError> {
        Ok(audit_seals::table
            .filter(audit_seals::run_id.eq(run))
            .order(audit_seals::number)
            .select(SealRecord::as_select())
            .load(&mut self.database.connection)?)
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
            .load(&mut self.database.connection)?;
        let block = |(hash, tags): (Vec<u8>, Vec<u8>)| Block {
            // A hash of the wrong length was not written by accession, and equals no hash.
            hash: Sha256(hash.try_into().unwrap_or([0; 32])),
            tags,
        };
        Ok(stored.into_iter().map(block).collect())
    }

    /// The positions of subtrees: number of the seal, and position.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn seal_block_places(&mut self) -> Result<Vec<(i64, i64)>, DatabaseError> {
        Ok(audit_seal_blocks::table
            .order((audit_seal_blocks::seal, audit_seal_blocks::position))
            .select((audit_seal_blocks::seal, audit_seal_blocks::position))
            .load(&mut self.database.connection)?)
    }
}
