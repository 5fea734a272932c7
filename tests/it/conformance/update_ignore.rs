//! Statements of MariaDB and MySQL that ignore errors: a row that does not change gets no entry.

use super::target::{Backend, Target, run};
use super::{enables, is_well};

fn with_tables(target: &Target) {
    target.execute(
        "CREATE TABLE p (id INT PRIMARY KEY); INSERT INTO p VALUES (1), (2); \
         CREATE TABLE t (id INT PRIMARY KEY, u VARCHAR(20) UNIQUE, v VARCHAR(20), n INT NOT NULL, c INT CHECK (c < 10), \
         f INT, FOREIGN KEY (f) REFERENCES p (id)); \
         INSERT INTO t VALUES (1, 'a', 'n1', 1, 1, 1), (9, 'b', 'n2', 2, 2, 2); \
         CREATE TABLE k (id VARCHAR(20) PRIMARY KEY, v INT) CHARACTER SET utf8mb4; INSERT INTO k VALUES ('a', 1), ('b', 2)",
    );
    let enabled = target.run(&["audit", "enable", "t", "p", "k"]);
    assert_eq!(enabled.code, Some(0), "{enabled}");
}

/// Returns how many entries a statement writes; afterwards rows and entries must agree.
#[track_caller]
fn entries(target: &Target, statement: &str) -> u64 {
    let before = target.count("audit_log");
    target.execute(statement);
    let reconciled = target.run(&["audit", "reconcile"]);
    assert_eq!(reconciled.code, Some(0), "{statement}\n{reconciled}");
    target.count("audit_log") - before
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn ignored_changes_get_no_entry() {
    run(Backend::Mysql, |target| {
        with_tables(&target);
        for (statement, expected) in [
            ("UPDATE IGNORE t SET u = 'a' WHERE id = 9", 0),
            ("UPDATE IGNORE t SET u = 'a', v = 'new' WHERE id = 9", 0),
            ("UPDATE IGNORE t SET id = 1 WHERE id = 9", 0),
            ("UPDATE IGNORE t SET f = 50 WHERE id = 9", 0),
            ("UPDATE IGNORE p SET id = 50 WHERE id = 2", 0),
            ("UPDATE IGNORE t SET c = 50 WHERE id = 9", 0),
            ("UPDATE IGNORE k SET id = 'a' WHERE id = 'b'", 0),
            (
                "UPDATE IGNORE t JOIN p ON p.id = t.f SET t.u = 'a' WHERE t.id = 9",
                0,
            ),
            ("DELETE IGNORE FROM p WHERE id = 2", 0),
            (
                "INSERT IGNORE INTO t VALUES (1, 'q', 'x', 1, 1, 1), (5, 'a', 'x', 1, 1, 1), (6, 's', 'x', 1, 50, 1), (7, 't', 'x', 1, 1, 99)",
                0,
            ),
            (
                "INSERT IGNORE INTO t VALUES (1, 'zz', 'x', 1, 1, 1) ON DUPLICATE KEY UPDATE id = 9",
                0,
            ),
            (
                "INSERT INTO t VALUES (1, 'zz', 'x', 1, 1, 1) ON DUPLICATE KEY UPDATE v = v",
                0,
            ),
            // Changes that are applied, possibly with adjusted values, are recorded.
            ("UPDATE IGNORE k SET id = 'B' WHERE id = 'b'", 1),
            ("UPDATE IGNORE t SET n = NULL WHERE id = 9", 1),
            ("UPDATE IGNORE t SET u = 'same'", 1),
            ("UPDATE t SET id = id + 1 ORDER BY id DESC", 2),
            ("UPDATE t SET f = 2, u = concat(u, '!')", 2),
            (
                "INSERT INTO t VALUES (2, 'zz', 'x', 1, 1, 1) ON DUPLICATE KEY UPDATE u = 'up'",
                1,
            ),
            ("REPLACE INTO t VALUES (2, 'q', 'x', 1, 1, 1)", 2),
            ("REPLACE INTO t VALUES (3, 'q', 'x', 1, 1, 1)", 2),
        ] {
            assert_eq!(entries(&target, statement), expected, "{statement}");
        }
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn accepted_rows_of_a_loaded_file_are_recorded() {
    run(Backend::Mysql, |target| {
        with_tables(&target);
        let path = target.workspace.root().join("rows.txt");
        std::fs::write(&path, "1\tq\tx\t1\t1\t1\n5\tnew\tx\t1\t1\t1\n").expect("written");
        let load = |how: &str| {
            format!(
                "LOAD DATA LOCAL INFILE '{}' {how} INTO TABLE t",
                path.display()
            )
        };
        assert_eq!(entries(&target, &load("IGNORE")), 1);
        assert_eq!(entries(&target, &load("REPLACE")), 4);
    });
}

/// The trigger reads its own table, which may have been renamed.
#[test]
#[ignore = "needs servers: scripts/test"]
fn a_renamed_table_can_be_updated() {
    run(Backend::Mysql, |target| {
        with_tables(&target);
        target.execute("RENAME TABLE k TO k2; UPDATE k2 SET id = 'c' WHERE id = 'b'");
        let last = "SELECT new_value FROM audit_log ORDER BY id DESC LIMIT 1";
        assert_eq!(target.value(last), r#"{"id":"c"}"#);
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn an_update_without_a_change_writes_no_time_of_a_change() {
    run(Backend::Mysql, |target| {
        target.execute(
            "CREATE TABLE t (id INT PRIMARY KEY, v INT, at TIMESTAMP NULL ON UPDATE CURRENT_TIMESTAMP, \
             d DATETIME(6) NULL ON UPDATE CURRENT_TIMESTAMP(6)); \
             INSERT INTO t VALUES (1, 1, '2001-02-03', '2001-02-03')",
        );
        enables(&target, "t");
        let before = target.count("audit_log");
        target.execute("UPDATE t SET v = 1; UPDATE IGNORE t SET v = 1");
        assert_eq!(target.count("audit_log"), before);
        is_well(&target);
        for change in ["v = 2", "at = '2001-02-03'", "d = NULL, v = 3", "id = 2"] {
            target.execute(&format!("UPDATE t SET {change}"));
            is_well(&target);
        }
        assert_eq!(target.count("audit_log"), before + 4);
    });
}

/// A NULL in a NOT NULL column is shown to the trigger, and stored as 0, which the row had before.
#[test]
#[ignore = "needs servers: scripts/test"]
fn an_update_of_several_tables_that_sets_null_is_recorded() {
    run(Backend::Mysql, |target| {
        target.execute(
            "CREATE TABLE t (id INT PRIMARY KEY, slot INT NOT NULL UNIQUE, v INT); INSERT INTO t VALUES (1, 0, 1), (2, 1, 1); \
             CREATE TRIGGER filled BEFORE INSERT ON t FOR EACH ROW SET NEW.v = COALESCE(NEW.v, 0)",
        );
        enables(&target, "t");
        target.execute(
            "UPDATE IGNORE t JOIN t AS o ON o.id <> t.id SET t.slot = NULL, t.v = 2 WHERE t.id = 1",
        );
        assert_eq!(target.value("SELECT slot FROM t WHERE id = 1"), "0");
        let last = "SELECT new_value FROM audit_log ORDER BY id DESC LIMIT 1";
        assert_eq!(target.value(last), r#"{"id":1,"slot":null,"v":2}"#);
        super::ends(&target, &["audit", "reconcile"], 4);
        enables(&target, "t");
        is_well(&target);
    });
}

/// Where the start of the period is part of the key, a row that is left over has the former key.
#[test]
#[ignore = "needs servers: scripts/test"]
fn an_update_of_a_portion_is_recorded() {
    run(Backend::Mysql, |target| {
        target.execute(
            "CREATE TABLE t (id INT, s DATE, e DATE, v INT, PERIOD FOR p (s, e), PRIMARY KEY (id, s)); \
             INSERT INTO t VALUES (1, '2020-01-01', '2021-01-01', 5)",
        );
        enables(&target, "t");
        target.execute("UPDATE t FOR PORTION OF p FROM '2020-05-01' TO '2020-06-01' SET v = 9");
        let last = "SELECT new_value FROM audit_log ORDER BY id DESC LIMIT 1";
        let expected = r#"{"id":1,"s":"2020-05-01","e":"2020-06-01","v":9}"#;
        assert_eq!(target.value(last), expected);
        enables(&target, "t");
        is_well(&target);
    });
}
