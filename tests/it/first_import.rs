//! The first import of a directory: every value of the files is in the database and in the audit log.
//!
//! The files are read here with only a JSON parser, so that the mapping and the check do not share a mistake.

use rusqlite::Connection;
use rusqlite::types::Value as Stored;
use serde_json::Value;

use crate::json;
use crate::rows::{self, Row, of};
use crate::tree::Tree;
use crate::workspace::{ACTOR, Workspace};

const CHILD: &str = "child_0001";

fn imported() -> Workspace {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&["--reason", "first test"]);
    workspace
}

fn stored_text(value: Option<&Value>) -> Stored {
    match value {
        None | Some(Value::Null) => Stored::Null,
        Some(Value::String(text)) => Stored::Text(text.clone()),
        Some(other) => panic!("not a text: {other}"),
    }
}

/// A JSON column contains the member as compact JSON.
fn stored_json(value: Option<&Value>) -> Stored {
    match value {
        None | Some(Value::Null) => Stored::Null,
        Some(value) => Stored::Text(value.to_string()),
    }
}

fn stored_real(value: Option<&Value>) -> Stored {
    match value {
        None | Some(Value::Null) => Stored::Null,
        Some(value) => Stored::Real(value.to_string().parse().expect("a number")),
    }
}

/// Converts a timestamp in a file to UTC, in microseconds.
fn utc(text: &str) -> Stored {
    let text = text.replacen(' ', "T", 1);
    let has_offset = text.ends_with('Z') || text[19..].contains(['+', '-']);
    let text = if has_offset { text } else { format!("{text}Z") };
    let timestamp = chrono::DateTime::parse_from_rfc3339(&text).expect("a time");
    let micros = chrono::SecondsFormat::Micros;
    Stored::Text(timestamp.to_utc().to_rfc3339_opts(micros, true))
}

#[test]
fn profiles_contain_every_value_of_the_file() {
    let workspace = imported();
    let connection = workspace.connection();
    let profiles = json::array(&workspace.read("profiles/child_profiles.json"));
    let rows = rows::query(&connection, "SELECT * FROM profiles ORDER BY rowid");
    assert_eq!(rows.len(), profiles.len());
    for (row, profile) in rows.iter().zip(&profiles) {
        for name in [
            "id",
            "name",
            "dob",
            "gender",
            "address",
            "school",
            "neighborhood",
            "verbal_fluency",
            "passive_language_level",
            "raw_input",
        ] {
            assert_eq!(of(row, name), &stored_text(profile.get(name)), "{name}");
        }
        for name in ["interests", "character_roster", "extracted_data"] {
            assert_eq!(of(row, name), &stored_json(profile.get(name)), "{name}");
        }
        let age = stored_real(profile.get("mental_age"));
        assert_eq!(of(row, "mental_age"), &age);
    }
}

#[test]
fn unspecified_timestamps_are_the_time_of_the_run() {
    let workspace = imported();
    let connection = workspace.connection();
    let other: i64 = rows::value(
        &connection,
        "SELECT count(*) FROM profiles, import_runs WHERE substr(created_at, 1, 19) NOT BETWEEN
         substr(started_at, 1, 19) AND substr(finished_at, 1, 19)",
    );
    assert_eq!(other, 0);
}

#[test]
fn lists_become_one_row_per_distinct_word() {
    let workspace = imported();
    let connection = workspace.connection();
    let profiles = json::array(&workspace.read("profiles/child_profiles.json"));
    let words = |member: &str| {
        let text = profiles[0][member].as_str().expect("a text");
        let parts = text.split([',', '，', '、']).map(str::trim);
        let mut distinct: Vec<String> = Vec::new();
        for part in parts.filter(|part| !part.is_empty()) {
            if !distinct.iter().any(|word| word == part) {
                distinct.push(part.to_owned());
            }
        }
        distinct
    };
    for (member, query) in [
        (
            "mastered_words",
            "SELECT word FROM mastered_words WHERE language = 'zh' ORDER BY id",
        ),
        (
            "mastered_english_words",
            "SELECT word FROM mastered_words WHERE language = 'en' ORDER BY id",
        ),
        (
            "mastered_grammar",
            "SELECT grammar_uri FROM mastered_grammar ORDER BY id",
        ),
    ] {
        assert_eq!(rows::texts(&connection, query), words(member), "{member}");
    }
    let owners = rows::texts(
        &connection,
        "SELECT DISTINCT profile_id FROM (SELECT profile_id FROM mastered_words UNION SELECT profile_id FROM mastered_grammar)",
    );
    assert_eq!(owners, [CHILD]);
}

