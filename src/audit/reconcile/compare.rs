//! Replaying the entries of some rows, and comparing what comes out with the rows that are there.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::audit::{Image, ReplayError, RowState, Step};

/// How a row differs from what the trail says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowDifference {
    /// Columns were changed without an entry.
    Changed {
        /// Which.
        columns: Vec<String>,
    },
    /// The row is gone without an entry.
    Gone,
    /// There is a row that by the trail was deleted, or whose every entry is missing.
    Unrecorded,
    /// An entry does not follow from those before it: something was changed in between without an entry.
    Broken {
        /// The entry.
        entry: i64,
        /// Why it does not follow.
        error: ReplayError,
    },
}

/// Rows as the trail leaves them.
#[derive(Debug, Default)]
pub struct Replay {
    rows: HashMap<String, RowState>,
    differences: Vec<(String, RowDifference)>,
    /// Columns of rows that no entry knows.
    pub unknown_columns: BTreeSet<String>,
}

impl Replay {
    /// Applies the next entry of a row; `key` are the columns of the primary key.
    pub fn entry(
        &mut self,
        id: i64,
        record_id: &str,
        step: Result<Step, ReplayError>,
        key: &[&str],
    ) {
        let step = match step {
            Ok(step) => step,
            Err(error) => return self.broken(id, record_id, error),
        };
        let moved = step.new_record_id(key);
        let row = self.rows.entry(record_id.to_owned()).or_default();
        if let Err(error) = row.apply(step.clone()) {
            *row = go_on(row, step);
            self.broken(id, record_id, error);
        }
        if let Some(to) = moved
            && let Some(row) = self.rows.insert(record_id.to_owned(), RowState::Absent)
        {
            let there = self.rows.insert(to.clone(), row);
            if there.is_some_and(|there| there.exists() == Some(true)) {
                self.broken(id, &to, ReplayError::AlreadyThere);
            }
        }
    }

    /// Compares a row that is there.
    pub fn row(&mut self, record_id: String, now: &Image) {
        let state = self.rows.remove(&record_id).unwrap_or_default();
        let Some(known) = state.image() else {
            self.differences
                .push((record_id, RowDifference::Unrecorded));
            return;
        };
        let unknown = now.keys().filter(|column| !known.contains_key(*column));
        if matches!(state, RowState::Present(_)) {
            self.unknown_columns.extend(unknown.cloned());
        }
        let differs = |(column, value): &(&String, &Value)| {
            now.get(*column).is_some_and(|now| !same(now, value))
        };
        let columns: Vec<String> = known
            .iter()
            .filter(differs)
            .map(|(column, _)| column.clone())
            .collect();
        if !columns.is_empty() {
            self.differences
                .push((record_id, RowDifference::Changed { columns }));
        }
    }

    /// The differences, sorted by record id; rows that were not compared are gone.
    #[must_use]
    pub fn finish(mut self) -> (Vec<(String, RowDifference)>, BTreeSet<String>) {
        let gone = self.rows.into_iter();
        let gone = gone.filter(|(_, row)| row.exists() == Some(true));
        self.differences
            .extend(gone.map(|(record_id, _)| (record_id, RowDifference::Gone)));
        self.differences.sort_by(|a, b| a.0.cmp(&b.0));
        (self.differences, self.unknown_columns)
    }

    fn broken(&mut self, entry: i64, record_id: &str, error: ReplayError) {
        let difference = RowDifference::Broken { entry, error };
        self.differences.push((record_id.to_owned(), difference));
    }
}

/// Whether two values of images are the same. Booleans are numbers where no trigger tells otherwise.
#[must_use]
pub fn same(now: &Value, known: &Value) -> bool {
    let number = |value: &Value| match value {
        Value::Bool(value) => Value::from(u64::from(*value)),
        other => other.clone(),
    };
    now == known || number(now) == number(known)
}

