//! Rejected records: the rows nested in them and the records that refer to them are rejected too.

use std::fs;

use serde_json::{Value, json};

use super::on_every_database;
use super::target::Target;

on_every_database!(
    rows_nested_in_a_rejected_record_are_rejected_with_it,
    a_changed_record_that_is_rejected_keeps_its_rows,
    a_row_that_a_valid_record_has_too_is_imported,
    a_record_that_refers_to_an_invalid_one_names_it,
    rows_that_refer_to_each_other_are_rejected_together,
    records_that_refer_to_later_rejected_ones_are_rejected,
);

const LAYOUT: &str = r#"name = "l"
[[source]]
files = "people.json"
schema = "s.schema.json"
  [[source.records]]
  table = "people"
  each = "/*"
  columns = { id = "/id", team = "/team", boss = "/boss" }
    [[source.records.records]]
    table = "tags"
    each = "/tags/*"
    columns = { person = "^id", tag = "/tag" }
      [[source.records.records.records]]
      table = "marks"
      each = "/marks/*"
      columns = { person = "^person", tag = "^tag", mark = "" }
    [[source.records.records]]
    table = "places"
    each = "/places/*"
    columns = { id = "" }
[[source]]
files = "teams.json"
schema = "s.schema.json"
  [[source.records]]
  table = "teams"
  each = "/*"
  columns = { id = "/id", size = "/size", name = "/name" }
[[source]]
files = "votes.json"
schema = "s.schema.json"
  [[source.records]]
  table = "votes"
  each = "/*"
  columns = { id = "/id", person = "/person" }
    [[source.records.records]]
    table = "notes"
    each = "/notes/*"
    columns = { vote = "^id", note = "" }
[[source]]
files = "guests.json"
schema = "s.schema.json"
  [[source.records]]
  table = "guests"
  each = "/*"
  columns = { id = "/id", team = { reference = "teams.id", where = { name = "/team" } } }
"#;

const TABLES: &str = "CREATE TABLE teams (id TEXT PRIMARY KEY, size INTEGER, name TEXT UNIQUE);
CREATE TABLE people (id TEXT PRIMARY KEY, team TEXT REFERENCES teams (id), boss TEXT REFERENCES people (id));
CREATE TABLE tags (person TEXT NOT NULL REFERENCES people (id), tag TEXT NOT NULL, PRIMARY KEY (person, tag));
CREATE TABLE marks (person TEXT NOT NULL, tag TEXT NOT NULL, mark TEXT NOT NULL, PRIMARY KEY (person, tag, mark),
  FOREIGN KEY (person, tag) REFERENCES tags (person, tag));
CREATE TABLE places (id TEXT PRIMARY KEY);
CREATE TABLE votes (id TEXT PRIMARY KEY, person TEXT REFERENCES people (id));
CREATE TABLE notes (vote TEXT NOT NULL REFERENCES votes (id), note TEXT NOT NULL, PRIMARY KEY (vote, note));
CREATE TABLE guests (id TEXT PRIMARY KEY, team TEXT REFERENCES teams (id));
";

const TEAMS: &str = r#"[{"id": "t1", "size": 1, "name": "one"}]"#;
const PEOPLE: &str = r#"[
{"id": "p1", "team": "t1", "tags": [{"tag": "x", "marks": ["m"]}], "places": ["here"]},
{"id": "p9", "team": "t9", "tags": [{"tag": "x", "marks": ["m"]}, {"tag": "y"}], "places": ["there"]}
]"#;
const VOTES: &str = r#"[
{"id": "v1", "person": "p1", "notes": ["n"]},
{"id": "v9", "person": "p9", "notes": ["n"]}
]"#;

fn with(target: &Target, files: &[(&str, &str)]) {
    let home = target.workspace.root().join("l");
    fs::create_dir_all(&home).expect("a directory");
    let schema = r#"{"type": "array", "items": {"type": "object"}}"#;
    let layout = [
        ("layout.toml", LAYOUT),
        ("tables.sql", TABLES),
        ("s.schema.json", schema),
    ];
    for (name, text) in layout {
        fs::write(home.join(name), text).expect("written");
    }
    for (name, text) in files {
        target.workspace.write(name, text);
    }
}

