//! Computes how to revert one entry of the audit log. Pure.
//!
//! Entries of a run are reverted from the last to the first: each then finds the row as it left it, unless the row was
//! changed later. Such rows are conflicts, and stay as they are unless the policy is to restore them.

use serde::Serialize;

use super::{Image, Key, ReplayStep, same_value};

/// How to handle rows that were changed after the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevertPolicy {
    /// Report them and write nothing.
    Report,
    /// Keep them.
    Skip,
    /// Restore them to their state before the run; later changes are lost from the table, but not from the audit log.
    Force,
}

/// The change that reverts an entry.
#[derive(Debug, Clone, PartialEq)]
pub enum Undo {
    /// Inserts the row again.
    Insert(Image),
    /// Restores the values of these columns.
    Update(Image),
    /// Deletes the row.
    Delete,
}

/// The decision on an entry.
#[derive(Debug, Clone, PartialEq)]
pub enum Reversal {
    /// The entry is reverted.
    Undo(Undo),
    /// The entry is reverted although the row was changed later.
    Forced(Undo),
    /// The row already has the values from before the entry.
    AlreadyUndone,
    /// An earlier revert of the run restored the row, which has not changed since: all entries of the row are reverted.
    AlreadyRestored,
    /// The row was changed later, and stays.
    Conflict(RevertConflict),
}

/// Why an entry cannot simply be reverted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RevertConflict {
    /// The row was changed after the run, or after an earlier revert of the run restored it.
    Changed,
    /// The row was deleted after the run, or after an earlier revert of the run restored it.
    Deleted,
    /// The run, or an earlier revert of it, deleted the row, and a row with its key exists again.
    CameBack,
}

/// The entries of a row after the run: of each value, only what a decision depends on.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Later {
    /// The values before the first change of each column; those before the revert that restored the row do not count.
    first: Image,
    /// The row that was deleted last.
    deleted: Option<Image>,
    /// Whether the row got another key last.
    moved: bool,
    /// The last entry by which an earlier revert of the run restored the row.
    restored: Option<Box<ReplayStep>>,
}

/// Who wrote an entry after the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// A revert of the run that is in force: it was not reverted itself.
    Revert,
    /// Any other run or program.
    Other,
}

impl Later {
    /// Adds the next entry.
    pub fn add(&mut self, step: ReplayStep, key: &Key<'_>, writer: Writer) {
        self.moved = step.new_record_id(key).is_some();
        if writer == Writer::Revert {
            self.first.clear();
            self.restored = Some(Box::new(step.clone()));
        }
        match step {
            ReplayStep::Insert { .. } => {}
            ReplayStep::Update { old, .. } if writer == Writer::Other => self.keep(old),
            ReplayStep::Update { .. } => {}
            ReplayStep::Delete { old } => {
                if writer == Writer::Other {
                    self.keep(old.clone());
                }
                self.deleted = Some(old);
            }
        }
    }

    fn keep(&mut self, old: Image) {
        for (column, value) in old {
            self.first.entry(column).or_insert(value);
        }
    }
}

/// Decides on one entry. `row` is the current row, without added columns that still have their defaults, and `later`
/// its entries after the run.
#[must_use]
pub fn undo(
    step: ReplayStep,
    row: Option<&Image>,
    later: &Later,
    policy: RevertPolicy,
) -> Reversal {
    let decision = match &later.restored {
        Some(restored) => decide_restored(restored, row, later),
        None => decide(&step, row, later),
    };
    match decision {
        Decision::Undo => Reversal::Undo(undo_unchecked(step)),
        Decision::AlreadyUndone => Reversal::AlreadyUndone,
        Decision::AlreadyRestored => Reversal::AlreadyRestored,
        Decision::Conflict(conflict) if policy == RevertPolicy::Force => {
            let forced = by_force(step, row.is_some(), later);
            forced.map_or(Reversal::Conflict(conflict), Reversal::Forced)
        }
        Decision::Conflict(conflict) => Reversal::Conflict(conflict),
    }
}

/// Reverts an entry whose row is known to be unchanged since the entry.
#[must_use]
pub fn undo_unchecked(step: ReplayStep) -> Undo {
    match step {
        ReplayStep::Insert { .. } => Undo::Delete,
        ReplayStep::Update { old, .. } => Undo::Update(old),
        ReplayStep::Delete { old } => Undo::Insert(old),
    }
}

/// A [`Reversal`] without values.
enum Decision {
    Undo,
    AlreadyUndone,
    AlreadyRestored,
    Conflict(RevertConflict),
}

