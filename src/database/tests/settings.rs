//! Entries do not depend on the settings of the session, and stored triggers are recognized as up to date.

use crate::audit::{AuditedTable, Firing};
use crate::database::engine;
use crate::database::engine::mysql::triggers as mysql;
use crate::database::engine::postgres::triggers as postgres;
use crate::database::engine::sqlite::triggers as sqlite;
use crate::model::ColumnType;

use super::client::{self, Client, Kind};
use super::entries::{self, Entry};
use super::everything::{column, everything, family, make, table};

/// Changes `everything` under hostile settings, and gives the entries.
fn entries_under(client: &Client, settings: &str, row: &str) -> Vec<Entry> {
    make(client, &[everything()]);
    let name = client.identifier("every \"thing'");
    let column = |name: &str| client.identifier(name);
    client.execute(&format!(
        "{settings};
         INSERT INTO {name} ({}, {}, {}, {}, {}) VALUES (1, {row});
         UPDATE {name} SET {} = NULL;",
        column("id"),
        column("real"),
        column("instant"),
        column("day"),
        column("blob"),
        column("text"),
    ));
    entries::of(client)
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn postgres_settings_of_the_session_change_nothing() {
    let row = "0.1::float8 + 0.2::float8, '2024-07-01T12:00:00.5-04', '2024-07-01', '\\x00ff'";
    let client = client::of(Kind::Postgres);
    let usual = entries_under(&client, "SET TimeZone = 'UTC'", row);
    let client = client::of(Kind::Postgres);
    let hostile = "SET TimeZone = 'Asia/Kolkata'; SET extra_float_digits = -15; SET bytea_output = 'escape'; SET DateStyle = 'German';
                   SET IntervalStyle = 'sql_standard'; SET standard_conforming_strings = off; SET session_replication_role = replica;
                   SET search_path = pg_temp, public; CREATE TEMPORARY TABLE audit_log (id int)";
    let found = entries_under(&client, hostile, &row.replace('\\', "\\\\"));
    assert_eq!(found, usual);
    let new = usual[0].new.as_ref().expect("an image");
    assert_eq!(new["instant"], "2024-07-01T16:00:00.500000Z");
    assert_eq!(new["day"], "2024-07-01");
    assert_eq!(usual.len(), 2);
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn mysql_settings_of_the_session_change_nothing() {
    let row = "0.1e0 + 0.2e0, '2024-07-01 12:00:00.5', '2024-07-01', X'00ff'";
    let client = client::of(Kind::Mysql);
    let usual = entries_under(&client, "SET time_zone = '+00:00'", row);
    let client = client::of(Kind::Mysql);
    let hostile = "SET time_zone = '-05:00'; SET sql_mode = ''; SET SESSION character_set_connection = latin1;
                   SET SESSION group_concat_max_len = 4; SET collation_connection = latin1_german1_ci; SET lc_time_names = 'de_DE'";
    assert_eq!(entries_under(&client, hostile, row), usual);
    assert_eq!(
        usual[0].new.as_ref().expect("an image")["instant"],
        "2024-07-01T12:00:00.500000Z"
    );
}

/// A member of the only entry's new image, as it is written there.
fn new_value(client: &Client, name: &str) -> String {
    let image = client.rows(&["new_value"], "audit_log")[0][0]
        .clone()
        .expect("an image");
    let image: serde_json::Value = serde_json::from_str(&image).expect("JSON");
    image[name].to_string()
}

/// MySQL shows a TIMESTAMP in the session's zone.
#[test]
#[ignore = "needs servers: scripts/test"]
fn mysql_timestamps_are_written_in_utc() {
    let client = client::of(Kind::Mysql);
    client.execute("CREATE TABLE t (id INT PRIMARY KEY, at TIMESTAMP(3) NULL, ratio FLOAT, amount DECIMAL(10,2), kind ENUM('a', 'b'), flags BIT(4))");
    let mut audited = AuditedTable::of(&table(
        "t",
        vec![
            column("id", ColumnType::Integer),
            column("at", ColumnType::Timestamp),
            column("ratio", ColumnType::Real),
            column("amount", ColumnType::Real),
            column("kind", ColumnType::Integer),
            column("flags", ColumnType::Integer),
        ],
    ));
    for (column, declared) in audited.columns.iter_mut().zip([
        "int(11)",
        "timestamp(3)",
        "float",
        "decimal(10,2)",
        "enum('a','b')",
        "bit(4)",
    ]) {
        column.form = mysql::form(declared, None);
    }
    for trigger in mysql::triggers(&audited) {
        client.execute(&trigger.create);
    }
    client.execute("SET time_zone = '-05:00'; INSERT INTO t VALUES (1, '2024-07-01 07:00:00.5', 0.1, 12.50, 'b', b'1010')");
    let entries = entries::of(&client);
    let mut new = entries[0].new.clone().expect("an image");
    new.remove("ratio");
    let new = serde_json::Value::from(new);
    let ratio = new_value(&client, "ratio")
        .parse::<f32>()
        .expect("a number");
    assert_eq!(ratio.to_bits(), 0.1_f32.to_bits());
    assert_eq!(
        new,
        serde_json::json!({"id": 1, "at": "2024-07-01T12:00:00.500000Z", "amount": "12.50", "kind": "b", "flags": {"$blob": "A"}})
    );
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn postgres_types_of_the_application_are_kept_as_their_text() {
    let client = client::of(Kind::Postgres);
    client.execute("CREATE TYPE mood AS ENUM ('good'); CREATE TABLE t (id bigint PRIMARY KEY, amount numeric(10,2), doc json, span interval, mood mood, list int[], local timestamp, place point)");
    let declared = [
        "bigint",
        "numeric(10,2)",
        "json",
        "interval",
        "mood",
        "integer[]",
        "timestamp without time zone",
        "point",
    ];
    let names = [
        "id", "amount", "doc", "span", "mood", "list", "local", "place",
    ];
    let columns = names.map(|name| column(name, ColumnType::Blob));
    let mut audited = AuditedTable::of(&table("t", columns.to_vec()));
    for (column, declared) in audited.columns.iter_mut().zip(declared) {
        column.form = postgres::form(declared, None);
    }
    for trigger in postgres::triggers("public", &audited) {
        client.execute(&trigger.create);
    }
    client.execute(
        r#"INSERT INTO t VALUES (1, 12.50, '{"a":1, "a":"\u0000"}', '1 day 2 hours', 'good', '{1,2}', '2024-07-01 12:00', '(1,2)');
           UPDATE t SET amount = 12.5, place = place, doc = doc;
           UPDATE t SET doc = '{}', place = '(1,3)';"#,
    );
    let entries = entries::of(&client);
    let json = |side: &Option<_>| serde_json::to_value(side).expect("JSON");
    assert_eq!(
        json(&entries[0].new),
        serde_json::json!({"id": 1, "amount": "12.50", "doc": r#"{"a":1, "a":"\u0000"}"#, "span": "P1DT2H", "mood": "good",
                           "list": "{1,2}", "local": "2024-07-01 12:00:00", "place": "(1,2)"})
    );
    assert_eq!(
        json(&entries[1].new),
        serde_json::json!({"id": 1, "doc": "{}", "place": "(1,3)"})
    );
    assert_eq!(entries.len(), 2);
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn special_values_do_not_break_the_write() {
    let client = client::of(Kind::Postgres);
    make(&client, &[everything()]);
    let name = client.identifier("every \"thing'");
    client.execute(&format!(
        "INSERT INTO {name} (id, \"real\", instant, day) VALUES (1, 'NaN', 'infinity', '-infinity'), (2, '-Infinity', '0044-03-15 12:00:00+00 BC', '20000-01-01');
         UPDATE {name} SET \"real\" = 'NaN' WHERE id = 1;"
    ));
    let entries = entries::of(&client);
    assert_eq!(entries.len(), 2, "NaN is NaN");
    let new =
        |index: usize, name: &str| entries[index].new.as_ref().expect("an image")[name].clone();
    assert_eq!(new(0, "real"), serde_json::json!({"$real": "NaN"}));
    assert_eq!(new(0, "instant"), "infinity");
    assert_eq!(new(0, "day"), "-infinity");
    assert_eq!(new(1, "real"), serde_json::json!({"$real": "-Infinity"}));
    assert_eq!(new(1, "instant"), "0044-03-15 12:00:00+00 BC");
    assert_eq!(new(1, "day"), "20000-01-01");
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn partitions_are_watched_wherever_one_writes() {
    let client = client::of(Kind::Postgres);
    client.execute(
        "CREATE TABLE t (id bigint PRIMARY KEY, name text) PARTITION BY RANGE (id);
         CREATE TABLE low PARTITION OF t FOR VALUES FROM (0) TO (10); CREATE TABLE high PARTITION OF t FOR VALUES FROM (10) TO (20)",
    );
    let columns = vec![
        column("id", ColumnType::Integer),
        column("name", ColumnType::Text { max_chars: None }),
    ];
    let mut audited = AuditedTable::of(&table("t", columns));
    audited.firing = Firing::Row;
    for trigger in postgres::triggers("public", &audited) {
        client.execute(&trigger.create);
    }
    client.execute(
        "INSERT INTO t VALUES (1, 'a'), (11, 'b'); INSERT INTO low VALUES (2, 'c'); UPDATE high SET name = 'B'; DELETE FROM low WHERE id = 1;
         SET session_replication_role = replica; DELETE FROM high; RESET session_replication_role; TRUNCATE t",
    );
    assert_eq!(
        entries::summaries(&client),
        [
            "INSERT t 1",
            "INSERT t 11",
            "INSERT t 2",
            "UPDATE t 11",
            "DELETE t 1",
            "DELETE t 11",
            "DELETE t 2"
        ]
    );
}

/// Names a run in the session, as an importer does, or an application that pretends to be one.
fn naming(kind: Kind, run: &str) -> String {
    match kind {
        Kind::Sqlite | Kind::Postgres => format!(
            "SELECT set_config('accession.run_id', '{run}', false), set_config('accession.source_file_id', '5', false),
             set_config('accession.changed_by', 'mei', false), set_config('accession.changed_at', '2020-01-01T00:00:00.000000Z', false);"
        ),
        Kind::Mysql => format!(
            "SET @accession_run_id = '{run}', @accession_source_file_id = 5, @accession_changed_by = 'mei',
             @accession_changed_at = '2020-01-01T00:00:00.000000Z';"
        ),
    }
}

/// Enters a run in the ledger.
fn run_row(id: &str, status: &str) -> String {
    format!(
        "INSERT INTO import_runs (id, kind, status, layout, layout_digest, source, actor, os_user, host, tool_version, started_at)
         VALUES ('{id}', 'import', '{status}', 'l', 'd', 's', 'alice', 'u', 'h', 't', '2024-01-01T00:00:00.000000Z');"
    )
}

/// Actor, run and file of every entry.
fn attributions(client: &Client) -> Vec<(String, Option<String>, Option<String>)> {
    let entries = entries::of(client).into_iter();
    let all = entries.map(|entry| (entry.by, entry.run, entry.file));
    all.collect()
}

fn external() -> (String, Option<String>, Option<String>) {
    ("external".to_owned(), None, None)
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn the_entries_of_a_run_have_its_actor_and_those_after_it_do_not() {
    for kind in [Kind::Postgres, Kind::Mysql] {
        let client = client::of(kind);
        make(&client, &family());
        // On MySQL the session has the account that made the triggers, so its context is believed.
        let (begin, end) = match kind {
            Kind::Sqlite | Kind::Postgres => (naming(kind, "r1"), ""),
            Kind::Mysql => (
                naming(kind, "r1").replace("mei", "alice"),
                "SET @accession_run_id = NULL, @accession_changed_by = NULL, @accession_changed_at = NULL, @accession_source_file_id = NULL;",
            ),
        };
        client.execute(&format!(
            "BEGIN; {} {begin} INSERT INTO parents VALUES ('a', 'A'); UPDATE parents SET name = 'AA'; DELETE FROM parents;
             UPDATE import_runs SET status = 'complete'; COMMIT; {end} INSERT INTO parents VALUES ('b', 'B');",
            run_row("r1", "running"),
        ));
        let of_run = (
            "alice".to_owned(),
            Some("r1".to_owned()),
            Some("5".to_owned()),
        );
        let expected = [of_run.clone(), of_run.clone(), of_run, external()];
        assert_eq!(attributions(&client), expected);
        let users = client.rows(&["db_user"], "audit_log");
        assert!(
            users.iter().all(|user| user[0]
                .as_deref()
                .is_some_and(|user| user.starts_with("accession"))),
            "{users:?}"
        );
    }
}

/// On MySQL the session here has the account that made the triggers: `tests/it/conformance/forging.rs` tries another.
#[test]
#[ignore = "needs servers: scripts/test"]
fn whatever_a_session_says_of_itself_it_is_another_program() {
    let client = client::of(Kind::Postgres);
    let kind = Kind::Postgres;
    make(&client, &family());
    client.execute(&run_row("r1", "complete"));
    for (index, run) in ["", "r1", "nothing", "' OR 1 = 1"].iter().enumerate() {
        let run = run.replace('\'', "''");
        client.execute(&format!(
            "{} INSERT INTO parents VALUES ('{index}', 'A'); UPDATE parents SET name = 'B'; DELETE FROM parents;",
            naming(kind, &run)
        ));
    }
    assert_eq!(attributions(&client), vec![external(); 12]);
    let late = client.rows(&["changed_at"], "audit_log WHERE changed_at < '2026'");
    assert!(late.is_empty(), "{late:?}");
}

/// The names and definitions the database has.
fn stored(client: &Client, table: &str) -> Vec<(String, String)> {
    let query = match client.kind {
        Kind::Sqlite => sqlite::STORED
            .replace("?1", "'t'")
            .replace("'t'", &engine::sqlite::literal(table)),
        Kind::Postgres => postgres::STORED
            .replace("$1", "'public'")
            .replace("$2", &engine::postgres::literal(table)),
        Kind::Mysql => mysql::STORED.replace('?', &engine::mysql::literal(table)),
    };
    let rows = client.rows(
        &["name", "definition"],
        &format!("({query}) AS found ORDER BY 1"),
    );
    let text = |value: &Option<String>| value.clone().expect("not NULL");
    let mut rows: Vec<_> = rows
        .iter()
        .map(|row| (text(&row[0]), text(&row[1])))
        .collect();
    rows.sort();
    rows
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn what_is_up_to_date_is_recognised_and_what_is_not_is_too() {
    for client in client::all() {
        // Of names with quotes MySQL's own catalog gives a wrong account.
        let mut all = everything();
        all.name = "things".to_owned();
        all.columns[2].name = "short".to_owned();
        let long = vec![
            column("id", ColumnType::Integer),
            column(&"name".repeat(15), ColumnType::Real),
        ];
        let tables = [all, table(&"long".repeat(15), long)];
        make(&client, &tables);
        for table in &tables {
            let wanted = client.dialect().audit_triggers(&AuditedTable::of(table));
            let mut expected: Vec<_> = wanted
                .iter()
                .map(|trigger| (trigger.name.clone(), trigger.definition.clone()))
                .collect();
            expected.sort();
            assert_eq!(stored(&client, &table.name), expected, "{:?}", client.kind);
            // Recreated triggers are the same; dropped triggers no longer exist.
            for trigger in &wanted {
                client.execute(&trigger.create);
            }
            assert_eq!(stored(&client, &table.name), expected, "{:?}", client.kind);
            let mut larger = table.clone();
            larger.columns.push(column("more", ColumnType::Boolean));
            for trigger in client.dialect().audit_triggers(&AuditedTable::of(&larger)) {
                // PostgreSQL's looks up the columns when it fires.
                if trigger.name == "accession_truncate" {
                    continue;
                }
                assert!(
                    !expected.contains(&(trigger.name, trigger.definition)),
                    "{:?}",
                    client.kind
                );
            }
            for trigger in &wanted {
                client.execute(&trigger.drop);
            }
            assert_eq!(stored(&client, &table.name), [], "{:?}", client.kind);
        }
    }
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_disabled_trigger_is_not_up_to_date() {
    let client = client::of(Kind::Postgres);
    make(&client, &family());
    let before = stored(&client, "parents");
    client.execute("ALTER TABLE parents DISABLE TRIGGER accession_delete");
    let after = stored(&client, "parents");
    let differ: Vec<_> = before
        .iter()
        .zip(&after)
        .filter(|(before, after)| before != after)
        .map(|(before, _)| before.0.as_str())
        .collect();
    assert_eq!(differ, ["accession_delete"]);
}
