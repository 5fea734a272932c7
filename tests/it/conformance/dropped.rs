//! Imports after another program dropped or renamed a table of the layout: no file has changed, and the rows are
//! missing.

use super::on_every_database;
use super::target::Target;
use super::{ARCHIVE, enables, ends, is_well};

on_every_database!(
    an_import_into_a_dropped_table_fails_and_its_hint_works,
    an_import_into_a_renamed_table_fails_and_its_hint_works,
    a_dropped_table_without_rows_is_created_again_on_demand,
);

/// Imports `[1, 2]` and `[3]` into the table `items`.
fn imported(target: &Target) {
    write(target, "a", r#"[{"id":1},{"id":2}]"#);
    write(target, "b", r#"[{"id":3}]"#);
    write(target, "more/spare", "[]");
    let directory = target.workspace.root().join("layout");
    std::fs::create_dir(&directory).expect("made");
    for (name, text) in [
        (
            "layout.toml",
            "name = \"items\"\n[[source]]\nfiles = \"{name}.json\"\nschema = \"any.schema.json\"\n[[source.records]]\n\
             table = \"items\"\neach = \"/*\"\n[source.records.columns]\nid = \"/id\"\n\
             [[source]]\nfiles = \"more/spare.json\"\nschema = \"any.schema.json\"\n[[source.records]]\n\
             table = \"spare\"\neach = \"/*\"\n[source.records.columns]\nid = \"/id\"\n",
        ),
        (
            "tables.sql",
            "CREATE TABLE items (id BIGINT PRIMARY KEY);\nCREATE TABLE spare (id BIGINT PRIMARY KEY);\n",
        ),
        (
            "any.schema.json",
            r#"{"type":"array","items":{"type":"object"}}"#,
        ),
    ] {
        std::fs::write(directory.join(name), text).expect("written");
    }
    target.imports(&["--layout", "./layout"]);
}

fn write(target: &Target, name: &str, text: &str) {
    target.workspace.write(&format!("{name}.json"), text);
}

/// Every way to import fails, names the table, and changes nothing; `doctor` and `verify` give the same reason.
#[track_caller]
fn fails(target: &Target, parts: &[&str]) {
    let tables = target.rows("SELECT count(*) FROM import_runs");
    for arguments in [&[][..], &["--dry-run"], &["--prune"], &["--reread"]] {
        let ended = target.import(&[&["--layout", "./layout"], arguments].concat());
        assert_eq!(ended.code, Some(1), "{ended}");
        for part in parts {
            assert!(ended.stderr.contains(part), "{part}\n{ended}");
        }
    }
    assert_eq!(target.rows("SELECT count(*) FROM import_runs"), tables);
    let health = ends(target, &["doctor", "--layout", "./layout"], 1);
    assert!(health.contains("broken  tables"), "{health}");
    assert!(health.contains(parts[0]), "{health}");
    let verified = target.run(&["verify", "legacy", "--layout", "./layout"]);
    assert!(verified.stderr.contains(parts[0]), "{verified}");
}

fn an_import_into_a_dropped_table_fails_and_its_hint_works(target: Target) {
    imported(&target);
    target.execute("DROP TABLE items");
    let parts = [
        "`items` was dropped",
        "restore it",
        "take it out of the layout",
    ];
    fails(&target, &parts);
    write(&target, "b", r#"[{"id":3},{"id":4}]"#);
    fails(&target, &parts);
    ends(
        &target,
        &[&["audit", "disable", "items"], &ARCHIVE[..]].concat(),
        0,
    );
    fails(&target, &parts);
    target.execute(
        "CREATE TABLE items (id BIGINT PRIMARY KEY); INSERT INTO items VALUES (1), (2), (3)",
    );
    target.imports(&["--layout", "./layout"]);
    enables(&target, "items");
    assert_eq!(target.count("items"), 4);
    is_well(&target);
    ends(&target, &["verify", "legacy", "--layout", "./layout"], 0);
    let again = target.imports(&["--layout", "./layout"]);
    assert!(again.stdout.contains("nothing to do"), "{again}");

    target.execute("DROP TABLE items");
    fails(&target, &parts);
    for file in ["layout.toml", "tables.sql"] {
        let file = target.workspace.root().join("layout").join(file);
        let text = std::fs::read_to_string(&file).expect("a text");
        let text = text.replace("table = \"items\"", "table = \"entries\"");
        std::fs::write(file, text.replace("TABLE items", "TABLE entries")).expect("written");
    }
    target.imports(&["--layout", "./layout"]);
    assert_eq!(target.count("entries"), 4);
    ends(
        &target,
        &[&["audit", "disable", "items"], &ARCHIVE[..]].concat(),
        0,
    );
    is_well(&target);
}

fn an_import_into_a_renamed_table_fails_and_its_hint_works(target: Target) {
    imported(&target);
    target.execute("ALTER TABLE items RENAME TO things");
    fails(
        &target,
        &["`things` was renamed from `items`", "audit enable things`"],
    );
    for command in ["history", "blame", "as-of", "why"] {
        let ended = target.run(&["audit", command, "things", "1"]);
        assert_eq!(ended.code, Some(1), "{ended}");
        for part in [
            "`things`: it was renamed, and is recorded as `items`",
            "`accession audit enable things`",
        ] {
            assert!(ended.stderr.contains(part), "{ended}");
        }
    }
    let log = target.run(&["audit", "log", "--table", "things"]);
    assert!(log.stderr.contains("is recorded as `items`"), "{log}");
    let disabled = target.run(&["audit", "disable", "items"]);
    let renamed = "`items`: the table was renamed to `things`: use that name";
    assert!(disabled.stderr.contains(renamed), "{disabled}");
    let reconciled = ends(&target, &["audit", "reconcile"], 4);
    for part in [
        "items: the table was renamed to `things`",
        "the table was renamed from `items`",
    ] {
        assert!(reconciled.contains(part), "{reconciled}");
    }
    enables(&target, "things");
    fails(
        &target,
        &[
            "the rows that were imported into `items` are in `things`",
            "rename the tables back",
        ],
    );
    let why = |table| target.run(&["audit", "why", table, "1", "--layout", "./layout"]);
    let present = why("things");
    assert!(
        present
            .stdout
            .contains("was recorded as `items`: `accession audit why items 1`"),
        "{present}"
    );
    let former = why("items");
    assert_eq!(former.code, Some(0), "{former}");
    for part in ["a.json", "later entries are those of `things`"] {
        assert!(former.stdout.contains(part), "{former}");
    }
    target.execute("ALTER TABLE things RENAME TO items");
    fails(
        &target,
        &["`items` was renamed from `things`", "audit enable items`"],
    );
    enables(&target, "items");
    let again = target.imports(&["--layout", "./layout"]);
    assert!(again.stdout.contains("nothing to do"), "{again}");
    is_well(&target);
    ends(&target, &["verify", "legacy", "--layout", "./layout"], 0);
}

fn a_dropped_table_without_rows_is_created_again_on_demand(target: Target) {
    imported(&target);
    target.execute("DROP TABLE spare");
    let ended = target.import(&["--layout", "./layout"]);
    assert_eq!(ended.code, Some(1), "{ended}");
    assert!(ended.stderr.contains("`spare` was dropped"), "{ended}");
    assert!(ended.stderr.contains("import with `--reread`"), "{ended}");
    target.imports(&["--layout", "./layout", "--reread"]);
    assert_eq!(target.count("spare"), 0);
    is_well(&target);
}
