//! Databases created by the application: its tables are used unchanged, and its rows are adopted.

use rusqlite::Connection;

use crate::rows;
use crate::tree::Tree;
use crate::workspace::Workspace;

/// Tables as the application's own migrations created them: other type names, an additional column, a trigger.
const APPLICATION: &str = "
    CREATE TABLE profiles (
        id VARCHAR(64) NOT NULL PRIMARY KEY, name VARCHAR(255) NOT NULL, dob VARCHAR, gender VARCHAR, address TEXT,
        school TEXT, neighborhood TEXT, interests JSON, character_roster JSON, verbal_fluency TEXT,
        passive_language_level TEXT, mental_age FLOAT, raw_input TEXT, extracted_data JSON,
        created_at DATETIME DEFAULT CURRENT_TIMESTAMP, updated_at DATETIME DEFAULT CURRENT_TIMESTAMP,
        colour TEXT
    );
    CREATE TABLE approved_cards (
        id INTEGER PRIMARY KEY, profile_id VARCHAR(64) NOT NULL REFERENCES profiles (id), card_type VARCHAR(50) NOT NULL,
        content JSON NOT NULL, approved_at DATETIME, views INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT);
    INSERT INTO settings VALUES ('theme', 'dark');
";

fn with_application() -> Workspace {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace
        .connection()
        .execute_batch(APPLICATION)
        .expect("tables");
    workspace
}

fn definition(connection: &Connection, table: &str) -> Vec<String> {
    rows::texts(
        connection,
        &format!("SELECT sql FROM sqlite_master WHERE name = '{table}'"),
    )
}

#[test]
fn tables_of_the_application_are_filled_and_not_altered() {
    let workspace = with_application();
    let tables = ["profiles", "approved_cards", "settings"];
    let before = tables.map(|table| definition(&workspace.connection(), table));
    workspace.imports(&[]);
    let connection = workspace.connection();
    assert_eq!(tables.map(|table| definition(&connection, table)), before);
    assert_eq!(rows::count(&connection, "profiles"), 1);
    assert_eq!(rows::count(&connection, "approved_cards"), 5);
    assert_eq!(rows::count(&connection, "mastered_words"), 9);
    assert_eq!(
        rows::texts(&connection, "SELECT value FROM settings"),
        ["dark"]
    );
    assert_eq!(rows::texts(&connection, "PRAGMA integrity_check"), ["ok"]);
    let again = workspace.imports(&[]);
    assert!(again.stdout.starts_with("nothing to do"), "{again}");
}

