//! The ways in which an entry can be malformed or contradict the previous ones.

/// Why an entry is inconsistent with the previous ones.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// It was not written by a trigger.
    #[error("the entry is malformed: {0}")]
    Malformed(&'static str),
    /// An INSERT of an existing row.
    #[error("the entry inserts a row that already exists")]
    AlreadyThere,
    /// An UPDATE or DELETE of a row that does not exist.
    #[error("the entry changes a row that does not exist")]
    NotThere,
    /// An UPDATE or DELETE of a row without an earlier entry, although the audit log has recorded every row.
    #[error("the entry changes a row that was inserted without an entry")]
    NotInserted,
    /// Its old values differ from those that the previous entries left.
    #[error("the entry has a different old value for `{column}`")]
    OtherValue {
        /// The column.
        column: String,
    },
}
