//! Rows that records find by a unique key: each row belongs to exactly one record, regardless of changes to files,
//! places and keys.

use std::fs;

use serde_json::json;

use super::on_every_database;
use super::target::{Backend, Target, run};

on_every_database!(
    records_identified_by_their_place_keep_their_rows,
    a_record_that_changes_its_key_keeps_its_row,
    a_row_of_another_file_is_not_overwritten,
    values_that_move_between_rows_are_written_in_order,
    unique_values_that_cannot_be_moved_are_reported,
    a_restored_row_belongs_to_one_record,
    a_row_of_two_directories_is_not_pruned_by_one,
    pruning_rows_that_are_kept_writes_nothing,
    a_newly_mapped_column_is_not_a_conflict,
    unchanged_files_are_read_again_on_demand,
    references_are_resolved_by_the_current_files,
    records_of_one_table_refer_to_each_other_in_any_order,
    files_are_read_again_after_an_earlier_run_was_reverted,
    changes_by_set_null_are_reverted,
    additional_columns_of_the_application_do_not_make_triggers_outdated,
    existing_rows_are_recorded_before_an_import,
);

const BY_PLACE: &str = "identity = \"position\"\n  columns = { v = \"/v\" }";
const NUMBERED: &str = "CREATE TABLE p (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT UNIQUE);";
const BY_ID: &str = "columns = { id = \"/id\", n = \"/n\" }";
const NAMED: &str = "CREATE TABLE p (id TEXT PRIMARY KEY, n TEXT UNIQUE);";

/// Writes a layout `l` with a table `p`, for arrays of objects in files with any name.
fn layout(target: &Target, rule: &str, tables: &str) {
    let toml = format!(
        "name = \"l\"\n[parameters.tag]\nhelp = \"\"\ndefault = \"none\"\n[[source]]\nfiles = \"*.json\"\n\
         schema = \"a.schema.json\"\n  [[source.records]]\n  table = \"p\"\n  each = \"/*\"\n  {rule}\n"
    );
    let toml = match rule.contains("tag") {
        true => toml,
        false => toml.replace("[parameters.tag]\nhelp = \"\"\ndefault = \"none\"\n", ""),
    };
    let home = target.workspace.root().join("l");
    fs::create_dir_all(&home).expect("a directory");
    let schema = r#"{"type": "array", "items": {"type": "object"}}"#;
    for (name, text) in [
        ("layout.toml", toml.as_str()),
        ("tables.sql", tables),
        ("a.schema.json", schema),
    ] {
        fs::write(home.join(name), text).expect("written");
    }
}

/// Imports, checks the exit code, and returns the report.
#[track_caller]
fn import(target: &Target, arguments: &[&str], code: i32) -> serde_json::Value {
    let ended = target.import(&[&["--layout", "./l", "--format", "json"], arguments].concat());
    assert_eq!(ended.code, Some(code), "{ended}");
    serde_json::from_str(&ended.stdout).expect("a report")
}

#[track_caller]
fn verifies(target: &Target) {
    let ended = target.run(&["verify", "legacy", "--layout", "./l", "--show-values"]);
    assert_eq!(ended.code, Some(0), "{ended}");
}

#[track_caller]
fn rows(target: &Target, wanted: &[&[&str]]) {
    assert_eq!(target.rows("SELECT * FROM p ORDER BY 1, 2"), wanted);
}

