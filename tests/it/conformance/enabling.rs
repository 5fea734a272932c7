//! Enabling and disabling the audit log on tables while other programs write, or with the process being killed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

use super::target::{Backend, Target};
use super::{ARCHIVE, audit, enables, ends, on_every_database};
use crate::fixtures;

on_every_database!(
    a_killed_enable_is_completed_by_the_next,
    an_interrupted_run_is_reported_and_completed_by_the_next_write,
    an_enable_that_cannot_be_completed_is_abandoned,
    disabling_a_table_abandons_an_interrupted_enable,
    every_row_gets_the_missing_entries,
    a_dropped_table_does_not_prevent_a_run_from_being_completed,
    an_interrupted_disable_is_completed,
    changes_made_while_a_table_was_disabled_are_recorded_when_it_is_enabled,
    an_import_reports_missing_triggers,
    a_table_is_recorded_completely_while_an_application_writes,
    an_import_records_existing_rows_completely_while_an_application_writes,
    an_application_gets_numbers_while_an_import_allocates_some,
    concurrent_first_imports_all_succeed,
    names_that_no_table_has_are_explained,
    nothing_is_created_if_no_table_can_be_recorded;
    servers: an_enable_that_fails_to_start_leaves_nothing_to_complete
);

/// Checks that the audit log is complete and sealed, and agrees with the rows.
#[track_caller]
fn assert_complete(target: &Target) {
    for command in ["status", "reconcile", "verify"] {
        let (code, result) = audit(target, &[command]);
        assert_eq!(code, Some(0), "{command}: {result:#}");
    }
    assert_eq!(
        target.value("SELECT count(*) FROM import_runs WHERE status <> 'complete'"),
        "0"
    );
}

/// Creates a table of the application with rows 1 to `rows`.
fn pets(target: &Target, table: &str, rows: u32) {
    target.execute(&format!(
        "CREATE TABLE {table} (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(20), weight INTEGER)"
    ));
    let numbers: Vec<_> = (1..=rows).map(|id| format!("({id}, 'p{id}', 1)")).collect();
    for some in numbers.chunks(1000) {
        target.execute(&format!("INSERT INTO {table} VALUES {}", some.join(", ")));
    }
}

