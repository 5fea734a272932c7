//! Limits on memory and on the work that schemas cause.

use std::fs;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};

use crate::fixtures;
use crate::workspace::{CommandOutput, Workspace};

/// The limit that the manual promises, in addition to four times the largest record.
const BASE_KB: u64 = 256_000;

fn layout() -> String {
    fixtures::path("layouts/anything").display().to_string()
}

/// Runs `accession ARGUMENTS legacy --layout anything` and returns its peak memory in KB.
fn measured(workspace: &Workspace, arguments: &[&str]) -> (CommandOutput, u64) {
    let mut command = workspace.command();
    command
        .args(arguments)
        .args(["--layout", &layout(), "legacy"]);
    crate::peak::measured(&command)
}

#[test]
fn a_gzip_bomb_is_skipped_without_being_kept() {
    let workspace = Workspace::empty();
    for (path, begin, end) in [
        ("records/a.json.gz", "[1,\"", "\",2]"),
        ("documents/a.json.gz", "{\"a\":\"", "\"}"),
    ] {
        let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
        bomb.write_all(begin.as_bytes()).expect("packed");
        let block = vec![b'a'; 1 << 20];
        (0..200).for_each(|_| bomb.write_all(&block).expect("packed"));
        bomb.write_all(end.as_bytes()).expect("packed");
        workspace.write(path, bomb.finish().expect("packed"));
    }
    let (ended, peak) = measured(
        &workspace,
        &["validate", "--max-record", "4MiB", "--format", "json"],
    );
    assert_eq!(ended.code, Some(3), "{ended}");
    let report: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let findings = report["findings"].as_array().expect("findings");
    assert_eq!(findings.len(), 2, "{ended}");
    for finding in findings {
        assert_eq!(finding["rule"], "too-large");
        assert!(
            finding["remedy"]
                .as_str()
                .is_some_and(|hint| hint.contains("--max-record"))
        );
    }
    // Less than the decompressed size.
    assert!(peak < 150_000, "{peak} KB");
}

#[test]
fn large_documents_are_not_held_many_at_a_time() {
    const BYTES: usize = 20_000_000;
    let workspace = Workspace::empty();
    for at in 0..12 {
        let document = format!("{{\"n\":{at},\"text\":\"{}\"}}", "x".repeat(BYTES));
        workspace.write(&format!("documents/{at}.json"), document);
    }
    let database = ["--database", "target/legacy.db"];
    for (command, arguments) in [
        ("validate", &[][..]),
        ("import", &database),
        ("verify", &database),
    ] {
        let (ended, peak) = measured(&workspace, &[&[command], arguments].concat());
        assert_eq!(ended.code, Some(0), "{ended}");
        let most = BASE_KB + 4 * BYTES as u64 / 1000;
        assert!(peak < most, "{command}: {peak} KB");
    }
}

#[test]
fn many_members_and_long_numbers_need_a_few_times_the_memory_of_their_text() {
    let workspace = Workspace::empty();
    let members: Vec<String> = (0..600_000).map(|n| format!("\"member{n}\":{n}")).collect();
    let members = format!("{{{}}}", members.join(","));
    let most = BASE_KB + 4 * members.len() as u64 / 1000;
    workspace.write("documents/members.json", members);
    workspace.write(
        "records/number.json",
        format!("[{}]", "7".repeat(10_000_000)),
    );
    let (ended, peak) = measured(&workspace, &["import", "--database", "target/legacy.db"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert!(peak < most, "{peak} KB");
}

#[test]
fn records_after_one_that_is_too_large_are_imported_and_the_limit_can_be_raised() {
    let workspace = Workspace::empty();
    let long = format!("{{\"text\":\"{}\"}}", "x".repeat(300_000));
    workspace.write("records/a.json", format!("[1, {long}, 3]"));
    workspace.write("lines/b.jsonl", format!("1\n{long}\n3\n"));
    let layout = layout();
    let import = |more: &[&str]| {
        let first = ["--layout", layout.as_str(), "--max-record", "100KB"];
        workspace.import(&[&first[..], more].concat())
    };
    assert_eq!(import(&[]).code, Some(3));
    let ended = import(&["--skip-invalid"]);
    assert_eq!(ended.code, Some(5), "{ended}");
    let rows: i64 = workspace
        .connection()
        .query_row("SELECT count(*) FROM items", [], |row| row.get(0))
        .expect("a count");
    assert_eq!(rows, 4);
    let export = |size: &str| {
        let mut command = workspace.command();
        command.args([
            "rejects",
            "export",
            "--database",
            "target/legacy.db",
            "--max-record",
            size,
        ]);
        let ended = workspace.run(&mut command);
        assert_eq!(ended.code, Some(0), "{ended}");
        ended.stdout
    };
    assert!(
        export("100KB").contains("--max-record"),
        "{}",
        export("100KB")
    );
    assert!(export("1MB").contains(&"x".repeat(1000)));
}

/// Returns a chain of `length` definitions that each refer to the next one twice.
fn exponential(length: usize) -> Value {
    let mut definitions = Map::new();
    for at in 0..length {
        let next = json!({"$ref": format!("#/$defs/a{}", at + 1)});
        definitions.insert(format!("a{at}"), json!({"allOf": [next, next]}));
    }
    definitions.insert(format!("a{length}"), json!({"type": "object"}));
    json!({"$ref": "#/$defs/a0", "$defs": definitions})
}

#[test]
fn an_exponential_schema_is_a_layout_error() {
    let workspace = Workspace::empty();
    let layout = workspace.root().join("layout");
    fixtures::copy(&fixtures::path("layouts/anything"), &layout);
    let schema = exponential(30).to_string();
    fs::write(layout.join("anything.schema.json"), schema).expect("written");
    workspace.write("documents/a.json", "{}");
    let mut check = workspace.command();
    check.args(["layout", "check", "layout"]);
    let mut import = workspace.command();
    import.args([
        "import",
        "legacy",
        "--layout",
        "./layout",
        "--database",
        "target/legacy.db",
    ]);
    for mut command in [check, import] {
        let ended = workspace.run(&mut command);
        assert!(matches!(ended.code, Some(1..=3)), "{ended}");
        let output = format!("{}{}", ended.stdout, ended.stderr);
        assert!(output.contains("anything.schema.json:1:"), "{ended}");
        assert!(output.contains("more than 100000 times"), "{ended}");
    }
    assert!(!workspace.database().exists());
    let schema = exponential(10).to_string();
    fs::write(layout.join("anything.schema.json"), schema).expect("written");
    workspace.imports(&["--layout", "./layout"]);
}
