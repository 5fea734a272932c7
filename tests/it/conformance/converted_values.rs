//! SQLite converts values so that triggers see them differently from the table: foreign keys before the triggers
//! AFTER a change, defaults and generated columns after those BEFORE it.

use super::target::{Backend, Target, run};
use super::{ARCHIVE, audit, ends, is_well};

/// Creates the tables, records them all, and executes statements as another program.
fn changed(target: &Target, tables: &str, statements: &str) {
    target.execute(tables);
    ends(
        target,
        &[&["audit", "enable", "--all"], &ARCHIVE[..]].concat(),
        0,
    );
    target.execute(&format!("PRAGMA foreign_keys = ON; {statements}"));
}

/// The entries, each as action, record and values.
fn entries(target: &Target) -> Vec<String> {
    let entries = target.rows(
        "SELECT action, record_id, COALESCE(old_value, '-'), COALESCE(new_value, '-') FROM audit_log ORDER BY id",
    );
    entries.iter().map(|entry| entry.join(" ")).collect()
}

#[track_caller]
fn agrees(target: &Target) {
    let (code, result) = audit(target, &["reconcile"]);
    assert_eq!(code, Some(0), "{result:#}");
    is_well(target);
}

/// A table to which columns of other types refer, and those columns, with an index.
fn referred(parent: &str, child: &str) -> String {
    format!(
        "CREATE TABLE p (code {parent} PRIMARY KEY, a UNIQUE, v){}; \
         CREATE TABLE c (id INTEGER PRIMARY KEY, code {child} REFERENCES p (code), a INTEGER REFERENCES p (a)); \
         CREATE INDEX c_code ON c (code); CREATE INDEX c_a ON c (a)",
        if parent == "TEXT NOT NULL" {
            " WITHOUT ROWID"
        } else {
            ""
        }
    )
}

#[test]
fn old_values_that_a_foreign_key_converts_are_recorded_as_they_were() {
    for parent in ["TEXT", "TEXT NOT NULL"] {
        for child in ["INTEGER", "REAL", "NUMERIC"] {
            run(Backend::Sqlite, |target| {
                changed(
                    &target,
                    &referred(parent, child),
                    "INSERT INTO p VALUES ('007', '1', 'a'), ('7', 1, 'b'), ('x', 2.0, 'c'); \
                     DELETE FROM p WHERE code = '007'; UPDATE p SET code = code; UPDATE p SET code = '08' WHERE code = '7'; \
                     UPDATE p SET a = '2' WHERE code = '08'; UPDATE p SET a = 4 WHERE code = '08'; DELETE FROM p",
                );
                let found = entries(&target);
                let mut deleted = [
                    r#"DELETE 08 {"code":"08","a":4,"v":"b"} -"#,
                    r#"DELETE x {"code":"x","a":2.0,"v":"c"} -"#,
                ];
                if parent == "TEXT" {
                    // The order in which SQLite deletes rows is its own.
                    deleted.sort_by_key(|entry| found.iter().position(|one| one == entry));
                }
                assert_eq!(
                    found[3..],
                    [
                        r#"DELETE 007 {"code":"007","a":"1","v":"a"} -"#,
                        r#"UPDATE 7 {"code":"7"} {"code":"08"}"#,
                        r#"UPDATE 08 {"code":"08","a":1} {"code":"08","a":"2"}"#,
                        r#"UPDATE 08 {"code":"08","a":"2"} {"code":"08","a":4}"#,
                        deleted[0],
                        deleted[1],
                    ],
                    "{parent} {child}"
                );
                assert_eq!(target.count("audit_replaced"), 0);
                agrees(&target);
            });
        }
    }
}

#[test]
fn new_values_that_a_deferred_foreign_key_converts_are_recorded_as_they_are() {
    for parent in ["TEXT", "TEXT NOT NULL"] {
        run(Backend::Sqlite, |target| {
            changed(
                &target,
                &referred(parent, "INTEGER"),
                "BEGIN; PRAGMA defer_foreign_keys = ON; INSERT INTO c VALUES (1, 9, NULL); \
                 INSERT INTO p VALUES ('009', NULL, 1); INSERT INTO p VALUES ('9', NULL, 2); COMMIT; \
                 DELETE FROM c; REPLACE INTO p VALUES ('009', NULL, 3); \
                 PRAGMA recursive_triggers = ON; REPLACE INTO p VALUES ('009', NULL, 4)",
            );
            assert_eq!(
                entries(&target)[1..],
                [
                    r#"INSERT 009 - {"code":"009","a":null,"v":1}"#,
                    r#"INSERT 9 - {"code":"9","a":null,"v":2}"#,
                    r#"DELETE 1 {"id":1,"code":9,"a":null} -"#,
                    r#"DELETE 009 {"code":"009","a":null,"v":1} -"#,
                    r#"INSERT 009 - {"code":"009","a":null,"v":3}"#,
                    r#"DELETE 009 {"code":"009","a":null,"v":3} -"#,
                    r#"INSERT 009 - {"code":"009","a":null,"v":4}"#,
                ],
                "{parent}"
            );
            agrees(&target);
        });
    }
}