fn ledger(target: &Target) {
    target.workspace.write("records/a.json", r#"["one"]"#);
    imports(target);
}

/// Imports arbitrary JSON into the table `items`.
#[track_caller]
fn imports(target: &Target) -> Value {
    let layout = fixtures::path("layouts/anything");
    let layout = layout.to_str().expect("UTF-8");
    let ended = target.import(&["--layout", layout, "--format", "json"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}\n{ended}"))
}

/// Creates an interrupted run on a table.
fn interrupted(target: &Target, kind: &str, table: &str) -> String {
    let number = target.count("import_runs");
    let id = format!("ffff0000-0000-7000-8000-{number:012}");
    let at = target.value("SELECT max(started_at) FROM import_runs");
    target.execute(&format!(
        "INSERT INTO import_runs (id, kind, status, layout, layout_digest, source, actor, reason, os_user, host, tool_version, started_at, counts) \
         VALUES ('{id}', '{kind}', 'running', '', '', '', 'mei', 'stocktaking', 'mei', 'host', '0', '{at}', \
         '{{\"tables\":{{\"{table}\":{{}}}}}}')"
    ));
    id
}

fn a_killed_enable_is_completed_by_the_next(target: Target) {
    let mut target = target;
    for delay in [20, 60, 90, 120, 160, 200, 250, 300] {
        pets(&target, "pets", 3000);
        let arguments = [&["audit", "enable", "pets"], &ARCHIVE[..]].concat();
        let mut child = target.command(&arguments).spawn().expect("it starts");
        std::thread::sleep(Duration::from_millis(delay));
        child.kill().expect("killed");
        child.wait().expect("an end");
        enables(&target, "pets");
        assert_complete(&target);
        assert_eq!(target.count("audit_log"), 3000, "after {delay} ms");
        target = target.again();
    }
}

fn an_enable_that_fails_to_start_leaves_nothing_to_complete(target: Target) {
    ledger(&target);
    pets(&target, "pets", 3);
    let held = target.holds("UPDATE pets SET weight = 2 WHERE id = 1");
    let is_free = "SELECT id FROM pets WHERE id = 1 FOR UPDATE NOWAIT";
    while target.try_execute(is_free).is_ok() {}
    let enable = [&["audit", "enable", "pets", "--wait", "1"], &ARCHIVE[..]].concat();
    let rejected = target.run(&enable);
    assert_eq!(rejected.code, Some(1), "{rejected}");
    assert!(
        rejected.stderr.contains("nothing was written"),
        "{rejected}"
    );
    assert_complete(&target);
    drop(held);
    enables(&target, "pets");
    assert_complete(&target);
    assert_eq!(
        target.value("SELECT count(*) FROM audit_log WHERE table_name = 'pets'"),
        "3"
    );
}

fn an_interrupted_run_is_reported_and_completed_by_the_next_write(target: Target) {
    ledger(&target);
    pets(&target, "other", 2);
    enables(&target, "other");
    let layout = fixtures::path("layouts/anything");
    let layout = layout.to_str().expect("UTF-8");
    let import = ["import", "legacy", "--layout", layout];
    let commands: [&[&str]; 7] = [
        &[&import[..], &ARCHIVE].concat(),
        &[&["audit", "seal"], &ARCHIVE[..]].concat(),
        &["migrate", "up"],
        &[&["audit", "enable", "other"], &ARCHIVE[..]].concat(),
        &[&["audit", "disable", "other"], &ARCHIVE[..]].concat(),
        &[&["audit", "enable", "--all"], &ARCHIVE[..]].concat(),
        &[&import[..], &ARCHIVE, &["--reread"]].concat(),
    ];
    for (number, command) in commands.iter().enumerate() {
        let table = format!("pets_{number}");
        pets(&target, &table, 3);
        let run = interrupted(&target, "enable", &table);
        let entries = target.count("audit_log");
        let (code, status) = audit(&target, &["status"]);
        let states = status["tables"].as_array().expect("an array");
        let state = states.iter().find(|one| one["table"] == table.as_str());
        assert_eq!(code, Some(4), "{status:#}");
        assert_eq!(state.expect("listed")["state"], "unfinished");
        let (code, verified) = audit(&target, &["verify"]);
        assert_eq!(code, Some(4), "{verified:#}");
        assert_eq!(verified["differences"][0]["kind"], "unfinished");
        assert_eq!(verified["differences"][0]["run"], run.as_str());
        assert_eq!(audit(&target, &["reconcile"]).0, Some(4));
        assert_eq!(target.run(&["doctor"]).code, Some(1));
        let verify = target.run(&["verify", "legacy", "--layout", layout]);
        assert_eq!(verify.code, Some(4), "{verify}");
        assert!(!verify.stdout.contains("the files have errors"), "{verify}");
        let status = ends(&target, &["audit", "status"], 4);
        assert!(status.contains("was interrupted"), "{status}");
        assert!(!status.contains("creates all triggers again"), "{status}");
        let dry = target.import(&["--layout", layout, "--dry-run"]);
        assert!(dry.stderr.contains(&run), "{dry}");
        assert_eq!(target.count("audit_log"), entries, "nothing was written");

        let ended = target.run(command);
        assert_eq!(ended.code, Some(0), "{command:?} {ended}");
        assert!(ended.stderr.contains(&run), "{command:?} {ended}");
        assert_complete(&target);
        let by = format!(
            "SELECT changed_by, count(*) FROM audit_log WHERE run_id = '{run}' GROUP BY changed_by"
        );
        assert_eq!(target.rows(&by), [["mei", "3"]], "{command:?}");
        target.execute(&format!("UPDATE {table} SET weight = 2 WHERE id = 1"));
        assert_eq!(audit(&target, &["reconcile"]).0, Some(0));
    }
}

/// Makes entries of this table impossible; returns the statement that makes them possible again.
fn reject_entries(target: &Target, table: &str) -> &'static str {
    let (no_entries, accept) = match target.backend {
        Backend::Sqlite => (
            format!(
                "CREATE TRIGGER no_entries BEFORE INSERT ON audit_log WHEN NEW.table_name = '{table}' BEGIN SELECT RAISE(ABORT, 'no room'); END"
            ),
            "DROP TRIGGER no_entries",
        ),
        Backend::Postgres | Backend::Mysql => (
            format!(
                "ALTER TABLE audit_log ADD CONSTRAINT no_entries CHECK (table_name <> '{table}')"
            ),
            "ALTER TABLE audit_log DROP CONSTRAINT no_entries",
        ),
    };
    target.execute(&no_entries);
    accept
}

/// On SQLite, [`reject_entries`] creates a trigger on the audit log, which is reported.
#[track_caller]
fn assert_complete_except_for_the_failure(target: &Target) {
    if target.backend != Backend::Sqlite {
        assert_complete(target);
    }
}

/// Each seal in the database has its line in `seals.log`, also those of runs without entries.
#[track_caller]
fn every_seal_is_logged(target: &Target) {
    let log = target.workspace.root().join("target/archive/seals.log");
    let log = std::fs::read_to_string(log).unwrap_or_default();
    for run in target
        .rows("SELECT run_id FROM audit_seals WHERE run_id IS NOT NULL")
        .concat()
    {
        assert!(log.contains(&run), "{run}\n{log}");
    }
}

fn an_enable_that_cannot_be_completed_is_abandoned(target: Target) {
    ledger(&target);
    pets(&target, "pets", 3);
    pets(&target, "other", 3);
    let accept = reject_entries(&target, "pets");
    let rejected = target.run(&[&["audit", "enable", "other", "pets"], &ARCHIVE[..]].concat());
    assert_eq!(rejected.code, Some(1), "{rejected}");
    assert!(
        rejected.stderr.contains("the rows of `pets` cannot"),
        "{rejected}"
    );
    assert_complete_except_for_the_failure(&target);
    every_seal_is_logged(&target);
    let (_, status) = audit(&target, &["status"]);
    for table in ["pets", "other"] {
        let states = status["tables"].as_array().expect("an array");
        let state = states.iter().find(|one| one["table"] == table);
        assert_eq!(
            state.expect("listed")["state"],
            "not_recorded",
            "{status:#}"
        );
    }
    target.execute("UPDATE pets SET weight = 2");
    enables(&target, "other");
    target.execute(accept);
    enables(&target, "pets");
    assert_complete(&target);
}

fn disabling_a_table_abandons_an_interrupted_enable(target: Target) {
    ledger(&target);
    pets(&target, "pets", 3);
    let run = interrupted(&target, "enable", "pets");
    let accept = reject_entries(&target, "pets");
    let rejected = target.run(&[&["audit", "seal"], &ARCHIVE[..]].concat());
    assert_eq!(rejected.code, Some(1), "{rejected}");
    for part in ["the rows of `pets` cannot", &run, "accession audit disable"] {
        assert!(rejected.stderr.contains(part), "{rejected}");
    }
    let disabled = target.run(&[&["audit", "disable", "pets"], &ARCHIVE[..]].concat());
    assert_eq!(disabled.code, Some(0), "{disabled}");
    assert_complete_except_for_the_failure(&target);
    target.execute("UPDATE pets SET weight = 2");
    target.execute(accept);
    enables(&target, "pets");
    assert_complete(&target);
}

/// Simulates an application that wrote after the triggers were created and before the existing rows had entries.
fn every_row_gets_the_missing_entries(target: Target) {
    ledger(&target);
    pets(&target, "pets", 6);
    target.execute("UPDATE pets SET name = 'Rex' WHERE id = 2");
    target.execute("UPDATE pets SET id = 30 WHERE id = 3");
    target.execute("DELETE FROM pets WHERE id = 4");
    target.execute("INSERT INTO pets VALUES (7, 'Tom', 1)");
    let entry = |record: &str, action: &str, old: &str, new: &str| {
        let text = |image: &str| match image {
            "" => "NULL".to_owned(),
            image => format!("'{image}'"),
        };
        target.execute(&format!(
            "INSERT INTO audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by) \
             VALUES ('pets', '{record}', '{action}', {}, {}, '{}', 'external')",
            text(old),
            text(new),
            chrono::Utc::now().format("%Y-%m-%dT%H:%M:%S%.6fZ"),
        ));
    };
    let image = |name: &str| format!(r#"{{"id":2,"name":"{name}"}}"#);
    entry("2", "UPDATE", &image("p2"), &image("Rex"));
    entry("3", "UPDATE", r#"{"id":3}"#, r#"{"id":30}"#);
    entry("4", "DELETE", r#"{"id":4,"name":"p4","weight":1}"#, "");
    entry("7", "INSERT", "", r#"{"id":7,"name":"Tom","weight":1}"#);
    // An update that happened before the trigger existed.
    target.execute("UPDATE pets SET weight = 9 WHERE id = 7");
    let run = interrupted(&target, "enable", "pets");
    let ended = target.run(&[&["audit", "seal"], &ARCHIVE[..]].concat());
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_complete(&target);
    let entries = format!(
        "SELECT record_id, action FROM audit_log WHERE run_id = '{run}' ORDER BY record_id, action"
    );
    let expected = [
        ["1", "INSERT"],
        ["2", "UPDATE"],
        ["30", "UPDATE"],
        ["5", "INSERT"],
        ["6", "INSERT"],
        ["7", "UPDATE"],
    ];
    assert_eq!(target.rows(&entries), expected);
    for record in ["1", "2", "30", "5", "6", "7"] {
        let (code, history) = audit(&target, &["history", "pets", record]);
        assert_eq!(code, Some(0), "{history:#}");
        let versions = history["versions"].as_array().expect("an array");
        assert!(
            versions.iter().all(|version| version["problem"].is_null()),
            "{history:#}"
        );
    }
    let (_, rows) = audit(&target, &["as-of", "pets", "--at", "now"]);
    assert_eq!(
        (&rows["count"], &rows["incomplete"]),
        (&6.into(), &0.into()),
        "{rows:#}"
    );
    // Rows that have entries already get no further ones.
    let before = target.count("audit_log");
    assert_eq!(enables(&target, "pets")["tables"], serde_json::json!([]));
    assert_eq!(target.count("audit_log"), before);
}

fn a_dropped_table_does_not_prevent_a_run_from_being_completed(target: Target) {
    ledger(&target);
    let run = interrupted(&target, "enable", "pets");
    let ended = target.run(&["migrate", "up"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert!(
        ended.stderr.contains("the table no longer exists"),
        "{ended}"
    );
    assert_complete(&target);
    let counts = target.value(&format!(
        "SELECT counts FROM import_runs WHERE id = '{run}'"
    ));
    assert!(counts.contains(r#""gone":true"#), "{counts}");
}

fn an_interrupted_disable_is_completed(target: Target) {
    ledger(&target);
    pets(&target, "pets", 3);
    enables(&target, "pets");
    interrupted(&target, "disable", "pets");
    assert_eq!(audit(&target, &["status"]).0, Some(4));
    let ended = target.run(&["migrate", "up"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_complete(&target);
    target.execute("DELETE FROM pets WHERE id = 1");
    assert_eq!(
        target.value("SELECT count(*) FROM audit_log WHERE table_name = 'pets'"),
        "3"
    );
    let (_, status) = audit(&target, &["status"]);
    let states = status["tables"].as_array().expect("an array");
    assert!(
        states.iter().any(|one| one["state"] == "disabled"),
        "{status:#}"
    );
}

fn changes_made_while_a_table_was_disabled_are_recorded_when_it_is_enabled(target: Target) {
    ledger(&target);
    pets(&target, "pets", 5);
    enables(&target, "pets");
    let disabled = target.run(&[&["audit", "disable", "pets"], &ARCHIVE[..]].concat());
    assert_eq!(disabled.code, Some(0), "{disabled}");
    target.execute("UPDATE pets SET name = NULL WHERE id = 1");
    target.execute("DELETE FROM pets WHERE id = 2");
    target.execute("INSERT INTO pets VALUES (8, 'x', 1)");
    target.execute("UPDATE pets SET id = 9 WHERE id = 5");
    assert_eq!(audit(&target, &["reconcile"]).0, Some(4));
    let result = enables(&target, "pets");
    let output = result["findings"][0]["message"].as_str().expect("a text");
    assert!(
        output.contains("5 rows changed without an entry"),
        "{output}"
    );
    assert_complete(&target);
    let run = result["run"].as_str().expect("a run");
    let entries = format!(
        "SELECT record_id, action FROM audit_log WHERE run_id = '{run}' ORDER BY record_id"
    );
    let expected = [
        ["1", "UPDATE"],
        ["2", "DELETE"],
        ["5", "DELETE"],
        ["8", "INSERT"],
        ["9", "INSERT"],
    ];
    assert_eq!(target.rows(&entries), expected);
}

fn an_import_reports_missing_triggers(target: Target) {
    ledger(&target);
    let trigger = match target.backend {
        Backend::Postgres => "accession_update",
        Backend::Sqlite => "accession_items update",
        Backend::Mysql => "accession_items_update",
    };
    let on = match target.backend {
        Backend::Postgres => " ON items",
        Backend::Sqlite | Backend::Mysql => "",
    };
    let quote = match target.backend {
        Backend::Sqlite => "\"",
        Backend::Postgres | Backend::Mysql => "",
    };
    target.execute(&format!("DROP TRIGGER {quote}{trigger}{quote}{on}"));
    target.execute("UPDATE items SET file = 'elsewhere' WHERE id = 1");
    target.workspace.write("records/b.json", r#"["two"]"#);
    let report = imports(&target);
    let findings = report["findings"].as_array().expect("an array");
    let lost = findings
        .iter()
        .find(|one| one["rule"] == "incomplete-trail");
    let output = lost.expect("a finding")["message"]
        .as_str()
        .expect("a text");
    assert!(output.contains(trigger), "{output}");
    // The import does not hide changes made in the meantime.
    assert_eq!(audit(&target, &["reconcile"]).0, Some(4));
    let result = enables(&target, "items");
    assert_eq!(result["tables"], serde_json::json!([]), "{result:#}");
    assert_eq!(result["findings"][0]["rule"], "incomplete-trail");
    assert_complete(&target);
}

/// Writes as an application does until the work is done, and returns the number of writes.
fn meanwhile(target: &Target, sql: impl Fn(u32) -> String + Sync, work: impl FnOnce()) -> u32 {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let application = scope.spawn(|| {
            let mut number = 0;
            while !done.load(Ordering::Relaxed) || number < 10 {
                target.execute(&sql(number));
                number += 1;
            }
            number
        });
        std::thread::sleep(Duration::from_millis(100));
        work();
        done.store(true, Ordering::Relaxed);
        application
            .join()
            .expect("no write of the application fails")
    })
}

fn a_table_is_recorded_completely_while_an_application_writes(target: Target) {
    pets(&target, "pets", 4000);
    let update = |n: u32| format!("UPDATE pets SET name = 'n{n}' WHERE id = {}", n % 7 + 1);
    meanwhile(&target, update, || drop(enables(&target, "pets")));
    assert_complete(&target);
}

/// Creates the table of the layout `anything` as an application would, with rows.
fn items(target: &Target, rows: u32) {
    target.execute(match target.backend {
        Backend::Sqlite => "CREATE TABLE items (id INTEGER PRIMARY KEY AUTOINCREMENT, file TEXT NOT NULL, value JSON)",
        Backend::Postgres => "CREATE TABLE items (id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, file TEXT NOT NULL, value JSONB)",
        Backend::Mysql => "CREATE TABLE items (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, file LONGTEXT NOT NULL, value LONGTEXT CHECK (value IS NULL OR json_valid(value))) CHARACTER SET utf8mb4 /*M!100300 COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */",
    });
    let numbers: Vec<_> = (1..=rows).map(|id| format!("('f{id}', '1')")).collect();
    for some in numbers.chunks(1000) {
        target.execute(&format!(
            "INSERT INTO items (file, value) VALUES {}",
            some.join(", ")
        ));
    }
}

fn an_import_records_existing_rows_completely_while_an_application_writes(target: Target) {
    items(&target, 4000);
    target
        .workspace
        .write("records/a.json", r#"["one", "two"]"#);
    let update = |n: u32| format!("UPDATE items SET value = '{n}' WHERE id = {}", n % 7 + 1);
    meanwhile(&target, update, || {
        let report = imports(&target);
        assert!(report["baseline"].is_object(), "{report:#}");
    });
    assert_complete(&target);
    assert_eq!(target.count("items"), 4002);
}

fn an_application_gets_numbers_while_an_import_allocates_some(target: Target) {
    items(&target, 10);
    target.workspace.write("records/a.json", r#"["one"]"#);
    imports(&target);
    let records: Vec<String> = (0..3000).map(|n| n.to_string()).collect();
    target
        .workspace
        .write("records/b.json", format!("[{}]", records.join(",")));
    let insert = |n: u32| match target.backend {
        // Some programs allocate a number first.
        Backend::Postgres if n.is_multiple_of(2) => {
            "DO $$ DECLARE n BIGINT := nextval('items_id_seq'); BEGIN PERFORM pg_sleep(0.01); \
             INSERT INTO items (id, file, value) VALUES (n, 'app', '1'); END $$"
                .to_owned()
        }
        Backend::Sqlite | Backend::Postgres | Backend::Mysql => {
            "INSERT INTO items (file, value) VALUES ('app', '1')".to_owned()
        }
    };
    let written = meanwhile(&target, insert, || drop(imports(&target)));
    assert_eq!(
        target.value("SELECT count(*) FROM items WHERE file = 'app'"),
        written.to_string()
    );
    assert_eq!(target.count("items"), 3011 + u64::from(written));
    assert_complete(&target);
}

fn concurrent_first_imports_all_succeed(target: Target) {
    let mut target = target;
    let layout = fixtures::path("layouts/anything");
    let layout = layout.to_str().expect("UTF-8");
    for count in [2, 8] {
        let directories: Vec<String> = (0..count).map(|n| format!("d{}", n % 4)).collect();
        for directory in &directories {
            let path = target.workspace.root().join(directory).join("records");
            std::fs::create_dir_all(&path).expect("made");
            let records = format!(r#"["{directory}", 1, 2]"#);
            std::fs::write(path.join("a.json"), records).expect("written");
        }
        let begun = directories
            .iter()
            .map(|directory| target.begin_import(directory, &["--layout", layout, "--wait", "60"]));
        let begun: Vec<_> = begun.collect();
        for child in begun {
            let ended =
                crate::workspace::CommandOutput::of(child.wait_with_output().expect("an end"));
            assert_eq!(ended.code, Some(0), "{ended}");
        }
        assert_eq!(target.count("items"), 3 * directories.len().min(4) as u64);
        assert_complete(&target);
        target = target.again();
    }
}

fn names_that_no_table_has_are_explained(target: Target) {
    ledger(&target);
    pets(&target, "pets", 1);
    let quote = if target.backend == Backend::Mysql {
        '`'
    } else {
        '"'
    };
    let spaced = format!("{quote}my $pets{quote}");
    pets(&target, &spaced, 1);
    target.execute("CREATE VIEW heavy AS SELECT * FROM pets WHERE weight > 1");
    for command in ["enable", "disable"] {
        for (name, why) in [
            ("heavy", "it is a view"),
            ("pet", "did you mean `pets`?"),
            ("Pets", "did you mean `pets`?"),
            (
                "wholly_other",
                "the application has no such table; it has `",
            ),
        ] {
            let ended = target.run(&[&["audit", command, name], &ARCHIVE[..]].concat());
            assert_eq!(ended.code, Some(1), "{ended}");
            assert!(ended.stderr.contains(&format!("`{name}`: ")), "{ended}");
            assert!(ended.stderr.contains(why), "{ended}");
        }
    }
    enables(&target, "my $pets");
    target.execute(&format!("DROP TABLE {spaced}"));
    let ended = target.run(&["audit", "status"]);
    let hint = "`accession audit disable 'my $pets'`";
    assert!(format!("{ended}").contains(hint), "{ended}");
}

fn nothing_is_created_if_no_table_can_be_recorded(target: Target) {
    target.execute("CREATE TABLE plain (id INT)");
    let tables = |target: &Target| {
        target.rows(match target.backend {
            Backend::Sqlite => "SELECT name FROM sqlite_master",
            Backend::Postgres => "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
            Backend::Mysql => {
                "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
            }
        })
    };
    let (code, report) = audit(&target, &[&["enable", "--all"], &ARCHIVE[..]].concat());
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(report["tables"], serde_json::json!([]), "{report:#}");
    assert_eq!(tables(&target), [["plain"]]);
    target.execute("CREATE TABLE t (id INT PRIMARY KEY)");
    let (code, report) = audit(&target, &[&["enable", "--all"], &ARCHIVE[..]].concat());
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(report["tables"], serde_json::json!(["t"]), "{report:#}");
}