#[track_caller]
fn imports(target: &Target, arguments: &[&str], code: i32) -> Value {
    let ended = target.import(&[&["--layout", "./l", "--format", "json"], arguments].concat());
    assert_eq!(ended.code, Some(code), "{ended}");
    serde_json::from_str(&ended.stdout).expect("a report")
}

#[track_caller]
fn assert_rows(target: &Target, table: &str, rows: &[&[&str]]) {
    let found = target.rows(&format!("SELECT * FROM {table} ORDER BY 1, 2"));
    assert_eq!(found, rows, "{table}");
}

fn assert_keys(target: &Target, table: &str, keys: &[&str]) {
    let found = target.rows(&format!("SELECT id FROM {table} ORDER BY 1"));
    assert_eq!(found.concat(), keys, "{table}");
}

/// The places of findings of this rule, and of the records in `rejects`.
#[track_caller]
fn assert_rejected(target: &Target, report: &Value, expected: &[(&str, &str)]) {
    let findings = report["findings"].as_array().expect("findings");
    let found: Vec<_> = findings
        .iter()
        .filter(|finding| finding["rule"] == "missing-reference")
        .map(|finding| {
            let part = |name: &str| finding[name].as_str().unwrap_or_default();
            (part("path"), part("pointer"))
        })
        .collect();
    assert_eq!(found, expected, "{report:#}");
    let listed = target.run(&["rejects", "list", "--format", "json"]);
    let listed: Value = serde_json::from_str(&listed.stdout).expect("a list");
    let rejects = listed["rejects"].as_array().expect("rejects");
    let paths: Vec<_> = rejects.iter().map(|reject| &reject["path"]).collect();
    let expected: Vec<_> = expected.iter().map(|(path, _)| json!(path)).collect();
    assert_eq!(paths, expected.iter().collect::<Vec<_>>(), "{listed:#}");
}

/// The counts per table, which a dry run must agree with.
fn counts(report: &Value) -> Value {
    report["tables"].clone()
}

fn rows_nested_in_a_rejected_record_are_rejected_with_it(target: Target) {
    with(
        &target,
        &[
            ("teams.json", TEAMS),
            ("people.json", PEOPLE),
            ("votes.json", VOTES),
        ],
    );
    imports(&target, &[], 3);
    let planned = imports(&target, &["--skip-invalid", "--dry-run"], 5);
    let report = imports(&target, &["--skip-invalid"], 5);
    assert_eq!(counts(&planned), counts(&report));
    let rejected = [("people.json", "/1/team"), ("votes.json", "/1/person")];
    assert_rejected(&target, &report, &rejected);
    let message = report["findings"][1]["message"].as_str().expect("one");
    assert!(
        message.ends_with("whose record is invalid: people.json:3:1"),
        "{message}"
    );
    assert_keys(&target, "people", &["p1"]);
    assert_keys(&target, "places", &["here"]);
    assert_keys(&target, "votes", &["v1"]);
    assert_rows(&target, "tags", &[&["p1", "x"]]);
    assert_rows(&target, "marks", &[&["p1", "x", "m"]]);
    assert_rows(&target, "notes", &[&["v1", "n"]]);
    let teams = r#"[{"id": "t1", "size": 1, "name": "one"}, {"id": "t9"}]"#;
    target.workspace.write("teams.json", teams);
    imports(&target, &["--skip-invalid"], 0);
    assert_keys(&target, "people", &["p1", "p9"]);
    assert_eq!(target.count("marks"), 2);
    assert_eq!(target.count("notes"), 2);
}