#[test]
fn cards_and_messages_contain_every_value_of_the_files() {
    let workspace = imported();
    let connection = workspace.connection();
    let cards = json::array(&workspace.read("content_db/approved_cards.json"));
    let rows = rows::query(&connection, "SELECT * FROM approved_cards ORDER BY id");
    assert_eq!(rows.len(), cards.len());
    for (row, card) in rows.iter().zip(&cards) {
        let kind = card.get("card_type").filter(|kind| !kind.is_null());
        let kind = stored_text(kind.or_else(|| card.get("type")));
        assert_eq!(of(row, "card_type"), &kind);
        assert_eq!(of(row, "content"), &stored_json(Some(card)));
        assert_eq!(of(row, "profile_id"), &Stored::Text(CHILD.to_owned()));
        let approved = match card["created_at"].as_str() {
            Some(text) => utc(text),
            // A default applies only to columns that must have a value.
            None => Stored::Null,
        };
        assert_eq!(of(row, "approved_at"), &approved);
    }
    let messages = json::array(&workspace.read("content_db/chat_history.json"));
    let rows = rows::query(&connection, "SELECT * FROM chat_messages ORDER BY id");
    assert_eq!(rows.len(), messages.len());
    for (row, message) in rows.iter().zip(&messages) {
        for name in ["role", "content"] {
            assert_eq!(of(row, name), &stored_text(message.get(name)), "{name}");
        }
        let timestamp = utc(message["timestamp"].as_str().expect("a time"));
        assert_eq!(of(row, "timestamp"), &timestamp);
    }
}

