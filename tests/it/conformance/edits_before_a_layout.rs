//! Edits of another program before the layout changes: what the columns map to is different then, so the audit log decides
//! whether a row is as an import wrote it.

use super::tables_replaced::{LAYOUT, Mapped, imported, write_layout};
use super::target::Target;
use super::{enables, ends, on_every_database};

on_every_database!(
    an_edit_is_a_conflict_also_after_a_column_was_recorded,
    an_edit_that_was_recorded_later_is_a_conflict,
    rows_that_only_got_a_recorded_column_are_no_conflict,
    an_edit_that_a_revert_restored_is_a_conflict,
);

const BEFORE: Mapped<'_> = ("t", "id BIGINT PRIMARY KEY, v VARCHAR(20)", &["id", "v"]);
const AFTER: Mapped<'_> = (
    "t",
    "id BIGINT PRIMARY KEY, v VARCHAR(20), w BIGINT",
    &["id", "v", "w"],
);

fn add_column(target: &Target) {
    target.execute("ALTER TABLE t ADD COLUMN w BIGINT DEFAULT 0");
}

/// The layout maps the column `w`, too, and the import ends with this code.
#[track_caller]
fn follows(target: &Target, code: i32) {
    write_layout(target, &[AFTER]);
    let ended = target.import(&LAYOUT);
    assert_eq!(ended.code, Some(code), "{ended}");
    if code == 4 {
        assert!(ended.stderr.contains("conflict"), "{ended}");
    }
}

fn an_edit_is_a_conflict_also_after_a_column_was_recorded(target: Target) {
    imported(&target, &[BEFORE]);
    target.execute("UPDATE t SET v = 'edited' WHERE id = 11");
    add_column(&target);
    enables(&target, "t");
    follows(&target, 4);
    assert_eq!(target.value("SELECT v FROM t WHERE id = 11"), "edited");
    let kept = [&LAYOUT[..], &["--on-conflict", "keep-database"]].concat();
    target.imports(&kept);
    assert_eq!(target.value("SELECT v FROM t WHERE id = 11"), "edited");
    assert_eq!(target.value("SELECT w FROM t WHERE id = 12"), "1");
}

fn an_edit_that_was_recorded_later_is_a_conflict(target: Target) {
    imported(&target, &[BEFORE]);
    ends(&target, &["audit", "disable", "t"], 0);
    target.execute("UPDATE t SET v = 'edited' WHERE id = 11");
    enables(&target, "t");
    add_column(&target);
    enables(&target, "t");
    follows(&target, 4);
    assert_eq!(target.value("SELECT v FROM t WHERE id = 11"), "edited");
}

fn rows_that_only_got_a_recorded_column_are_no_conflict(target: Target) {
    imported(&target, &[BEFORE]);
    add_column(&target);
    enables(&target, "t");
    follows(&target, 0);
    assert_eq!(target.value("SELECT count(*) FROM t WHERE w = 1"), "2");
}

fn an_edit_that_a_revert_restored_is_a_conflict(target: Target) {
    imported(&target, &[BEFORE]);
    target.execute("UPDATE t SET v = 'edited' WHERE id = 11");
    target.workspace.write(
        "0.json",
        r#"[{"id":11,"v":"changed","w":1},{"id":12,"v":"two","w":1}]"#,
    );
    let taken = [&LAYOUT[..], &["--on-conflict", "take-file"]].concat();
    target.imports(&taken);
    let run = target.value("SELECT max(id) FROM import_runs");
    ends(&target, &["revert", &run], 0);
    assert_eq!(target.value("SELECT v FROM t WHERE id = 11"), "edited");
    add_column(&target);
    follows(&target, 4);
}
