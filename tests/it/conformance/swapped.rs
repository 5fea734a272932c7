//! Recorded tables whose names another program exchanged, as migrations do: each has the triggers of another name. One
//! command gives every table the triggers of its own.

use super::target::{Backend, Target};
use super::{audit, enables, ends, is_well, on_every_database};

on_every_database!(
    tables_that_exchanged_their_names_are_recorded_again,
    a_rotation_of_names_is_repaired_by_doctor,
    a_new_table_with_the_old_name_of_another_is_recorded,
    a_table_is_not_disabled_while_another_uses_its_name,
    actions_of_foreign_keys_follow_renamed_tables,
    an_import_into_exchanged_tables_stops_and_its_hint_works
);

/// Gives each table the name of the next one, and the last one the name of the first.
fn rotates(target: &Target, names: &[&str]) {
    let mut renames = vec![(*names.last().expect("a name"), "tmp")];
    for pair in names.windows(2).rev() {
        renames.push((pair[0], pair[1]));
    }
    renames.push(("tmp", names[0]));
    let statement = match target.backend {
        Backend::Mysql => {
            let parts: Vec<_> = renames
                .iter()
                .map(|(from, to)| format!("{from} TO {to}"))
                .collect();
            format!("RENAME TABLE {}", parts.join(", "))
        }
        Backend::Sqlite | Backend::Postgres => {
            let parts: Vec<_> = renames
                .iter()
                .map(|(from, to)| format!("ALTER TABLE {from} RENAME TO {to};"))
                .collect();
            parts.join(" ")
        }
    };
    target.execute(&statement);
}

fn with_tables(target: &Target, names: &[&str]) {
    for (number, name) in names.iter().enumerate() {
        target.execute(&format!(
            "CREATE TABLE {name} (id INTEGER PRIMARY KEY, v VARCHAR(20) UNIQUE); \
             INSERT INTO {name} VALUES (1, 'of {name}'), ({}, 'also')",
            number + 2
        ));
        enables(target, name);
    }
}

/// Every kind of change of these tables is recorded once, under the present name.
#[track_caller]
fn records(target: &Target, names: &[&str]) {
    for name in names {
        let entries = format!("SELECT count(*) FROM audit_log WHERE table_name = '{name}'");
        let number = |query: &str| target.value(query).parse::<u64>().expect("a number");
        let (before, before_all) = (number(&entries), target.count("audit_log"));
        target.execute(&format!(
            "INSERT INTO {name} VALUES (90, 'x'); UPDATE {name} SET v = 'y' WHERE id = 90; DELETE FROM {name} WHERE id = 90"
        ));
        assert_eq!(number(&entries), before + 3, "{name}");
        assert_eq!(target.count("audit_log"), before_all + 3, "{name}");
    }
}

fn tables_that_exchanged_their_names_are_recorded_again(target: Target) {
    with_tables(&target, &["a", "b"]);
    rotates(&target, &["a", "b"]);
    target.execute("UPDATE a SET v = 'changed' WHERE id = 1");
    let status = ends(&target, &["audit", "status"], 4);
    assert!(status.contains("`a` was renamed to `b`"), "{status}");
    assert!(status.contains("`b` was renamed to `a`"), "{status}");
    let enabled = enables(&target, "a");
    // Both at once: neither can have its triggers while the other has them.
    assert_eq!(
        enabled["tables"].as_array().map(Vec::len),
        Some(2),
        "{enabled:#}"
    );
    is_well(&target);
    records(&target, &["a", "b"]);
    is_well(&target);
    // The entries of a name describe the rows that the table of this name had, and has.
    let (code, history) = audit(&target, &["history", "a", "1"]);
    assert_eq!(code, Some(0), "{history:#}");
    let text = history.to_string();
    assert!(text.contains("of a") && text.contains("changed"), "{text}");
    let (_, again) = audit(&target, &["enable", "--all", "--archive", "target/archive"]);
    assert_eq!(again["run"], serde_json::Value::Null, "{again:#}");
}

fn a_rotation_of_names_is_repaired_by_doctor(target: Target) {
    with_tables(&target, &["a", "b", "c"]);
    rotates(&target, &["a", "b", "c"]);
    ends(&target, &["doctor"], 1);
    let fixed = target.run(&["doctor", "--fix", "--archive", "target/archive"]);
    assert_eq!(fixed.code, Some(0), "{fixed}");
    is_well(&target);
    records(&target, &["a", "b", "c"]);
    // One table of a rotation brings the others.
    rotates(&target, &["a", "b", "c"]);
    enables(&target, "b");
    records(&target, &["a", "b", "c"]);
    is_well(&target);
}

fn a_new_table_with_the_old_name_of_another_is_recorded(target: Target) {
    with_tables(&target, &["t"]);
    for (number, arguments) in [
        &["audit", "enable", "t"][..],
        &["audit", "enable", "--all"],
        &["audit", "enable", "t", "u1"],
    ]
    .iter()
    .enumerate()
    {
        let renamed = format!("u{}", number % 2);
        target.execute(&format!("DROP TABLE IF EXISTS {renamed}"));
        if number == 2 {
            target.execute("DROP TABLE IF EXISTS u1");
        }
        target.execute(&format!("ALTER TABLE t RENAME TO {renamed}"));
        target.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v VARCHAR(20) UNIQUE); INSERT INTO t VALUES (7, 'new')");
        if number == 2 {
            target.execute("CREATE TABLE u1 (id INTEGER PRIMARY KEY, v VARCHAR(20) UNIQUE)");
        }
        ends(
            &target,
            &[*arguments, &["--archive", "target/archive"]].concat(),
            0,
        );
        records(&target, &["t", &renamed]);
        is_well(&target);
    }
}

