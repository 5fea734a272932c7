//! What has to happen to a row so that one entry of the trail is undone. Pure.
//!
//! Entries of a run are undone from the last to the first: each then finds the row as it left it, unless somebody else
//! changed it since. Such rows are conflicts, and stay as they are unless a policy says otherwise.

use super::{Image, Step};

/// What to do with rows that were changed after the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevertPolicy {
    /// List them and write nothing.
    Report,
    /// They stay as they are.
    Skip,
    /// They become what they were before the run; what came after it is lost from the table, not from the trail.
    Force,
}

/// What undoes an entry.
#[derive(Debug, Clone, PartialEq)]
pub enum Undo {
    /// The row comes back.
    Insert(Image),
    /// These columns get their values back.
    Update(Image),
    /// The row goes.
    Delete,
}

/// What becomes of an entry.
#[derive(Debug, Clone, PartialEq)]
pub enum Reversal {
    /// It is undone.
    Undo(Undo),
    /// The row is already what it was before.
    AlreadyUndone,
    /// The row was changed since, and stays as it is.
    Conflict(RevertConflict),
}

/// Why an entry cannot simply be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevertConflict {
    /// The row was changed after the run.
    Changed,
    /// The row was deleted after the run.
    Deleted,
    /// The run deleted the row, and there is one of its key again.
    CameBack,
}

impl RevertConflict {
    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Deleted => "deleted",
            Self::CameBack => "came_back",
        }
    }
}

/// Decides on one entry: `row` is the row now, `later` what happened to it after the run, oldest first.
#[must_use]
pub fn undo(step: &Step, row: Option<&Image>, later: &[Step], policy: RevertPolicy) -> Reversal {
    match decide(step, row, later) {
        Reversal::Conflict(conflict) if policy == RevertPolicy::Force => {
            by_force(step, row, later).map_or(Reversal::Conflict(conflict), Reversal::Undo)
        }
        decided => decided,
    }
}

/// Undoes an entry whose row is known to be as the entry left it.
#[must_use]
pub fn undo_unchecked(step: &Step) -> Undo {
    match step {
        Step::Insert { .. } => Undo::Delete,
        Step::Update { old, .. } => Undo::Update(old.clone()),
        Step::Delete { old } => Undo::Insert(old.clone()),
    }
}

fn decide(step: &Step, row: Option<&Image>, later: &[Step]) -> Reversal {
    match (step, row) {
        (Step::Insert { .. }, None) => Reversal::AlreadyUndone,
        (Step::Insert { new }, Some(row)) if agrees(new, row) => Reversal::Undo(Undo::Delete),
        (Step::Delete { old }, None) => Reversal::Undo(Undo::Insert(old.clone())),
        (Step::Delete { old }, Some(row)) if agrees(old, row) => Reversal::AlreadyUndone,
        (Step::Delete { .. }, Some(_)) => Reversal::Conflict(RevertConflict::CameBack),
        (Step::Update { .. }, None) => Reversal::Conflict(RevertConflict::Deleted),
        (Step::Update { old, new }, Some(row)) if agrees(new, row) => {
            if changed_since(row, later) {
                Reversal::Conflict(RevertConflict::Changed)
            } else {
                Reversal::Undo(Undo::Update(old.clone()))
            }
        }
        (Step::Update { old, .. }, Some(row)) if agrees(old, row) => Reversal::AlreadyUndone,
        (Step::Insert { .. } | Step::Update { .. }, Some(_)) => {
            Reversal::Conflict(RevertConflict::Changed)
        }
    }
}

/// Columns that only one of the two has were added or dropped in between.
fn agrees(told: &Image, row: &Image) -> bool {
    told.iter()
        .all(|(column, value)| row.get(column).is_none_or(|now| now == value))
}

