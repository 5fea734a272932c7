//! The built-in layout `donna`: many small files, IDs that are not UUIDs, and references by name.
//!
//! The files are read here with only a JSON parser, so that the mapping and the check do not share a mistake. The same
//! check runs on another directory if `ACCESSION_TEST_DONNA` names one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::types::Value as Stored;
use serde_json::Value;
use uuid::Uuid;

use crate::fixtures::{self, each_folder};
use crate::json;
use crate::rejected_files::assert_expected;
use crate::rows::{self, of};
use crate::workspace::{ACTOR, Workspace};

const SMALL: &str = "donna/valid/small";
const ADA: &str = "6560f1a2b3c4d5.12345678_9f86d081884c7d65";

/// The expected rows: for each table and ID, the value of every column that the files specify.
type Expected = BTreeMap<(&'static str, String), Vec<(&'static str, Stored)>>;

fn imported() -> Workspace {
    let workspace = Workspace::of(SMALL);
    workspace.imports(&[]);
    workspace
}

fn in_table(table: &str) -> Uuid {
    Uuid::new_v5(
        &Uuid::NAMESPACE_OID,
        format!("accession/donna/{table}").as_bytes(),
    )
}

/// Returns the UUID of an ID in a file.
fn id(table: &str, text: &str) -> String {
    Uuid::try_parse(text)
        .unwrap_or_else(|_| Uuid::new_v5(&in_table(table), text.as_bytes()))
        .to_string()
}

/// Returns the UUID generated from these values.
fn made_id(table: &str, values: &Value) -> String {
    Uuid::new_v5(&in_table(table), values.to_string().as_bytes()).to_string()
}

fn text(value: &Value) -> Stored {
    match value {
        Value::Null => Stored::Null,
        Value::String(text) => Stored::Text(text.clone()),
        other => panic!("not a text: {other}"),
    }
}

/// Converts a timestamp in a file to UTC, in microseconds.
fn time(value: &Value) -> Stored {
    let Some(text) = value.as_str() else {
        return Stored::Null;
    };
    let timestamp = chrono::DateTime::parse_from_rfc3339(text).expect("a time");
    let micros = chrono::SecondsFormat::Micros;
    Stored::Text(timestamp.to_utc().to_rfc3339_opts(micros, true))
}

fn integer(value: &Value) -> Stored {
    value.as_i64().map_or(Stored::Null, Stored::Integer)
}

fn object(value: &Value) -> Stored {
    match value {
        Value::Null => Stored::Null,
        Value::Array(items) if items.is_empty() => Stored::Text("{}".to_owned()),
        Value::Object(_) => Stored::Text(value.to_string()),
        other => panic!("not an object: {other}"),
    }
}

fn or(value: Stored, default: &str) -> Stored {
    match value {
        Stored::Null => Stored::Text(default.to_owned()),
        value => value,
    }
}

fn first<'v>(values: &[&'v Value]) -> &'v Value {
    let present = values.iter().find(|value| !value.is_null());
    present.unwrap_or(values.last().expect("a value"))
}

/// Returns the names without suffix, and the contents, of the files in a folder.
fn files(source: &Path, folder: &str) -> Vec<(String, String)> {
    let Ok(entries) = std::fs::read_dir(source.join(folder)) else {
        return Vec::new();
    };
    let entries = entries.map(|entry| entry.expect("an entry").path());
    let read = |path: PathBuf| {
        let name = path.file_name().expect("a name").to_string_lossy();
        (
            name.into_owned(),
            std::fs::read_to_string(&path).expect("UTF-8"),
        )
    };
    entries.map(read).collect()
}

fn documents(source: &Path, folder: &str) -> Vec<(String, Value)> {
    let named = files(source, folder).into_iter();
    named
        .map(|(name, text)| {
            let name = name.strip_suffix(".json").expect("JSON").to_owned();
            (name, json::parse(&text))
        })
        .collect()
}

