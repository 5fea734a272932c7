//! Triggers that implement ON DELETE CASCADE and SET NULL on MySQL and MariaDB, and that another program dropped.

use super::target::{Backend, Target, run};
use super::{ends, is_well};

const CHILDREN: &str = "SELECT count(*) FROM mastered_words";

/// The names of the triggers on `profiles` that delete rows of other tables.
fn cascades(target: &Target) -> Vec<String> {
    let cascades = "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE() \
                    AND event_object_table = 'profiles' AND trigger_name LIKE '%\\_cascade\\_%' ORDER BY 1";
    target.rows(cascades).concat()
}

fn drop_cascades(target: &Target) {
    for name in cascades(target) {
        target.execute(&format!("DROP TRIGGER `{name}`"));
    }
    let delete = "DELETE FROM profiles";
    let error = target.try_execute(delete).expect_err("rows refer to it");
    assert!(error.contains("1451"), "{error}");
}

fn imported(target: Target) -> (Target, Vec<String>) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    let names = cascades(&target);
    assert_eq!(names.len(), 4);
    (target, names)
}

#[track_caller]
fn are_deleted_with_their_parents(target: &Target) {
    target.execute("BEGIN; DELETE FROM profiles; ROLLBACK");
    target.execute("DELETE FROM profiles");
    assert_eq!(target.value(CHILDREN), "0");
}

/// Also if no file changed.
#[test]
#[ignore = "needs servers: scripts/test"]
fn the_next_import_creates_dropped_and_altered_ones_again() {
    run(Backend::Mysql, |target| {
        let (target, names) = imported(target);
        drop_cascades(&target);
        let report = ends(&target, &["doctor"], 0);
        assert!(
            report.contains("missing or altered: `accession_"),
            "{report}"
        );
        assert!(names.iter().all(|name| report.contains(name)), "{report}");
        let planned = target.imports(&["--dry-run"]);
        assert!(planned.stderr.contains("the database lacks `"), "{planned}");
        assert!(cascades(&target).is_empty());
        let repaired = target.imports(&[]);
        let words = "without the trigger, another program cannot delete";
        assert!(repaired.stderr.contains(words), "{repaired}");
        assert_eq!(cascades(&target), names);
        // Altered.
        target.execute(&format!(
            "CREATE OR REPLACE TRIGGER `{}` BEFORE DELETE ON profiles FOR EACH ROW SET @nothing = 1",
            names[0]
        ));
        assert!(target.imports(&[]).stderr.contains(&names[0]));
        let unchanged = target.imports(&[]);
        assert!(!unchanged.stderr.contains("warning"), "{unchanged}");
        is_well(&target);
        are_deleted_with_their_parents(&target);
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn an_import_of_changed_files_creates_them_again() {
    run(Backend::Mysql, |target| {
        let (target, names) = imported(target);
        drop_cascades(&target);
        let repaired = target.imports(&["--reread"]);
        assert!(repaired.stderr.contains(&names[0]), "{repaired}");
        assert_eq!(cascades(&target), names);
        are_deleted_with_their_parents(&target);
    });
}

/// `migrate down` drops all triggers.
#[test]
#[ignore = "needs servers: scripts/test"]
fn an_import_after_the_ledger_was_removed_creates_them_again() {
    run(Backend::Mysql, |target| {
        let (target, names) = imported(target);
        target.removes_ledger();
        assert!(cascades(&target).is_empty());
        ends(&target, &["migrate", "up"], 0);
        target.imports(&[]);
        assert_eq!(cascades(&target), names);
        are_deleted_with_their_parents(&target);
    });
}

/// Its own foreign key says what happens to its rows.
#[test]
#[ignore = "needs servers: scripts/test"]
fn a_table_of_the_application_gets_none() {
    run(Backend::Mysql, |target| {
        let (target, names) = imported(target);
        target.execute("ALTER TABLE mastered_words DEFAULT COLLATE utf8mb4_general_ci");
        drop_cascades(&target);
        target.imports(&[]);
        let others = names.iter().filter(|name| !name.contains("mastered_words"));
        assert_eq!(cascades(&target), others.cloned().collect::<Vec<_>>());
        assert!(!target.imports(&[]).stderr.contains("warning"));
    });
}
