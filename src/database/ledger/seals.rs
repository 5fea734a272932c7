//! Seals in the ledger: made, kept, and read again.

use diesel::prelude::*;

use crate::audit::seal::{
    Block, Contents, FilesHeader, Header, RowsHeader, Seal, SealedConversion, SealedRun,
};
use crate::database::{Database, DatabaseError};
use crate::model::{Sha256, Timestamp};

use super::tables::{audit_seal_blocks, audit_seals};

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

impl Database {
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
}