fn users(source: &Path, wanted: &mut Expected) {
    for (_, user) in documents(source, "users") {
        let id = id("users", user["id"].as_str().expect("an id"));
        let columns = vec![
            ("clerk_id", text(&user["clerk_id"])),
            ("email", text(&user["email"])),
            ("name", text(&user["name"])),
            ("profile", or(object(&user["profile"]), "{}")),
            ("preferences", or(object(&user["preferences"]), "{}")),
            ("created_at", time(&user["created_at"])),
            ("updated_at", time(&user["updated_at"])),
            ("last_active_at", time(&user["last_active_at"])),
            ("status", or(text(&user["status"]), "active")),
        ];
        wanted.insert(("users", id), columns);
    }
}

/// Returns the IDs of the sessions by chat.
fn sessions(source: &Path, wanted: &mut Expected) -> BTreeMap<String, String> {
    let mut ids = BTreeMap::new();
    for (name, session) in documents(source, "chat_sessions") {
        let Some(chat) = name.strip_suffix("_session") else {
            continue;
        };
        let own = id("chat_sessions", session["id"].as_str().expect("an id"));
        let chat = session["chat_id"].as_str().unwrap_or(chat);
        let inner = &session["metadata"];
        let user = session["user_id"].as_str().map(|user| id("users", user));
        let profile = text(first(&[&session["profile"], &inner["profile"]]));
        let columns = vec![
            ("chat_id", Stored::Text(chat.to_owned())),
            ("user_id", user.map_or(Stored::Null, Stored::Text)),
            ("title", text(first(&[&session["title"], &inner["title"]]))),
            ("profile", or(profile, "general")),
            ("metadata", object(inner)),
            ("created_at", time(&session["created_at"])),
            ("updated_at", time(&session["updated_at"])),
            ("last_message_at", time(&session["last_message_at"])),
            (
                "message_count",
                Stored::Integer(session["message_count"].as_i64().unwrap_or(0)),
            ),
            ("status", or(text(&session["status"]), "active")),
        ];
        wanted.insert(("chat_sessions", own.clone()), columns);
        ids.insert(chat.to_owned(), own);
    }
    ids
}

fn transcripts(source: &Path, sessions: &mut BTreeMap<String, String>, wanted: &mut Expected) {
    for (chat, messages) in documents(source, "chat_history") {
        let session = sessions.entry(chat.clone()).or_insert_with(|| {
            let made = id("chat_sessions", &chat);
            let columns = vec![
                ("chat_id", Stored::Text(chat.clone())),
                ("user_id", Stored::Null),
                ("title", Stored::Null),
                ("profile", Stored::Text("general".to_owned())),
                ("metadata", Stored::Null),
                ("created_at", time(&messages[0]["timestamp"])),
                ("updated_at", Stored::Null),
                ("last_message_at", Stored::Null),
                ("message_count", Stored::Null),
                ("status", Stored::Text("active".to_owned())),
            ];
            wanted.insert(("chat_sessions", made.clone()), columns);
            made
        });
        for (index, message) in messages.as_array().expect("an array").iter().enumerate() {
            let place =
                serde_json::json!([format!("chat_history/{chat}.json"), format!("/{index}")]);
            let number = i64::try_from(index).expect("few") + 1;
            let columns = message_columns(session, message, &message["timestamp"], number);
            wanted.insert(("messages", made_id("messages", &place)), columns);
        }
    }
}

fn messages(source: &Path, sessions: &BTreeMap<String, String>, wanted: &mut Expected) {
    for (chat, messages) in documents(source, "chat_sessions") {
        for message in messages.as_array().into_iter().flatten() {
            let own = id("messages", message["id"].as_str().expect("an id"));
            let number = message["sequence_number"].as_i64().expect("a number");
            let columns =
                message_columns(&sessions[&chat], message, &message["created_at"], number);
            let again = wanted.insert(("messages", own), columns);
            assert_eq!(again, None, "two messages of one id");
        }
    }
}