/// A row that an earlier revert restored by this entry is as before the run if that entry could be reverted.
fn decide_restored(restored: &ReplayStep, row: Option<&Image>, later: &Later) -> Decision {
    match decide(restored, row, later) {
        Decision::Undo => Decision::AlreadyRestored,
        // The revert gave the row its former key, and there is no later entry under this one.
        Decision::Conflict(_) if row.is_none() && later.moved && later.first.is_empty() => {
            Decision::AlreadyRestored
        }
        // The row is as the run left it: another change than that of the revert.
        Decision::AlreadyUndone => Decision::Conflict(match (restored, row) {
            (_, None) => RevertConflict::Deleted,
            (ReplayStep::Delete { .. }, Some(_)) => RevertConflict::CameBack,
            (ReplayStep::Insert { .. } | ReplayStep::Update { .. }, Some(_)) => {
                RevertConflict::Changed
            }
        }),
        other => other,
    }
}

fn decide(step: &ReplayStep, row: Option<&Image>, later: &Later) -> Decision {
    match (step, row) {
        // It exists, with another key.
        (ReplayStep::Insert { .. } | ReplayStep::Update { .. }, None) if later.moved => {
            Decision::Conflict(RevertConflict::Changed)
        }
        (ReplayStep::Insert { .. }, None) => Decision::AlreadyUndone,
        (ReplayStep::Insert { new }, Some(row))
            if agrees(new, row) && !gained(new, row) && agrees(&later.first, row) =>
        {
            Decision::Undo
        }
        (ReplayStep::Delete { .. }, None) => Decision::Undo,
        (ReplayStep::Delete { old }, Some(row)) if agrees(old, row) => Decision::AlreadyUndone,
        (ReplayStep::Delete { .. }, Some(_)) => Decision::Conflict(RevertConflict::CameBack),
        (ReplayStep::Update { .. }, None) => Decision::Conflict(RevertConflict::Deleted),
        (ReplayStep::Update { new, .. }, Some(row)) if agrees(new, row) => {
            // Changes that were reverted do not count.
            if agrees(&later.first, row) {
                Decision::Undo
            } else {
                Decision::Conflict(RevertConflict::Changed)
            }
        }
        (ReplayStep::Update { old, .. }, Some(row)) if agrees(old, row) => Decision::AlreadyUndone,
        (ReplayStep::Insert { .. } | ReplayStep::Update { .. }, Some(_)) => {
            Decision::Conflict(RevertConflict::Changed)
        }
    }
}

/// Columns that only one of the two has were added or dropped in between.
fn agrees(stated: &Image, row: &Image) -> bool {
    stated
        .iter()
        .all(|(column, value)| row.get(column).is_none_or(|now| same_value(now, value)))
}

/// Whether the row has a value in a column that was added since: it would be lost with the row. A value that the row
/// had under another name belongs to a column that was renamed.
fn gained(stated: &Image, row: &Image) -> bool {
    let missing = stated
        .iter()
        .filter(|(column, _)| !row.contains_key(*column));
    let mut former: Vec<_> = missing.map(|(_, value)| value).collect();
    let mut added = row
        .iter()
        .filter(|(column, _)| !stated.contains_key(*column));
    added.any(
        |(_, value)| match former.iter().position(|old| same_value(old, value)) {
            Some(found) => {
                former.swap_remove(found);
                false
            }
            None => !value.is_null(),
        },
    )
}

