//! A row that a constraint, a trigger or a column of the application rejects: the error names the rule and the record,
//! and contains no value of the database.

use std::fs;

use super::on_every_database;
use super::target::{Backend, Target};

on_every_database!(
    a_taken_unique_value_is_reported_with_its_record,
    a_constraint_is_reported_with_its_record,
    a_trigger_that_raises_is_reported_with_its_record,
    a_changed_record_is_reported_like_a_new_one,
    a_row_that_is_referenced_cannot_be_pruned,
    a_value_that_a_trigger_changes_is_reported_with_its_row_and_column,
);

const SECRET: &str = "s3cr3t-value";

/// A layout for `p (id, n)`, and three records, of which the second has `n`.
fn layout(target: &Target, n: &str) {
    let home = target.workspace.root().join("l");
    fs::create_dir_all(&home).expect("a directory");
    let toml = "name = \"l\"\n[[source]]\nfiles = \"*.json\"\nschema = \"a.schema.json\"\n  \
                [[source.records]]\n  table = \"p\"\n  each = \"/*\"\n  columns = { id = \"/id\", n = \"/n\" }\n";
    let schema = r#"{"type": "array", "items": {"type": "object"}}"#;
    for (name, text) in [
        ("layout.toml", toml),
        (
            "tables.sql",
            "CREATE TABLE p (id TEXT PRIMARY KEY, n TEXT);",
        ),
        ("a.schema.json", schema),
    ] {
        fs::write(home.join(name), text).expect("written");
    }
    let records = format!(
        "[{{\"id\": \"a\", \"n\": \"one\"}},\n  {{\"id\": \"b\", \"n\": {n}}},\n  {{\"id\": \"c\", \"n\": \"three\"}}]"
    );
    target.workspace.write("a.json", records);
}

/// The application's table, with further columns and constraints.
fn create(target: &Target, n: &str) {
    let text = match target.backend {
        Backend::Sqlite | Backend::Postgres => "TEXT",
        Backend::Mysql => "VARCHAR(200)",
    };
    let n = n.replace("TEXT", text);
    target.execute(&format!(
        "CREATE TABLE p (id {text} NOT NULL PRIMARY KEY, n {n})"
    ));
}

/// Imports, and expects an error at the second record that contains all of `parts`.
#[track_caller]
fn rejected(target: &Target, parts: &[&str]) {
    for format in ["text", "json"] {
        let ended = target.import(&["--layout", "./l", "--format", format]);
        assert_eq!(ended.code, Some(1), "{ended}");
        let text = format!("{}{}", ended.stdout, ended.stderr);
        assert!(!text.contains(SECRET), "{ended}");
        let place = [
            "a.json:2:3: the database rejected the record",
            "at: /1",
            "hint",
        ];
        for part in place.iter().chain(parts) {
            assert!(text.contains(part), "{part}\n{ended}");
        }
    }
}

fn a_taken_unique_value_is_reported_with_its_record(target: Target) {
    layout(&target, &format!("\"{SECRET}\""));
    create(&target, "TEXT");
    target.execute("CREATE UNIQUE INDEX only_n ON p (n)");
    target.execute(&format!("INSERT INTO p VALUES ('x', '{SECRET}')"));
    let parts = ["a row of `p` violates the unique constraint `only_n`"];
    rejected(&target, &parts);
    // Also if the table is empty, when SQLite's other indexes are created after the load.
    target.execute("DELETE FROM p");
    layout(&target, "\"one\"");
    rejected(&target, &parts);
    assert_eq!(target.count("p"), 0);
}

fn a_constraint_is_reported_with_its_record(target: Target) {
    layout(&target, &format!("\"{SECRET}\""));
    create(
        &target,
        &format!("TEXT, CONSTRAINT no_secret CHECK (n <> '{SECRET}')"),
    );
    rejected(&target, &["violates the CHECK constraint `no_secret`"]);
    target.execute("DROP TABLE p");
    target.execute("CREATE TABLE q (id VARCHAR(200) NOT NULL PRIMARY KEY)");
    target.execute("INSERT INTO q VALUES ('one')");
    let n = match target.backend {
        Backend::Mysql => "TEXT, CONSTRAINT to_q FOREIGN KEY (n) REFERENCES q (id)",
        Backend::Sqlite | Backend::Postgres => "TEXT CONSTRAINT to_q REFERENCES q (id)",
    };
    create(&target, n);
    let name = match target.backend {
        Backend::Sqlite => "foreign key (n → q)",
        Backend::Postgres | Backend::Mysql => "foreign key `to_q` (n)",
    };
    rejected(&target, &["a row of `p` violates the", name]);
}

