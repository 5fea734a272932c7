//! Mistakes in tables.sql: each results in one problem at its line.

use super::*;

#[test]
fn syntax_errors_are_reported_at_their_line() {
    sql_mistake("note TEXT", "note TEXT TEXT", "expected");
    sql_mistake("CREATE TABLE words", "CREATE TABEL words", "expected");
    sql_mistake(
        "CREATE TABLE words",
        "DROP TABLE x; CREATE TABLE words",
        "`DROP TABLE`",
    );
    sql_mistake("note TEXT", "note 'TEXT", "unterminated");
}

#[test]
fn types_that_are_not_portable_are_rejected() {
    for ty in [
        "NUMERIC(3)",
        "MONEY",
        "FLOAT",
        "TIME",
        "VARCHAR(MAX)",
        "TIMESTAMP(3)",
        "INT UNSIGNED",
    ] {
        sql_mistake("note TEXT", &format!("note {ty}"), "is not portable");
    }
    sql_mistake("note TEXT", "note", "has no type");
}

#[test]
fn clauses_that_are_not_portable_are_rejected() {
    sql_mistake("note TEXT", "note TEXT CHECK (note <> '')", "`CHECK");
    sql_mistake("note TEXT", "CHECK (name <> '')", "`CHECK");
    sql_mistake(
        "note TEXT",
        "note TEXT GENERATED ALWAYS AS (name)",
        "is not portable",
    );
    sql_mistake("note TEXT", "note TEXT COLLATE nocase", "is not portable");
    sql_mistake(
        "ON DELETE CASCADE",
        "ON UPDATE CASCADE",
        "ON UPDATE is not portable",
    );
    sql_mistake("ON DELETE CASCADE", "ON DELETE SET DEFAULT", "SET DEFAULT");
    sql_mistake("ON DELETE CASCADE", "DEFERRABLE", "DEFERRABLE");
    let created = |tail: &str| format!("{SQL}CREATE TABLE t (id TEXT PRIMARY KEY) {tail};");
    for tail in ["WITHOUT ROWID", "STRICT"] {
        let found = problems(&files(TOML, &created(tail), SCHEMA));
        assert_one(&found, "tables.sql", 12, "has unsupported clauses");
    }
}

#[test]
fn triggers_are_rejected_without_parsing_their_body() {
    let sql =
        format!("{SQL}CREATE TRIGGER t AFTER INSERT ON people BEGIN SELECT 1; SELECT 2; END;");
    let found = problems(&files(TOML, &sql, SCHEMA));
    assert_one(&found, "tables.sql", 12, "a trigger is not portable");
}

#[test]
fn names_must_be_available() {
    sql_mistake(
        "note TEXT",
        "note TEXT, Name TEXT",
        "column `Name` is defined twice",
    );
    let with = |sql: &str| problems(&files(TOML, &format!("{SQL}{sql}"), SCHEMA));
    for (sql, message) in [
        (
            "CREATE TABLE rejects (id TEXT PRIMARY KEY);",
            "`rejects` is a table of the ledger",
        ),
        (
            "CREATE INDEX audit_log_1 ON people (name);",
            "ledger's table `audit_log`",
        ),
        (
            "CREATE TABLE sqlite_x (id TEXT PRIMARY KEY);",
            "reserved by SQLite",
        ),
        (
            "CREATE TABLE People (id TEXT PRIMARY KEY);",
            "is created twice",
        ),
        ("CREATE TABLE x.y (id TEXT PRIMARY KEY);", "qualified name"),
        ("CREATE INDEX words ON people (name);", "is used twice"),
    ] {
        assert_one(&with(sql), "tables.sql", 12, message);
    }
    let long = format!("CREATE TABLE {} (id TEXT PRIMARY KEY);", "x".repeat(64));
    assert_one(&with(&long), "tables.sql", 12, "longer than 63 bytes");
}

#[test]
fn a_column_may_have_the_name_of_a_ledger_table() {
    let sql = SQL.replace(
        "note TEXT",
        "conversions TEXT, audit_log_id TEXT, rejects TEXT",
    );
    assert!(check(&files(TOML, &sql, SCHEMA)).is_ok());
}

#[test]
fn foreign_keys_must_reference_a_key() {
    sql_mistake(
        "REFERENCES people (id)",
        "REFERENCES person (id)",
        "there is no table `person`",
    );
    sql_mistake(
        "REFERENCES people (id)",
        "REFERENCES people (key)",
        "has no column `key`",
    );
    sql_mistake(
        "REFERENCES people (id)",
        "REFERENCES people (name)",
        "`name` is not a key",
    );
    sql_mistake(
        "ON DELETE CASCADE",
        "ON DELETE SET NULL",
        "which is NOT NULL",
    );
    sql_mistake(
        "person_id TEXT NOT NULL REFERENCES",
        "person_id INTEGER NOT NULL REFERENCES",
        "refers to `people.id`, which is TEXT",
    );
    let circle = "CREATE TABLE a (id TEXT PRIMARY KEY, b TEXT REFERENCES b);
                  CREATE TABLE b (id TEXT PRIMARY KEY, a TEXT REFERENCES a);";
    let found = problems(&files(TOML, &format!("{SQL}{circle}"), SCHEMA));
    assert_one(&found, "tables.sql", 12, "`a`, `b` form a cycle");
}

#[test]
fn keys_and_indexes_need_comparable_columns() {
    let with = |sql: &str| problems(&files(TOML, &format!("{SQL}{sql}"), SCHEMA));
    for (sql, message) in [
        (
            "CREATE INDEX i ON peple (name);",
            "there is no table `peple`",
        ),
        ("CREATE INDEX i ON people (nam);", "has no column `nam`"),
        (
            "CREATE INDEX i ON people (lower(name));",
            "is not a plain column",
        ),
        (
            "CREATE INDEX i ON people (name) WHERE name = '';",
            "has unsupported clauses",
        ),
        (
            "CREATE TABLE t (id JSON PRIMARY KEY);",
            "cannot be part of a key",
        ),
        ("CREATE TABLE t (id TEXT);", "has no primary key"),
        (
            "CREATE TABLE t (a TEXT PRIMARY KEY, b TEXT PRIMARY KEY);",
            "two primary keys",
        ),
        (
            "CREATE TABLE t (a TEXT PRIMARY KEY AUTOINCREMENT);",
            "AUTOINCREMENT is only allowed",
        ),
    ] {
        assert_one(&with(sql), "tables.sql", 12, message);
    }
}

#[test]
fn defaults_must_be_literals_of_the_type() {
    sql_mistake("note TEXT", "note TEXT DEFAULT 7", "`7` is not a string");
    sql_mistake(
        "note TEXT",
        "note INTEGER DEFAULT 'x'",
        "is not a 64-bit integer",
    );
    sql_mistake("note TEXT", "note JSON DEFAULT '{'", "is not JSON");
    sql_mistake(
        "note TEXT",
        "note TEXT DEFAULT CURRENT_TIMESTAMP",
        "is not TEXT",
    );
    sql_mistake(
        "note TEXT",
        "note TEXT DEFAULT random()",
        "is not a literal",
    );
    sql_mistake(
        "note TEXT",
        "note VARCHAR(2) DEFAULT 'abc'",
        "is longer than",
    );
}
