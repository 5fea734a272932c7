//! `audit why`: the place of a row in a file, the proof by the archived original, and what invalidates the proof.

use std::fs;

use serde_json::{Value, json};

use crate::audit_look::{assert_printed, audit, look, look_json, reviewed};
use crate::edits::edit;
use crate::fixtures;
use crate::rows;
use crate::workspace::{CommandOutput, Workspace};

fn column<'v>(why: &'v Value, name: &str) -> &'v Value {
    let mut columns = why["columns"].as_array().into_iter().flatten();
    let found = columns.find(|column| column["column"] == name);
    found.unwrap_or_else(|| panic!("no column `{name}`: {why:#}"))
}

#[test]
fn values_are_found_in_the_archived_original() {
    let workspace = reviewed();
    assert_printed!(
        workspace,
        "audit_why_profile",
        look(&workspace, &["why", "profiles", "child_0001"])
    );
    assert_printed!(
        workspace,
        "audit_why_word",
        look(&workspace, &["why", "mastered_words", "777"])
    );
    assert_printed!(
        workspace,
        "audit_why_card",
        look(&workspace, &["why", "approved_cards", "2"])
    );
    assert_printed!(
        workspace,
        "audit_why_external",
        look(&workspace, &["why", "mastered_words", "10"])
    );
    assert_printed!(
        workspace,
        "audit_why_deleted",
        look(&workspace, &["why", "mastered_words", "4", "word"])
    );
}

#[test]
fn a_row_that_another_program_inserted_is_not_the_one_that_was_imported_under_its_key() {
    let workspace = reviewed();
    let connection = workspace.connection();
    connection
        .execute_batch(
            "CREATE TEMP TABLE other AS SELECT * FROM mastered_words WHERE id = 777;
             UPDATE other SET word = 'another';
             UPDATE mastered_words SET id = 99777 WHERE id = 777;
             INSERT INTO mastered_words SELECT * FROM other;",
        )
        .expect("the rows are changed");
    drop(connection);
    let moved = look_json(&workspace, &["why", "mastered_words", "99777"]);
    assert!(!moved["origin"].is_null(), "{moved:#}");
    let inserted = look_json(&workspace, &["why", "mastered_words", "777"]);
    assert!(inserted["origin"].is_null(), "{inserted:#}");
}

#[test]
fn rows_that_exchanged_their_keys_keep_their_records() {
    let workspace = reviewed();
    let connection = workspace.connection();
    let other: i64 = connection
        .query_row("SELECT min(id) FROM mastered_words", [], |row| row.get(0))
        .expect("a row");
    let place = |record: i64| {
        let why = look_json(&workspace, &["why", "mastered_words", &record.to_string()]);
        [
            why["origin"]["pointer"].clone(),
            why["origin"]["part"].clone(),
        ]
    };
    let before = (place(777), place(other));
    assert_ne!(before.0, before.1);
    connection
        .execute_batch(&format!(
            "UPDATE mastered_words SET id = 99777 WHERE id = 777;
             UPDATE mastered_words SET id = 777 WHERE id = {other};
             UPDATE mastered_words SET id = {other} WHERE id = 99777;",
        ))
        .expect("the rows are changed");
    drop(connection);
    assert_eq!((place(other), place(777)), before);
}

/// An import inserts the record again, and replaces what the ledger has of the first one.
#[test]
fn a_row_whose_record_was_imported_again_keeps_the_first() {
    let workspace = Workspace::of("tutorial");
    let layout = fixtures::path("layouts/tutorial").display().to_string();
    let layout = ["--layout", layout.as_str()];
    edit(&workspace, "members.json", |members| {
        let member = json!({"id": "m9", "name": "Dov Example", "voice": "bass"});
        members.push(member);
    });
    workspace.imports(&layout);
    let origin = |record: &str| {
        let why = look_json(
            &workspace,
            &["why", "members", record, layout[0], layout[1]],
        );
        assert_eq!(why["origin"]["proof"], "proved", "{why:#}");
        let columns = why["columns"].as_array().into_iter().flatten();
        let name = columns.clone().find(|one| one["column"] == "name");
        assert_eq!(name.expect("a name")["verdict"], "proved", "{why:#}");
        why["origin"]["run"].clone()
    };
    let before = origin("m9");
    workspace
        .connection()
        .execute("UPDATE members SET id = 'moved' WHERE id = 'm9'", [])
        .expect("the key is changed");
    edit(&workspace, "members.json", |members| {
        members[3]["name"] = json!("Another")
    });
    workspace.imports(&[layout[0], layout[1], "--on-conflict", "take-file"]);
    assert_eq!(origin("moved"), before);
    assert_ne!(origin("m9"), before);
}

