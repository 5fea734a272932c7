//! Applies entries of the audit log, one after the other, to the known state of a row.
//!
//! An entry contains the values before and after, so each is checked against the previous ones. Errors contain column
//! names, never values. Rows may be older than the audit log (which can be enabled for existing tables), and columns
//! may have been added and dropped in between without an entry: neither is an error.

use super::image::{Image, same_value};
use super::replay_error::ReplayError;
use super::replay_step::ReplayStep;

/// The known state of a row at one point of the audit log.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum RowState {
    /// No entry was seen: the row may be older than the audit log.
    #[default]
    Unknown,
    /// The row does not exist.
    Absent,
    /// The row exists, with all its columns.
    Present(Image),
    /// The row is older than the audit log; only the columns that entries had are known.
    Partial(Image),
}

impl RowState {
    /// Whether the row exists; `None` if nothing is known.
    #[must_use]
    pub fn exists(&self) -> Option<bool> {
        match self {
            Self::Unknown => None,
            Self::Absent => Some(false),
            Self::Present(_) | Self::Partial(_) => Some(true),
        }
    }

    /// The known columns.
    #[must_use]
    pub fn image(&self) -> Option<&Image> {
        match self {
            Self::Unknown | Self::Absent => None,
            Self::Present(image) | Self::Partial(image) => Some(image),
        }
    }

    /// Applies the next entry of this row. After an error the state is unchanged.
    ///
    /// # Errors
    /// When the entry is inconsistent with this state.
    pub fn apply(&mut self, step: ReplayStep) -> Result<(), ReplayError> {
        match self.contradiction(&step) {
            Some(error) => Err(error),
            None => {
                self.follow(step);
                Ok(())
            }
        }
    }

    /// Applies the next entry of this row, of which the values are copied. After an inconsistent entry, which is
    /// returned as an error, the state is the one according to the entry alone.
    pub fn apply_or_claim(&mut self, step: &ReplayStep) -> Option<ReplayError> {
        let error = self.contradiction(step);
        match (&mut *self, step) {
            (Self::Present(image) | Self::Partial(image), ReplayStep::Update { new, .. })
                if error.is_none() =>
            {
                image.extend(new.clone());
            }
            (_, ReplayStep::Insert { new }) => *self = Self::Present(new.clone()),
            (_, ReplayStep::Update { new, .. }) => *self = Self::Partial(new.clone()),
            (_, ReplayStep::Delete { .. }) => *self = Self::Absent,
        }
        error
    }

    /// Why an entry is inconsistent with this state.
    #[must_use]
    pub fn contradiction(&self, step: &ReplayStep) -> Option<ReplayError> {
        match (self, step) {
            (Self::Unknown, _) | (Self::Absent, ReplayStep::Insert { .. }) => None,
            (Self::Present(_) | Self::Partial(_), ReplayStep::Insert { .. }) => {
                Some(ReplayError::AlreadyThere)
            }
            (Self::Absent, ReplayStep::Update { .. } | ReplayStep::Delete { .. }) => {
                Some(ReplayError::NotThere)
            }
            (
                Self::Present(image) | Self::Partial(image),
                ReplayStep::Update { old, .. } | ReplayStep::Delete { old },
            ) => compare(image, old).err(),
        }
    }

    /// Applies an entry without a contradiction.
    pub fn follow(&mut self, step: ReplayStep) {
        match (&mut *self, step) {
            (Self::Present(image) | Self::Partial(image), ReplayStep::Update { new, .. }) => {
                image.extend(new);
            }
            (_, step) => *self = Self::claimed(step),
        }
    }

    /// The state of the row after an entry, according to the entry alone.
    #[must_use]
    pub fn claimed(step: ReplayStep) -> Self {
        match step {
            ReplayStep::Insert { new } => Self::Present(new),
            ReplayStep::Update { new, .. } => Self::Partial(new),
            ReplayStep::Delete { .. } => Self::Absent,
        }
    }
}

