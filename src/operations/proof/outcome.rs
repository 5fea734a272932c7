//! The outcome of a check of the audit log.

use serde::Serialize;

use crate::audit::seal::Anchor;
use crate::model::{EntryId, RecordId, RunId};

/// The result of a check of the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AuditLogStatus {
    /// Every seal up to an anchor is unchanged, and so are the entries they cover.
    Anchored,
    /// The same, but without an anchor outside the database: an attacker who can rewrite entries and all seals is not
    /// detected.
    SelfConsistent,
    /// There are no seals.
    Unsealed,
    /// Something differs from what was sealed.
    Different,
}

/// The outcome of a check of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLogOutcome {
    /// The result.
    pub status: AuditLogStatus,
    /// The database.
    pub database: String,
    /// Number of seals checked.
    pub seals: u64,
    /// Number of entries that the seals cover.
    pub sealed_entries: u64,
    /// Number and hash of the last seal.
    pub head: Option<(u64, String)>,
    /// The highest seal that an anchor confirms.
    pub anchored: Option<u64>,
    /// The anchors that were given.
    pub anchors: Vec<CheckedAnchor>,
    /// Entries that no seal covers.
    pub unsealed: Unsealed,
    /// Whether tables or triggers have changed since the last seal; `None` if the database does not show its triggers
    /// to our user.
    pub schema_changed: Option<bool>,
    /// Whether the last seal covers the ledger's tables; seals of earlier versions do not.
    pub ledger_covered: bool,
    /// The file that also has the seals, for a hint.
    pub log: Option<String>,
    /// The first differences.
    pub differences: Vec<AuditLogDifference>,
    /// Number of differences that are not listed.
    pub differences_not_kept: u64,
}

/// Entries that no seal covers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Unsealed {
    /// Number of entries.
    pub entries: u64,
    /// The lowest id.
    pub first: Option<EntryId>,
    /// The time at which that entry was written.
    pub since: Option<String>,
    /// Number of runs without a seal.
    pub runs: u64,
}

/// The source of an anchor.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AnchorSource {
    /// The command line.
    Given,
    /// A file.
    File(String),
}

/// An anchor and the result of checking it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedAnchor {
    /// Where it was found.
    pub source: AnchorSource,
    /// The anchor.
    pub anchor: Anchor,
    /// The seal with this hash.
    pub seal: Option<u64>,
    /// The database that it belongs to.
    pub of: AnchorOf,
}

/// The database that a line of a log belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnchorOf {
    /// This one, as far as can be determined.
    This,
    /// Another one, whose seals are in the same file.
    Another,
}

/// The kinds of differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AuditLogDifferenceKind {
    /// An entry has different contents.
    Edited,
    /// A sealed entry was deleted.
    Deleted,
    /// An entry was inserted among sealed entries.
    Inserted,
    /// Entries were reordered.
    Reordered,
    /// A seal is missing, or does not continue the previous one.
    Chain,
    /// A seal's own row was changed.
    Seal,
    /// The run, actor or file of an entry is impossible.
    Attribution,
    /// The time of an entry contradicts the neighbouring seals.
    Time,
    /// The row of a run was changed.
    Run,
    /// The files of a run were changed.
    Files,
    /// Another table of the ledger was changed.
    Ledger,
    /// An anchor has no matching seal.
    Anchor,
    /// A table was altered, renamed, removed or detached by another program, and is not recorded under its current
    /// definition; or changes of it may have no entry, because triggers were missing or outdated until `run` recreated
    /// them.
    Table,
    /// Enabling or disabling tables was interrupted or is still in progress.
    Unfinished,
}

impl AuditLogDifferenceKind {
    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Edited => "edited",
            Self::Deleted => "deleted",
            Self::Inserted => "inserted",
            Self::Reordered => "reordered",
            Self::Chain => "chain",
            Self::Seal => "seal",
            Self::Attribution => "attribution",
            Self::Time => "time",
            Self::Run => "run",
            Self::Files => "files",
            Self::Ledger => "ledger",
            Self::Anchor => "anchor",
            Self::Table => "table",
            Self::Unfinished => "unfinished",
        }
    }
}

/// A difference from what was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLogDifference {
    /// The kind.
    pub kind: AuditLogDifferenceKind,
    /// The seal.
    pub seal: Option<u64>,
    /// The run that the seal belongs to, or that recreated triggers.
    pub run: Option<RunId>,
    /// The entry.
    pub entry: Option<EntryId>,
    /// The row of the entry in its current state: table and record id.
    pub row: Option<(String, RecordId)>,
    /// Description of the difference.
    pub message: String,
}