#[test]
fn the_bytes_are_those_of_the_file() {
    let workspace = reviewed();
    // The file that was imported first no longer exists; the archive contains it.
    let why = look_json(&workspace, &["why", "chat_messages", "1"]);
    let file = workspace.read("content_db/chat_history.json");
    for (name, text) in [
        ("content", "content"),
        ("timestamp", "timestamp"),
        ("role", "role"),
    ] {
        let from = &column(&why, name)["from"];
        let byte = |name: &str| {
            usize::try_from(from["position"][name].as_u64().expect("a byte")).expect("small")
        };
        let cut = &file[byte("first_byte")..byte("end_byte")];
        assert_eq!(from["text"], cut, "{name}");
        assert_eq!(from["pointer"], format!("/0/{text}"));
        let line = file[..byte("first_byte")].matches('\n').count() + 1;
        assert_eq!(from["position"]["line"], line);
        assert_eq!(column(&why, name)["verdict"], "proved");
    }
    let converted = column(&why, "timestamp");
    assert_eq!(
        converted["conversion"],
        json!({"rule": "assumed_utc", "text": "2024-05-01T09:59:59.5"})
    );
}

fn library() -> Workspace {
    let workspace = Workspace::of("library/valid/town");
    fixtures::copy(
        &fixtures::path("layouts/library"),
        &workspace.root().join("library"),
    );
    workspace.imports(&["--layout", "library", "--set", "town=Harbourtown"]);
    workspace
}

