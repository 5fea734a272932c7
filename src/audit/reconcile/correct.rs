//! Computes the missing entries that make the audit log account for the current state of a row.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::audit::{Image, Key, RowState, same_value};

/// A missing entry of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Correction {
    /// The row exists; according to the audit log it does not.
    Insert {
        /// All columns.
        new: Image,
    },
    /// Columns have different values: the images contain the key and these columns, or all columns if the key has NULL.
    Update {
        /// The values in the audit log.
        old: Image,
        /// The current values.
        new: Image,
    },
    /// No entry has these columns, which were added or renamed later: nothing is known of their values before.
    Complete {
        /// The same.
        row: Image,
        /// These columns.
        columns: Vec<String>,
    },
    /// The row does not exist; according to the audit log it does.
    Delete {
        /// All columns in the audit log.
        old: Image,
    },
}

/// Returns the entries that are missing between `known`, the state that the entries of a row lead to, and `now`.
///
/// A column that no entry has was added or renamed later. It needs no entry while it is NULL, and it was NULL if it is
/// one of the `accounted` columns, of which all values were recorded before.
#[must_use]
pub(super) fn corrections(
    known: &RowState,
    now: Option<&Image>,
    key: &Key<'_>,
    accounted: &BTreeSet<String>,
) -> Vec<Correction> {
    let (known, is_partial, now) = match (known, now) {
        (RowState::Unknown | RowState::Absent, None) => return Vec::new(),
        (RowState::Unknown | RowState::Absent, Some(now)) => {
            return vec![Correction::Insert { new: now.clone() }];
        }
        (RowState::Present(old) | RowState::Partial(old), None) => {
            return vec![Correction::Delete { old: old.clone() }];
        }
        (RowState::Present(known), Some(now)) => (known, false, now),
        (RowState::Partial(known), Some(now)) => (known, true, now),
    };
    let (mut before, mut after, mut unknown) = (Image::new(), Image::new(), Image::new());
    // Several rows can have its key: their entries are told apart by all columns.
    let is_ambiguous = key.has_null(now);
    let mut same = Image::new();
    for (column, value) in now {
        match known.get(column) {
            Some(old) if same_value(value, old) => {
                if is_ambiguous {
                    same.insert(column.clone(), value.clone());
                }
            }
            Some(old) => {
                before.insert(column.clone(), old.clone());
                after.insert(column.clone(), value.clone());
            }
            None if value.is_null() && !is_partial => {}
            None if accounted.contains(column) && !is_partial => {
                before.insert(column.clone(), Value::Null);
                after.insert(column.clone(), value.clone());
            }
            None => {
                unknown.insert(column.clone(), value.clone());
            }
        }
    }
    let with_key = |columns: Image| {
        let key = key.columns().iter();
        let key = key.filter_map(|&column| now.get_key_value(column));
        let mut image: Image = key
            .map(|(column, value)| (column.clone(), value.clone()))
            .collect();
        image.extend(same.clone());
        image.extend(columns);
        image
    };
    let mut missing = Vec::new();
    if !after.is_empty() {
        missing.push(Correction::Update {
            old: with_key(before),
            new: with_key(after.clone()),
        });
    }
    if !unknown.is_empty() {
        let columns = unknown.keys().cloned().collect();
        if is_ambiguous {
            unknown.extend(after);
        }
        let row = with_key(unknown);
        missing.push(Correction::Complete { row, columns });
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{KeyRule, ReplayStep};

    fn key() -> Key<'static> {
        let rule = KeyRule {
            real: str::to_owned,
            has_namesakes: true,
        };
        Key::of(vec!["id"], rule)
    }

    fn image(text: &str) -> Image {
        serde_json::from_str(text).expect("an object")
    }

    /// Checks that the state after the corrections equals the row, so that no further entry is missing.
    fn corrected(mut known: RowState, now: Option<&str>, accounted: &[&str]) -> Vec<Correction> {
        let now = now.map(image);
        let accounted = accounted.iter().map(|&name| name.to_owned()).collect();
        let found = corrections(&known, now.as_ref(), &key(), &accounted);
        for correction in found.clone() {
            let step = match correction {
                Correction::Insert { new } => ReplayStep::Insert { new },
                Correction::Update { old, new } => ReplayStep::Update { old, new },
                Correction::Complete { row, .. } => ReplayStep::Update {
                    old: row.clone(),
                    new: row,
                },
                Correction::Delete { old } => ReplayStep::Delete { old },
            };
            known.apply(step).expect("it follows from what was known");
        }
        assert_eq!(
            corrections(&known, now.as_ref(), &key(), &accounted),
            [],
            "{found:?}"
        );
        found
    }

    #[test]
    fn unchanged_row_needs_no_entry() {
        let row = r#"{"id":1,"a":true}"#;
        let present = RowState::Present(image(r#"{"id":1,"a":1}"#));
        assert_eq!(corrected(present, Some(row), &[]), []);
        let added = r#"{"id":1,"a":1,"b":null}"#;
        let present = RowState::Present(image(row));
        assert_eq!(
            corrected(present, Some(added), &["b"]),
            [],
            "a column that was added later"
        );
        assert_eq!(corrected(RowState::Absent, None, &[]), []);
        assert_eq!(corrected(RowState::Unknown, None, &[]), []);
    }

    #[test]
    fn unrecorded_changes_give_an_entry() {
        let row = r#"{"id":1,"a":1,"b":2}"#;
        for unknown in [RowState::Unknown, RowState::Absent] {
            let new = image(row);
            assert_eq!(
                corrected(unknown, Some(row), &[]),
                [Correction::Insert { new }]
            );
        }
        let old = image(row);
        assert_eq!(
            corrected(RowState::Present(old.clone()), None, &[]),
            [Correction::Delete { old }]
        );
        assert_eq!(
            corrected(
                RowState::Present(image(r#"{"id":1,"a":7,"b":2}"#)),
                Some(row),
                &[]
            ),
            [Correction::Update {
                old: image(r#"{"id":1,"a":7}"#),
                new: image(r#"{"id":1,"a":1}"#),
            }]
        );
    }

    #[test]
    fn columns_without_an_entry_are_completed() {
        let row = r#"{"id":1,"a":1,"b":2}"#;
        let completed = Correction::Complete {
            row: image(r#"{"id":1,"b":2}"#),
            columns: vec!["b".to_owned()],
        };
        let present = |text: &str| RowState::Present(image(text));
        assert_eq!(
            corrected(present(r#"{"id":1,"a":1}"#), Some(row), &["id", "a"]),
            std::slice::from_ref(&completed)
        );
        // An entry had `a` before there was an entry of the whole row.
        let partial = RowState::Partial(image(r#"{"id":1,"a":1}"#));
        let found = corrected(partial, Some(row), &["b"]);
        assert_eq!(found, std::slice::from_ref(&completed));
        // It was NULL when all values were recorded.
        let changed = |old: &str, new: &str| Correction::Update {
            old: image(old),
            new: image(new),
        };
        assert_eq!(
            corrected(present(r#"{"id":1,"a":1}"#), Some(row), &["b"]),
            [changed(r#"{"id":1,"b":null}"#, r#"{"id":1,"b":2}"#)]
        );
        assert_eq!(
            corrected(present(r#"{"id":1,"a":7}"#), Some(row), &[]),
            [changed(r#"{"id":1,"a":7}"#, r#"{"id":1,"a":1}"#), completed]
        );
    }

    #[test]
    fn entries_of_rows_with_null_in_the_key_have_all_columns() {
        let before = r#"{"id":null,"a":1,"b":2}"#;
        let known = RowState::Present(image(before));
        let found = corrected(known, Some(r#"{"id":null,"a":1,"b":3,"c":4}"#), &[]);
        let update = Correction::Update {
            old: image(before),
            new: image(r#"{"id":null,"a":1,"b":3}"#),
        };
        let complete = Correction::Complete {
            row: image(r#"{"id":null,"a":1,"b":3,"c":4}"#),
            columns: vec!["c".to_owned()],
        };
        assert_eq!(found, [update, complete]);
    }
}
