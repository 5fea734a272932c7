//! Foreign keys that do not compare text by its bytes, or whose operators are outside the search path: rows that refer
//! by them are found.

use super::referring_tables::{TAKE_FILE, WITHOUT_3, imported, imports, is_a_conflict};
use super::tables_replaced::write_layout;
use super::target::{Backend, Target};
use super::written_back::Wide;
use super::{ends, is_well, on_every_database};

on_every_database!(
    rows_that_refer_by_another_operator_keep_the_rows_that_they_refer_to,
    rows_that_refer_by_another_operator_prevent_a_revert,
    values_with_another_collation_than_those_that_refer_to_them_are_not_changed,
    rows_that_refer_in_another_case_by_a_key_of_the_layout_are_found,
    rows_whose_keys_have_operators_outside_the_search_path_are_reverted,
);

/// PostgreSQL's keys: statements before, the type of the row that is referred to, its value made from the text `{}`, and
/// the type and the value of the row that refers to it, whose text is `K30`.
const KEYS: [[&str; 5]; 8] = [
    ["CREATE EXTENSION citext", "citext", "{}", "citext", "'k30'"],
    [
        "CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext; CREATE DOMAIN other AS ext.citext",
        "ext.citext",
        "{}",
        "other",
        "'k30'",
    ],
    ["", "char(5)", "{}", "text", "'K30    '"],
    ["", "char(5)", "{}", "varchar(9)", "'K30    '"],
    [
        "",
        "text COLLATE \"C\"",
        "{}",
        "text COLLATE \"POSIX\"",
        "'K30'",
    ],
    [
        "CREATE SCHEMA ext; CREATE EXTENSION ltree SCHEMA ext",
        "ext.ltree",
        "ext.text2ltree({})",
        "ext.ltree",
        "'K30'",
    ],
    [
        "CREATE EXTENSION hstore",
        "hstore",
        "hstore({}, 'x')",
        "hstore",
        "'K30=>x'",
    ],
    ["", "text[]", "ARRAY[{}]", "text[]", "ARRAY['K30']"],
];

fn rows_that_refer_by_another_operator_keep_the_rows_that_they_refer_to(target: Target) {
    if target.backend != Backend::Postgres {
        return;
    }
    // Also by several columns, and without a primary key.
    let tables = [
        ("n INT PRIMARY KEY", "(w) REFERENCES p (w)", "`c` 3"),
        (
            "n BIGINT PRIMARY KEY",
            "(w, n) REFERENCES p (w, id)",
            "`c` 3",
        ),
        ("n INT", "(w) REFERENCES p (w)", "a row of `c`"),
    ];
    let mut target = Some(target);
    for ([before, ty, value, referring, refers], table) in KEYS.iter().zip(tables.iter().cycle()) {
        let next = target.take().expect("a target");
        imported(&next);
        let value = value.replace("{}", "('K' || v::text)");
        let (columns, key, shown) = table;
        next.execute(&format!(
            "{before}; ALTER TABLE p ADD COLUMN w {ty} GENERATED ALWAYS AS ({value}) STORED UNIQUE, ADD UNIQUE (w, id); \
             CREATE TABLE c ({columns}, w {referring}, FOREIGN KEY {key} ON DELETE CASCADE); \
             INSERT INTO c VALUES (3, {refers})"
        ));
        next.workspace.write("0.json", WITHOUT_3);
        is_a_conflict(&next, &[&TAKE_FILE], &format!("{shown} still refers"));
        assert_eq!(next.count("c"), 1, "{ty}");
        next.execute("DELETE FROM c");
        imports(&next, &["--prune"], 0);
        target = Some(next.again());
    }
}

fn rows_that_refer_by_another_operator_prevent_a_revert(target: Target) {
    if target.backend != Backend::Postgres {
        return;
    }
    let mut target = Some(target);
    for [before, ty, value, referring, refers] in KEYS {
        let mut wide = Wide::empty(target.take().expect("a target"));
        wide.target.execute(&format!(
            "{before}; CREATE TABLE u (id INT PRIMARY KEY, w {ty} UNIQUE); \
             CREATE TABLE c (n INT PRIMARY KEY, w {referring} REFERENCES u (w) ON DELETE CASCADE)"
        ));
        wide.enables("u");
        let value = value.replace("{}", "'K30'");
        let run = wide.during_an_import(&format!("INSERT INTO u VALUES (1, {value})"));
        wide.target
            .execute(&format!("INSERT INTO c VALUES (1, {refers})"));
        let report = wide.revert(&run, 4);
        let message = report["findings"][0]["message"].as_str();
        assert!(
            message.is_some_and(|text| text.contains("`c` `1` (`w`)")),
            "{ty}\n{report:#}"
        );
        assert_eq!(wide.target.count("c"), 1);
        wide.target.execute("DELETE FROM c");
        wide.revert(&run, 0);
        is_well(&wide.target);
        target = Some(wide.target.again());
    }
}

