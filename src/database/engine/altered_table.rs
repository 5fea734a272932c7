//! What becomes of the changes of an audited table that was altered.

/// What becomes of the changes of a table that was renamed, or whose columns were altered, after its triggers were
/// created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::database) enum AlteredTable {
    /// They are recorded with the columns that the table has now.
    Recorded,
    /// They are recorded, without some of the columns or under the former name.
    PartlyRecorded,
    /// The statements fail.
    Rejected,
}
