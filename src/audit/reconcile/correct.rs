//! Computes the missing entry that makes the audit log account for the current state of a row.

use serde_json::Value;

use crate::audit::{Image, RowState, same_value};

/// The missing entry of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Correction {
    /// The row exists; according to the audit log it does not.
    Insert {
        /// All columns.
        new: Image,
    },
    /// Columns have different values, or no entry has them: the images contain the key and these columns. A column that
    /// no entry has gets the same value before and after.
    Update {
        /// The values in the audit log.
        old: Image,
        /// The current values.
        new: Image,
    },
    /// The row does not exist; according to the audit log it does.
    Delete {
        /// All columns in the audit log.
        old: Image,
    },
}

/// Returns the entry that is missing between `known`, the state that the entries of a row lead to, and `now`; `None` if
/// none is missing.
///
/// Columns without an entry of an otherwise completely recorded row were added later, and get no entry.
#[must_use]
pub fn correction(known: &RowState, now: Option<&Image>, key: &[&str]) -> Option<Correction> {
    let (known, is_partial) = match (known, now) {
        (RowState::Unknown | RowState::Absent, None) => return None,
        (RowState::Unknown | RowState::Absent, Some(now)) => {
            return Some(Correction::Insert { new: now.clone() });
        }
        (RowState::Present(old) | RowState::Partial(old), None) => {
            return Some(Correction::Delete { old: old.clone() });
        }
        (RowState::Present(known), Some(_)) => (known, false),
        (RowState::Partial(known), Some(_)) => (known, true),
    };
    let now = now?;
    let (mut old, mut new) = (Image::new(), Image::new());
    let mut state = |column: &str, before: &Value, after: &Value| {
        old.insert(column.to_owned(), before.clone());
        new.insert(column.to_owned(), after.clone());
    };
    for &column in key {
        if let Some(value) = now.get(column) {
            state(column, value, value);
        }
    }
    let mut is_missing = false;
    for (column, after) in now {
        match known.get(column) {
            Some(before) if same_value(after, before) => {}
            Some(before) => {
                is_missing = true;
                state(column, before, after);
            }
            None if is_partial => {
                is_missing = true;
                state(column, after, after);
            }
            // A column that was added after the last entry; without a default it is NULL.
            None if !after.is_null() => {
                is_missing = true;
                state(column, after, after);
            }
            None => {}
        }
    }
    is_missing.then_some(Correction::Update { old, new })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Step;

    fn image(text: &str) -> Image {
        serde_json::from_str(text).expect("an object")
    }

    /// Checks that the state after the correction equals the row, so that no further entry is missing.
    fn corrected(mut known: RowState, now: Option<&str>) -> Option<Correction> {
        let now = now.map(image);
        let found = correction(&known, now.as_ref(), &["id"]);
        let step = match found.clone() {
            Some(Correction::Insert { new }) => Step::Insert { new },
            Some(Correction::Update { old, new }) => Step::Update { old, new },
            Some(Correction::Delete { old }) => Step::Delete { old },
            None => return None,
        };
        known.apply(step).expect("it follows from what was known");
        assert_eq!(correction(&known, now.as_ref(), &["id"]), None);
        found
    }

    #[test]
    fn unchanged_row_needs_no_entry() {
        let row = r#"{"id":1,"a":true}"#;
        assert_eq!(
            corrected(RowState::Present(image(r#"{"id":1,"a":1}"#)), Some(row)),
            None
        );
        let added = r#"{"id":1,"a":1,"b":null}"#;
        assert_eq!(
            corrected(RowState::Present(image(row)), Some(added)),
            None,
            "a column that was added later"
        );
        assert_eq!(corrected(RowState::Absent, None), None);
        assert_eq!(corrected(RowState::Unknown, None), None);
    }

    #[test]
    fn unrecorded_changes_give_an_entry() {
        let row = r#"{"id":1,"a":1,"b":2}"#;
        for unknown in [RowState::Unknown, RowState::Absent] {
            let new = image(row);
            assert_eq!(
                corrected(unknown, Some(row)),
                Some(Correction::Insert { new })
            );
        }
        let old = image(row);
        assert_eq!(
            corrected(RowState::Present(old.clone()), None),
            Some(Correction::Delete { old })
        );
        assert_eq!(
            corrected(
                RowState::Present(image(r#"{"id":1,"a":7,"b":2}"#)),
                Some(row)
            ),
            Some(Correction::Update {
                old: image(r#"{"id":1,"a":7}"#),
                new: image(r#"{"id":1,"a":1}"#),
            })
        );
        // A column that was added later is not NULL.
        let step = image(r#"{"id":1,"b":2}"#);
        assert_eq!(
            corrected(RowState::Present(image(r#"{"id":1,"a":1}"#)), Some(row)),
            Some(Correction::Update {
                old: step.clone(),
                new: step,
            })
        );
        // An entry had `a` before there was an entry of the whole row.
        assert_eq!(
            corrected(RowState::Partial(image(r#"{"id":1,"a":1}"#)), Some(row)),
            Some(Correction::Update {
                old: image(r#"{"id":1,"b":2}"#),
                new: image(r#"{"id":1,"b":2}"#),
            })
        );
    }
}
