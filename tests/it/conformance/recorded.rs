//! A table counts as recorded from the run that recorded it on, also if it has no entries: losing its triggers is
//! reported.

use super::target::{Backend, Target, run};
use super::{ARCHIVE, ends, is_well, on_every_database};

on_every_database!(
    an_empty_table_that_loses_its_triggers_is_reported,
    an_empty_table_that_is_made_again_is_reported,
    an_empty_table_of_a_layout_that_loses_its_triggers_is_reported,
    a_new_table_with_the_name_of_a_renamed_one_is_reported,
);

const TABLE: &str = "CREATE TABLE t (id INT PRIMARY KEY, v INT)";

fn enable(target: &Target, table: &str) {
    ends(
        target,
        &[&["audit", "enable", table], &ARCHIVE[..]].concat(),
        0,
    );
}

fn drop_triggers(target: &Target, table: &str) {
    let names = match target.backend {
        Backend::Sqlite => target.rows(&format!(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{table}'"
        )),
        Backend::Postgres => target.rows(&format!(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = '{table}'::regclass AND NOT tgisinternal"
        )),
        Backend::Mysql => target.rows(&format!(
            "SELECT trigger_name FROM information_schema.triggers \
             WHERE event_object_schema = DATABASE() AND event_object_table = '{table}'"
        )),
    };
    for name in names.concat() {
        target.execute(&match target.backend {
            Backend::Sqlite => format!("DROP TRIGGER \"{name}\""),
            Backend::Postgres => format!("DROP TRIGGER \"{name}\" ON {table}"),
            Backend::Mysql => format!("DROP TRIGGER `{name}`"),
        });
    }
}

/// The table is reported as one that lost its triggers, until it is enabled.
#[track_caller]
fn is_reported(target: &Target, table: &str) {
    for command in ["status", "verify"] {
        let out = ends(target, &["audit", command], 4);
        assert!(out.contains(table), "{command}: {out}");
    }
    ends(target, &["doctor"], 1);
    enable(target, table);
    is_well(target);
}

fn an_empty_table_that_loses_its_triggers_is_reported(target: Target) {
    target.execute(TABLE);
    enable(&target, "t");
    drop_triggers(&target, "t");
    target.execute("INSERT INTO t VALUES (1, 1)");
    is_reported(&target, "t");
    assert_eq!(target.count("audit_log"), 1);
}

fn an_empty_table_that_is_made_again_is_reported(target: Target) {
    target.execute(TABLE);
    enable(&target, "t");
    target.execute("DROP TABLE t");
    target.execute(TABLE);
    is_reported(&target, "t");
    // Unless it is disabled on purpose.
    ends(
        &target,
        &[&["audit", "disable", "t"], &ARCHIVE[..]].concat(),
        0,
    );
    target.execute("DROP TABLE t");
    target.execute(TABLE);
    is_well(&target);
}

fn an_empty_table_of_a_layout_that_loses_its_triggers_is_reported(target: Target) {
    let target = target.with("srs4autism/valid/small");
    target.workspace.write("content_db/chat_history.json", "[]");
    target.imports(&[]);
    assert_eq!(target.count("chat_messages"), 0);
    drop_triggers(&target, "chat_messages");
    is_reported(&target, "chat_messages");
}

fn a_new_table_with_the_name_of_a_renamed_one_is_reported(target: Target) {
    target.execute(TABLE);
    target.execute("INSERT INTO t VALUES (1, 1)");
    enable(&target, "t");
    target.execute("ALTER TABLE t RENAME TO t_2025");
    target.execute(TABLE);
    enable(&target, "t_2025");
    target.execute("INSERT INTO t VALUES (3, 3)");
    is_reported(&target, "t");
    target.execute("UPDATE t SET v = 4; UPDATE t_2025 SET v = 5");
    is_well(&target);
}

/// The condition and the columns of a trigger decide when it fires.
#[test]
#[ignore = "needs servers: scripts/test"]
fn a_trigger_with_another_condition_is_reported() {
    run(Backend::Postgres, |target| {
        target.execute(TABLE);
        target.execute("INSERT INTO t VALUES (1, 1)");
        enable(&target, "t");
        for trigger in [
            "UPDATE ON t FOR EACH ROW WHEN (false)",
            "UPDATE ON t FOR EACH ROW WHEN (OLD.v = 7)",
            "UPDATE OF id ON t FOR EACH ROW WHEN (OLD.* *<> NEW.*)",
            "UPDATE ON t FOR EACH ROW",
        ] {
            target.execute(&format!(
                "DROP TRIGGER accession_update ON t; \
                 CREATE TRIGGER accession_update AFTER {trigger} EXECUTE FUNCTION accession_t_update(); \
                 ALTER TABLE t ENABLE ALWAYS TRIGGER accession_update"
            ));
            is_reported(&target, "t");
        }
    });
}

/// SQLite fires the trigger first that was created last.
#[test]
fn a_trigger_that_can_end_a_statement_before_its_entry_is_reported() {
    for body in ["SELECT RAISE(IGNORE)", "INSERT INTO other VALUES (NEW.v)"] {
        run(Backend::Sqlite, |target| {
            target.execute(TABLE);
            target.execute("CREATE TABLE other (v INT UNIQUE)");
            enable(&target, "t");
            let trigger = format!("CREATE TRIGGER app AFTER INSERT ON t BEGIN {body}; END");
            target.execute(&trigger);
            is_reported(&target, "t");
            target.execute("INSERT INTO t VALUES (1, 1)");
            target.tries("INSERT OR FAIL INTO t VALUES (2, 1)");
            is_well(&target);
            assert_eq!(target.count("audit_log"), target.count("t"));
        });
    }
}
