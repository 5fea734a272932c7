//! Columns that another program gives another type, and keys that it changes, while a table is audited: until the
//! triggers are recreated, entries stay well-formed, and every check reports the table.

use serde_json::Value;

use super::target::{Backend, Target, run};
use super::{ARCHIVE, audit, enables, ends, is_well, on_every_database};

on_every_database!(
    a_changed_key_is_reported_and_recorded_again,
    a_disabled_table_is_in_its_own_log
);

/// Every check reports the table.
#[track_caller]
fn is_reported(target: &Target, table: &str) {
    for (arguments, code) in [
        (&["doctor"][..], 1),
        (&["audit", "status"], 4),
        (&["audit", "verify"], 4),
    ] {
        let out = ends(target, arguments, code);
        assert!(out.contains(&format!("`{table}`")), "{table}\n{out}");
    }
}

fn a_changed_key_is_reported_and_recorded_again(target: Target) {
    target.execute(
        "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, u INT NOT NULL UNIQUE, v VARCHAR(9)); \
         INSERT INTO t VALUES (1, 11, 'a'), (2, 12, 'b')",
    );
    enables(&target, "t");
    is_well(&target);
    target.execute(match target.backend {
        Backend::Sqlite => {
            "PRAGMA writable_schema = ON; \
             UPDATE sqlite_master SET sql = 'CREATE TABLE t (id INT NOT NULL UNIQUE, u INT NOT NULL PRIMARY KEY, v VARCHAR(9))' \
             WHERE name = 't'; PRAGMA writable_schema = OFF"
        }
        Backend::Mysql => "ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (u)",
        Backend::Postgres => "ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (u)",
    });
    target.execute("UPDATE t SET v = 'c' WHERE u = 11");
    is_reported(&target, "t");
    // Other commands that write leave it to the user.
    ends(&target, &[&["audit", "seal"], &ARCHIVE[..]].concat(), 0);
    is_reported(&target, "t");
    ends(&target, &["doctor", "--fix"], 0);
    is_well(&target);
    target.execute("DELETE FROM t WHERE u = 12");
    let last = "SELECT record_id FROM audit_log ORDER BY id DESC LIMIT 1";
    assert_eq!(target.value(last), "12");
    is_well(&target);
}

/// The types that MariaDB's columns have first, with a value, and the values that they get with each type afterwards.
const BEFORE: [(&str, &str); 9] = [
    ("INT", "5"),
    ("BIGINT UNSIGNED", "5"),
    ("DOUBLE", "5"),
    ("FLOAT", "5"),
    ("YEAR", "2001"),
    ("VARCHAR(40)", "'2001'"),
    ("DATETIME(6)", "'2001-02-03 04:05:06'"),
    ("TIMESTAMP NULL", "'2001-02-03 04:05:06'"),
    ("BLOB", "'2001'"),
];

const AFTER: [(&str, &str); 12] = [
    ("VARCHAR(60)", "'7,\"z\":999'"),
    ("TEXT", "'a\"b'"),
    ("VARBINARY(60)", "X'FF00'"),
    ("BLOB", "X'FE'"),
    ("BIT(64)", "X'372C227A223A39'"),
    ("INT ZEROFILL", "7"),
    ("YEAR", "0"),
    ("TIME(3)", "'-01:02:03'"),
    ("DATE", "'2001-02-04'"),
    ("DATETIME", "'1801-02-04 05:06:07'"),
    ("JSON", "'[7, {\"z\": 9}]'"),
    ("DECIMAL(20, 3)", "-7.5"),
];

#[test]
#[ignore = "needs servers: scripts/test"]
fn entries_of_changed_types_are_well_formed() {
    run(Backend::Mysql, |target| {
        let mut columns = Vec::new();
        for (b, before) in BEFORE.into_iter().enumerate() {
            for (a, after) in AFTER.into_iter().enumerate() {
                columns.push((format!("c_{b}_{a}"), before, after));
            }
        }
        type Column = (
            String,
            (&'static str, &'static str),
            (&'static str, &'static str),
        );
        let list = |text: &dyn Fn(&Column) -> String| {
            columns.iter().map(text).collect::<Vec<_>>().join(", ")
        };
        let after = list(&|(_, _, (_, value))| (*value).to_owned());
        target.execute(&format!(
            "CREATE TABLE t (id INT PRIMARY KEY, {}); INSERT INTO t VALUES (1, {})",
            list(&|(name, (ty, _), _)| format!("{name} {ty}")),
            list(&|(_, (_, value), _)| (*value).to_owned()),
        ));
        enables(&target, "t");
        // Not every value can be converted, so there is none.
        target.execute(&format!(
            "UPDATE t SET {}; ALTER TABLE t {}; UPDATE t SET {}; INSERT INTO t VALUES (2, {after}); DELETE FROM t WHERE id = 2",
            list(&|(name, ..)| format!("{name} = NULL")),
            list(&|(name, _, (ty, _))| format!("MODIFY {name} {ty}")),
            list(&|(name, _, (_, value))| format!("{name} = {value}")),
        ));
        let images = target.rows(
            "SELECT action, image FROM (SELECT id, action, old_value AS image FROM audit_log \
             UNION ALL SELECT id, action, new_value FROM audit_log) AS images WHERE image IS NOT NULL ORDER BY id",
        );
        let actions: Vec<&str> = images.iter().map(|image| image[0].as_str()).collect();
        assert_eq!(
            actions.join(" "),
            "INSERT UPDATE UPDATE UPDATE UPDATE INSERT DELETE"
        );
        for image in &images {
            let parsed: Result<Value, _> = serde_json::from_str(&image[1]);
            let parsed = parsed.unwrap_or_else(|error| panic!("{error}: {image:?}"));
            let members = parsed.as_object().expect("an object");
            assert_eq!(members.len(), 1 + columns.len(), "{image:?}");
            assert!(!members.contains_key("z"), "{image:?}");
        }
        is_reported(&target, "t");
        ends(&target, &[&["audit", "seal"], &ARCHIVE[..]].concat(), 0);
        is_reported(&target, "t");
        enables(&target, "t");
        is_well(&target);
    });
}

