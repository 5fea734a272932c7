//! The three-way decision for one record: it compares the value last imported, the value in the file and the row in the
//! database.

use crate::layout::LayoutTable;
use crate::model::{Fingerprint, RowHasher, Value};

use super::change::{ConflictPolicy, KnownRow, same};

/// What to do with one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decision {
    /// Nothing is written.
    Unchanged,
    /// Only the ledger changes.
    Record,
    /// These columns change.
    Update(Vec<usize>),
    /// A new row.
    Insert,
}

impl Decision {
    /// Whether the row is inserted or updated.
    pub(super) fn writes(&self) -> bool {
        match self {
            Self::Update(_) | Self::Insert => true,
            Self::Unchanged | Self::Record => false,
        }
    }
}

/// The input of a decision.
pub(super) struct Situation<'a> {
    pub(super) table: &'a LayoutTable,
    pub(super) hasher: &'a RowHasher,
    pub(super) policy: ConflictPolicy,
    /// The values from the file.
    pub(super) wanted: &'a [Value],
    /// Digest of `wanted`.
    pub(super) digest: Fingerprint,
    /// The ledger's entry.
    pub(super) known: Option<&'a KnownRow>,
    /// Whether the row is known to be unchanged since the last import, whatever the ledger's digest is.
    pub(super) untouched: bool,
    /// Whether the bytes of the record's file are as they were in the last run.
    pub(super) same_file: bool,
    /// Whether the row's key differs from the record's and other rows may refer to the row's key.
    pub(super) renamed: bool,
    /// The row in the database, found by the ledger's record id or by a unique key.
    pub(super) current: Option<&'a [Value]>,
}

/// A decision, and whether it resolved a conflict.
pub(super) struct Resolution {
    pub(super) decision: Decision,
    pub(super) conflict: bool,
}

/// Decides on one record. A change in the file is written only if the row has not changed since the last import.
///
/// # Errors
/// The reason of a conflict: both sides changed, and no policy chooses between them.
pub(super) fn decide(situation: &Situation<'_>) -> Result<Resolution, &'static str> {
    let calm = |decision| {
        Ok(Resolution {
            decision,
            conflict: false,
        })
    };
    match (situation.known, situation.current) {
        (Some(known), _) if known.digest == situation.digest => calm(Decision::Unchanged),
        (Some(known), Some(current)) => {
            let differing = differing(situation, current);
            if differing.is_empty() {
                calm(Decision::Record)
            } else if situation.renamed {
                let why = "the record has a different key now, and other rows may refer to its row";
                resolve(situation, Decision::Update(differing), why)
            } else if situation.untouched
                || situation
                    .table
                    .matches(situation.hasher, current, known.digest)
            {
                calm(Decision::Update(differing))
            } else {
                let why = match situation.same_file {
                    false => "the record changed in the file, and its row changed in the database",
                    true => {
                        "its file is unchanged, but the layout, a parameter or a reference gives the record other values, and its row changed in the database"
                    }
                };
                resolve(situation, Decision::Update(differing), why)
            }
        }
        (Some(_), None) => {
            let why = match situation.same_file {
                false => {
                    "the record changed in the file, and its row was deleted from the database"
                }
                true => {
                    "its file is unchanged, but the layout, a parameter or a reference gives the record other values, and its row was deleted from the database"
                }
            };
            resolve(situation, Decision::Insert, why)
        }
        (None, Some(current)) => {
            let differing = differing(situation, current);
            if differing.is_empty() {
                calm(Decision::Record)
            } else {
                resolve(
                    situation,
                    Decision::Update(differing),
                    "the database has a row with this key and different values",
                )
            }
        }
        (None, None) => calm(Decision::Insert),
    }
}

/// Resolves a conflict by the policy; `file` is the decision that writes the values of the file.
fn resolve(
    situation: &Situation<'_>,
    file: Decision,
    why: &'static str,
) -> Result<Resolution, &'static str> {
    let decision = match situation.policy {
        ConflictPolicy::Report => return Err(why),
        ConflictPolicy::KeepDatabase => Decision::Record,
        ConflictPolicy::TakeFile => file,
    };
    Ok(Resolution {
        decision,
        conflict: true,
    })
}

fn differing(situation: &Situation<'_>, current: &[Value]) -> Vec<usize> {
    let mapped = situation.table.mapped_columns();
    mapped
        .filter(|&column| !same(&situation.wanted[column], &current[column]))
        .collect()
}
