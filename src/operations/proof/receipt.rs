//! Receipts: makes them from a database, and checks them without one.

use std::time::Duration;

use crate::audit::seal::{
    BLOCK, Header, Receipt, ReceiptEntry, ReceiptFault, Tree, inclusion_proof,
};
use crate::database::seals::Entries;
use crate::database::{Access, Database, DatabaseUrl, ReadTransaction};
use crate::model::{EntryId, RunId};
use crate::operations::audit::row_named;
use crate::operations::{OperationError, run_named};

use super::require_seals;

/// The result of checking a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedReceipt {
    /// Its header; `None` if the receipt is invalid.
    pub header: Option<Header>,
    /// Hash of the seal.
    pub hash: Option<String>,
    /// The row that it proves: table, record id, action.
    pub row: Option<[String; 3]>,
    /// Whether the given database has this seal.
    pub in_database: Option<bool>,
    /// Why the receipt is invalid.
    pub fault: Option<ReceiptFault>,
}

impl CheckedReceipt {
    /// Whether the receipt is valid.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.fault.is_none() && self.in_database != Some(false)
    }
}

/// Makes the receipt of a run, with a proof for one row if its table and record id are given.
///
/// # Errors
/// When the run has no seal, the row has no entry in it, or they differ from what was sealed.
pub fn make_receipt(
    url: &DatabaseUrl,
    wait: Duration,
    run: &str,
    row: Option<(&str, &str)>,
) -> Result<Receipt, OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    database.snapshot(|database| {
        require_seals(database)?;
        let runs = database.ledger().runs()?;
        let run = run_named(run, runs.into_iter().map(|run| run.id))?;
        let seals = database.seals().seals_of_run(&run)?;
        let seal = seals.first();
        let seal = seal.ok_or_else(|| OperationError::NoSeal(run.clone()))?;
        let mut receipt = Receipt {
            header: seal.header.clone(),
            files: database.audit_log().receipt_files(&run)?,
            entry: None,
        };
        let damaged = |fault| OperationError::NotAsSealed {
            run: run.clone(),
            fault,
        };
        let header = receipt.check().map_err(damaged)?;
        if let Some((table, record)) = row {
            let record = row_named(database, table, record)?;
            let found = database.audit_log().receipt_entry(&run, table, &record)?;
            let mut entry = found.ok_or_else(|| OperationError::NoEntry {
                run: run.clone(),
                table: table.to_owned(),
                record,
            })?;
            prove(database, seal.number, &header, &run, &mut entry)?;
            receipt.entry = Some(entry);
            receipt.check().map_err(damaged)?;
        }
        Ok(receipt)
    })
}

/// Builds the proof from the entry to the root: within its block, whose entries are read, and then over the blocks.
fn prove(
    database: &mut ReadTransaction,
    seal: i64,
    header: &Header,
    run: &RunId,
    entry: &mut ReceiptEntry,
) -> Result<(), OperationError> {
    let Some(place) = header.entries.ids.position(entry.id) else {
        return Ok(());
    };
    let place = usize::try_from(place).unwrap_or(usize::MAX);
    let block = place / BLOCK;
    let ids: Vec<EntryId> = header
        .entries
        .ids
        .iter()
        .skip(block * BLOCK)
        .take(BLOCK)
        .collect();
    let (Some(&first), Some(&last)) = (ids.first(), ids.last()) else {
        return Ok(());
    };
    let mut leaves = Vec::with_capacity(ids.len());
    let between = Entries::Between { first, last, run };
    database
        .seals()
        .each_sealed_entry(between, &mut |entry| leaves.push(entry.leaf))?;
    let mut hashes: Vec<_> = database
        .seals()
        .seal_blocks(seal)?
        .into_iter()
        .map(|block| block.hash)
        .collect();
    if let Some(own) = hashes.get_mut(block) {
        // Uses the current contents, not the stored hash.
        *own = leaves.iter().copied().collect::<Tree>().root();
    }
    entry.proof = inclusion_proof(&leaves, place % BLOCK);
    entry.proof.extend(inclusion_proof(&hashes, block));
    Ok(())
}

/// Checks a receipt, and whether a database has its seal.
///
/// # Errors
/// When the database cannot be read.
pub fn check_receipt(
    text: &str,
    database: Option<(&DatabaseUrl, Duration)>,
) -> Result<CheckedReceipt, OperationError> {
    let receipt = Receipt::parse(text);
    let checked = receipt
        .as_ref()
        .map_err(Clone::clone)
        .and_then(Receipt::check);
    let in_database = match (database, &checked) {
        (Some((url, wait)), Ok(header)) => {
            let mut database = Database::open(url, Access::Read, wait)?;
            let seals = database.snapshot(|database| {
                database.ledger().require_ledger()?;
                database.seals().all()
            })?;
            let hash = receipt
                .as_ref()
                .map(|receipt| receipt.hash().to_string())
                .ok();
            let mut seals = seals.iter();
            Some(seals.any(|seal| {
                u64::try_from(seal.number) == Ok(header.number) && Some(&seal.hash) == hash.as_ref()
            }))
        }
        _ => None,
    };
    let receipt = receipt.ok();
    let entry = receipt.as_ref().and_then(|receipt| receipt.entry.as_ref());
    let row = entry.map(ReceiptEntry::row);
    Ok(CheckedReceipt {
        hash: receipt.as_ref().map(|receipt| receipt.hash().to_string()),
        row,
        in_database,
        fault: checked.as_ref().err().cloned(),
        header: checked.ok(),
    })
}