/// The state to go on from after an entry that does not follow: what it says, over what was known of other columns.
fn go_on(row: &RowState, step: Step) -> RowState {
    match (row.image(), step) {
        (Some(known), Step::Update { new, .. }) => {
            let mut image = known.clone();
            image.extend(new);
            RowState::Present(image)
        }
        (_, step) => RowState::claimed(step),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(text: &str) -> Image {
        serde_json::from_str(text).expect("an object")
    }

    /// Replays entries (record id, action, old, new) and compares rows.
    fn differences(
        entries: &[(&str, &str, &str, &str)],
        rows: &[(&str, &str)],
    ) -> Vec<(String, RowDifference)> {
        let mut replay = Replay::default();
        for (id, (record_id, action, old, new)) in (1..).zip(entries) {
            let some = |text: &'static str| (!text.is_empty()).then_some(text);
            let (old, new) = (old.to_string(), new.to_string());
            let (old, new): (&'static str, &'static str) = (old.leak(), new.leak());
            let step = Step::read(action, some(old), some(new));
            replay.entry(id, record_id, step, &["id"]);
        }
        for (record_id, now) in rows {
            replay.row((*record_id).to_owned(), &image(now));
        }
        replay.finish().0
    }

    const BORN: (&str, &str, &str, &str) = ("1", "INSERT", "", r#"{"id":1,"a":1}"#);

    #[test]
    fn rows_that_are_what_the_trail_says_do_not_differ() {
        let changed = ("1", "UPDATE", r#"{"id":1,"a":1}"#, r#"{"id":1,"a":2}"#);
        let moved = ("1", "UPDATE", r#"{"id":1}"#, r#"{"id":5}"#);
        let gone = ("5", "DELETE", r#"{"id":5,"a":2}"#, "");
        assert_eq!(differences(&[BORN], &[("1", r#"{"id":1,"a":1}"#)]), []);
        assert_eq!(
            differences(&[BORN, changed, moved], &[("5", r#"{"a":2,"id":5}"#)]),
            []
        );
        assert_eq!(differences(&[BORN, changed, moved, gone], &[]), []);
        assert_eq!(
            differences(
                &[BORN, changed, moved, BORN],
                &[("5", r#"{"id":5,"a":2}"#), ("1", r#"{"id":1,"a":1}"#)]
            ),
            []
        );
    }

    #[test]
    fn what_was_changed_without_an_entry_is_named() {
        let named = |found: Vec<(String, RowDifference)>, difference| {
            assert_eq!(found, [("1".to_owned(), difference)]);
        };
        let columns = vec!["a".to_owned()];
        named(
            differences(&[BORN], &[("1", r#"{"id":1,"a":2}"#)]),
            RowDifference::Changed { columns },
        );
        named(differences(&[BORN], &[]), RowDifference::Gone);
        named(
            differences(&[], &[("1", r#"{"id":1,"a":2}"#)]),
            RowDifference::Unrecorded,
        );
        let replaced = RowDifference::Broken {
            entry: 2,
            error: ReplayError::AlreadyThere,
        };
        named(
            differences(&[BORN, BORN], &[("1", r#"{"id":1,"a":1}"#)]),
            replaced,
        );
        let lie = ("1", "UPDATE", r#"{"id":1,"a":7}"#, r#"{"id":1,"a":2}"#);
        let error = ReplayError::OtherValue {
            column: "a".to_owned(),
        };
        named(
            differences(&[BORN, lie], &[("1", r#"{"id":1,"a":2}"#)]),
            RowDifference::Broken { entry: 2, error },
        );
    }

    #[test]
    fn of_rows_older_than_the_trail_what_it_knows_is_compared() {
        let changed = ("1", "UPDATE", r#"{"id":1,"a":1}"#, r#"{"id":1,"a":2}"#);
        assert_eq!(
            differences(&[changed], &[("1", r#"{"id":1,"a":2,"b":3}"#)]),
            []
        );
        assert_eq!(
            differences(&[changed], &[("1", r#"{"id":1,"a":3,"b":3}"#)]).len(),
            1
        );
    }
}