#[test]
fn reals_equal_the_numbers_of_the_file_bit_for_bit() {
    for number in [
        "0.30000000000000004",
        "0.1",
        "0.3333333333333333",
        "4",
        "-0.5",
        "1e-7",
        "5e-324",
        "1.7976931348623157e308",
        "2.2250738585072014E-308",
        "9007199254740993",
    ] {
        let workspace = Workspace::of("srs4autism/valid/small");
        let profile = format!(r#"[{{"id": "a", "name": "A", "mental_age": {number}}}]"#);
        workspace.write("profiles/child_profiles.json", profile);
        workspace.imports(&[]);
        let connection = workspace.connection();
        let stored: f64 = rows::value(&connection, "SELECT mental_age FROM profiles");
        let wanted: f64 = number.parse().expect("a number");
        assert_eq!(stored.to_bits(), wanted.to_bits(), "{number}");
        rows::assert_audit_log_reproduces_rows(&connection);
    }
}

#[test]
fn every_row_has_one_entry_with_all_of_its_values() {
    let workspace = imported();
    let connection = workspace.connection();
    let mut entries = 0;
    for table in rows::application_tables(&connection) {
        for row in rows::query(&connection, &format!("SELECT * FROM \"{table}\"")) {
            let id = match of(&row, "id") {
                Stored::Integer(id) => id.to_string(),
                other => rows::text(other),
            };
            let entry = only_entry(&connection, &table, &id);
            assert_eq!(of(&entry, "action"), &Stored::Text("INSERT".to_owned()));
            assert_eq!(of(&entry, "old_value"), &Stored::Null);
            let image = json::object(&rows::text(of(&entry, "new_value")));
            assert_eq!(image, json::image(&row), "{table} {id}");
            entries += 1;
        }
    }
    assert_eq!(rows::count(&connection, "audit_log"), entries);
    rows::assert_sound(&connection);
}

fn only_entry(connection: &Connection, table: &str, id: &str) -> Row {
    let entries = rows::query(
        connection,
        &format!("SELECT * FROM audit_log WHERE table_name = '{table}' AND record_id = '{id}'"),
    );
    let [entry] = <[Row; 1]>::try_from(entries).expect("one entry");
    entry
}

#[test]
fn entries_contain_run_actor_time_and_file() {
    let workspace = imported();
    let connection = workspace.connection();
    let strangers: i64 = rows::value(
        &connection,
        "SELECT count(*) FROM audit_log, import_runs WHERE audit_log.run_id <> import_runs.id
         OR changed_by <> actor OR changed_at <> started_at",
    );
    assert_eq!(strangers, 0);
    let files = rows::texts(
        &connection,
        "SELECT DISTINCT table_name || ' ' || path FROM audit_log JOIN source_files ON source_files.id = source_file_id ORDER BY 1",
    );
    assert_eq!(
        files,
        [
            "approved_cards content_db/approved_cards.json",
            "chat_messages content_db/chat_history.json",
            "mastered_grammar profiles/child_profiles.json",
            "mastered_words profiles/child_profiles.json",
            "profiles profiles/child_profiles.json",
        ]
    );
}

#[test]
fn the_run_is_in_the_ledger_with_its_counts() {
    let workspace = imported();
    let connection = workspace.connection();
    let [run] = <[Row; 1]>::try_from(rows::query(&connection, "SELECT * FROM import_runs"))
        .expect("one run");
    for (name, value) in [
        ("kind", "import"),
        ("status", "complete"),
        ("layout", "srs4autism"),
        ("actor", ACTOR),
        ("reason", "first test"),
        ("tool_version", env!("CARGO_PKG_VERSION")),
    ] {
        assert_eq!(rows::text(of(&run, name)), value, "{name}");
    }
    let legacy = workspace.source_dir().canonicalize().expect("a path");
    assert_eq!(rows::text(of(&run, "source")), legacy.display().to_string());
    assert!(rows::text(of(&run, "started_at")) <= rows::text(of(&run, "finished_at")));
    let counts = json::parse(&rows::text(of(&run, "counts")));
    for table in rows::application_tables(&connection) {
        let inserted = counts["tables"][&table]["inserted"].as_i64();
        assert_eq!(inserted, Some(rows::count(&connection, &table)), "{table}");
    }
    for file in rows::query(&connection, "SELECT * FROM source_files") {
        let path = rows::text(of(&file, "path"));
        let text = workspace.read(&path);
        let records = i64::try_from(json::array(&text).len()).expect("few");
        assert_eq!(of(&file, "records"), &Stored::Integer(records), "{path}");
        let bytes = i64::try_from(text.len()).expect("short");
        assert_eq!(of(&file, "bytes"), &Stored::Integer(bytes), "{path}");
    }
}

#[test]
fn every_row_has_its_place_in_its_file() {
    let workspace = imported();
    let connection = workspace.connection();
    let places = rows::query(
        &connection,
        "SELECT path, pointer, part, table_name, record_id FROM row_sources JOIN source_files ON source_files.id = source_file_id",
    );
    let all: i64 = rows::application_tables(&connection)
        .iter()
        .map(|table| rows::count(&connection, table))
        .sum();
    assert_eq!(i64::try_from(places.len()), Ok(all));
    for place in &places {
        let document = json::parse(&workspace.read(&rows::text(of(place, "path"))));
        let record = document.pointer(&rows::text(of(place, "pointer")));
        let record = record.expect("the pointer leads to a value");
        let table = rows::text(of(place, "table_name"));
        let id = rows::text(of(place, "record_id"));
        let column = match table.as_str() {
            "profiles" => "name",
            "mastered_words" => "word",
            "mastered_grammar" => "grammar_uri",
            _ => "content",
        };
        let stored: String = rows::value(
            &connection,
            &format!("SELECT {column} FROM {table} WHERE id = '{id}'"),
        );
        match (table.as_str(), of(place, "part")) {
            ("mastered_words" | "mastered_grammar", Stored::Integer(part)) => {
                let parts: Vec<&str> = record
                    .as_str()
                    .expect("a text")
                    .split([',', '，', '、'])
                    .collect();
                let part = usize::try_from(*part).expect("a small number");
                assert_eq!(parts[part].trim(), stored);
            }
            ("profiles", _) => assert_eq!(record["name"], stored.as_str()),
            ("chat_messages", _) => assert_eq!(record["content"], stored.as_str()),
            (_, part) => {
                assert_eq!(part, &Stored::Null);
                assert_eq!(record, &json::parse(&stored));
            }
        }
    }
}

#[test]
fn conversions_keep_the_text_of_the_file() {
    let workspace = imported();
    let connection = workspace.connection();
    let conversions = rows::query(
        &connection,
        "SELECT * FROM conversions ORDER BY table_name, CAST(record_id AS INTEGER)",
    );
    let output: Vec<[String; 4]> = conversions
        .iter()
        .map(|row| {
            ["table_name", "rule", "source_text", "stored_text"]
                .map(|name| rows::text(of(row, name)))
        })
        .collect();
    let expected = [
        [
            "approved_cards",
            "assumed_utc",
            "2024-05-01T10:00:00.123456",
            "2024-05-01T10:00:00.123456Z",
        ],
        [
            "approved_cards",
            "to_utc",
            "2024-05-01T18:30:00+08:00",
            "2024-05-01T10:30:00.000000Z",
        ],
        [
            "approved_cards",
            "assumed_utc",
            "2024-02-29 23:59:59.999999",
            "2024-02-29T23:59:59.999999Z",
        ],
        [
            "chat_messages",
            "assumed_utc",
            "2024-05-01T09:59:59.5",
            "2024-05-01T09:59:59.500000Z",
        ],
        [
            "chat_messages",
            "to_utc",
            "2024-05-01T18:00:02+08:00",
            "2024-05-01T10:00:02.000000Z",
        ],
    ];
    assert_eq!(output, expected);
}

#[test]
fn the_archive_contains_the_originals_accessible_only_to_their_owner() {
    use std::os::unix::fs::PermissionsExt as _;
    let workspace = imported();
    let mut originals = Vec::new();
    for entry in walkdir::WalkDir::new(workspace.archive()) {
        let entry = entry.expect("an entry");
        let mode = entry.metadata().expect("metadata").permissions().mode() & 0o777;
        let expected = if entry.file_type().is_dir() {
            0o700
        } else {
            0o600
        };
        assert_eq!(mode, expected, "{}", entry.path().display());
        if entry
            .path()
            .extension()
            .is_some_and(|ending| ending == "zst")
        {
            let packed = std::fs::File::open(entry.path()).expect("an object");
            originals.push(zstd::decode_all(packed).expect("a zstd frame"));
        }
    }
    let mut files: Vec<Vec<u8>> = [
        "profiles/child_profiles.json",
        "content_db/approved_cards.json",
        "content_db/chat_history.json",
    ]
    .map(|path| workspace.read(path).into_bytes())
    .into();
    files.sort();
    originals.sort();
    assert_eq!(originals, files);
}

#[test]
fn no_temporary_files_remain() {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    let mut there = Vec::new();
    for entry in std::fs::read_dir(workspace.target()).expect("a directory") {
        there.push(entry.expect("an entry").file_name());
    }
    there.sort();
    assert_eq!(there, ["legacy.db", "legacy.db.archive"]);
    let leftovers = workspace
        .tree()
        .paths()
        .into_iter()
        .filter(|path| path.contains(".tmp"));
    assert_eq!(leftovers.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn with_two_profiles_the_owner_of_the_cards_must_be_specified() {
    let workspace = Workspace::of("srs4autism/valid/two_profiles");
    let before = workspace.tree();
    let rejected = workspace.import::<&str>(&[]);
    assert_eq!(rejected.code, Some(3), "{rejected}");
    assert!(rejected.stderr.contains("--set profile=…"), "{rejected}");
    // IDs of profiles can be names of children.
    assert!(!rejected.stderr.contains("child_0001"), "{rejected}");
    let shown = workspace.import(&["--show-values"]);
    assert!(shown.stderr.contains("`child_0001`"), "{shown}");
    before.assert_unchanged(&workspace.tree(), "rejected");

    workspace.imports(&["--set", "profile=Leo 王子乐"]);
    let connection = workspace.connection();
    let owners = rows::texts(
        &connection,
        "SELECT DISTINCT profile_id FROM (SELECT profile_id FROM approved_cards UNION SELECT profile_id FROM chat_messages)",
    );
    assert_eq!(owners, ["Leo 王子乐"]);
    rows::assert_sound(&connection);
}

#[test]
fn a_parameter_that_matches_no_row_is_rejected() {
    let workspace = Workspace::of("srs4autism/valid/two_profiles");
    let before = workspace.tree();
    let rejected = workspace.import(&["--set", "profile=nobody"]);
    assert_eq!(rejected.code, Some(3), "{rejected}");
    assert!(rejected.stderr.contains("missing-reference"), "{rejected}");
    before.assert_unchanged(&workspace.tree(), "rejected");
}

#[test]
fn the_source_directory_is_never_written_to() {
    let workspace = Workspace::of("srs4autism/valid/small");
    let before = Tree::of(&workspace.source_dir());
    workspace.imports(&[]);
    workspace.imports(&["--reread"]);
    for arguments in [
        vec!["verify", "legacy", "--database", "target/legacy.db"],
        vec!["validate", "legacy"],
        vec!["layout", "init", "legacy", "--output", "layout"],
    ] {
        let ended = workspace.run(workspace.command().args(arguments));
        assert_eq!(ended.code, Some(0), "{ended}");
        before.assert_unchanged(&Tree::of(&workspace.source_dir()), ended);
    }
}
