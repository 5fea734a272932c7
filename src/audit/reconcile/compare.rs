//! Replays the entries of some rows, and compares the result with the current rows.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::audit::{Image, Key, ReplayError, ReplayStep, ReplayedRows, RowState};
use crate::model::{EntryId, RecordId};

use super::correct::{Correction, corrections};

/// How a row differs from the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowDifference {
    /// Columns were changed without an entry.
    Changed {
        /// The columns.
        columns: Vec<String>,
    },
    /// The row was deleted without an entry.
    Removed,
    /// The row exists although according to the audit log it was deleted, or it has no entries.
    Unrecorded,
    /// An entry is inconsistent with the previous ones: the row was changed in between without an entry.
    Broken {
        /// The entry.
        entry: EntryId,
        /// The inconsistency.
        error: ReplayError,
    },
}

/// What a run of kind `enable` has accounted for in a table: it compared rows and entries, and recorded what was
/// missing. The default is a table whose rows were all recorded when they were inserted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Accounted {
    /// The last entry at that time. Only later entries must be consistent with the previous ones, and only up to this
    /// entry a row may be older than its first entry.
    pub until: EntryId,
    /// The table's columns at that time. A column without an entry was NULL.
    pub columns: BTreeSet<String>,
}

/// Columns with values that no entry has, because they were added or renamed later.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnknownColumns {
    /// The columns.
    pub columns: BTreeSet<String>,
    /// The number of rows with such values.
    pub rows: u64,
}

/// Rows as the audit log leaves them.
#[derive(Debug, Default)]
pub struct Replay {
    accounted: Accounted,
    rows: ReplayedRows,
    /// Current rows with NULL in their key that equal none of these.
    unmatched: Vec<(RecordId, Image)>,
    differences: Vec<(RecordId, RowDifference)>,
    /// Rows that were inserted without an entry.
    not_inserted: HashSet<RecordId>,
    /// Current rows whose record id was that of a row that was deleted without an entry.
    replacing: HashMap<RecordId, Image>,
    missing: Vec<Missing>,
}

/// A missing entry of a row.
#[derive(Debug)]
struct Missing {
    record_id: RecordId,
    correction: Correction,
    /// Whether all columns of the row had entries, except for added columns.
    was_complete: bool,
}

impl Replay {
    /// A replay of the entries of a table.
    #[must_use]
    pub fn of(accounted: Accounted) -> Self {
        Self {
            accounted,
            ..Self::default()
        }
    }

    /// The entries that are inconsistent with the previous ones, with the record ids of their rows.
    pub fn broken_entries(&self) -> impl Iterator<Item = (EntryId, &RecordId)> {
        let broken = self.differences.iter().filter_map(|one| match &one.1 {
            RowDifference::Broken { entry, .. } => Some((*entry, &one.0)),
            RowDifference::Changed { .. } | RowDifference::Removed | RowDifference::Unrecorded => {
                None
            }
        });
        broken.chain(self.rows.displaced())
    }

    /// Applies the next entry of a row.
    pub fn entry(
        &mut self,
        id: EntryId,
        record_id: &RecordId,
        step: Result<ReplayStep, ReplayError>,
        key: &Key<'_>,
    ) {
        let step = match step {
            Ok(step) => step,
            Err(error) => return self.broken(id, record_id, error),
        };
        let is_delete = matches!(step, ReplayStep::Delete { .. });
        let is_insert = matches!(step, ReplayStep::Insert { .. });
        let mut row = self.rows.take(record_id, &step, key);
        let error = match row.state {
            RowState::Unknown if !is_insert => Some(ReplayError::NotInserted),
            _ => row.state.contradiction(&step),
        };
        let was_inserted = !self.not_inserted.remove(record_id)
            && !matches!(
                error,
                Some(ReplayError::NotInserted | ReplayError::NotThere)
            );
        if !was_inserted && !is_insert && !is_delete && id > self.accounted.until {
            let name = row.moved_to.as_ref().unwrap_or(record_id);
            self.not_inserted.insert(name.clone());
        }
        if let Some(error) = error {
            row.state = go_on(row.state, step);
            self.broken(id, record_id, error);
        } else {
            row.state.follow(step);
        }
        self.rows.put(id, record_id, row, key);
    }

