//! The three-valued decision for one record: the value last imported, the value now in the file, the row now in the
//! database.

use crate::layout::LayoutTable;
use crate::model::{Fingerprint, RowHasher, Value};

use super::change::{ConflictPolicy, KnownRow, same};

/// What becomes of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decision {
    /// Nothing to write at all.
    Unchanged,
    /// Only the ledger changes.
    Record,
    /// These columns change.
    Update(Vec<usize>),
    /// A new row.
    Insert,
    /// Both sides changed and no policy says who wins: why.
    Conflict(&'static str),
}

/// What is known when deciding.
pub(super) struct Situation<'a> {
    pub(super) table: &'a LayoutTable,
    pub(super) hasher: &'a RowHasher,
    pub(super) policy: ConflictPolicy,
    /// The values the file wants.
    pub(super) wanted: &'a [Value],
    /// Their digest.
    pub(super) digest: Fingerprint,
    /// The ledger's entry.
    pub(super) known: Option<&'a KnownRow>,
    /// Whether the row is known to be as the last import left it, whatever the digest of the ledger says.
    pub(super) untouched: bool,
    /// Whether the row has another key than the record, and others may refer to it by that.
    pub(super) renamed: bool,
    /// The row now in the database, found by the ledger's record id or by a unique key.
    pub(super) current: Option<&'a [Value]>,
}

/// A decision, and whether it settled a conflict.
pub(super) struct Settled {
    pub(super) decision: Decision,
    pub(super) conflict: bool,
}

/// Decides by the table in the design: a file's change is written only onto what the last import left.
pub(super) fn decide(situation: &Situation<'_>) -> Settled {
    let calm = |decision| Settled {
        decision,
        conflict: false,
    };
    match (situation.known, situation.current) {
        (Some(known), _) if known.digest == situation.digest => calm(Decision::Unchanged),
        (Some(known), Some(current)) => {
            let differing = differing(situation, current);
            if differing.is_empty() {
                calm(Decision::Record)
            } else if situation.renamed {
                let why = "the record has another key now, and other rows may refer to its row";
                settle(situation, differing, why)
            } else if situation.untouched
                || situation
                    .table
                    .matches(situation.hasher, current, known.digest)
            {
                calm(Decision::Update(differing))
            } else {
                settle(
                    situation,
                    differing,
                    "the record changed in the file and its row in the database",
                )
            }
        }
        (Some(_), None) => match situation.policy {
            ConflictPolicy::Report => {
                conflict("the record changed in the file and its row is gone from the database")
            }
            ConflictPolicy::KeepDatabase => Settled {
                decision: Decision::Record,
                conflict: true,
            },
            ConflictPolicy::TakeFile => Settled {
                decision: Decision::Insert,
                conflict: true,
            },
        },
        (None, Some(current)) => {
            let differing = differing(situation, current);
            if differing.is_empty() {
                calm(Decision::Record)
            } else {
                settle(
                    situation,
                    differing,
                    "the database has a row of this key with other values",
                )
            }
        }
        (None, None) => calm(Decision::Insert),
    }
}

fn settle(situation: &Situation<'_>, differing: Vec<usize>, why: &'static str) -> Settled {
    match situation.policy {
        ConflictPolicy::Report => conflict(why),
        ConflictPolicy::KeepDatabase => Settled {
            decision: Decision::Record,
            conflict: true,
        },
        ConflictPolicy::TakeFile => Settled {
            decision: Decision::Update(differing),
            conflict: true,
        },
    }
}

fn conflict(why: &'static str) -> Settled {
    Settled {
        decision: Decision::Conflict(why),
        conflict: true,
    }
}

fn differing(situation: &Situation<'_>, current: &[Value]) -> Vec<usize> {
    let mapped = situation.table.mapped_columns();
    mapped
        .filter(|&column| !same(&situation.wanted[column], &current[column]))
        .collect()
}