/// Columns that only one of the two has were added or dropped in between.
fn compare(known: &Image, stated: &Image) -> Result<(), ReplayError> {
    let differs = |(column, value): &(&String, &serde_json::Value)| {
        known
            .get(*column)
            .is_some_and(|known| !same_value(known, value))
    };
    match stated.iter().find(differs) {
        None => Ok(()),
        Some((column, _)) => Err(ReplayError::OtherValue {
            column: column.clone(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insert(new: &str) -> ReplayStep {
        ReplayStep::read("INSERT", None, Some(new)).expect("an insert")
    }

    fn update(old: &str, new: &str) -> ReplayStep {
        ReplayStep::read("UPDATE", Some(old), Some(new)).expect("an update")
    }

    fn delete(old: &str) -> ReplayStep {
        ReplayStep::read("DELETE", Some(old), None).expect("a delete")
    }

    fn image(text: &str) -> Image {
        serde_json::from_str(text).expect("an object")
    }

    #[test]
    fn history_is_replayed_with_original_number_spellings() {
        let mut row = RowState::default();
        let first = r#"{"id":1,"n":12345678901234567890123,"r":1.50}"#;
        row.apply(insert(first)).expect("born");
        assert_eq!(row, RowState::Present(image(first)));
        let text = serde_json::to_string(row.image().expect("a row")).expect("JSON");
        assert_eq!(text, first);
        row.apply(update(r#"{"id":1,"r":1.50}"#, r#"{"id":1,"r":1}"#))
            .expect("changed");
        let second = r#"{"id":1,"n":12345678901234567890123,"r":1}"#;
        assert_eq!(row, RowState::Present(image(second)));
        row.apply(delete(second)).expect("removed");
        assert_eq!(row.exists(), Some(false));
        row.apply(insert(first)).expect("born again");
        assert_eq!(row.exists(), Some(true));
    }

    #[test]
    fn inconsistent_entry_is_rejected_and_changes_nothing() {
        let other = |column: &str| ReplayError::OtherValue {
            column: column.to_owned(),
        };
        let there = RowState::Present(image(r#"{"id":1,"n":null,"r":1}"#));
        for (state, step, error) in [
            (
                &there,
                insert(r#"{"id":1,"n":null,"r":1}"#),
                ReplayError::AlreadyThere,
            ),
            (
                &there,
                update(r#"{"id":1,"n":2}"#, r#"{"id":1,"n":3}"#),
                other("n"),
            ),
            (
                &there,
                update(r#"{"id":1,"r":1.0}"#, r#"{"id":1,"r":2}"#),
                other("r"),
            ),
            (&there, delete(r#"{"id":1,"n":null,"r":2}"#), other("r")),
            (
                &RowState::Absent,
                delete(r#"{"id":1}"#),
                ReplayError::NotThere,
            ),
            (
                &RowState::Absent,
                update(r#"{"id":1,"n":1}"#, r#"{"id":1,"n":2}"#),
                ReplayError::NotThere,
            ),
        ] {
            let mut row = state.clone();
            assert_eq!(row.apply(step), Err(error));
            assert_eq!(row, *state);
        }
    }

    #[test]
    fn changed_columns_of_an_older_row_are_known() {
        let mut row = RowState::default();
        row.apply(update(r#"{"id":1,"a":1}"#, r#"{"id":1,"a":2}"#))
            .expect("first seen");
        assert_eq!(row, RowState::Partial(image(r#"{"id":1,"a":2}"#)));
        row.apply(update(r#"{"id":1,"b":1}"#, r#"{"id":1,"b":2}"#))
            .expect("more");
        assert_eq!(row, RowState::Partial(image(r#"{"id":1,"a":2,"b":2}"#)));
        let lie = delete(r#"{"id":1,"a":9,"b":2,"c":3}"#);
        assert!(row.apply(lie).is_err());
        row.apply(delete(r#"{"id":1,"a":2,"b":2,"c":3}"#))
            .expect("removed");
        assert_eq!(row, RowState::Absent);
    }

    #[test]
    fn columns_may_be_added_and_dropped_without_an_entry() {
        let mut row = RowState::Present(image(r#"{"id":1,"dropped":5}"#));
        row.apply(update(r#"{"id":1,"added":0}"#, r#"{"id":1,"added":7}"#))
            .expect("added");
        row.apply(delete(r#"{"id":1,"added":7}"#)).expect("dropped");
    }

    #[test]
    fn key_changes_like_any_column() {
        let mut row = RowState::Present(image(r#"{"id":1,"n":2}"#));
        row.apply(update(r#"{"id":1}"#, r#"{"id":3}"#))
            .expect("moved");
        assert_eq!(row, RowState::Present(image(r#"{"id":3,"n":2}"#)));
    }
}