#[test]
fn rows_of_every_kind_of_mapping_are_proved() {
    let workspace = library();
    let connection = workspace.connection();
    let mut kinds = std::collections::BTreeMap::new();
    for table in rows::application_tables(&connection) {
        let ids = format!("SELECT record_id FROM audit_log WHERE table_name = '{table}'");
        for record in rows::texts(&connection, &ids) {
            let why = look_json(&workspace, &["why", &table, &record, "--layout", "library"]);
            assert_eq!(
                why["origin"]["proof"], "proved",
                "{table} {record}: {why:#}"
            );
            for column in why["columns"].as_array().into_iter().flatten() {
                let verdict = column["verdict"].as_str().unwrap_or_default();
                assert!(
                    matches!(verdict, "proved" | "not_in_file"),
                    "{table} {record}: {column:#}"
                );
                let kind = column["from"]["kind"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned();
                *kinds.entry(kind).or_insert(0) += 1;
            }
        }
    }
    let kinds: Vec<&str> = kinds.keys().map(String::as_str).collect();
    let all = [
        "absent",
        "capture",
        "constant",
        "database",
        "file",
        "parameter",
        "parent",
        "reference",
        "rest",
    ];
    assert_eq!(kinds, all);
    let town = look_json(
        &workspace,
        &["why", "branches", "1", "town", "--layout", "library"],
    );
    assert_eq!(
        town["columns"][0]["from"],
        json!({"kind": "parameter", "name": "town", "default": {"value": "Harbourtown"}})
    );
    let key = "[\"harbour\",\"2024-01-05\"]";
    let known = rows::texts(
        &connection,
        "SELECT record_id FROM audit_log WHERE table_name = 'stocktakes'",
    );
    let key = known.first().map_or(key, String::as_str);
    assert_printed!(
        workspace,
        "audit_why_composite_key",
        look(
            &workspace,
            &["why", "stocktakes", key, "--layout", "library"]
        )
    );
}

#[track_caller]
fn assert_not_proved(ended: &CommandOutput, message: &str) {
    assert_eq!(ended.code, Some(4), "{ended}");
    assert!(ended.stdout.contains(message), "{message}: {ended}");
}

#[test]
fn a_missing_proof_is_reported_with_exit_code_4() {
    let workspace = library();
    let why = |options: &[&str]| audit(&workspace, &[&["why", "branches", "1"], options].concat());
    // The layout is not built in, so it must be passed; and it must be the one that the run used.
    assert_not_proved(
        &why(&[]),
        "not proved: the layout `library` is not built in: add `--layout DIR` with its directory",
    );
    assert_not_proved(
        &why(&["--layout", "elsewhere"]),
        "not proved: `elsewhere` is neither a built-in layout",
    );
    assert_not_proved(
        &why(&["--layout", "library", "--archive", "target"]),
        "not proved:",
    );
    assert_eq!(why(&["--layout", "library"]).code, Some(0));
    let path = workspace.root().join("library/layout.toml");
    let toml = fs::read_to_string(&path).expect("the layout");
    fs::write(&path, toml.replace("Public library", "Another library")).expect("written");
    let message = "not proved: the layout `library` differs from the one that the run used";
    assert_not_proved(&why(&["--layout", "library"]), message);
    // The hint works with a copy of that version.
    let former = workspace.root().join("former");
    fixtures::copy(&fixtures::path("layouts/library"), &former);
    assert_eq!(why(&["--layout", "former"]).code, Some(0));
    fs::write(&path, "name =").expect("written");
    assert_not_proved(
        &why(&["--layout", "library"]),
        "`accession layout check library` lists them",
    );
}

#[test]
fn a_modified_archive_proves_nothing() {
    let workspace = reviewed();
    let sha256 = "SELECT sha256 FROM source_files WHERE path = 'content_db/chat_history.json'";
    let sha256 = &rows::texts(&workspace.connection(), sha256)[0];
    let (directory, name) = sha256.split_at(2);
    let object = workspace
        .archive()
        .join("objects")
        .join(directory)
        .join(format!("{name}.zst"));
    let why = || audit(&workspace, &["why", "chat_messages", "1"]);
    assert_eq!(why().code, Some(0));
    let original = workspace.read("content_db/chat_history.json");
    let forged = original.replace("apple", "Apple");
    assert_ne!(original, forged);
    fs::write(
        &object,
        zstd::encode_all(forged.as_bytes(), 3).expect("compressed"),
    )
    .expect("written");
    assert_not_proved(&why(), "broken: the archived original is damaged");
    fs::remove_file(&object).expect("removed");
    assert_not_proved(&why(), "not proved:");
}

#[test]
fn a_value_of_the_run_that_is_not_in_the_file_is_reported() {
    let workspace = reviewed();
    // An administrator edits the audit log itself.
    let forgery = "
        DROP TRIGGER accession_audit_log_no_update;
        UPDATE audit_log SET new_value = replace(new_value, 'user', 'system')
        WHERE table_name = 'chat_messages' AND record_id = '1';";
    workspace
        .connection()
        .execute_batch(forgery)
        .expect("forged");
    let ended = audit(&workspace, &["why", "chat_messages", "1", "role"]);
    assert_not_proved(
        &ended,
        "differs from what the run imported: the file has user",
    );
}

#[test]
fn the_version_of_the_file_that_a_row_came_from_is_used() {
    let workspace = reviewed();
    let path = "content_db/approved_cards.json";
    edit(&workspace, path, |cards| {
        cards.remove(0);
        cards[0]["status"] = json!("retired");
    });
    workspace.imports(&[]);
    // Both the record's place and the file have changed.
    let why = look_json(&workspace, &["why", "approved_cards", "2"]);
    assert_eq!(why["origin"]["pointer"], "/0");
    assert_eq!(why["origin"]["proof"], "proved");
    assert_eq!(column(&why, "content")["verdict"], "proved");
    // Written by the previous run, and still in the file.
    assert_eq!(column(&why, "card_type")["verdict"], "proved");
    // Removed from the file but kept: proved by the version that still contained it.
    let removed = look_json(&workspace, &["why", "approved_cards", "1"]);
    assert_eq!(removed["origin"]["proof"], "proved");
    assert_eq!(removed["origin"]["pointer"], "/0");
    assert!(removed["origin"]["gone"].is_string(), "{removed:#}");
    assert_ne!(removed["origin"]["sha256"], why["origin"]["sha256"]);
    let rows = look_json(&workspace, &["where", path, "/0"]);
    let records: Vec<&Value> = rows["rows"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| &row["record_id"])
        .collect();
    assert_eq!(records, [&json!("2"), &json!("1")]);
}

#[test]
fn a_compressed_original_is_decompressed() {
    let workspace = Workspace::of("srs4autism/valid/small");
    let path = "content_db/chat_history.json";
    let text = workspace.read(path);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut packed, text.as_bytes()).expect("packed");
    workspace.write(&format!("{path}.gz"), packed.finish().expect("packed"));
    workspace.remove(path);
    workspace.imports(&[]);
    let why = look_json(&workspace, &["why", "chat_messages", "1"]);
    assert_eq!(why["origin"]["proof"], "proved");
    assert_eq!(why["origin"]["path"], format!("{path}.gz"));
    assert_eq!(column(&why, "content")["verdict"], "proved");
    let position = &column(&why, "role")["from"]["position"];
    let byte =
        |name: &str| usize::try_from(position[name].as_u64().expect("a byte")).expect("small");
    assert_eq!(&text[byte("first_byte")..byte("end_byte")], "\"user\"");
    let rows = look_json(&workspace, &["where", path, "/0"]);
    assert_eq!(rows["count"], 1);
}