#[test]
fn a_chain_of_cascades_is_recorded_as_it_was() {
    run(Backend::Sqlite, |target| {
        changed(
            &target,
            "CREATE TABLE tree (code TEXT PRIMARY KEY, up INTEGER REFERENCES tree (code) ON DELETE CASCADE); \
             CREATE INDEX tree_up ON tree (up)",
            "WITH RECURSIVE n (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 300) \
             INSERT INTO tree SELECT value, nullif(value - 1, 0) FROM n",
        );
        target.execute("PRAGMA foreign_keys = ON; DELETE FROM tree WHERE code = '1'");
        let strings = "SELECT count(*) FROM audit_log WHERE action = 'DELETE' AND old_value LIKE '{\"code\":\"%'";
        assert_eq!(target.value(strings), "300");
        agrees(&target);
    });
}

/// Another program creates the table that refers, and drops it.
#[test]
fn triggers_follow_the_columns_that_refer_to_a_table() {
    run(Backend::Sqlite, |target| {
        let child = "CREATE TABLE c (id INTEGER PRIMARY KEY, code INTEGER REFERENCES p); CREATE INDEX i ON c (code)";
        changed(&target, "CREATE TABLE p (code TEXT PRIMARY KEY)", child);
        let deletion = "PRAGMA foreign_keys = ON; INSERT INTO p VALUES ('007'); DELETE FROM p";
        for change in ["DROP TABLE c", child] {
            ends(&target, &["audit", "verify"], 4);
            let (_, status) = audit(&target, &["status"]);
            let faulty = format!("{status}");
            assert!(faulty.contains("accession_p delete"), "{faulty}");
            target.execute("CREATE TABLE IF NOT EXISTS other (id INTEGER PRIMARY KEY)");
            // Any command that writes.
            ends(
                &target,
                &[&["audit", "enable", "other"], &ARCHIVE[..]].concat(),
                0,
            );
            target.execute("DROP TABLE other");
            ends(
                &target,
                &[&["audit", "disable", "other"], &ARCHIVE[..]].concat(),
                0,
            );
            ends(&target, &["audit", "verify"], 0);
            target.execute(deletion);
            let last = entries(&target).pop();
            assert_eq!(last.as_deref(), Some(r#"DELETE 007 {"code":"007"} -"#));
            agrees(&target);
            target.execute(change);
        }
    });
}

#[test]
fn keys_that_are_equal_but_not_the_same_are_replaced() {
    run(Backend::Sqlite, |target| {
        changed(
            &target,
            "CREATE TABLE t (k PRIMARY KEY ON CONFLICT REPLACE, v) WITHOUT ROWID",
            "INSERT INTO t VALUES (1, 'a'); REPLACE INTO t VALUES (1.0, 'b'); INSERT INTO t VALUES (2, 'c'); \
             UPDATE t SET k = k + 1",
        );
        assert_eq!(
            entries(&target),
            [
                r#"INSERT 1 - {"k":1,"v":"a"}"#,
                r#"DELETE 1 {"k":1,"v":"a"} -"#,
                r#"INSERT 1.0 - {"k":1.0,"v":"b"}"#,
                r#"INSERT 2 - {"k":2,"v":"c"}"#,
                r#"DELETE 2 {"k":2,"v":"c"} -"#,
                r#"UPDATE 1.0 {"k":1.0} {"k":2.0}"#,
                r#"UPDATE 2.0 {"k":2.0} {"k":3.0}"#,
            ]
        );
        agrees(&target);
    });
}

#[test]
fn defaults_and_generated_values_are_compared_as_they_are_stored() {
    run(Backend::Sqlite, |target| {
        changed(
            &target,
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a REAL NOT NULL DEFAULT 3); CREATE UNIQUE INDEX i ON t (lower(a)); \
             CREATE TABLE g (id INTEGER PRIMARY KEY, a TEXT, g INT AS (a || '.0')); CREATE UNIQUE INDEX j ON g (g || 'x')",
            "INSERT INTO t VALUES (1, 3); REPLACE INTO t VALUES (2, NULL); \
             INSERT INTO g (id, a) VALUES (1, '1'), (2, '2'); REPLACE INTO g (id, a) VALUES (3, '1.0'); \
             UPDATE OR REPLACE g SET a = 2 WHERE id = 3",
        );
        let deleted =
            "SELECT table_name, record_id FROM audit_log WHERE action = 'DELETE' ORDER BY id";
        assert_eq!(target.rows(deleted), [["t", "1"], ["g", "2"]]);
        agrees(&target);
    });
}

/// Expressions and conditions of unique indexes compare columns with their affinity.
#[test]
fn rows_that_replace_deletes_are_recorded_if_an_index_compares_values() {
    const REPLACE: &str =
        "INSERT INTO t VALUES (1, 'X', 1); REPLACE INTO t (k, a, b) VALUES (2, 'X', 1)";
    let cases = [
        ("b BOOLEAN", "(a) WHERE b = '1'", REPLACE),
        ("b INT", "(a) WHERE b > '0'", REPLACE),
        ("b INT", "(a, b IN ('1', '2'))", REPLACE),
        ("b INT", "(a, CASE b WHEN '1' THEN 'one' END)", REPLACE),
        ("b REAL", "(b > '0', a)", REPLACE),
        (
            "b TEXT",
            "(a) WHERE b = 1",
            "INSERT INTO t VALUES (1, 'X', 1), (2, 'Y', 1); UPDATE OR REPLACE t SET a = 'X' WHERE k = 2",
        ),
        (
            "b INT",
            "(a, k > 0)",
            "INSERT INTO t VALUES (1, 'X', 1); REPLACE INTO t (a) VALUES ('X')",
        ),
        (
            "b INT",
            "(a) WHERE k > 0",
            "INSERT INTO t VALUES (1, 'X', 1); REPLACE INTO t (a) VALUES ('X')",
        ),
    ];
    for (column, index, statements) in cases {
        run(Backend::Sqlite, |target| {
            let tables = format!(
                "CREATE TABLE t (k INTEGER PRIMARY KEY, a TEXT, {column}); CREATE UNIQUE INDEX u ON t {index}"
            );
            changed(&target, &tables, statements);
            let found = entries(&target);
            let deletes = found.iter().filter(|entry| entry.starts_with("DELETE 1 "));
            assert_eq!(deletes.count(), 1, "{column} {index}: {found:?}");
            agrees(&target);
        });
    }
}

#[test]
fn a_generated_column_that_compares_values_is_computed_as_it_will_be() {
    for expression in ["b > '0'", "CASE b WHEN '1' THEN 'one' END"] {
        run(Backend::Sqlite, |target| {
            let tables = format!(
                "CREATE TABLE t (k INTEGER PRIMARY KEY, a TEXT, b INT, g AS ({expression}), UNIQUE (a, g))"
            );
            let statements = "INSERT INTO t VALUES (1, 'X', 1), (2, 'X', 0); UPDATE OR REPLACE t SET b = 1 WHERE k = 2";
            changed(&target, &tables, statements);
            let found = entries(&target);
            let deletes = found.iter().filter(|entry| entry.starts_with("DELETE 1 "));
            assert_eq!(deletes.count(), 1, "{expression}: {found:?}");
            agrees(&target);
        });
    }
}

/// Triggers with another text than this version writes belong to an altered table, or were altered themselves.
#[test]
fn an_altered_trigger_is_not_taken_for_an_older_version() {
    run(Backend::Sqlite, |target| {
        changed(
            &target,
            "CREATE TABLE t (id INTEGER PRIMARY KEY, v)",
            "INSERT INTO t VALUES (1, 1)",
        );
        let triggers = target
            .rows("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 't'");
        for trigger in triggers {
            target.execute(&format!("DROP TRIGGER \"{}\"", trigger[0]));
            if ["insert", "update", "delete"]
                .iter()
                .any(|event| trigger[0].ends_with(&format!(" {event}")))
            {
                let (event, body) = trigger[1].split_once(" BEGIN").expect("a trigger");
                let event = event.split_once(" WHEN ").map_or(event, |(event, _)| event);
                target.execute(&format!("{event} WHEN 0 BEGIN{body}"));
            }
        }
        target.execute("UPDATE t SET v = 666; UPDATE t SET v = 1");
        let seal = [&["audit", "seal"], &ARCHIVE[..]].concat();
        for command in [
            &["audit", "verify"][..],
            &seal,
            &["audit", "verify"],
            &["audit", "status"],
        ] {
            let expected = if command[1] == "seal" { 0 } else { 4 };
            ends(&target, command, expected);
        }
    });
}
