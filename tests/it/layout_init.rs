//! `layout init`: the proposed layout imports any directory without edits and without losing a value.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::fixtures;
use crate::lossless::assert_lossless;
use crate::rows;
use crate::workspace::{CommandOutput, Workspace};

/// Proposes a layout for the source directory and writes it to `layout`.
fn init(workspace: &Workspace, arguments: &[&str]) -> CommandOutput {
    let mut command = workspace.command();
    command
        .args(["layout", "init", "legacy", "--output", "layout"])
        .args(arguments);
    workspace.run(&mut command)
}

/// Proposes a layout, checks it, imports without edits, and finds every scalar; a second import must change nothing.
#[track_caller]
fn assert_round_trip(workspace: &Workspace) -> usize {
    let proposed = init(workspace, &[]);
    assert_eq!(proposed.code, Some(0), "{proposed}");
    assert_eq!(proposed.stderr, "", "{proposed}");
    let checked = workspace.run(workspace.command().args(["layout", "check", "layout"]));
    assert_eq!(checked.stdout, "valid: `layout`\n", "{checked}");
    let report = workspace.report(&["--layout", "./layout"]);
    assert_eq!(
        report["status"],
        "imported",
        "{report:#}\n{}",
        shown(&workspace.root().join("layout"))
    );
    assert_eq!(report["findings"], json!([]), "{report:#}");
    let connection = workspace.connection();
    let scalars = assert_lossless(&workspace.source_dir(), &connection);
    rows::assert_sound(&connection);
    drop(connection);
    let again = workspace.imports(&["--layout", "./layout"]);
    assert!(again.stdout.starts_with("nothing to do"), "{again}");
    scalars
}

/// Returns the text of a layout, for messages.
fn shown(layout: &Path) -> String {
    let read = |name: &str| fs::read_to_string(layout.join(name)).unwrap_or_default();
    format!("{}\n{}", read("layout.toml"), read("tables.sql"))
}

fn proposed(workspace: &Workspace) -> String {
    let ended = init(workspace, &[]);
    assert_eq!(ended.code, Some(0), "{ended}");
    shown(&workspace.root().join("layout"))
}

#[test]
fn every_valid_fixture_is_imported_without_its_own_layout() {
    let valid = |name: &str| fixtures::path(name).join("valid");
    for name in ["chain", "library", "srs4autism"] {
        for folder in fs::read_dir(valid(name)).expect("fixtures") {
            let workspace = Workspace::empty();
            fixtures::copy(&folder.expect("an entry").path(), &workspace.source_dir());
            assert!(assert_round_trip(&workspace) > 0);
        }
    }
}

#[test]
fn unusual_directories_are_imported() {
    fixtures::each_folder("odd", |folder| {
        let workspace = Workspace::empty();
        fixtures::copy(folder, &workspace.source_dir());
        assert_round_trip(&workspace);
    });
}

/// Omitted by `scripts/test`.
mod on_request {
    use super::*;

    /// Larger directories that are not part of the repository: `ACCESSION_TEST_DIRECTORIES` names them, separated by
    /// `:`.
    #[test]
    #[ignore = "needs directories of one's own"]
    fn other_directories_are_imported() {
        let named =
            std::env::var_os("ACCESSION_TEST_DIRECTORIES").expect("set ACCESSION_TEST_DIRECTORIES");
        for directory in std::env::split_paths(&named) {
            let workspace = Workspace::empty();
            fixtures::copy(&directory, &workspace.source_dir());
            let scalars = assert_round_trip(&workspace);
            assert!(scalars > 0, "{}", directory.display());
        }
    }
}

fn shop() -> Workspace {
    let workspace = Workspace::empty();
    for id in ["u-10000001", "u-10000002", "u-10000003"] {
        workspace.write(
            &format!("users/{id}.json"),
            json!({"id": id, "name": "Ada Example", "joined": "2024-05-01T10:00:00Z"}).to_string(),
        );
        workspace.write(
            &format!("orders/{id}_orders.json"),
            json!([
                {"number": 1, "user_id": id, "lines": [{"item": "tea", "price": 1.5}, {"item": "jam", "price": 2}]},
                {"number": 2, "user_id": id, "lines": []},
            ])
            .to_string(),
        );
    }
    workspace
}