fn raise(target: &Target, condition: &str, message: &str) {
    match target.backend {
        Backend::Sqlite => target.execute(&format!(
            "CREATE TRIGGER own BEFORE INSERT ON p WHEN {condition} BEGIN SELECT raise(ABORT, '{message}'); END"
        )),
        Backend::Postgres => target.execute(&format!(
            "CREATE FUNCTION own() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF {condition} THEN RAISE EXCEPTION '{message}'; END IF; RETURN NEW; END $$; \
             CREATE TRIGGER own BEFORE INSERT ON p FOR EACH ROW EXECUTE FUNCTION own()"
        )),
        Backend::Mysql => target.execute(&format!(
            "DELIMITER //\nCREATE TRIGGER own BEFORE INSERT ON p FOR EACH ROW BEGIN \
             IF {condition} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{message}'; END IF; END//"
        )),
    }
}

fn a_trigger_that_raises_is_reported_with_its_record(target: Target) {
    layout(&target, "\"two\"");
    create(&target, "TEXT");
    raise(&target, "NEW.n = 'two'", "no twos here");
    rejected(&target, &["a trigger of `p`", "no twos here"]);
}

fn a_changed_record_is_reported_like_a_new_one(target: Target) {
    layout(&target, "\"two\"");
    create(&target, "TEXT");
    target.execute("CREATE UNIQUE INDEX only_n ON p (n)");
    target.execute(&format!("INSERT INTO p VALUES ('x', '{SECRET}')"));
    target.imports(&["--layout", "./l"]);
    layout(&target, &format!("\"{SECRET}\""));
    rejected(&target, &["violates the unique constraint `only_n`"]);
}

fn a_row_that_is_referenced_cannot_be_pruned(target: Target) {
    layout(&target, "\"two\"");
    create(&target, "TEXT");
    let text = match target.backend {
        Backend::Sqlite | Backend::Postgres => "TEXT",
        Backend::Mysql => "VARCHAR(200)",
    };
    target.imports(&["--layout", "./l"]);
    target.execute(&format!(
        "CREATE TABLE child (of_p {text}, CONSTRAINT to_p FOREIGN KEY (of_p) REFERENCES p (id))"
    ));
    target.execute("INSERT INTO child VALUES ('b')");
    target
        .workspace
        .write("a.json", r#"[{"id": "a", "n": "one"}]"#);
    let ended = target.import(&["--layout", "./l", "--prune"]);
    assert_eq!(ended.code, Some(4), "{ended}");
    assert!(ended.stderr.contains("still-referred"), "{ended}");
    assert!(ended.stderr.contains("`child`"), "{ended}");
    assert_eq!(target.count("p"), 3);
}

/// On SQLite a trigger cannot change the new row, but write to it afterwards.
fn a_value_that_a_trigger_changes_is_reported_with_its_row_and_column(target: Target) {
    layout(&target, "\"two\"");
    create(&target, "TEXT");
    target.imports(&["--layout", "./l"]);
    target.execute(match target.backend {
        Backend::Sqlite => {
            "CREATE TRIGGER louder AFTER UPDATE ON p WHEN NEW.n <> upper(NEW.n) \
             BEGIN UPDATE p SET n = upper(n) WHERE id = NEW.id; END"
        }
        Backend::Mysql => {
            "CREATE TRIGGER louder BEFORE UPDATE ON p FOR EACH ROW SET NEW.n = upper(NEW.n)"
        }
        Backend::Postgres => {
            "CREATE FUNCTION louder() RETURNS trigger LANGUAGE plpgsql AS $$ \
               BEGIN NEW.n = upper(NEW.n); RETURN NEW; END $$; \
             CREATE TRIGGER louder BEFORE UPDATE ON p FOR EACH ROW EXECUTE FUNCTION louder()"
        }
    });
    // Another row that differs from its record was not written by the run.
    target.execute("UPDATE p SET n = 'Z' WHERE id = 'a'");
    layout(&target, &format!("\"{SECRET}\""));
    let ended = target.import(&["--layout", "./l", "--on-conflict", "keep-database"]);
    assert_eq!(ended.code, Some(4), "{ended}");
    for part in [
        "1 table differs from the plan",
        "`p`: row `b`: `n` does not have the value of the record (a.json:2:",
        "trigger of the application",
    ] {
        assert!(ended.stderr.contains(part), "{part}\n{ended}");
    }
    assert!(!ended.stderr.contains("row `a`"), "{ended}");
    let text = format!("{}{}", ended.stdout, ended.stderr).to_lowercase();
    assert!(!text.contains(SECRET), "{ended}");
    assert_eq!(
        target.rows("SELECT n FROM p ORDER BY id").concat(),
        ["Z", "two", "three"]
    );
}