#[test]
fn the_audit_log_includes_columns_that_the_layout_does_not_map() {
    let workspace = with_application();
    workspace.imports(&[]);
    let connection = workspace.connection();
    connection
        .execute("UPDATE profiles SET colour = 'green'", [])
        .expect("updated");
    let last: String = rows::value(
        &connection,
        "SELECT new_value FROM audit_log ORDER BY id DESC LIMIT 1",
    );
    assert_eq!(last, r#"{"id":"child_0001","colour":"green"}"#);
    let views: i64 = rows::value(
        &connection,
        "SELECT new_value ->> 'views' FROM audit_log WHERE table_name = 'approved_cards' LIMIT 1",
    );
    assert_eq!(views, 0);
}

/// Returns a copy of an imported database without the ledger, as another tool might have imported it.
fn imported_by_another_tool() -> Workspace {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    let connection = workspace.connection();
    for trigger in rows::texts(
        &connection,
        "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    ) {
        connection
            .execute_batch(&format!("DROP TRIGGER \"{trigger}\""))
            .expect("dropped");
    }
    connection
        .execute_batch(
            "PRAGMA foreign_keys = OFF; DROP TABLE rejects; DROP TABLE conversions; DROP TABLE row_sources;
             DROP TABLE source_files; DROP TABLE import_runs; DROP TABLE audit_log; DROP TABLE audit_context;
             DROP TABLE audit_seals; DROP TABLE audit_seal_blocks; DROP TABLE row_sources_replaced;
             DROP TABLE __diesel_schema_migrations;",
        )
        .expect("dropped");
    drop(connection);
    std::fs::remove_dir_all(workspace.archive()).expect("removed");
    workspace
}

fn contents(workspace: &Workspace, tables: &[&str]) -> Vec<String> {
    let connection = workspace.connection();
    let all = tables.iter().map(|table| {
        let rows = rows::query(&connection, &format!("SELECT * FROM {table} ORDER BY 1"));
        format!("{table} {rows:?}")
    });
    all.collect()
}

#[test]
fn rows_with_a_key_are_adopted_without_a_write() {
    let workspace = imported_by_another_tool();
    workspace
        .connection()
        .execute_batch("DELETE FROM approved_cards; DELETE FROM chat_messages;")
        .expect("deleted");
    let tables = ["profiles", "mastered_words", "mastered_grammar"];
    let before = contents(&workspace, &tables);
    let report = workspace.report(&[]);
    assert_eq!(report["tables"]["profiles"]["adopted"], 1, "{report:#}");
    assert_eq!(report["tables"]["mastered_words"]["adopted"], 9);
    assert_eq!(report["tables"]["mastered_grammar"]["adopted"], 2);
    assert_eq!(contents(&workspace, &tables), before);
    let connection = workspace.connection();
    // 5 cards and 4 messages are new. The 12 adopted rows are unchanged; the run before this one recorded them.
    assert_eq!(rows::count(&connection, "audit_log"), 9 + 12);
    let by_run = "SELECT kind || ' ' || count(*) FROM audit_log JOIN import_runs ON import_runs.id = run_id GROUP BY kind";
    assert_eq!(rows::texts(&connection, by_run), ["enable 12", "import 9"]);
    // The backup is the previous database.
    let backup = workspace
        .root()
        .join(report["backup"].as_str().expect("a path"));
    let backup = Connection::open(backup).expect("a database");
    assert_eq!(rows::count(&backup, "profiles"), 1);
    assert!(definition(&backup, "audit_log").is_empty());
}

#[test]
fn a_row_with_the_same_key_and_other_values_is_a_conflict() {
    let workspace = imported_by_another_tool();
    workspace
        .connection()
        .execute_batch("UPDATE profiles SET school = 'elsewhere'; DELETE FROM approved_cards; DELETE FROM chat_messages;")
        .expect("changed");
    let before = workspace.tree();
    let ended = workspace.import::<&str>(&[]);
    assert_eq!(ended.code, Some(4), "{ended}");
    assert!(ended.stderr.contains("`profiles` child_0001"), "{ended}");
    assert!(!ended.stderr.contains("elsewhere"), "{ended}");
    before.assert_unchanged(&workspace.tree(), ended);

    workspace.imports(&["--on-conflict", "keep-database"]);
    let school = "SELECT school FROM profiles";
    assert_eq!(rows::texts(&workspace.connection(), school), ["elsewhere"]);
}

#[test]
fn existing_rows_can_be_overwritten_with_the_values_of_the_files() {
    let workspace = imported_by_another_tool();
    workspace
        .connection()
        .execute_batch("UPDATE profiles SET school = 'elsewhere'; DELETE FROM approved_cards; DELETE FROM chat_messages;")
        .expect("changed");
    workspace.imports(&["--on-conflict", "take-file"]);
    let connection = workspace.connection();
    let school = "SELECT school FROM profiles";
    assert_eq!(rows::texts(&connection, school), ["Lakeside Primary"]);
    let updates = "SELECT new_value FROM audit_log WHERE action = 'UPDATE'";
    assert_eq!(
        rows::texts(&connection, updates),
        [r#"{"id":"child_0001","school":"Lakeside Primary"}"#]
    );
}

#[test]
fn table_names_are_matched_regardless_of_case() {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace
        .connection()
        .execute_batch(&APPLICATION.replace("profiles (", "Profiles ("))
        .expect("tables");
    workspace.imports(&[]);
    let connection = workspace.connection();
    assert_eq!(rows::count(&connection, "profiles"), 1);
    assert_eq!(rows::texts(&connection, "PRAGMA integrity_check"), ["ok"]);
    assert!(rows::query(&connection, "PRAGMA foreign_key_check").is_empty());
}

/// A column that converts numbers to integers would change values; this is detected before anything is committed.
#[test]
fn a_column_that_changes_values_is_detected() {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace
        .connection()
        .execute_batch(&APPLICATION.replace("mental_age FLOAT", "mental_age INTEGER"))
        .expect("tables");
    let before = Tree::of(workspace.root());
    let ended = workspace.import::<&str>(&[]);
    assert_eq!(ended.code, Some(1), "{ended}");
    assert!(ended.stderr.contains("`mental_age`"), "{ended}");
    before.assert_unchanged(&workspace.tree(), ended);
}

#[test]
fn journal_and_settings_of_an_existing_database_are_kept() {
    let workspace = with_application();
    let connection = workspace.connection();
    connection
        .execute_batch(
            "PRAGMA journal_mode = DELETE; PRAGMA user_version = 7; PRAGMA application_id = 9;",
        )
        .expect("settings");
    drop(connection);
    workspace.imports(&[]);
    let connection = workspace.connection();
    for (pragma, value) in [
        ("journal_mode", "delete"),
        ("user_version", "7"),
        ("application_id", "9"),
    ] {
        let text = format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}");
        assert_eq!(rows::texts(&connection, &text), [value]);
    }
}