#[test]
fn keys_children_and_references_are_found() {
    let workspace = shop();
    let text = proposed(&workspace);
    for line in [
        r#"files  = "users/{id}.json""#,
        r#"files  = "orders/{user_id}_orders.json""#,
        "id      TEXT PRIMARY KEY,  -- in 3 of 3, unique",
        "joined  TIMESTAMP NOT NULL  -- in 3 of 3",
        "FOREIGN KEY (user_id) REFERENCES users (id)",
        "REFERENCES orders (id) ON DELETE CASCADE",
        r#"each  = "/lines/*""#,
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn the_same_directory_gives_the_same_layout() {
    let workspace = shop();
    let first = proposed(&workspace);
    fs::remove_dir_all(workspace.root().join("layout")).expect("removed");
    assert_eq!(proposed(&workspace), first);
}

#[test]
fn existing_files_are_not_overwritten() {
    let workspace = shop();
    proposed(&workspace);
    let before = workspace.tree();
    let again = init(&workspace, &[]);
    assert_eq!(again.code, Some(2), "{again}");
    assert!(
        again.stderr.contains("`layout` already contains a layout"),
        "{again}"
    );
    for output in ["legacy", "legacy/new/layout", "target/../legacy/x"] {
        let mut command = workspace.command();
        command.args(["layout", "init", "legacy", "--output", output]);
        let rejected = workspace.run(&mut command);
        assert_eq!(rejected.code, Some(2), "{rejected}");
    }
    before.assert_unchanged(&workspace.tree(), again);
}

#[test]
fn names_of_empty_lists_are_kept() {
    let workspace = Workspace::empty();
    let visits = r#"{"2024-01-01": [{"x": 1}], "2024-01-02": [], "2024-01-03": [{"x": 2}]}"#;
    workspace.write("visits.json", visits);
    assert_round_trip(&workspace);
    let connection = workspace.connection();
    let rows = rows::query(&connection, "SELECT * FROM visits");
    assert_eq!(rows.len(), 3, "{rows:?}");
    assert!(format!("{rows:?}").contains("2024-01-02"), "{rows:?}");
}

#[test]
fn a_directory_without_json_is_reported() {
    let workspace = Workspace::empty();
    workspace.write("readme.txt", "no data");
    workspace.write("broken.json", "{");
    let ended = init(&workspace, &[]);
    assert_eq!(ended.code, Some(1), "{ended}");
    assert!(ended.stderr.contains("broken.json:1:2"), "{ended}");
    assert!(!workspace.root().join("layout").exists());
}

#[test]
fn unreadable_files_are_reported_and_the_others_are_used() {
    let workspace = shop();
    workspace.write("users/u-10000004.json", "{\"id\": }");
    workspace.write("empty.json", "");
    let ended = init(&workspace, &["--format", "json"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    let report = crate::json::parse(&ended.stdout);
    assert_eq!(
        report["unread"],
        json!(["empty.json", "users/u-10000004.json"])
    );
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(2));
    let checked = workspace.run(workspace.command().args(["layout", "check", "layout"]));
    assert_eq!(checked.code, Some(0), "{checked}");
}

/// Generates file names that collide, are hidden, or are confusing.
fn file_name() -> impl Strategy<Value = String> {
    let folder = prop::sample::select(vec![
        "", "", "a/", "b/", "users/", "x/1/", "x/2/", "A/", "s p/",
    ]);
    let stem = prop::sample::select(vec![
        "users",
        "order",
        "c1",
        "c2",
        "c3_session",
        "c4_session",
        "2024-01-01",
        "2024-01-02",
        "名前",
        "select",
        "a{b}",
        "x*",
        "C1",
        "audit_log",
        "one",
        "two",
    ]);
    let end = prop::sample::select(vec![".json", ".json", ".json", ".jsonl"]);
    (folder, stem, end).prop_map(|(folder, stem, end)| format!("{folder}{stem}{end}"))
}

fn member_name() -> impl Strategy<Value = String> {
    let names = [
        "id",
        "ID",
        "name",
        "user_id",
        "order",
        "created at",
        "1st",
        "",
        "a/b",
        "m~n",
        "名前",
        "rowid",
        "rest",
        "value",
        "key",
        "*",
        "{x}",
        "2024-01-01",
        "group",
        "\u{7f}",
        "parent_id",
        "__proto__",
        "items",
    ];
    prop_oneof![
        6 => prop::sample::select(names.map(str::to_owned).to_vec()),
        1 => "[a-z0-9 \"'`;-]{0,6}",
        1 => (0..40_u32).prop_map(|number| format!("k{number}")),
    ]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..5_i64).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::num::f64::NORMAL.prop_map(Value::from),
        prop::sample::select(vec![
            "18446744073709551616",
            "-9223372036854775809",
            "1e400",
            "0.1000000000000000055511",
            "-0.0",
            "1E2",
            "3.0",
        ])
        .prop_map(crate::json::parse),
        prop::sample::select(vec![
            "",
            " ",
            "a",
            "2024-05-01",
            "2024-05-01T10:00:00Z",
            "2024-05-01T10:00:00.5+02:00",
            "2024-05-01T10:00:00",
            "0190163d-8694-739b-aea5-966c26f8ad91",
            "u-10000001",
            "null",
            "{}",
            "'; DROP TABLE users; --",
            "漢字😀",
        ])
        .prop_map(Value::from),
        "[^\u{0}]{0,12}".prop_map(Value::from),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 40, 6, |inner| {
        let object = |inner| {
            prop::collection::vec((member_name(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>()))
        };
        // Similar records, which is the usual case.
        let records =
            prop::collection::vec((member_name(), inner.clone()), 1..5).prop_flat_map(|members| {
                prop::collection::vec(prop::collection::vec(any::<bool>(), members.len()), 0..6)
                    .prop_map(move |rows| {
                        let row = |kept: Vec<bool>| {
                            let kept = members.iter().zip(kept).filter(|(_, kept)| *kept);
                            Value::Object(kept.map(|(member, _)| member.clone()).collect())
                        };
                        rows.into_iter().map(row).collect::<Value>()
                    })
            });
        prop_oneof![
            object(inner.clone()),
            records,
            prop::collection::vec(inner, 0..5).prop_map(Value::from),
        ]
    })
}

fn directory() -> impl Strategy<Value = Vec<(String, Value)>> {
    let one = prop::collection::vec((file_name(), value()), 1..6);
    // Several files with similar documents.
    let alike = (prop::collection::vec(file_name(), 2..6), value()).prop_map(|(names, value)| {
        names
            .into_iter()
            .map(|name| (name, value.clone()))
            .collect::<Vec<_>>()
    });
    (one, alike).prop_map(|(one, alike)| [one, alike].concat())
}

fn cases() -> u32 {
    let wanted = std::env::var("PROPTEST_CASES").ok();
    wanted.and_then(|cases| cases.parse().ok()).unwrap_or(24)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_directory_is_imported(files in directory()) {
        let workspace = Workspace::empty();
        for (name, value) in &files {
            let text = match (name.ends_with(".jsonl"), value) {
                (true, Value::Array(lines)) => lines.iter().map(|line| format!("{line}\n")).collect(),
                (true, other) => format!("{other}\n"),
                (false, other) => format!("{other:#}"),
            };
            workspace.write(name, text);
        }
        assert_round_trip(&workspace);
    }
}

/// The format of a compressed file is determined by its name without `.gz`.
#[test]
fn compressed_files_are_treated_like_others() {
    use std::io::Write as _;
    let workspace = shop();
    let id = "u-10000009";
    let user = json!({"id": id, "name": "Eve Example", "joined": "2024-06-01T10:00:00Z"});
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed
        .write_all(user.to_string().as_bytes())
        .expect("packed");
    workspace.write(
        &format!("users/{id}.json.gz"),
        packed.finish().expect("packed"),
    );
    assert_round_trip(&workspace);
    let names = rows::texts(
        &workspace.connection(),
        "SELECT name FROM users WHERE id = 'u-10000009'",
    );
    assert_eq!(names, ["Eve Example"]);
}

/// The hint must write the path so that `--layout` takes it for a path and not a name.
#[test]
fn the_hint_can_be_followed() {
    let workspace = shop();
    let mut command = workspace.command();
    command.args(["layout", "init", "legacy", "--name", "srs4autism"]);
    let ended = workspace.run(&mut command);
    let line = ended
        .stdout
        .lines()
        .find_map(|line| line.trim().strip_prefix("import:"));
    let words: Vec<&str> = line.expect("a hint").split_whitespace().skip(1).collect();
    let imported = workspace.run(workspace.command().args(&words));
    assert_eq!(imported.code, Some(0), "{imported}");
    assert!(imported.stdout.contains("orders"), "{imported}");
    assert_eq!(
        PathBuf::from(words[3]),
        PathBuf::from("./srs4autism-layout")
    );
}

#[test]
fn the_comment_of_a_repeated_id_names_it() {
    let workspace = Workspace::empty();
    workspace.write(
        "people.json",
        r#"[{"id": "a"}, {"id": "b"}, {"id": "c"}, {"id": "b"}]"#,
    );
    let layout = proposed(&workspace);
    let comment = "in 4 of 4; not unique: 3 different values in 4, b repeats";
    assert!(layout.contains(comment), "{layout}");
}