fn records_identified_by_their_place_keep_their_rows(target: Target) {
    layout(&target, BY_PLACE, NUMBERED);
    let workspace = &target.workspace;
    workspace.write("m.json", r#"[{"v":"a"},{"v":"b"},{"v":"c"}]"#);
    import(&target, &[], 0);

    // All records move by one place.
    workspace.write("m.json", r#"[{"v":"z"},{"v":"a"},{"v":"b"},{"v":"c"}]"#);
    let report = import(&target, &["--prune"], 0);
    assert_eq!(report["tables"]["p"]["updated"], 3, "{report}");
    assert_eq!(report["tables"]["p"]["inserted"], 1, "{report}");
    let four: [&[&str]; 4] = [&["1", "z"], &["2", "a"], &["3", "b"], &["4", "c"]];
    rows(&target, &four);
    verifies(&target);

    // The file is renamed and split in two.
    workspace.remove("m.json");
    workspace.write("a.json", r#"[{"v":"b"}]"#);
    workspace.write("n.json", r#"[{"v":"z"},{"v":"a"},{"v":"c"}]"#);
    let dry = import(&target, &["--prune", "--dry-run"], 0);
    assert_eq!(dry["changes"], json!([]), "{dry}");
    let report = import(&target, &["--prune"], 0);
    assert_eq!(report["tables"]["p"]["deleted"], 0, "{report}");
    rows(&target, &four);
    verifies(&target);
    assert_eq!(import(&target, &["--prune"], 0)["status"], "nothing_to_do");

    // One record moves to a file that is read earlier.
    workspace.write("a.json", r#"[{"v":"b"},{"v":"c"}]"#);
    workspace.write("n.json", r#"[{"v":"z"},{"v":"a"}]"#);
    import(&target, &["--prune"], 0);
    rows(&target, &four);
    verifies(&target);
    let reconciled = target.run(&["audit", "reconcile"]);
    assert_eq!(reconciled.code, Some(0), "{reconciled}");
}

fn a_record_that_changes_its_key_keeps_its_row(target: Target) {
    layout(&target, BY_ID, NAMED);
    let workspace = &target.workspace;
    workspace.write("m.json", r#"[{"id":"a","n":"1"},{"id":"b","n":"2"}]"#);
    import(&target, &[], 0);
    workspace.write("m.json", r#"[{"id":"c","n":"1"},{"id":"b","n":"2"}]"#);
    import(&target, &["--prune", "--on-conflict", "keep-database"], 0);
    rows(&target, &[&["b", "2"], &["c", "1"]]);
    verifies(&target);
    // The ledger has its new key.
    workspace.write("m.json", r#"[{"id":"c","n":"9"},{"id":"b","n":"2"}]"#);
    let report = import(&target, &[], 0);
    assert_eq!(report["tables"]["p"]["updated"], 1, "{report}");
    workspace.write("m.json", r#"[{"id":"b","n":"2"}]"#);
    import(&target, &["--prune"], 0);
    rows(&target, &[&["b", "2"]]);
    verifies(&target);
}

fn a_row_of_another_file_is_not_overwritten(target: Target) {
    layout(&target, BY_ID, NAMED);
    let workspace = &target.workspace;
    workspace.write("a.json", r#"[{"id":"1","n":"x"}]"#);
    workspace.write("b.json", r#"[{"id":"2","n":"y"}]"#);
    import(&target, &[], 0);
    let both = r#"[{"id":"2","n":"y"},{"id":"3","n":"x"}]"#;
    let other = r#"[{"id":"2","n":"y"},{"id":"1","n":"z"}]"#;
    for (text, rule) in [(both, "not-unique"), (other, "duplicate-record")] {
        workspace.write("b.json", text);
        for policy in [&[][..], &["--on-conflict", "take-file"]] {
            let report = import(&target, policy, 3);
            let finding = &report["findings"][0];
            assert_eq!(finding["rule"], rule, "{report}");
            assert_eq!(
                (&finding["line"], &finding["path"]),
                (&json!(1), &json!("b.json"))
            );
            let message = finding["message"].as_str().expect("a text");
            assert!(message.contains("a.json"), "{message}");
        }
        rows(&target, &[&["1", "x"], &["2", "y"]]);
        import(&target, &["--skip-invalid"], 5);
        rows(&target, &[&["1", "x"], &["2", "y"]]);
    }
}

fn values_that_move_between_rows_are_written_in_order(target: Target) {
    layout(&target, BY_ID, NAMED);
    let workspace = &target.workspace;
    let write = |names: &[(&str, &str)]| {
        let records = names.iter().map(|(id, n)| json!({"id": id, "n": n}));
        workspace.write("m.json", records.collect::<serde_json::Value>().to_string());
    };
    write(&[("a", "1"), ("b", "2"), ("c", "3")]);
    import(&target, &[], 0);
    // Each takes the name of the next one, which is read later; then all three in a cycle.
    for names in [
        [("a", "2"), ("b", "3"), ("c", "4")],
        [("a", "3"), ("b", "4"), ("c", "2")],
    ] {
        write(&names);
        let report = import(&target, &["--dry-run"], 0);
        assert_eq!(report["tables"]["p"]["updated"], 3, "{report}");
        import(&target, &[], 0);
        for (id, n) in names {
            assert_eq!(
                target.value(&format!("SELECT n FROM p WHERE id = '{id}'")),
                n
            );
        }
        verifies(&target);
    }
    let reconciled = target.run(&["audit", "reconcile"]);
    assert_eq!(reconciled.code, Some(0), "{reconciled}");
    // A new record takes the name of one that is read later.
    write(&[("d", "3"), ("a", "5"), ("b", "4"), ("c", "2")]);
    import(&target, &[], 0);
    verifies(&target);
}

fn unique_values_that_cannot_be_moved_are_reported(target: Target) {
    layout(
        &target,
        BY_ID,
        "CREATE TABLE p (id TEXT PRIMARY KEY, n TEXT NOT NULL UNIQUE);",
    );
    let workspace = &target.workspace;
    workspace.write("m.json", r#"[{"id":"a","n":"1"},{"id":"b","n":"2"}]"#);
    import(&target, &[], 0);
    for text in [
        r#"[{"id":"a","n":"2"},{"id":"b","n":"1"}]"#,
        r#"[{"id":"b","n":"1"}]"#,
    ] {
        workspace.write("m.json", text);
        for more in [&["--dry-run"][..], &[], &["--prune"]] {
            let report = import(&target, more, 3);
            let finding = &report["findings"][0];
            assert_eq!(finding["rule"], "not-unique", "{report}");
            assert_ne!(finding["column"], serde_json::Value::Null, "{report}");
        }
        let report = import(&target, &["--skip-invalid"], 5);
        assert_eq!(report["tables"]["p"]["updated"], 0, "{report}");
        rows(&target, &[&["a", "1"], &["b", "2"]]);
    }
}

fn a_restored_row_belongs_to_one_record(target: Target) {
    layout(&target, BY_ID, NAMED);
    let workspace = &target.workspace;
    let write = |n: &str| {
        let records = json!([{"id": "a", "n": n}, {"id": "b", "n": null}]);
        workspace.write("m.json", records.to_string());
    };
    write("1");
    import(&target, &[], 0);
    target.execute("DELETE FROM p WHERE id = 'a'");
    write("2");
    import(&target, &["--on-conflict", "take-file"], 0);
    assert_eq!(target.value("SELECT count(*) FROM row_sources"), "2");
    for n in ["1", "3"] {
        write(n);
        import(&target, &[], 0);
    }
    workspace.write("m.json", r#"[{"id":"b"}]"#);
    import(&target, &["--prune"], 0);
    assert_eq!(target.value("SELECT count(*) FROM p"), "1");
}

fn a_row_of_two_directories_is_not_pruned_by_one(target: Target) {
    layout(&target, BY_ID, NAMED);
    let workspace = &target.workspace;
    let both = r#"[{"id":"a","n":"1"},{"id":"b","n":"2"}]"#;
    workspace.write("m.json", both);
    import(&target, &[], 0);
    let other = workspace.root().join("other");
    fs::create_dir(&other).expect("a directory");
    fs::write(other.join("k.json"), r#"[{"id":"a","n":"1"}]"#).expect("written");
    let second = [
        "import",
        "other",
        "--layout",
        "./l",
        "--archive",
        "target/archive",
    ];
    let ended = target.run(&second);
    assert_eq!(ended.code, Some(0), "{ended}");
    workspace.write("m.json", r#"[]"#);
    let report = import(&target, &["--prune"], 0);
    assert_eq!(report["tables"]["p"]["deleted"], 1, "{report}");
    rows(&target, &[&["a", "1"]]);
    let verified = target.run(&["verify", "other", "--layout", "./l"]);
    assert_eq!(verified.code, Some(0), "{verified}");
    assert_eq!(import(&target, &["--prune"], 0)["status"], "nothing_to_do");
}

fn pruning_rows_that_are_kept_writes_nothing(target: Target) {
    layout(&target, BY_ID, NAMED);
    let workspace = &target.workspace;
    workspace.write("m.json", r#"[{"id":"a","n":"1"},{"id":"b","n":"2"}]"#);
    import(&target, &[], 0);
    target.execute("UPDATE p SET n = 'other' WHERE id = 'a'");
    workspace.write("m.json", r#"[{"id":"b","n":"2"}]"#);
    let keep = ["--prune", "--on-conflict", "keep-database"];
    assert_eq!(import(&target, &keep, 0)["status"], "imported");
    assert_eq!(import(&target, &keep, 0)["status"], "nothing_to_do");
    assert_eq!(target.value("SELECT count(*) FROM import_runs"), "2");
}

fn a_newly_mapped_column_is_not_a_conflict(target: Target) {
    let tables = "CREATE TABLE p (id TEXT PRIMARY KEY, n TEXT UNIQUE, w TEXT);";
    layout(&target, BY_ID, tables);
    let workspace = &target.workspace;
    let text = r#"[{"id":"a","n":"1","w":"x"},{"id":"b","n":"2","w":"y"}]"#;
    workspace.write("m.json", text);
    import(&target, &[], 0);
    layout(
        &target,
        "columns = { id = \"/id\", n = \"/n\", w = \"/w\" }",
        tables,
    );
    let report = import(&target, &[], 0);
    assert_eq!(report["tables"]["p"]["updated"], 2, "{report}");
    rows(&target, &[&["a", "1", "x"], &["b", "2", "y"]]);
    verifies(&target);

    // A change by another program still is a conflict.
    layout(&target, BY_ID, tables);
    import(&target, &[], 0);
    target.execute("UPDATE p SET w = 'theirs' WHERE id = 'a'");
    layout(
        &target,
        "columns = { id = \"/id\", n = \"/n\", w = \"/w\" }",
        tables,
    );
    let report = import(&target, &[], 4);
    assert_eq!(report["status"], "conflict", "{report}");
}

fn unchanged_files_are_read_again_on_demand(target: Target) {
    let tables = "CREATE TABLE p (id TEXT PRIMARY KEY, tag TEXT);";
    let rule = "columns = { id = \"/id\", tag = { parameter = \"tag\" } }";
    layout(&target, rule, tables);
    target.workspace.write("m.json", r#"[{"id":"a"}]"#);
    import(&target, &["--set", "tag=one"], 0);
    let two = ["--set", "tag=two"];
    assert_eq!(import(&target, &two, 0)["status"], "nothing_to_do");
    import(&target, &[&two[..], &["--reread"]].concat(), 0);
    rows(&target, &[&["a", "two"]]);
}

fn references_are_resolved_by_the_current_files(target: Target) {
    let target = target.with("tutorial");
    let workspace = &target.workspace;
    crate::fixtures::copy(
        &crate::fixtures::path("layouts/tutorial"),
        &workspace.root().join("l"),
    );
    import(&target, &[], 0);
    let paid = || target.rows("SELECT member_id FROM fees ORDER BY id");
    assert_eq!(paid(), [["m1"], ["m3"]]);
    // The first gets a new name, and the second the old name of the first; payments refer to names.
    let members = workspace.read("members.json");
    let members = members.replace("Ada Example", "Zed Example");
    workspace.write("members.json", members.replace("Bo Example", "Ada Example"));
    import(&target, &[], 0);
    assert_eq!(paid(), [["m1"], ["m3"]]);
    import(&target, &["--reread"], 0);
    assert_eq!(paid(), [["m2"], ["m3"]]);
    verifies(&target);
}

fn chain(target: Target) -> Target {
    let target = target.with("chain/valid/whole");
    crate::fixtures::copy(
        &crate::fixtures::path("layouts/chain"),
        &target.workspace.root().join("l"),
    );
    target
}

fn records_of_one_table_refer_to_each_other_in_any_order(target: Target) {
    let target = chain(target);
    let workspace = &target.workspace;
    // More than one statement is needed; the boss of each is the next one.
    let boss = |number: u32| (number < 1200).then(|| format!("e{}", number + 1));
    let records =
        (0..=1200).map(|number| json!({"id": format!("e{number}"), "boss": boss(number)}));
    let records: serde_json::Value = records.collect();
    workspace.write("pages/many.json", records.to_string());
    import(&target, &[], 0);
    verifies(&target);
    // Two records swap their values.
    workspace.write(
        "pages/many.json",
        r#"[{"id": "e0", "boss": "new"}, {"id": "e1", "boss": "e0"}, {"id": "new", "boss": null}]"#,
    );
    import(&target, &[], 0);
    assert_eq!(
        target.value("SELECT boss_id FROM employees WHERE id = 'e0'"),
        "new"
    );
}

/// Returns the IDs of the runs, oldest first.
fn runs(target: &Target) -> Vec<String> {
    let rows = target.rows("SELECT id FROM import_runs ORDER BY started_at, id");
    rows.into_iter().flatten().collect()
}

#[track_caller]
fn revert(target: &Target, run: &str, arguments: &[&str]) {
    let ended = target.run(&[&["revert", run, "--archive", "target/archive"], arguments].concat());
    assert_eq!(ended.code, Some(0), "{ended}");
}

fn files_are_read_again_after_an_earlier_run_was_reverted(target: Target) {
    layout(&target, BY_ID, NAMED);
    let write = |first: &str, second: &str| {
        let records = json!([{"id": "a", "n": first}, {"id": "b", "n": second}]);
        target.workspace.write("m.json", records.to_string());
        import(&target, &[], 0);
    };
    write("1", "2");
    write("1", "3");
    write("4", "3");
    revert(&target, &runs(&target)[1], &[]);
    rows(&target, &[&["a", "4"], &["b", "2"]]);
    let report = import(&target, &[], 0);
    assert_eq!(report["tables"]["p"]["updated"], 1, "{report}");
    rows(&target, &[&["a", "4"], &["b", "3"]]);
    verifies(&target);
    assert_eq!(import(&target, &[], 0)["status"], "nothing_to_do");

    // Reverting the first run with `--force` deletes rows that later runs changed, and their ledger entries.
    revert(&target, &runs(&target)[0], &["--on-conflict", "force"]);
    rows(&target, &[]);
    assert_eq!(target.value("SELECT count(*) FROM row_sources"), "0");
    let report = import(&target, &[], 0);
    assert_eq!(report["tables"]["p"]["inserted"], 2, "{report}");
    verifies(&target);
}

fn changes_by_set_null_are_reverted(target: Target) {
    let tables = format!(
        "{NAMED} CREATE TABLE q (id INTEGER PRIMARY KEY AUTOINCREMENT, p_id TEXT REFERENCES p (id) ON DELETE SET NULL);"
    );
    layout(&target, BY_ID, &tables);
    let workspace = &target.workspace;
    workspace.write("m.json", r#"[{"id":"x","n":"1"},{"id":"y","n":"2"}]"#);
    import(&target, &[], 0);
    target.execute("INSERT INTO q (id, p_id) VALUES (7, 'x')");
    workspace.write("m.json", r#"[{"id":"y","n":"2"}]"#);
    import(&target, &["--prune", "--on-conflict", "take-file"], 0);
    assert_eq!(target.rows("SELECT id, p_id FROM q"), [["7", "NULL"]]);
    verifies(&target);
    let last = runs(&target).pop().expect("a run");
    revert(&target, &last, &[]);
    assert_eq!(target.rows("SELECT id, p_id FROM q"), [["7", "x"]]);
    rows(&target, &[&["x", "1"], &["y", "2"]]);
}

fn additional_columns_of_the_application_do_not_make_triggers_outdated(target: Target) {
    layout(&target, BY_ID, NAMED);
    let workspace = &target.workspace;
    workspace.write("m.json", r#"[{"id":"a","n":"1"}]"#);
    import(&target, &[], 0);
    target.execute("ALTER TABLE p ADD COLUMN seen TIMESTAMP NULL");
    target.execute("ALTER TABLE p ADD COLUMN times BOOLEAN");
    workspace.write("m.json", r#"[{"id":"a","n":"2"}]"#);
    import(&target, &[], 0);
    // On PostgreSQL the triggers followed; elsewhere changes of the new columns may have no entries.
    let gap = match target.backend {
        Backend::Postgres => 0,
        Backend::Sqlite | Backend::Mysql => 4,
    };
    assert_eq!(target.run(&["audit", "status"]).code, Some(gap));
    assert_eq!(target.run(&["audit", "enable", "p"]).code, Some(0));
    target.execute("UPDATE p SET seen = '2024-01-01 00:00:00', times = TRUE");
    for command in [&["audit", "status"][..], &["audit", "reconcile"]] {
        let ended = target.run(command);
        assert_eq!(ended.code, Some(0), "{ended}");
    }
}

fn existing_rows_are_recorded_before_an_import(target: Target) {
    layout(&target, BY_ID, NAMED);
    let workspace = &target.workspace;
    workspace.write("m.json", r#"[{"id":"a","n":"1"},{"id":"b","n":"2"}]"#);
    import(&target, &[], 0);
    target.removes_ledger();
    target.execute("INSERT INTO p (id, n) VALUES ('theirs', '9')");
    let report = import(&target, &[], 0);
    assert_eq!(report["tables"]["p"]["adopted"], 2, "{report}");
    assert_eq!(report["baseline"]["entries"], 3, "{report}");
    assert_eq!(
        target.rows("SELECT kind FROM import_runs ORDER BY started_at, id"),
        [["enable"], ["import"]]
    );
    for command in [
        &["audit", "reconcile"][..],
        &["audit", "verify"],
        &["audit", "history", "p", "theirs"],
        &[
            "audit",
            "why",
            "p",
            "a",
            "--archive",
            "target/archive",
            "--layout",
            "./l",
        ],
    ] {
        let ended = target.run(command);
        assert_eq!(ended.code, Some(0), "{command:?}: {ended}");
    }
    // Reverting the import does not delete rows that existed before it.
    revert(&target, &runs(&target)[1], &[]);
    assert_eq!(target.count("p"), 3);
}

/// Such a key is not the rowid: it can hold NULL and any other value.
#[test]
fn a_descending_integer_key_is_recorded_as_it_is() {
    run(Backend::Sqlite, |target| {
        target.execute(
            "CREATE TABLE t (id INTEGER PRIMARY KEY DESC, v); INSERT INTO t VALUES (1, 'a')",
        );
        super::ends(&target, &["audit", "enable", "t"], 0);
        target.execute("INSERT INTO t VALUES (x'00', 'b'), ('text', 'c'); UPDATE t SET v = 'd'");
        assert_eq!(target.count("t"), 3);
        super::is_well(&target);
    });
}
