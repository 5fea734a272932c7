//! The events that fire a trigger.

use crate::audit::Firing;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    Insert,
    Delete,
    Update,
    Truncate,
}

impl Event {
    pub(super) const ALL: [Self; 4] = [Self::Insert, Self::Delete, Self::Update, Self::Truncate];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Delete => "delete",
            Self::Update => "update",
            Self::Truncate => "truncate",
        }
    }

    /// The action of its entries.
    pub(super) fn action(self) -> &'static str {
        match self {
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete | Self::Truncate => "DELETE",
        }
    }

    /// Its clauses in `CREATE TRIGGER`, and in `pg_trigger` the bits of `tgtype` and the transition table of new rows.
    pub(super) fn clauses(self, firing: Firing) -> (String, i16, &'static str) {
        let rows = "FOR EACH ROW";
        let statement = "FOR EACH STATEMENT";
        let (clauses, kind, transition) = match (self, firing) {
            (Self::Insert, Firing::Statement) => (statement, 4, "accession_rows"),
            (Self::Insert, Firing::Row | Firing::OwnRow) => (rows, 4 + 1, ""),
            (Self::Delete, _) => (rows, 8 + 1, ""),
            (Self::Update, _) => (rows, 16 + 1, ""),
            (Self::Truncate, _) => (statement, 32 + 2, ""),
        };
        let clauses = match transition {
            "" => clauses.to_owned(),
            transition => format!("REFERENCING NEW TABLE AS {transition} {clauses}"),
        };
        (clauses, kind, transition)
    }
}
