//! Triggers of the application that write to the row that fired them: entries are in the order of the changes.

use super::target::{Backend, Target, run};
use super::{ends, is_well, on_every_database};

on_every_database!(a_later_trigger_is_described_alike_by_all_commands);

fn stamps(target: &Target, trigger: &str) {
    target.execute(&format!(
        "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ \
           BEGIN UPDATE t SET v = v || '!' WHERE id = NEW.id AND v NOT LIKE '%!'; RETURN NULL; END $$; \
         CREATE TRIGGER {trigger} AFTER INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION stamp()"
    ));
}

const TABLE: &str = "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(10))";

#[track_caller]
fn are_in_order(target: &Target) {
    target.execute("INSERT INTO t VALUES (1, 'a'), (2, 'b'); UPDATE t SET v = 'c' WHERE id = 1");
    let of_one = "SELECT action || ' ' || COALESCE(new_value, '') FROM audit_log WHERE record_id = '1' ORDER BY id";
    assert_eq!(
        target.rows(of_one).concat(),
        [
            r#"INSERT {"id":1,"v":"a"}"#,
            r#"UPDATE {"id":1,"v":"a!"}"#,
            r#"UPDATE {"id":1,"v":"c"}"#,
            r#"UPDATE {"id":1,"v":"c!"}"#
        ]
    );
    ends(target, &["audit", "history", "t", "1"], 0);
    is_well(target);
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_row_that_a_trigger_changes_when_it_is_inserted_was_inserted_first() {
    run(Backend::Postgres, |target| {
        target.execute(TABLE);
        stamps(&target, "stamp");
        ends(&target, &["audit", "enable", "t"], 0);
        is_well(&target);
        are_in_order(&target);
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_trigger_that_is_made_later_is_reported_until_the_order_is_right() {
    run(Backend::Postgres, |target| {
        target.execute(TABLE);
        ends(&target, &["audit", "enable", "t"], 0);
        stamps(&target, "stamp");
        ends(&target, &["doctor"], 1);
        for command in ["status", "verify"] {
            let out = ends(&target, &["audit", command], 4);
            assert!(out.contains("`stamp` of `t` was created later"), "{out}");
            assert!(!out.contains("accession_insert"), "{out}");
        }
        ends(&target, &["audit", "enable", "t"], 0);
        is_well(&target);
        are_in_order(&target);
    });
}

/// It is not one of the audit triggers, and they are as they should be.
fn a_later_trigger_is_described_alike_by_all_commands(target: Target) {
    let reported = |expected: Option<&str>| {
        let codes = if expected.is_some() {
            [1, 4, 4]
        } else {
            [0; 3]
        };
        let commands = [&["doctor"][..], &["audit", "status"], &["audit", "verify"]];
        for (command, code) in commands.into_iter().zip(codes) {
            let out = ends(&target, command, code);
            assert!(out.contains(expected.unwrap_or_default()), "{out}");
            for other in ["missing", "copied", "outdated"] {
                assert!(!out.contains(other), "{out}");
            }
        }
    };
    target.execute("CREATE TABLE seen (id INT); CREATE TABLE t (id INT PRIMARY KEY, v INT)");
    ends(&target, &["audit", "enable", "t"], 0);
    reported(None);
    target.execute(match target.backend {
        Backend::Sqlite => {
            "CREATE TRIGGER stamp AFTER INSERT ON t BEGIN INSERT INTO seen VALUES (NEW.id); END"
        }
        Backend::Mysql => {
            "CREATE TRIGGER stamp AFTER INSERT ON t FOR EACH ROW INSERT INTO seen VALUES (NEW.id)"
        }
        Backend::Postgres => {
            "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ \
               BEGIN INSERT INTO seen VALUES (NEW.id); RETURN NULL; END $$; \
             CREATE TRIGGER stamp AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION stamp()"
        }
    });
    // There it cannot change its own table, so the order does not matter.
    reported(match target.backend {
        Backend::Mysql => None,
        Backend::Sqlite | Backend::Postgres => {
            Some("`stamp` of `t` was created later and fires before")
        }
    });
    ends(&target, &["audit", "enable", "t"], 0);
    reported(None);
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_trigger_that_fires_before_ours_is_named() {
    run(Backend::Postgres, |target| {
        target.execute(TABLE);
        ends(&target, &["audit", "enable", "t"], 0);
        stamps(&target, "a_stamp");
        ends(&target, &["audit", "enable", "t"], 0);
        let out = ends(&target, &["doctor"], 0);
        assert!(out.contains("a_stamp"), "{out}");
        target.execute("ALTER TRIGGER a_stamp ON t RENAME TO stamp");
        let out = ends(&target, &["doctor"], 0);
        assert!(!out.contains("stamp"), "{out}");
        are_in_order(&target);
    });
}