fn a_changed_record_that_is_rejected_keeps_its_rows(target: Target) {
    let valid = PEOPLE.replace("t9", "t1");
    with(
        &target,
        &[
            ("teams.json", TEAMS),
            ("people.json", &valid),
            ("votes.json", VOTES),
        ],
    );
    imports(&target, &[], 0);
    let changed = PEOPLE.replace(r#"{"tag": "y"}"#, r#"{"tag": "z"}"#);
    target.workspace.write("people.json", &changed);
    // Read again, so that it refers to the row that stays.
    target
        .workspace
        .write("votes.json", VOTES.replace(r#"["n"]"#, r#"["n", "o"]"#));
    let planned = imports(&target, &["--skip-invalid", "--dry-run", "--prune"], 5);
    let report = imports(&target, &["--skip-invalid", "--prune"], 5);
    assert_eq!(counts(&planned), counts(&report));
    assert_rejected(&target, &report, &[("people.json", "/1/team")]);
    assert_rows(&target, "tags", &[&["p1", "x"], &["p9", "x"], &["p9", "y"]]);
    assert_eq!(
        target.value("SELECT team FROM people WHERE id = 'p9'"),
        "t1"
    );
    assert_eq!(target.count("notes"), 4);
    let again = imports(&target, &["--skip-invalid"], 5);
    assert_eq!(again["status"], "nothing_to_do");
}

fn a_row_that_a_valid_record_has_too_is_imported(target: Target) {
    let people = r#"[
{"id": "p9", "team": "t9", "places": ["here"], "tags": [{"tag": "x"}]},
{"id": "p8", "team": "t9", "places": ["here"]},
{"id": "p9", "team": "t9", "places": ["here"], "tags": [{"tag": "x"}]},
{"id": "p1", "team": "t1", "places": ["here"]},
{"id": "p2", "team": "t1", "places": ["here"]}
]"#;
    with(&target, &[("teams.json", TEAMS), ("people.json", people)]);
    let planned = imports(&target, &["--skip-invalid", "--dry-run"], 5);
    let report = imports(&target, &["--skip-invalid"], 5);
    assert_eq!(counts(&planned), counts(&report));
    assert_eq!(report["rejected"], 3);
    assert_keys(&target, "places", &["here"]);
    assert_keys(&target, "people", &["p1", "p2"]);
    assert_eq!(target.count("tags"), 0);
}

fn a_record_that_refers_to_an_invalid_one_names_it(target: Target) {
    let people = r#"[{"id": "p1", "team": "t1"}, {"id": "p2", "team": "t1"}]"#;
    let guests = r#"[{"id": "g1", "team": "one"}]"#;
    with(
        &target,
        &[
            (
                "teams.json",
                r#"[{"id": "t1", "size": "large", "name": "one"}]"#,
            ),
            ("people.json", people),
            ("guests.json", guests),
            ("votes.json", VOTES),
        ],
    );
    for (arguments, code) in [(&[][..], 3), (&["--skip-invalid"], 5)] {
        let report = imports(&target, arguments, code);
        let findings = report["findings"].as_array().expect("findings");
        let rules: Vec<_> = findings.iter().map(|one| one["rule"].clone()).collect();
        assert_eq!(
            rules,
            [
                "wrong-type",
                "missing-reference",
                "missing-reference",
                "missing-reference",
                "missing-reference",
                "missing-reference"
            ],
            "{report:#}"
        );
        let message = |at: usize| findings[at]["message"].as_str().expect("a message");
        assert!(message(1).contains("neither"), "{}", message(1));
        assert_eq!(
            message(2),
            "`guests.team`: no row of `teams` has this `name`: its record is invalid: teams.json:1:2"
        );
        assert_eq!(
            message(3),
            "`team` of `people` refers to a row of `teams` whose record is invalid: teams.json:1:2"
        );
        assert_eq!(findings[3]["remedy"], "fix that record");
        assert!(message(5).contains("people.json:1:2"), "{}", message(5));
    }
    assert_eq!(target.count("people"), 0);
}

fn rows_that_refer_to_each_other_are_rejected_together(target: Target) {
    let people = r#"[
{"id": "p1", "team": "t9", "boss": "p2"},
{"id": "p2", "team": "t1", "boss": "p1"},
{"id": "p3", "team": "t1", "boss": "p3"},
{"id": "p4", "team": "t9", "boss": "p4"},
{"id": "p5", "team": "t1", "boss": "p2"}
]"#;
    with(&target, &[("teams.json", TEAMS), ("people.json", people)]);
    let report = imports(&target, &["--skip-invalid"], 5);
    let rejected = [
        ("people.json", "/0/team"),
        ("people.json", "/3/team"),
        ("people.json", "/1/boss"),
        ("people.json", "/4/boss"),
    ];
    let findings = report["findings"].as_array().expect("findings");
    let found: Vec<_> = findings.iter().map(|one| one["pointer"].clone()).collect();
    assert_eq!(found, rejected.map(|(_, pointer)| json!(pointer)));
    assert_keys(&target, "people", &["p3"]);
}

/// Chains in both directions, a record that refers to none, and one nested in a rejected one.
fn records_that_refer_to_later_rejected_ones_are_rejected(target: Target) {
    let people = r#"[
{"id": "p1", "team": "t1", "boss": "p2", "tags": [{"tag": "x"}]},
{"id": "p2", "team": "t1", "boss": "p4"},
{"id": "p3", "team": "t1", "boss": "p1"},
{"id": "p4", "team": "t9"},
{"id": "p5", "team": "t1", "boss": "p9"},
{"id": "p6", "team": "t1", "boss": "p7"},
{"id": "p7", "team": "t1"}
]"#;
    with(&target, &[("teams.json", TEAMS), ("people.json", people)]);
    let planned = imports(&target, &["--skip-invalid", "--dry-run"], 5);
    let report = imports(&target, &["--skip-invalid"], 5);
    assert_eq!(counts(&planned), counts(&report));
    let findings = report["findings"].as_array().expect("findings");
    let found = findings.iter().map(|one| {
        assert_eq!(one["rule"], "missing-reference", "{report:#}");
        let text = |name: &str| one[name].as_str().expect("text").to_owned();
        (text("pointer"), text("message"))
    });
    let mut found: Vec<_> = found.collect();
    found.sort();
    let of = |at: usize, line: usize| {
        let message = "`boss` of `people` refers to a row of `people` whose record is invalid";
        (
            format!("/{at}/boss"),
            format!("{message}: people.json:{line}:1"),
        )
    };
    let missing = |at: usize, name: &str, table: &str| {
        let message = "that is neither in the files nor in the database";
        let message = format!("`{name}` of `people` refers to a row of `{table}` {message}");
        (format!("/{at}/{name}"), message)
    };
    let expected = [
        of(0, 3),
        of(1, 5),
        of(2, 2),
        missing(3, "team", "teams"),
        missing(4, "boss", "people"),
    ];
    assert_eq!(found, expected);
    assert_keys(&target, "people", &["p6", "p7"]);
    assert_eq!(target.count("tags"), 0);
    assert_eq!(report["rejected"], 5, "{report:#}");
    let again = imports(&target, &["--skip-invalid"], 5);
    assert_eq!(again["status"], "nothing_to_do");
    // The row of p4 comes, then its record becomes invalid: the others keep their references to the row.
    let fixed = people.replace("t9", "t1");
    target.workspace.write("people.json", &fixed);
    imports(&target, &["--skip-invalid"], 5);
    assert_keys(&target, "people", &["p1", "p2", "p3", "p4", "p6", "p7"]);
    target
        .workspace
        .write("people.json", people.replace("p9", "p8"));
    imports(&target, &["--skip-invalid"], 5);
    assert_keys(&target, "people", &["p1", "p2", "p3", "p4", "p6", "p7"]);
    // New records in a table with rows: each refers to a later one, and the last to none.
    let chain = r#"[
{"id": "q1", "team": "t1", "boss": "q2"},
{"id": "q2", "team": "t1", "boss": "q3"},
{"id": "q3", "team": "t1", "boss": "q4"}
]"#;
    target.workspace.write("people.json", chain);
    let report = imports(&target, &["--skip-invalid"], 5);
    assert_eq!(report["rejected"], 3, "{report:#}");
    assert_keys(&target, "people", &["p1", "p2", "p3", "p4", "p6", "p7"]);
}
