//! What a check of the trail has to tell.

use crate::audit::seal::Anchor;

/// How a check of the trail ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrailStatus {
    /// Every seal up to an anchor, and the entries they cover, are as they were sealed.
    Anchored,
    /// The same, but nothing outside the database was given to compare with: who can rewrite entries and all seals
    /// leaves no trace.
    SelfConsistent,
    /// There are no seals.
    Unsealed,
    /// Something is not as it was sealed.
    Different,
}

/// The result of a check of the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailOutcome {
    /// How it ended.
    pub status: TrailStatus,
    /// The database.
    pub database: String,
    /// Seals that were checked.
    pub seals: u64,
    /// Entries that the seals cover.
    pub sealed_entries: u64,
    /// Number and hash of the last seal.
    pub head: Option<(u64, String)>,
    /// The highest seal that an anchor confirms.
    pub anchored: Option<u64>,
    /// The anchors that were given.
    pub anchors: Vec<CheckedAnchor>,
    /// Entries that no seal covers.
    pub unsealed: Unsealed,
    /// Whether tables or triggers are defined otherwise than at the last seal; `None` if the database does not show our
    /// user its triggers.
    pub schema_changed: Option<bool>,
    /// Where the seals are also kept, for a hint.
    pub log: Option<String>,
    /// The first differences.
    pub differences: Vec<TrailDifference>,
    /// How many more there are.
    pub differences_not_kept: u64,
}

/// Entries that no seal covers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unsealed {
    /// How many.
    pub entries: u64,
    /// The lowest id.
    pub first: Option<i64>,
    /// When it was written.
    pub since: Option<String>,
    /// Runs that were written before there were seals.
    pub runs: u64,
}

/// Where an anchor was found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AnchorSource {
    /// On the command line.
    Given,
    /// In a file.
    File(String),
}

/// An anchor and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedAnchor {
    /// Where it was found.
    pub source: AnchorSource,
    /// What it says.
    pub anchor: Anchor,
    /// The seal that has this hash.
    pub seal: Option<u64>,
    /// Whether it is of this database.
    pub of: AnchorOf,
}

/// Which database the line of a log is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnchorOf {
    /// This one, as far as can be told.
    This,
    /// Another, whose seals stand in the same file.
    Another,
}

/// What kind of difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TrailDifferenceKind {
    /// An entry has other contents.
    Edited,
    /// A sealed entry is gone.
    Deleted,
    /// An entry stands where none was sealed.
    Inserted,
    /// Entries changed places.
    Reordered,
    /// A seal is missing, or does not continue the one before it.
    Chain,
    /// A seal's own row was changed.
    Seal,
    /// The row of a run was changed.
    Run,
    /// The files of a run were changed.
    Files,
    /// An anchor names a seal that is not there.
    Anchor,
}

impl TrailDifferenceKind {
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
            Self::Run => "run",
            Self::Files => "files",
            Self::Anchor => "anchor",
        }
    }
}

/// Something that is not as it was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailDifference {
    /// What kind.
    pub kind: TrailDifferenceKind,
    /// The seal.
    pub seal: Option<u64>,
    /// The run that the seal is of.
    pub run: Option<String>,
    /// The entry.
    pub entry: Option<i64>,
    /// The row that the entry, as it is now, tells of: table and record id.
    pub row: Option<(String, String)>,
    /// What was found.
    pub message: String,
}