fn a_table_is_not_disabled_while_another_uses_its_name(target: Target) {
    with_tables(&target, &["a", "b"]);
    rotates(&target, &["a", "b"]);
    let failed = target.run(&["audit", "disable", "a", "--archive", "target/archive"]);
    assert_eq!(failed.code, Some(1), "{failed}");
    let hint = "`accession audit enable b` first";
    assert!(failed.stderr.contains(hint), "{failed}");
    enables(&target, "b");
    ends(
        &target,
        &["audit", "disable", "a", "--archive", "target/archive"],
        0,
    );
    records(&target, &["b"]);
    let before = target.count("audit_log");
    target.execute("UPDATE a SET v = 'unseen' WHERE id = 1");
    assert_eq!(target.count("audit_log"), before);
    for command in ["status", "verify"] {
        ends(&target, &["audit", command], 0);
    }
}

/// Imports parents, dogs that are deleted with their parent, and cats that lose it.
fn with_families(target: &Target) -> String {
    let tables = "CREATE TABLE parent (id BIGINT PRIMARY KEY);\n\
         CREATE TABLE dog (id BIGINT PRIMARY KEY, parent_id BIGINT REFERENCES parent (id) ON DELETE CASCADE);\n\
         CREATE TABLE cat (id BIGINT PRIMARY KEY, parent_id BIGINT REFERENCES parent (id) ON DELETE SET NULL);\n";
    let mut layout = "name = \"families\"\n".to_owned();
    for (table, column, records) in [
        ("parent", "", r#"[{"id":1},{"id":2}]"#),
        (
            "dog",
            "parent_id = \"/parent\"\n",
            r#"[{"id":10,"parent":1},{"id":11,"parent":2}]"#,
        ),
        (
            "cat",
            "parent_id = \"/parent\"\n",
            r#"[{"id":20,"parent":1},{"id":21,"parent":2}]"#,
        ),
    ] {
        layout += &format!(
            "[[source]]\nfiles = \"{table}.json\"\nschema = \"any.schema.json\"\n[[source.records]]\n\
             table = \"{table}\"\neach = \"/*\"\n[source.records.columns]\nid = \"/id\"\n{column}"
        );
        target.workspace.write(&format!("{table}.json"), records);
    }
    let directory = target.workspace.root().join("layout");
    std::fs::create_dir(&directory).expect("made");
    let schema = r#"{"type":"array","items":{"type":"object"}}"#;
    for (name, text) in [
        ("layout.toml", layout.as_str()),
        ("tables.sql", tables),
        ("any.schema.json", schema),
    ] {
        std::fs::write(directory.join(name), text).expect("written");
    }
    let directory = directory.to_str().expect("UTF-8").to_owned();
    target.imports(&["--layout", &directory]);
    directory
}

fn actions_of_foreign_keys_follow_renamed_tables(target: Target) {
    with_families(&target);
    rotates(&target, &["dog", "cat"]);
    enables(&target, "dog");
    is_well(&target);
    target.execute("DELETE FROM parent WHERE id = 1");
    let rows = |table: &str| {
        let query = format!("SELECT id, coalesce(parent_id, 0) FROM {table} ORDER BY id");
        target
            .rows(&query)
            .into_iter()
            .map(|row| row.join(" "))
            .collect::<Vec<_>>()
    };
    assert_eq!(rows("cat"), ["11 2"]);
    assert_eq!(rows("dog"), ["20 0", "21 2"]);
    is_well(&target);
    // A new name for one of them.
    target.execute("ALTER TABLE cat RENAME TO lion");
    enables(&target, "lion");
    target.execute("DELETE FROM parent WHERE id = 2");
    assert_eq!(rows("lion"), [""; 0]);
    assert_eq!(rows("dog"), ["20 0", "21 0"]);
    is_well(&target);
}

fn an_import_into_exchanged_tables_stops_and_its_hint_works(target: Target) {
    let layout = with_families(&target);
    rotates(&target, &["dog", "cat"]);
    target
        .workspace
        .write("parent.json", r#"[{"id":1},{"id":2},{"id":3}]"#);
    let stopped = target.import(&["--layout", &layout]);
    assert_eq!(stopped.code, Some(1), "{stopped}");
    assert!(
        stopped.stderr.contains("accession audit enable"),
        "{stopped}"
    );
    enables(&target, "cat");
    is_well(&target);
    let stopped = target.import(&["--layout", &layout]);
    assert_eq!(stopped.code, Some(1), "{stopped}");
    assert!(
        stopped.stderr.contains("rename the tables back"),
        "{stopped}"
    );
    rotates(&target, &["dog", "cat"]);
    enables(&target, "cat");
    target.imports(&["--layout", &layout]);
    assert_eq!(target.count("parent"), 3);
    is_well(&target);
    // The layout follows a rename, and the triggers do not.
    target.execute("ALTER TABLE cat RENAME TO lion");
    for file in ["layout.toml", "tables.sql"] {
        let file = std::path::Path::new(&layout).join(file);
        let text = std::fs::read_to_string(&file).expect("a text");
        let text = text.replace("table = \"cat\"", "table = \"lion\"");
        std::fs::write(file, text.replace("TABLE cat ", "TABLE lion ")).expect("written");
    }
    target
        .workspace
        .write("parent.json", r#"[{"id":1},{"id":2},{"id":3},{"id":4}]"#);
    let stopped = target.import(&["--layout", &layout]);
    assert_eq!(stopped.code, Some(1), "{stopped}");
    assert!(
        stopped.stderr.contains("`lion` was renamed from `cat`"),
        "{stopped}"
    );
    enables(&target, "lion");
    let imported = target.import(&["--layout", &layout]);
    assert!(matches!(imported.code, Some(0 | 3)), "{imported}");
    is_well(&target);
}
