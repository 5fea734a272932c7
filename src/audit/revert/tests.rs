//! Decisions on one entry.

use super::*;
use crate::audit::{Key, KeyRule};

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
        later.add("1", step.clone(), &key(), Writer::Other);
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
    let decided =
        |step: &ReplayStep, revert: ReplayStep, since: &[ReplayStep], row: Option<&str>, policy| {
            let mut later = Later::default();
            let record_id = revert.row()["id"].to_string();
            later.add(&record_id, revert, &key(), Writer::Revert);
            for step in since {
                later.add("1", step.clone(), &key(), Writer::Other);
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
