//! Applying entries of the trail, one after the other, to what is known of a row.
//!
//! An entry says what was before as well as what is after, so each is checked against those before it. Errors name
//! columns, never values. Rows may be older than the trail (it can be put on a table that has rows), and columns may
//! have come and gone in between without an entry: neither is an error.

use super::step::{Image, Step};

/// What is known of a row at one point of the trail.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum RowState {
    /// No entry was seen: the row may be older than the trail.
    #[default]
    Unknown,
    /// There is no such row.
    Absent,
    /// The row, all columns.
    Present(Image),
    /// The row is older than the trail: these are the columns that entries have told of.
    Partial(Image),
}

/// Why an entry does not follow from those before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// It is not what a trigger writes.
    #[error("the entry is malformed: {0}")]
    Malformed(&'static str),
    /// An INSERT of a row that is there.
    #[error("the entry inserts a row that is there already")]
    AlreadyThere,
    /// An UPDATE or DELETE of a row that is not there.
    #[error("the entry changes a row that is not there")]
    NotThere,
    /// What it says was before is not what the entries before it left.
    #[error("the entry says that `{column}` had another value before")]
    OtherValue {
        /// The column.
        column: String,
    },
}

impl RowState {
    /// Whether there is such a row; `None` if nothing is known.
    #[must_use]
    pub fn exists(&self) -> Option<bool> {
        match self {
            Self::Unknown => None,
            Self::Absent => Some(false),
            Self::Present(_) | Self::Partial(_) => Some(true),
        }
    }

    /// The columns that are known.
    #[must_use]
    pub fn image(&self) -> Option<&Image> {
        match self {
            Self::Unknown | Self::Absent => None,
            Self::Present(image) | Self::Partial(image) => Some(image),
        }
    }

    /// Applies the next entry of this row. After an error the state is what it was; [`Self::claimed`] has what the entry
    /// says, to go on from.
    ///
    /// # Errors
    /// When the entry does not follow from this state.
    pub fn apply(&mut self, step: Step) -> Result<(), ReplayError> {
        match (&mut *self, step) {
            (Self::Unknown | Self::Absent, Step::Insert { new }) => *self = Self::Present(new),
            (Self::Present(_) | Self::Partial(_), Step::Insert { .. }) => {
                return Err(ReplayError::AlreadyThere);
            }
            (Self::Absent, Step::Update { .. } | Step::Delete { .. }) => {
                return Err(ReplayError::NotThere);
            }
            (Self::Unknown, Step::Update { new, .. }) => *self = Self::Partial(new),
            (Self::Unknown, Step::Delete { .. }) => *self = Self::Absent,
            (Self::Present(image) | Self::Partial(image), Step::Update { old, new }) => {
                compare(image, &old)?;
                image.extend(new);
            }
            (Self::Present(image) | Self::Partial(image), Step::Delete { old }) => {
                compare(image, &old)?;
                *self = Self::Absent;
            }
        }
        Ok(())
    }

    /// What an entry says of the row after it, whatever was before.
    #[must_use]
    pub fn claimed(step: Step) -> Self {
        match step {
            Step::Insert { new } => Self::Present(new),
            Step::Update { new, .. } => Self::Partial(new),
            Step::Delete { .. } => Self::Absent,
        }
    }
}

/// A column that only one of the two has was added or dropped in between.
fn compare(known: &Image, told: &Image) -> Result<(), ReplayError> {
    let differs = |(column, value): &(&String, _)| known.get(*column).is_some_and(|k| k != *value);
    match told.iter().find(differs) {
        None => Ok(()),
        Some((column, _)) => Err(ReplayError::OtherValue {
            column: column.clone(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insert(new: &str) -> Step {
        Step::read("INSERT", None, Some(new)).expect("an insert")
    }

    fn update(old: &str, new: &str) -> Step {
        Step::read("UPDATE", Some(old), Some(new)).expect("an update")
    }

    fn delete(old: &str) -> Step {
        Step::read("DELETE", Some(old), None).expect("a delete")
    }

    fn image(text: &str) -> Image {
        serde_json::from_str(text).expect("an object")
    }

    #[test]
    fn a_life_is_replayed_with_numbers_as_they_were_written() {
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
        row.apply(delete(second)).expect("gone");
        assert_eq!(row.exists(), Some(false));
        row.apply(insert(first)).expect("born again");
        assert_eq!(row.exists(), Some(true));
    }

    #[test]
    fn an_entry_that_does_not_follow_is_refused_and_changes_nothing() {
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
    fn of_a_row_older_than_the_trail_the_columns_that_changed_are_known() {
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
            .expect("gone");
        assert_eq!(row, RowState::Absent);
    }

    #[test]
    fn columns_come_and_go_without_an_entry() {
        let mut row = RowState::Present(image(r#"{"id":1,"dropped":5}"#));
        row.apply(update(r#"{"id":1,"added":0}"#, r#"{"id":1,"added":7}"#))
            .expect("added");
        row.apply(delete(r#"{"id":1,"added":7}"#)).expect("dropped");
    }

    #[test]
    fn a_key_changes_like_any_column() {
        let mut row = RowState::Present(image(r#"{"id":1,"n":2}"#));
        row.apply(update(r#"{"id":1}"#, r#"{"id":3}"#))
            .expect("moved");
        assert_eq!(row, RowState::Present(image(r#"{"id":3,"n":2}"#)));
    }
}