    /// Compares a current row.
    pub fn row(&mut self, record_id: RecordId, now: &Image, key: &Key<'_>) {
        if self.rows.is_displaced(&record_id) {
            self.replacing.insert(record_id.clone(), now.clone());
        }
        match self.rows.take_current(&record_id, now, key) {
            Some(known) => self.correct(record_id, &known, Some(now), key),
            None => self.unmatched.push((record_id, now.clone())),
        }
    }

    fn correct(
        &mut self,
        record_id: RecordId,
        known: &RowState,
        now: Option<&Image>,
        key: &Key<'_>,
    ) {
        if let (Some(old), Some(_)) = (known.image(), now)
            && key.is_of_other_row(&record_id, old)
        {
            self.correct(record_id.clone(), known, None, key);
            return self.correct(record_id, &RowState::Absent, now, key);
        }
        let accounted = &self.accounted.columns;
        let is_inserted = !self.not_inserted.contains(&record_id);
        // Of rows that are older than the audit log, earlier versions recorded the columns that changed.
        let was_complete = matches!(known, RowState::Present(_)) || !accounted.is_empty();
        let missing = corrections(known, now, key, accounted).into_iter();
        self.missing.extend(missing.map(|correction| Missing {
            record_id: record_id.clone(),
            correction: match correction {
                // No entry has these columns, because none inserted the row.
                Correction::Complete { row, .. } if !is_inserted => Correction::Update {
                    old: row.clone(),
                    new: row,
                },
                correction => correction,
            },
            was_complete,
        }));
    }

    /// Whether a row exists after the entries, if no current rows are compared.
    #[must_use]
    pub fn leaves_rows(self) -> bool {
        self.rows
            .into_rows()
            .any(|(_, row)| row.exists() == Some(true))
    }

    /// The missing entries, by record id. Rows that were not compared are deleted.
    #[must_use]
    pub fn missing(mut self, key: &Key<'_>) -> Vec<(RecordId, Correction)> {
        let displaced = self.rows.take_displaced();
        self.compare_rest(key);
        let mut replacing = self.replacing;
        let missing = self.missing.into_iter();
        let missing = missing.filter(|one| !replacing.contains_key(&one.record_id));
        let mut all: Vec<_> = missing.map(|one| (one.record_id, one.correction)).collect();
        // A displaced row was deleted before another one took its id.
        for (record_id, (_, row)) in displaced {
            let (RowState::Present(old) | RowState::Partial(old)) = row else {
                continue;
            };
            let now = replacing.remove(&record_id);
            all.push((record_id.clone(), Correction::Delete { old }));
            all.extend(now.map(|new| (record_id, Correction::Insert { new })));
        }
        // A row can have the id of one that was deleted.
        all.sort_by_key(|(_, correction)| !matches!(correction, Correction::Delete { .. }));
        all
    }

    /// The differences, sorted by record id. Rows that were not compared are reported as deleted.
    #[must_use]
    pub fn finish(mut self, key: &Key<'_>) -> (Vec<(RecordId, RowDifference)>, UnknownColumns) {
        for (record_id, (entry, _)) in self.rows.take_displaced() {
            self.broken(entry, &record_id, ReplayError::AlreadyThere);
        }
        self.compare_rest(key);
        let mut unknown = UnknownColumns::default();
        for missing in self.missing {
            let difference = match missing.correction {
                Correction::Insert { .. } => RowDifference::Unrecorded,
                Correction::Update { old, new } => {
                    let changed = new.into_iter().filter(|(name, now)| old[name] != *now);
                    let columns: Vec<String> = changed.map(|(name, _)| name).collect();
                    if columns.is_empty() {
                        // The row was inserted without an entry, which is reported with its first one.
                        continue;
                    }
                    RowDifference::Changed { columns }
                }
                Correction::Complete { columns, .. } => {
                    if missing.was_complete {
                        unknown.columns.extend(columns);
                        unknown.rows += 1;
                    }
                    continue;
                }
                Correction::Delete { .. } => RowDifference::Removed,
            };
            self.differences.push((missing.record_id, difference));
        }
        self.differences.sort_by(|a, b| a.0.cmp(&b.0));
        (self.differences, unknown)
    }

    fn compare_rest(&mut self, key: &Key<'_>) {
        for (record_id, now) in std::mem::take(&mut self.unmatched) {
            let known = self.rows.take_nearest(&record_id, &now, key);
            self.correct(record_id, &known, Some(&now), key);
        }
        for (record_id, known) in std::mem::take(&mut self.rows).into_rows() {
            self.correct(record_id, &known, None, key);
        }
    }