fn message_columns(
    session: &str,
    message: &Value,
    at: &Value,
    number: i64,
) -> Vec<(&'static str, Stored)> {
    let flagged = message["abuse_flagged"].as_bool().unwrap_or(false);
    vec![
        ("chat_session_id", Stored::Text(session.to_owned())),
        ("role", text(&message["role"])),
        ("content", text(&message["content"])),
        ("metadata", or(object(&message["metadata"]), "{}")),
        ("created_at", time(at)),
        ("sequence_number", Stored::Integer(number)),
        ("token_count", integer(&message["token_count"])),
        ("abuse_flagged", Stored::Integer(i64::from(flagged))),
    ]
}

fn memory(source: &Path, wanted: &mut Expected) {
    for (user, types) in documents(source, "memory") {
        for (kind, entries) in types.as_object().into_iter().flatten() {
            for (key, entry) in entries.as_object().into_iter().flatten() {
                let made = made_id("user_memory", &serde_json::json!([user, kind, key]));
                let columns = vec![
                    ("user_id", Stored::Text(id("users", &user))),
                    ("memory_type", Stored::Text(kind.clone())),
                    ("key", Stored::Text(key.clone())),
                    ("value", Stored::Text(entry["value"].to_string())),
                    ("created_at", time(&entry["created_at"])),
                    ("updated_at", Stored::Null),
                    ("expires_at", time(&entry["expires_at"])),
                ];
                wanted.insert(("user_memory", made), columns);
            }
        }
    }
}

fn logs(source: &Path, wanted: &mut Expected) {
    for (name, lines) in files(source, "logs") {
        let lines = lines.lines().filter(|line| !line.is_empty());
        for (index, line) in lines.enumerate() {
            let line = json::parse(line);
            let place = serde_json::json!([format!("logs/{name}"), format!("/{index}")]);
            let mut columns = vec![
                ("context", object(&line["context"])),
                (
                    "created_at",
                    time(first(&[&line["created_at"], &line["timestamp"]])),
                ),
            ];
            for name in [
                "level",
                "message",
                "trace_id",
                "ip_address",
                "user_agent",
                "request_uri",
            ] {
                columns.push((name, text(&line[name])));
            }
            wanted.insert(("system_logs", made_id("system_logs", &place)), columns);
        }
    }
}

/// Checks that every expected row exists with every value, and that there are no other rows.
#[track_caller]
fn assert_holds(connection: &Connection, source: &Path) -> BTreeMap<&'static str, usize> {
    let mut wanted = Expected::new();
    users(source, &mut wanted);
    let mut chats = sessions(source, &mut wanted);
    transcripts(source, &mut chats, &mut wanted);
    messages(source, &chats, &mut wanted);
    memory(source, &mut wanted);
    logs(source, &mut wanted);
    let mut counts = BTreeMap::new();
    for table in [
        "users",
        "chat_sessions",
        "messages",
        "user_memory",
        "system_logs",
    ] {
        let rows = rows::query(connection, &format!("SELECT * FROM {table}"));
        counts.insert(table, rows.len());
        for row in rows {
            let own = rows::text(of(&row, "id"));
            let columns = wanted.remove(&(table, own.clone()));
            let columns = columns.unwrap_or_else(|| panic!("`{table}` {own} is in no file"));
            assert_eq!(columns.len() + 1, row.len(), "{table} has other columns");
            for (name, value) in columns {
                assert_eq!(of(&row, name), &value, "{table}.{name} of {own}");
            }
        }
    }
    assert_eq!(wanted, Expected::new(), "missing rows");
    counts
}

#[test]
fn every_value_of_every_file_is_in_the_database() {
    let workspace = imported();
    let connection = workspace.connection();
    let counts = assert_holds(&connection, &workspace.source_dir());
    let expected = [
        ("users", 3),
        ("chat_sessions", 5),
        ("messages", 8),
        ("user_memory", 7),
        ("system_logs", 4),
    ];
    assert_eq!(counts, BTreeMap::from(expected));
    rows::assert_sound(&connection);
}