/// Whether what happened later left any column otherwise than it was: changes that were taken back do not count.
fn changed_since(row: &Image, later: &[Step]) -> bool {
    let mut first = Image::new();
    for step in later {
        let old = match step {
            Step::Update { old, .. } | Step::Delete { old } => old,
            Step::Insert { .. } => continue,
        };
        for (column, value) in old {
            first.entry(column.clone()).or_insert_with(|| value.clone());
        }
    }
    !agrees(&first, row)
}

/// What makes the row what it was before the entry whatever happened to it since; `None` if nobody knows all of it.
fn by_force(step: &Step, row: Option<&Image>, later: &[Step]) -> Option<Undo> {
    match (step, row) {
        (Step::Insert { .. }, _) => Some(Undo::Delete),
        (Step::Delete { old }, Some(_)) | (Step::Update { old, .. }, Some(_)) => {
            Some(Undo::Update(old.clone()))
        }
        (Step::Delete { old }, None) => Some(Undo::Insert(old.clone())),
        (Step::Update { old, .. }, None) => {
            let last = later.iter().rev().find_map(|step| match step {
                Step::Delete { old } => Some(old.clone()),
                Step::Insert { .. } | Step::Update { .. } => None,
            });
            let mut image = last?;
            image.extend(old.clone());
            Some(Undo::Insert(image))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(text: &str) -> Image {
        serde_json::from_str(text).expect("an object")
    }

    fn insert(new: &str) -> Step {
        Step::read("INSERT", None, Some(new)).expect("a step")
    }

    fn update(old: &str, new: &str) -> Step {
        Step::read("UPDATE", Some(old), Some(new)).expect("a step")
    }

    fn delete(old: &str) -> Step {
        Step::read("DELETE", Some(old), None).expect("a step")
    }

    fn reported(step: &Step, row: Option<&str>, later: &[Step]) -> Reversal {
        undo(step, row.map(image).as_ref(), later, RevertPolicy::Report)
    }

    fn forced(step: &Step, row: Option<&str>, later: &[Step]) -> Reversal {
        undo(step, row.map(image).as_ref(), later, RevertPolicy::Force)
    }

    const ROW: &str = r#"{"id":1,"a":2,"b":3}"#;

    #[test]
    fn what_nobody_touched_is_undone() {
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
    fn what_is_already_as_before_is_left_alone() {
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
    fn rows_that_were_changed_since_are_conflicts_until_forced() {
        let changed = Reversal::Conflict(RevertConflict::Changed);
        let other = Some(r#"{"id":1,"a":2,"b":9}"#);
        assert_eq!(reported(&insert(ROW), other, &[]), changed);
        assert_eq!(
            forced(&insert(ROW), other, &[]),
            Reversal::Undo(Undo::Delete)
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
        assert_eq!(forced(&step, own, &[]), Reversal::Undo(back));

        let back = update(r#"{"id":1,"b":9}"#, r#"{"id":1,"b":3}"#);
        let undone = reported(&step, Some(ROW), &[later, back]);
        assert!(
            matches!(undone, Reversal::Undo(_)),
            "taken back is not changed"
        );
    }

    #[test]
    fn rows_that_went_or_came_back_are_conflicts_until_forced() {
        let step = update(r#"{"id":1,"a":1}"#, r#"{"id":1,"a":2}"#);
        let deleted = Reversal::Conflict(RevertConflict::Deleted);
        assert_eq!(reported(&step, None, &[delete(ROW)]), deleted);
        let back = Undo::Insert(image(r#"{"id":1,"a":1,"b":3}"#));
        assert_eq!(forced(&step, None, &[delete(ROW)]), Reversal::Undo(back));
        assert_eq!(forced(&step, None, &[]), deleted, "nobody knows `b`");
        let again = Some(r#"{"id":1,"a":5,"b":5}"#);
        let came_back = Reversal::Conflict(RevertConflict::CameBack);
        assert_eq!(reported(&delete(ROW), again, &[]), came_back);
        let back = Undo::Update(image(ROW));
        assert_eq!(forced(&delete(ROW), again, &[]), Reversal::Undo(back));
    }
}