    fn broken(&mut self, entry: EntryId, record_id: &RecordId, error: ReplayError) {
        if entry <= self.accounted.until {
            return;
        }
        let difference = RowDifference::Broken { entry, error };
        self.differences.push((record_id.clone(), difference));
    }
}

/// The state after an inconsistent entry: its values, and the known values of other columns.
fn go_on(row: RowState, step: ReplayStep) -> RowState {
    match (row, step) {
        (
            RowState::Present(mut known) | RowState::Partial(mut known),
            ReplayStep::Update { new, .. },
        ) => {
            known.extend(new);
            RowState::Present(known)
        }
        (_, step) => RowState::claimed(step),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::KeyRule;

    fn image(text: &str) -> Image {
        serde_json::from_str(text).expect("an object")
    }

    fn key() -> Key<'static> {
        let rule = KeyRule {
            real: str::to_owned,
            has_namesakes: true,
        };
        Key::of(vec!["id"], rule)
    }

    /// Replays entries (record id, action, old, new) and compares rows.
    fn differences(
        entries: &[(&str, &str, &str, &str)],
        rows: &[(&str, &str)],
    ) -> Vec<(RecordId, RowDifference)> {
        differences_since(0, entries, rows)
    }

    /// Like `differences`, with rows accounted for up to an entry.
    fn differences_since(
        until: i64,
        entries: &[(&str, &str, &str, &str)],
        rows: &[(&str, &str)],
    ) -> Vec<(RecordId, RowDifference)> {
        let mut replay = Replay::of(Accounted {
            until: until.into(),
            ..Accounted::default()
        });
        for (id, (record_id, action, old, new)) in (1_i64..).zip(entries) {
            let some = |text: &'static str| (!text.is_empty()).then_some(text);
            let (old, new) = (old.to_string(), new.to_string());
            let (old, new): (&'static str, &'static str) = (old.leak(), new.leak());
            let step = ReplayStep::read(action, some(old), some(new));
            replay.entry(id.into(), &RecordId::from(*record_id), step, &key());
        }
        for (record_id, now) in rows {
            replay.row(RecordId::from(*record_id), &image(now), &key());
        }
        replay.finish(&key()).0
    }

    const BORN: (&str, &str, &str, &str) = ("1", "INSERT", "", r#"{"id":1,"a":1}"#);

    #[test]
    fn rows_that_match_the_audit_log_do_not_differ() {
        let changed = ("1", "UPDATE", r#"{"id":1,"a":1}"#, r#"{"id":1,"a":2}"#);
        let moved = ("1", "UPDATE", r#"{"id":1}"#, r#"{"id":5}"#);
        let removed = ("5", "DELETE", r#"{"id":5,"a":2}"#, "");
        assert_eq!(differences(&[BORN], &[("1", r#"{"id":1,"a":1}"#)]), []);
        assert_eq!(
            differences(&[BORN, changed, moved], &[("5", r#"{"a":2,"id":5}"#)]),
            []
        );
        assert_eq!(differences(&[BORN, changed, moved, removed], &[]), []);
        assert_eq!(
            differences(
                &[BORN, changed, moved, BORN],
                &[("5", r#"{"id":5,"a":2}"#), ("1", r#"{"id":1,"a":1}"#)]
            ),
            []
        );
    }

    #[test]
    fn changes_without_an_entry_are_reported() {
        let named = |found: Vec<(RecordId, RowDifference)>, difference| {
            assert_eq!(found, [("1".into(), difference)]);
        };
        let columns = vec!["a".to_owned()];
        named(
            differences(&[BORN], &[("1", r#"{"id":1,"a":2}"#)]),
            RowDifference::Changed { columns },
        );
        named(differences(&[BORN], &[]), RowDifference::Removed);
        named(
            differences(&[], &[("1", r#"{"id":1,"a":2}"#)]),
            RowDifference::Unrecorded,
        );
        let replaced = RowDifference::Broken {
            entry: 2.into(),
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
            RowDifference::Broken {
                entry: 2.into(),
                error,
            },
        );
    }

    #[test]
    fn known_columns_of_rows_older_than_the_audit_log_are_compared() {
        let changed = ("1", "UPDATE", r#"{"id":1,"a":1}"#, r#"{"id":1,"a":2}"#);
        assert_eq!(
            differences_since(1, &[changed], &[("1", r#"{"id":1,"a":2,"b":3}"#)]),
            []
        );
        assert_eq!(
            differences_since(1, &[changed], &[("1", r#"{"id":1,"a":3,"b":3}"#)]).len(),
            1
        );
    }

    #[test]
    fn changes_before_the_insert_are_reported() {
        let changed = ("1", "UPDATE", r#"{"id":1,"a":1}"#, r#"{"id":1,"a":2}"#);
        let deleted = ("1", "DELETE", r#"{"id":1,"a":2}"#, "");
        let error = ReplayError::NotInserted;
        let broken = [(
            "1".into(),
            RowDifference::Broken {
                entry: 1.into(),
                error,
            },
        )];
        let found = differences(&[changed], &[("1", r#"{"id":1,"a":2,"b":3}"#)]);
        assert_eq!(found, broken);
        assert_eq!(differences(&[deleted], &[]), broken);
        assert_eq!(differences(&[changed, deleted], &[]), broken);
        assert_eq!(differences_since(1, &[changed, deleted], &[]), []);
    }

    #[test]
    fn added_column_is_compared_once_accounted_for() {
        let accounted = Accounted {
            until: 1.into(),
            columns: ["id", "a", "b"].map(str::to_owned).into(),
        };
        let compared = |now: &str| {
            let mut replay = Replay::of(accounted.clone());
            let step = ReplayStep::read("INSERT", None, Some(BORN.3));
            replay.entry(1.into(), &"1".into(), step, &key());
            replay.row("1".into(), &image(now), &key());
            replay.finish(&key())
        };
        let (found, unknown) = compared(r#"{"id":1,"a":1,"b":null,"c":5,"d":null}"#);
        assert_eq!((found, unknown.rows), (vec![], 1));
        assert_eq!(unknown.columns, ["c".to_owned()].into());
        let columns = vec!["b".to_owned()];
        let changed = ("1".into(), RowDifference::Changed { columns });
        assert_eq!(compared(r#"{"id":1,"a":1,"b":2}"#).0, [changed]);
    }

    #[test]
    fn keys_of_two_rows_may_be_swapped_in_one_statement() {
        let second = ("2", "INSERT", "", r#"{"id":2,"a":2}"#);
        let there = ("1", "UPDATE", r#"{"id":1}"#, r#"{"id":2}"#);
        let back = ("2", "UPDATE", r#"{"id":2}"#, r#"{"id":1}"#);
        let rows = [("1", r#"{"id":1,"a":2}"#), ("2", r#"{"id":2,"a":1}"#)];
        assert_eq!(differences(&[BORN, second, there, back], &rows), []);
        let error = ReplayError::AlreadyThere;
        assert_eq!(
            differences(&[BORN, second, there], &rows[1..]),
            [(
                "2".into(),
                RowDifference::Broken {
                    entry: 3.into(),
                    error
                }
            )]
        );
    }

    #[test]
    fn rows_with_the_same_record_id_are_replayed_by_their_keys() {
        let text = ("1", "INSERT", "", r#"{"id":"1","a":3}"#);
        let changed = ("1", "UPDATE", r#"{"id":"1","a":3}"#, r#"{"id":"1","a":4}"#);
        let rows = [("1", r#"{"id":1,"a":1}"#), ("1", r#"{"id":"1","a":4}"#)];
        assert_eq!(differences(&[BORN, text, changed], &rows), []);
        let to_number = ("1", "UPDATE", r#"{"id":"1"}"#, r#"{"id":1}"#);
        let to_text = ("1", "UPDATE", r#"{"id":1}"#, r#"{"id":"1"}"#);
        let rows = [("1", r#"{"id":"1","a":1}"#), ("1", r#"{"id":1,"a":3}"#)];
        assert_eq!(differences(&[BORN, text, to_text, to_number], &rows), []);
        let removed = ("1", "DELETE", r#"{"id":1,"a":1}"#, "");
        let rows = [("1", r#"{"id":"1","a":3}"#)];
        assert_eq!(
            differences(&[BORN, text, removed, BORN, removed], &rows),
            []
        );
        let removed = vec![("1".into(), RowDifference::Removed)];
        assert_eq!(differences(&[BORN, text], &rows), removed);
    }
}