/// Computes the change that restores the row to its state before the entry, whatever happened later; `None` if not all
/// columns are known.
fn by_force(step: ReplayStep, exists: bool, later: &Later) -> Option<Undo> {
    match (step, exists) {
        (_, false) if later.moved => None,
        (ReplayStep::Insert { .. }, true) => Some(Undo::Delete),
        (ReplayStep::Insert { .. }, false) => None,
        (ReplayStep::Delete { old } | ReplayStep::Update { old, .. }, true) => {
            Some(Undo::Update(old))
        }
        (ReplayStep::Delete { old }, false) => Some(Undo::Insert(old)),
        (ReplayStep::Update { old, .. }, false) => {
            let mut image = later.deleted.clone()?;
            image.extend(old);
            Some(Undo::Insert(image))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::KeyRule;
    use super::*;

    fn image(text: &str) -> Image {
        serde_json::from_str(text).expect("an object")
    }

    fn insert(new: &str) -> ReplayStep {
        ReplayStep::read("INSERT", None, Some(new)).expect("a step")
    }

    fn update(old: &str, new: &str) -> ReplayStep {
        ReplayStep::read("UPDATE", Some(old), Some(new)).expect("a step")
    }

    fn delete(old: &str) -> ReplayStep {
        ReplayStep::read("DELETE", Some(old), None).expect("a step")
    }

    fn key() -> Key<'static> {
        let rule = KeyRule {
            real: str::to_owned,
            has_namesakes: false,
        };
        Key::of(vec!["id"], rule)
    }

    fn undone(
        step: &ReplayStep,
        row: Option<&str>,
        steps: &[ReplayStep],
        policy: RevertPolicy,
    ) -> Reversal {
        let mut later = Later::default();
        for step in steps {
            later.add(step.clone(), &key(), Writer::Other);
        }
        undo(step.clone(), row.map(image).as_ref(), &later, policy)
    }

    fn reported(step: &ReplayStep, row: Option<&str>, later: &[ReplayStep]) -> Reversal {
        undone(step, row, later, RevertPolicy::Report)
    }

    fn forced(step: &ReplayStep, row: Option<&str>, later: &[ReplayStep]) -> Reversal {
        undone(step, row, later, RevertPolicy::Force)
    }

    const ROW: &str = r#"{"id":1,"a":2,"b":3}"#;

    #[test]
    fn unchanged_rows_are_reverted() {
        assert_eq!(
            reported(&insert(ROW), Some(ROW), &[]),
            Reversal::Undo(Undo::Delete)
        );
        let step = update(r#"{"id":1,"a":1}"#, r#"{"id":1,"a":2}"#);
        let back = Undo::Update(image(r#"{"id":1,"a":1}"#));
        assert_eq!(reported(&step, Some(ROW), &[]), Reversal::Undo(back));
        let back = Undo::Insert(image(ROW));
        assert_eq!(reported(&delete(ROW), None, &[]), Reversal::Undo(back));
    }

    #[test]
    fn already_reverted_rows_are_not_changed() {
        assert_eq!(reported(&insert(ROW), None, &[]), Reversal::AlreadyUndone);
        assert_eq!(
            reported(&delete(ROW), Some(ROW), &[]),
            Reversal::AlreadyUndone
        );
        let step = update(r#"{"id":1,"a":1}"#, r#"{"id":1,"a":2}"#);
        let back = update(r#"{"id":1,"a":2}"#, r#"{"id":1,"a":1}"#);
        let before = Some(r#"{"id":1,"a":1,"b":3}"#);
        assert_eq!(reported(&step, before, &[back]), Reversal::AlreadyUndone);
    }

    #[test]
    fn changed_rows_are_conflicts_unless_forced() {
        let changed = Reversal::Conflict(RevertConflict::Changed);
        let other = Some(r#"{"id":1,"a":2,"b":9}"#);
        assert_eq!(reported(&insert(ROW), other, &[]), changed);
        assert_eq!(
            forced(&insert(ROW), other, &[]),
            Reversal::Forced(Undo::Delete)
        );

        let step = update(r#"{"id":1,"a":1}"#, r#"{"id":1,"a":2}"#);
        let later = update(r#"{"id":1,"b":3}"#, r#"{"id":1,"b":9}"#);
        assert_eq!(
            reported(&step, other, std::slice::from_ref(&later)),
            changed
        );
        let own = Some(r#"{"id":1,"a":7,"b":3}"#);
        assert_eq!(reported(&step, own, &[]), changed);
        let back = Undo::Update(image(r#"{"id":1,"a":1}"#));
        assert_eq!(forced(&step, own, &[]), Reversal::Forced(back));

        let back = update(r#"{"id":1,"b":9}"#, r#"{"id":1,"b":3}"#);
        let undone = reported(&step, Some(ROW), &[later, back]);
        assert!(
            matches!(undone, Reversal::Undo(_)),
            "reverted changes do not count"
        );
    }

    #[test]
    fn values_in_columns_that_were_added_or_renamed_are_conflicts() {
        let changed = Reversal::Conflict(RevertConflict::Changed);
        let undone = Reversal::Undo(Undo::Delete);
        let row = |text| reported(&insert(ROW), Some(text), &[]);
        assert_eq!(row(r#"{"id":1,"a":2,"b":3,"c":null}"#), undone);
        assert_eq!(row(r#"{"id":1,"a":2,"b":3,"c":"new"}"#), changed);
        assert_eq!(row(r#"{"id":1,"a":2,"renamed":3}"#), undone);
        assert_eq!(row(r#"{"id":1,"a":2,"renamed":4}"#), changed);
        assert_eq!(row(r#"{"id":1,"a":2,"renamed":3,"c":3}"#), changed);
        assert_eq!(row(r#"{"id":1,"a":2}"#), undone);
        // The change was recorded: also if the value is NULL again.
        let later = update(r#"{"id":1,"c":"default"}"#, r#"{"id":1,"c":null}"#);
        let row = Some(r#"{"id":1,"a":2,"b":3,"c":null}"#);
        assert_eq!(reported(&insert(ROW), row, &[later]), changed);
    }

    #[test]
    fn rows_with_another_key_are_conflicts_that_force_does_not_resolve() {
        let changed = Reversal::Conflict(RevertConflict::Changed);
        let moved = update(r#"{"id":1}"#, r#"{"id":9}"#);
        for step in [
            insert(ROW),
            update(r#"{"id":1,"a":1}"#, r#"{"id":1,"a":2}"#),
        ] {
            assert_eq!(reported(&step, None, std::slice::from_ref(&moved)), changed);
            assert_eq!(forced(&step, None, std::slice::from_ref(&moved)), changed);
        }
    }

    #[test]
    fn a_row_that_an_earlier_revert_restored_is_a_conflict_only_if_it_changed_since() {
        let decided = |step: &ReplayStep,
                       revert: ReplayStep,
                       since: &[ReplayStep],
                       row: Option<&str>,
                       policy| {
            let mut later = Later::default();
            later.add(revert, &key(), Writer::Revert);
            for step in since {
                later.add(step.clone(), &key(), Writer::Other);
            }
            undo(step.clone(), row.map(image).as_ref(), &later, policy)
        };
        let report = RevertPolicy::Report;
        let conflict = |conflict| Reversal::Conflict(conflict);

        let (step, revert) = (insert(ROW), delete(ROW));
        let again = insert(ROW);
        let one =
            |since: &[ReplayStep], row, policy| decided(&step, revert.clone(), since, row, policy);
        assert_eq!(one(&[], None, report), Reversal::AlreadyRestored);
        let since = std::slice::from_ref(&again);
        let came_back = conflict(RevertConflict::CameBack);
        assert_eq!(one(since, Some(ROW), report), came_back);
        let forced = one(since, Some(ROW), RevertPolicy::Force);
        assert_eq!(forced, Reversal::Forced(Undo::Delete));

        let step = update(r#"{"id":1,"a":1}"#, r#"{"id":1,"a":2}"#);
        let revert = update(r#"{"id":1,"a":2}"#, r#"{"id":1,"a":1}"#);
        let one =
            |since: &[ReplayStep], row, policy| decided(&step, revert.clone(), since, row, policy);
        let before = Some(r#"{"id":1,"a":1,"b":3}"#);
        assert_eq!(one(&[], before, report), Reversal::AlreadyRestored);
        let since = std::slice::from_ref(&step);
        let changed = conflict(RevertConflict::Changed);
        assert_eq!(one(since, Some(ROW), report), changed);
        let other = [update(r#"{"id":1,"b":3}"#, r#"{"id":1,"b":4}"#)];
        let row = Some(r#"{"id":1,"a":1,"b":4}"#);
        assert_eq!(one(&other, row, report), changed);

        let (step, revert) = (delete(ROW), insert(ROW));
        let one =
            |since: &[ReplayStep], row, policy| decided(&step, revert.clone(), since, row, policy);
        assert_eq!(one(&[], Some(ROW), report), Reversal::AlreadyRestored);
        let since = std::slice::from_ref(&step);
        let deleted = conflict(RevertConflict::Deleted);
        assert_eq!(one(since, None, report), deleted);

        let step = update(r#"{"id":1}"#, r#"{"id":9}"#);
        let revert = update(r#"{"id":9}"#, r#"{"id":1}"#);
        let one = |row| decided(&step, revert.clone(), &[], row, report);
        assert_eq!(one(None), Reversal::AlreadyRestored);
        assert_eq!(one(Some(r#"{"id":9,"a":2}"#)), changed);
    }

    #[test]
    fn deleted_and_reinserted_rows_are_conflicts_unless_forced() {
        let step = update(r#"{"id":1,"a":1}"#, r#"{"id":1,"a":2}"#);
        let deleted = Reversal::Conflict(RevertConflict::Deleted);
        assert_eq!(reported(&step, None, &[delete(ROW)]), deleted);
        let back = Undo::Insert(image(r#"{"id":1,"a":1,"b":3}"#));
        assert_eq!(forced(&step, None, &[delete(ROW)]), Reversal::Forced(back));
        assert_eq!(forced(&step, None, &[]), deleted, "`b` is unknown");
        let again = Some(r#"{"id":1,"a":5,"b":5}"#);
        let came_back = Reversal::Conflict(RevertConflict::CameBack);
        assert_eq!(reported(&delete(ROW), again, &[]), came_back);
        let back = Undo::Update(image(ROW));
        assert_eq!(forced(&delete(ROW), again, &[]), Reversal::Forced(back));
    }
}