#[test]
fn a_second_import_writes_nothing_and_verify_finds_no_difference() {
    let workspace = imported();
    let before = workspace.tree();
    let again = workspace.imports(&[]);
    assert!(again.stdout.starts_with("nothing to do"), "{again}");
    before.assert_unchanged(&workspace.tree(), again);
    let verified = workspace.run(workspace.command().args([
        "verify",
        "legacy",
        "--database",
        "target/legacy.db",
    ]));
    assert_eq!(verified.code, Some(0), "{verified}");
}

/// Omitted by `scripts/test`.
mod on_request {
    use super::*;

    /// The layout is detected if it is not specified; all other tests in this file rely on that.
    #[test]
    #[ignore = "needs a directory: ACCESSION_TEST_DONNA"]
    fn a_directory_elsewhere_is_imported_as_it_was_generated() {
        let source = std::env::var_os("ACCESSION_TEST_DONNA").expect("set ACCESSION_TEST_DONNA");
        let source = PathBuf::from(source);
        let workspace = Workspace::empty();
        let import = || {
            let mut command = workspace.command();
            command.arg("import").arg(&source);
            command.args(["--database", "target/legacy.db", "--actor", ACTOR]);
            workspace.run(&mut command)
        };
        let ended = import();
        assert_eq!(ended.code, Some(0), "{ended}");
        let connection = workspace.connection();
        let counts = assert_holds(&connection, &source);
        let expected =
            std::fs::read_to_string(source.join("EXPECTED.json")).expect("expected counts");
        for (table, count) in json::object(&expected) {
            assert_eq!(
                counts[table.as_str()],
                usize::try_from(count.as_u64().expect("a count")).expect("fits"),
                "{table}"
            );
        }
        rows::assert_sound(&connection);
        drop(connection);
        let before = workspace.tree();
        let again = import();
        assert!(again.stdout.starts_with("nothing to do"), "{again}");
        before.assert_unchanged(&workspace.tree(), again);
    }
}

#[test]
fn ids_that_are_not_uuids_are_kept_in_the_conversions() {
    let workspace = imported();
    let connection = workspace.connection();
    let source = rows::texts(
        &connection,
        "SELECT source_text FROM conversions WHERE table_name = 'users' AND column_name = 'id' \
         AND rule = 'to_uuid_v5' AND record_id = stored_text ORDER BY source_text",
    );
    assert_eq!(source, [ADA, "6560f1a2b3e6a1.00471100_60303ae22b998861"]);
    // For the message itself, the session it refers to by its chat, and generated IDs, no value was converted.
    let columns = rows::texts(
        &connection,
        "SELECT DISTINCT table_name || '.' || column_name FROM conversions WHERE rule = 'to_uuid_v5' ORDER BY 1",
    );
    assert_eq!(
        columns,
        [
            "chat_sessions.id",
            "chat_sessions.user_id",
            "messages.chat_session_id",
            "messages.id",
            "user_memory.user_id",
            "users.id"
        ]
    );
}

#[test]
fn an_array_in_place_of_an_object_is_a_conversion() {
    let workspace = imported();
    let objects = rows::texts(
        &workspace.connection(),
        "SELECT table_name || '.' || column_name || ' ' || source_text || ' ' || stored_text || ' ' || count(*) \
         FROM conversions WHERE rule = 'empty_array_to_object' GROUP BY table_name, column_name, source_text, stored_text ORDER BY 1",
    );
    assert_eq!(
        objects,
        [
            "chat_sessions.metadata [] {} 1",
            "messages.metadata [] {} 3",
            "system_logs.context [] {} 2",
            "users.preferences [] {} 1",
            "users.profile [] {} 1"
        ]
    );
}

