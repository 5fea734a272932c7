//! Report of `audit verify` as a document.

use serde::Serialize;

use crate::model::{EntryId, RecordId, RunId};
use crate::operations::proof::{
    AnchorOf, AnchorSource, AuditLogDifference, AuditLogDifferenceKind, AuditLogOutcome,
    AuditLogStatus, CheckedAnchor, Unsealed,
};

/// The result of `audit verify` as a document.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SealsView<'o> {
    /// The result.
    status: AuditLogStatus,
    /// As given, without the password.
    database: &'o str,
    /// Number of seals checked.
    seals: u64,
    /// Number of entries that the seals cover.
    sealed_entries: u64,
    /// The last seal.
    head: Option<HeadView<'o>>,
    /// Number of the highest seal that an anchor confirms.
    anchored: Option<u64>,
    /// The anchors that were given.
    anchors: Vec<AnchorView<'o>>,
    /// Entries that no seal covers.
    unsealed: &'o Unsealed,
    /// Whether tables or triggers are defined differently from the last seal; `null` if the account cannot see
    /// triggers.
    schema_changed: Option<bool>,
    /// Whether the last seal covers the ledger's other tables; seals of earlier versions do not.
    ledger_covered: bool,
    /// The first `--limit` differences.
    differences: Vec<TrailDifferenceView<'o>>,
    /// How many more there are.
    differences_not_listed: u64,
}

/// The last seal.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct HeadView<'o> {
    /// Its number.
    number: u64,
    /// Its hash.
    hash: &'o str,
}

/// An anchor and the result of checking it.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct AnchorView<'o> {
    /// The file that it was read from; `null` if it was given on the command line.
    path: Option<&'o str>,
    /// Number of the seal, according to the anchor.
    number: Option<u64>,
    /// Hash of the seal.
    hash: String,
    /// The database, according to the anchor.
    database: Option<&'o str>,
    /// Number of the seal in the database that has this hash.
    seal: Option<u64>,
    /// Whether the anchor belongs to this database; a file can have seals of others.
    compared: bool,
}

/// A difference from what was sealed.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct TrailDifferenceView<'o> {
    /// What kind of difference.
    kind: AuditLogDifferenceKind,
    /// The seal.
    seal: Option<u64>,
    /// The run that the seal belongs to; `table`: the run that recreated triggers.
    run: Option<&'o RunId>,
    /// The entry.
    entry: Option<EntryId>,
    /// The table of the entry.
    table: Option<&'o str>,
    /// The row of the entry: its primary key as text.
    record_id: Option<&'o RecordId>,
    /// For people; the wording can change.
    message: &'o str,
}

impl<'o> From<&'o AuditLogOutcome> for SealsView<'o> {
    fn from(outcome: &'o AuditLogOutcome) -> Self {
        let head = outcome.head.as_ref();
        Self {
            status: outcome.status,
            database: &outcome.database,
            seals: outcome.seals,
            sealed_entries: outcome.sealed_entries,
            head: head.map(|(number, hash)| HeadView {
                number: *number,
                hash,
            }),
            anchored: outcome.anchored,
            anchors: outcome.anchors.iter().map(Into::into).collect(),
            unsealed: &outcome.unsealed,
            schema_changed: outcome.schema_changed,
            ledger_covered: outcome.ledger_covered,
            differences: outcome.differences.iter().map(Into::into).collect(),
            differences_not_listed: outcome.differences_not_kept,
        }
    }
}

impl<'o> From<&'o CheckedAnchor> for AnchorView<'o> {
    fn from(checked: &'o CheckedAnchor) -> Self {
        Self {
            path: match &checked.source {
                AnchorSource::Given => None,
                AnchorSource::File(path) => Some(path),
            },
            number: checked.anchor.number,
            hash: checked.anchor.hash.to_string(),
            database: checked.anchor.database.as_deref(),
            seal: checked.seal,
            compared: checked.of == AnchorOf::This,
        }
    }
}

impl<'o> From<&'o AuditLogDifference> for TrailDifferenceView<'o> {
    fn from(difference: &'o AuditLogDifference) -> Self {
        let row = difference.row.as_ref();
        Self {
            kind: difference.kind,
            seal: difference.seal,
            run: difference.run.as_ref(),
            entry: difference.entry,
            table: row.map(|(table, _)| table.as_str()),
            record_id: row.map(|(_, record)| record),
            message: &difference.message,
        }
    }
}