fn values_with_another_collation_than_those_that_refer_to_them_are_not_changed(target: Target) {
    if target.backend != Backend::Postgres {
        return;
    }
    write_layout(
        &target,
        &[("p", "id BIGINT PRIMARY KEY, v TEXT UNIQUE", &["id", "v"])],
    );
    target.execute("CREATE TABLE p (id BIGINT PRIMARY KEY, v TEXT COLLATE \"C\" UNIQUE)");
    target.workspace.write("0.json", r#"[{"id": 1, "v": "a"}]"#);
    imports(&target, &[], 0);
    target.execute(
        "CREATE TABLE c (n INT PRIMARY KEY, v TEXT COLLATE \"POSIX\" REFERENCES p (v) ON UPDATE CASCADE); \
         INSERT INTO c VALUES (1, 'a')",
    );
    target.workspace.write("0.json", r#"[{"id": 1, "v": "b"}]"#);
    imports(&target, &[], 4);
    assert_eq!(target.value("SELECT v FROM c"), "a");
    imports(&target, &["--on-conflict", "take-file"], 0);
    assert_eq!(target.value("SELECT v FROM c"), "b");
}

fn rows_that_refer_in_another_case_by_a_key_of_the_layout_are_found(target: Target) {
    let references = "id VARCHAR(9) PRIMARY KEY, p VARCHAR(9) REFERENCES p (id) ON DELETE CASCADE";
    write_layout(
        &target,
        &[
            ("p", "id VARCHAR(9) PRIMARY KEY", &["id"]),
            ("c", references, &["id", "p"]),
        ],
    );
    let collation = match target.backend {
        Backend::Sqlite => "NOCASE",
        Backend::Postgres => {
            target.execute(
                "CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
            );
            "ci"
        }
        Backend::Mysql => "utf8mb4_general_ci",
    };
    target.execute(&format!(
        "CREATE TABLE p (id VARCHAR(9) COLLATE {collation} PRIMARY KEY); \
         CREATE TABLE c (id VARCHAR(9) PRIMARY KEY, p VARCHAR(9) COLLATE {collation}, \
         FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE)"
    ));
    let workspace = &target.workspace;
    workspace.write("0.json", r#"[{"id": "a"}, {"id": "b"}, {"id": "d"}]"#);
    workspace.write(
        "1.json",
        r#"[{"id": "1", "p": "b"}, {"id": "2", "p": "d"}]"#,
    );
    imports(&target, &[], 0);
    target.execute("UPDATE c SET p = 'A' WHERE id = '1'");
    workspace.write("0.json", r#"[{"id": "d"}]"#);
    for arguments in [&["--prune"][..], &TAKE_FILE] {
        let ended = imports(&target, arguments, 4);
        assert!(ended.stderr.contains("`c` 1 still refers"), "{ended}");
        assert_eq!(target.value("SELECT count(*) FROM p"), "3");
    }
    target.execute("UPDATE c SET p = 'D' WHERE id = '1'");
    imports(&target, &["--prune"], 0);
    assert_eq!(target.rows("SELECT id FROM p").concat(), ["d"]);
    assert_eq!(target.count("c"), 2);
    ends(&target, &["audit", "reconcile"], 0);
}

fn rows_whose_keys_have_operators_outside_the_search_path_are_reverted(target: Target) {
    if target.backend != Backend::Postgres {
        return;
    }
    let mut target = Some(target);
    for (schema, key) in [("public", "id"), ("ext", "id"), ("ext", "n, id")] {
        let mut wide = Wide::empty(target.take().expect("a target"));
        wide.target.execute(&format!(
            "CREATE SCHEMA ext; CREATE EXTENSION ltree SCHEMA {schema}; \
             CREATE TABLE u (id {schema}.ltree, n INT, v INT, PRIMARY KEY ({key})); \
             CREATE TABLE c (id {schema}.ltree, n INT, FOREIGN KEY ({key}) REFERENCES u ({key}))"
        ));
        wide.enables("u");
        let inserted = wide.during_an_import("INSERT INTO u VALUES ('a', 1, 1), ('a.b', 2, 1)");
        let changed = wide.during_an_import(
            "UPDATE u SET v = 2 WHERE n = 1; DELETE FROM u WHERE n = 2; INSERT INTO u VALUES ('c', 3, 3)",
        );
        wide.target.execute("INSERT INTO c VALUES ('c', 3)");
        wide.revert(&changed, 4);
        wide.target.execute("DELETE FROM c");
        wide.revert(&changed, 0);
        let rows = wide.target.rows("SELECT id, v FROM u ORDER BY n").concat();
        assert_eq!(rows, ["a", "1", "a.b", "1"], "{schema} {key}");
        wide.revert(&inserted, 0);
        assert_eq!(wide.target.count("u"), 0);
        is_well(&wide.target);
        target = Some(wide.target.again());
    }
}