#[test]
fn every_fault_is_reported_and_nothing_is_written() {
    each_folder("donna/invalid", |folder| {
        let workspace = Workspace::of(SMALL);
        fixtures::copy(folder, &workspace.source_dir());
        let before = workspace.tree();
        let ended = workspace.import(&["--quiet"]);
        assert_expected(folder, &workspace, &ended.messages());
        assert!(!ended.stderr.contains("SECRET"), "{ended}");
        assert_eq!(ended.code, Some(3), "{}\n{ended}", folder.display());
        before.assert_unchanged(&workspace.tree(), folder.display());
    });
}

#[test]
fn skipping_and_then_fixing_a_fault_gives_the_same_database_as_no_fault() {
    each_folder("donna/invalid", |folder| {
        let workspace = Workspace::of(SMALL);
        fixtures::copy(folder, &workspace.source_dir());
        let ended = workspace.import(&["--skip-invalid"]);
        assert_eq!(ended.code, Some(5), "{}\n{ended}", folder.display());
        rows::assert_sound(&workspace.connection());
        std::fs::remove_dir_all(workspace.source_dir()).expect("removed");
        fixtures::copy(&fixtures::path(SMALL), &workspace.source_dir());
        workspace.imports(&["--prune"]);
        assert_holds(&workspace.connection(), &workspace.source_dir());
    });
}

#[test]
fn a_message_file_finds_the_session_of_an_earlier_import() {
    let workspace = Workspace::of(SMALL);
    let messages = workspace.read("chat_sessions/chat_4f2a.json");
    workspace.remove("chat_sessions/chat_4f2a.json");
    workspace.imports(&[]);
    workspace.write("chat_sessions/chat_4f2a.json", messages);
    workspace.imports(&[]);
    assert_holds(&workspace.connection(), &workspace.source_dir());
}

#[test]
fn a_transcript_that_grows_keeps_its_session_and_its_messages() {
    let workspace = imported();
    let old = workspace.read("chat_history/chat_1999.json");
    let new = old.replace(
        "\n]",
        ",\n    {\"role\": \"assistant\", \"content\": \"Still here.\"}\n]",
    );
    assert_ne!(old, new);
    workspace.write("chat_history/chat_1999.json", new);
    let report = workspace.report(&[]);
    let of_table = |name: &str| report["tables"][name].clone();
    assert_eq!(of_table("messages")["inserted"], 1, "{report}");
    assert_eq!(of_table("messages")["gone"], 0);
    assert_eq!(of_table("chat_sessions")["unchanged"], 1);
    assert_eq!(of_table("chat_sessions")["gone"], 0);
    assert_holds(&workspace.connection(), &workspace.source_dir());
}

/// The session that was generated for the transcript has messages; the user must decide which of the two to keep.
#[test]
fn a_session_file_added_after_its_transcript_is_a_conflict() {
    let workspace = imported();
    let session = serde_json::json!({"id": "late", "chat_id": "chat_1999", "metadata": []});
    workspace.write("chat_sessions/chat_1999_session.json", session.to_string());
    let before = workspace.tree();
    let ended = workspace.import::<&str>(&[]);
    assert_eq!(ended.code, Some(4), "{ended}");
    before.assert_unchanged(&workspace.tree(), ended);
}

#[test]
fn expired_entries_are_kept_with_their_time() {
    let workspace = imported();
    let expired = rows::texts(
        &workspace.connection(),
        "SELECT key || ' ' || value || ' ' || expires_at FROM user_memory WHERE expires_at < '2024'",
    );
    assert_eq!(expired, ["~age 37 2020-01-01T00:00:00.000000Z"]);
}

/// One rule reads `/0/timestamp`, another all of `/*`: the first message is read like the others.
#[test]
fn members_that_another_rule_reads_are_not_reported() {
    let workspace = Workspace::of("donna/valid/small");
    let ended = workspace.imports(&[]);
    assert!(!ended.stderr.contains("chat_history"), "{ended}");
}
