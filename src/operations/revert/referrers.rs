//! Rows that stay and refer to rows that are to be deleted: the database would reject the deletion, or delete or change
//! the rows that stay.
//!
//! While the entries are planned, it is not known yet which rows stay. So rows to be deleted of which a referring row
//! was not seen yet are collected, and looked up again at the end.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::audit::Image;
use crate::audit::revert::RevertPolicy;
use crate::database::{DatabaseError, KeyedRows, ReadTransaction, ReferringKey, RestoredTable};
use crate::model::{Finding, Findings, RecordId};
use crate::operations::OperationError;

use super::not_restorable;
use super::outcome::Referrer;
use super::progress::{Progress, Rows};

/// A row to be deleted.
#[derive(Debug, Clone)]
pub(super) struct RowToDelete {
    pub(super) record_id: RecordId,
    /// The row as it is now.
    pub(super) image: Image,
}

/// A row of which columns get their former values.
pub(super) struct RowToUpdate {
    pub(super) record_id: RecordId,
    pub(super) columns: Vec<String>,
    /// The row as it is now.
    pub(super) image: Image,
}

/// The foreign keys that refer to a table.
type Keys = Arc<Vec<ReferringKey>>;

/// What refers to the rows that a plan deletes.
#[derive(Default)]
pub(super) struct Referrers {
    keys: HashMap<String, Keys>,
    /// Rows of which a referring row was not seen yet.
    open: Vec<(Arc<RestoredTable>, RowToDelete)>,
    /// Rows that the run inserted and that are kept, by table and record id.
    kept: HashMap<(String, RecordId), Referrer>,
}

impl Referrers {
    /// Why a row that the run inserted is kept, if a row that stays refers to it.
    pub(super) fn kept(&self, table: &str, record_id: &RecordId) -> Option<&Referrer> {
        if self.kept.is_empty() {
            return None;
        }
        self.kept.get(&(table.to_owned(), record_id.clone()))
    }

    /// Collects those of these rows to which rows refer that are not reverted by the entries so far.
    pub(super) fn add(
        &mut self,
        database: &mut ReadTransaction,
        table: &Arc<RestoredTable>,
        rows: Vec<RowToDelete>,
        progress: &Rows,
    ) -> Result<(), OperationError> {
        let keys = self.keys_to(database, table)?;
        let mut portions = vec![rows];
        while let Some(mut rows) = portions.pop() {
            if rows.is_empty()
                || keys.is_empty()
                || first_referrer(
                    database,
                    table,
                    &keys,
                    rows.iter().map(|row| &row.image),
                    progress,
                )?
                .is_none()
            {
                continue;
            }
            if rows.len() == 1 {
                self.open
                    .extend(rows.pop().map(|row| (Arc::clone(table), row)));
            } else {
                let others = rows.split_off(rows.len() / 2);
                portions.extend([rows, others]);
            }
        }
        Ok(())
    }

    /// Findings for those of these rows whose former value a foreign key would write into rows that refer to it, without
    /// an entry in the audit log.
    pub(super) fn silent(
        &mut self,
        database: &mut ReadTransaction,
        table: &Arc<RestoredTable>,
        rows: Vec<RowToUpdate>,
        progress: &Rows,
    ) -> Result<Vec<Finding>, OperationError> {
        let mut findings = Vec::new();
        let keys = match rows.is_empty() {
            true => return Ok(findings),
            false => self.keys_to(database, table)?,
        };
        for key in keys.iter().filter(|key| key.updates_silently) {
            let changes = |row: &&RowToUpdate| {
                let mut columns = row.columns.iter();
                key.follows_computed || columns.any(|column| key.references.contains(column))
            };
            for row in rows.iter().filter(changes) {
                let (key, images) = (std::slice::from_ref(key), [&row.image]);
                let found = first_referrer(database, table, key, images, progress)?;
                let name = &table.table().name;
                findings.extend(
                    found.map(|referrer| not_restorable::silent(name, &row.record_id, &referrer)),
                );
            }
        }
        Ok(findings)
    }

    /// Looks up the collected rows again, after all entries were planned. Rows that are to be kept are recorded, and
    /// `true` is returned if there are any: the entries must be planned again. Otherwise a finding for each row that
    /// cannot be deleted.
    pub(super) fn resolve(
        &mut self,
        database: &mut ReadTransaction,
        policy: RevertPolicy,
        progress: &Rows,
        findings: &mut Findings,
    ) -> Result<bool, OperationError> {
        let mut is_kept = false;
        for (table, row) in std::mem::take(&mut self.open) {
            let keys = self.keys_to(database, &table)?;
            let Some(referrer) = first_referrer(database, &table, &keys, [&row.image], progress)?
            else {
                continue;
            };
            let name = table.table().name.clone();
            let of_run = referrer.record_id.as_deref();
            let of_run = of_run.and_then(|id| progress.of(&referrer.table, id));
            match (policy, of_run) {
                (RevertPolicy::Skip, _) => {
                    self.kept.insert((name, row.record_id), referrer);
                    is_kept = true;
                }
                // It is reported as a conflict of its own.
                (RevertPolicy::Report, Some(Progress::Kept(_))) => {}
                (RevertPolicy::Report | RevertPolicy::Force, _) => {
                    findings.push(not_restorable::referred(&name, &row.record_id, &referrer));
                }
            }
        }
        Ok(is_kept)
    }

    fn keys_to(
        &mut self,
        database: &mut ReadTransaction,
        table: &RestoredTable,
    ) -> Result<Keys, DatabaseError> {
        let name = &table.table().name;
        if let Some(keys) = self.keys.get(name) {
            return Ok(Arc::clone(keys));
        }
        let keys = database.tables().keys_that_refer_to(name)?;
        let keys = Arc::new(keys);
        self.keys.insert(name.clone(), Arc::clone(&keys));
        Ok(keys)
    }
}

/// The first row that refers to one of these rows and is not reverted.
fn first_referrer<'i>(
    database: &mut ReadTransaction,
    table: &RestoredTable,
    keys: &[ReferringKey],
    images: impl IntoIterator<Item = &'i Image>,
    progress: &Rows,
) -> Result<Option<Referrer>, OperationError> {
    let images = images.into_iter();
    let primary_keys = images.map(|image| database.tables().key_of_image(table, image));
    let rows = KeyedRows::restored(table, primary_keys.collect());
    let mut found = None;
    for key in keys {
        database
            .tables()
            .each_row_that_refers(key, &rows, &mut |record_id| {
                let row = record_id.as_deref();
                // A row that is reverted has values from before the run, when the rows did not exist.
                if row.and_then(|id| progress.of(&key.table, id)) == Some(Progress::Undoing) {
                    return ControlFlow::Continue(());
                }
                found = Some(Referrer {
                    table: key.name(),
                    record_id,
                    columns: key.columns.clone(),
                });
                ControlFlow::Break(())
            })?;
        if found.is_some() {
            break;
        }
    }
    Ok(found)
}