/// NaN is no JSON.
#[test]
#[ignore = "needs servers: scripts/test"]
fn numbers_that_can_be_nan_are_well_formed() {
    run(Backend::Postgres, |target| {
        for (number, ty) in ["NUMERIC", "REAL", "DOUBLE PRECISION"].iter().enumerate() {
            let table = format!("t_{number}");
            target.execute(&format!("CREATE TABLE {table} (id INT PRIMARY KEY, w INT)"));
            enables(&target, &table);
            target.execute(&format!(
                "ALTER TABLE {table} ALTER w TYPE {ty}; INSERT INTO {table} VALUES (1, 'NaN'); UPDATE {table} SET w = 1.5; \
                 UPDATE {table} SET w = 'NaN'"
            ));
            let images = target.rows(
                "SELECT COALESCE(old_value, '{}'), new_value FROM audit_log WHERE new_value IS NOT NULL",
            );
            for image in images.concat() {
                let parsed: Result<Value, _> = serde_json::from_str(&image);
                assert!(parsed.is_ok(), "{image}");
            }
            is_reported(&target, &table);
            enables(&target, &table);
            is_well(&target);
        }
    });
}

/// A key of bytes can be no text, of which there would be no record id.
#[test]
#[ignore = "needs servers: scripts/test"]
fn keys_of_changed_types_do_not_make_writes_fail() {
    run(Backend::Mysql, |target| {
        let types = ["VARCHAR(20)", "INT", "FLOAT", "DATETIME(6)", "TIMESTAMP"];
        for (number, before) in types.into_iter().enumerate() {
            target.execute(&format!(
                "CREATE TABLE k_{number} (k {before} NOT NULL PRIMARY KEY, v INT)"
            ));
        }
        ends(
            &target,
            &[&["audit", "enable", "--all"], &ARCHIVE[..]].concat(),
            0,
        );
        for number in 0..types.len() {
            target.execute(&format!(
                "ALTER TABLE k_{number} MODIFY k VARBINARY(20) NOT NULL; INSERT INTO k_{number} VALUES (X'FF00', 1); \
                 UPDATE k_{number} SET v = 2, k = X'FE'; DELETE FROM k_{number}; \
                 ALTER TABLE k_{number} MODIFY k VARCHAR(20) NOT NULL; INSERT INTO k_{number} VALUES ('a,\"b\"', 1); \
                 DELETE FROM k_{number}; ALTER TABLE k_{number} MODIFY k BLOB NOT NULL, DROP PRIMARY KEY, ADD PRIMARY KEY (k(9)); \
                 INSERT INTO k_{number} VALUES (X'FF00', 1)"
            ));
        }
        ends(
            &target,
            &[&["audit", "enable", "--all"], &ARCHIVE[..]].concat(),
            0,
        );
        is_well(&target);
    });
}

/// `audit log --table` also lists the runs that changed whether the table is recorded.
fn a_disabled_table_is_in_its_own_log(target: Target) {
    target.execute(
        "CREATE TABLE t (id INT NOT NULL PRIMARY KEY); CREATE TABLE u (id INT NOT NULL PRIMARY KEY)",
    );
    enables(&target, "t");
    enables(&target, "u");
    target.execute("INSERT INTO t VALUES (1)");
    let (_, disabled) = audit(&target, &[&["disable", "t"], &ARCHIVE[..]].concat());
    let lines = |arguments: &[&str]| {
        let (_, log) = audit(&target, &[&["log"], arguments].concat());
        let lines = log["lines"].as_array().expect("an array").clone();
        let run = |line: &Value| line["run"].as_str().map(str::to_owned);
        lines.iter().map(run).collect::<Vec<_>>()
    };
    let own = lines(&["--table", "t"]);
    assert_eq!(own.len(), 3, "{own:?}");
    assert_eq!(own[0].as_deref(), disabled["run"].as_str(), "{disabled:#}");
    assert_eq!(lines(&["--table", "u"]).len(), 1);
    assert_eq!(lines(&[]).len(), 4);
}
