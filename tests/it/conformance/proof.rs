//! Seals, reconciliation and reverts, and attacks by an administrator, with the same results on every database.

use serde_json::Value;

use super::on_every_database;
use super::target::{Backend, Target};
use crate::edits::edit;

on_every_database!(
    an_unmodified_audit_log_matches_its_seals_and_the_rows,
    a_second_import_is_reverted_and_repeated,
    an_edited_entry_is_reported,
    deleted_and_reordered_entries_are_reported,
    an_entry_attributed_to_a_sealed_run_is_reported,
    an_entry_with_an_impossible_number_is_reported,
    a_run_removed_with_its_seal_is_detected_by_its_anchor,
    an_archive_shared_by_two_databases_gives_no_false_alarm,
    rows_changed_bypassing_the_audit_log_are_detected,
    emptied_tables_are_detected,
    a_replace_is_recorded,
    a_receipt_proves_a_row_without_the_database,
    tables_of_other_programs_can_be_audited,
);

const PROFILES: &str = "profiles/child_profiles.json";
const CARDS: &str = "content_db/approved_cards.json";

/// Runs two imports with changes by another program between them, all sealed; returns the ID of the second run.
fn sealed(target: Target) -> (Target, String) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    target.execute("UPDATE profiles SET gender = 'x'");
    target.execute("DELETE FROM approved_cards WHERE id = 2");
    let ended = target.run(&["audit", "seal", "--archive", "target/archive"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    let run = import_changes(&target);
    (target, run)
}

/// Adds words and changes a card, then imports.
fn import_changes(target: &Target) -> String {
    let workspace = &target.workspace;
    let profiles = workspace.read(PROFILES);
    workspace.write(PROFILES, profiles.replace("banana", "banana, cherry, plum"));
    edit(workspace, CARDS, |cards| {
        cards[2]["extra_field"] = "more".into()
    });
    let report = target.report(&[]);
    report["run"].as_str().expect("a run").to_owned()
}

fn proof(target: &Target, arguments: &[&str]) -> (Option<i32>, Value) {
    let ended = target.run(&[&["audit"], arguments, &["--format", "json"]].concat());
    let json =
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}\n{ended}"));
    (ended.code, json)
}

/// Returns the differences as kind and entry number.
#[track_caller]
fn differences(target: &Target, arguments: &[&str]) -> Vec<(String, Option<i64>)> {
    let (code, outcome) = proof(target, &[&["verify"], arguments].concat());
    let named = outcome["differences"].as_array().expect("an array");
    assert_eq!(
        code,
        Some(if named.is_empty() { 0 } else { 4 }),
        "{outcome:#}"
    );
    let kind = |one: &Value| {
        (
            one["kind"].as_str().expect("a text").to_owned(),
            one["entry"].as_i64(),
        )
    };
    // `attack` leaves tables without triggers.
    let named = named.iter().map(kind);
    named.filter(|(kind, _)| kind != "table").collect()
}

/// Returns the findings of `reconcile` as kind, table and record.
#[track_caller]
fn unrecorded(target: &Target) -> Vec<String> {
    let (code, outcome) = proof(target, &["reconcile", "--limit", "100"]);
    let named = outcome["differences"].as_array().expect("an array");
    assert_eq!(
        code,
        Some(if named.is_empty() { 0 } else { 4 }),
        "{outcome:#}"
    );
    let text = |one: &Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
    let words = |one: &Value| {
        ["kind", "table", "record_id"]
            .map(|name| text(one, name))
            .join(" ")
    };
    named.iter().map(words).collect()
}

#[track_caller]
fn assert_proved(target: &Target) {
    assert_eq!(differences(target, &[]), []);
    assert_eq!(unrecorded(target), Vec::<String>::new());
}

/// Runs SQL with all triggers disabled.
fn attack(target: &Target, statements: &[&str]) {
    let triggers = match target.backend {
        Backend::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        Backend::Postgres => {
            "SELECT DISTINCT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal"
        }
        Backend::Mysql => {
            "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()"
        }
    };
    for row in target.rows(triggers) {
        target.execute(&match target.backend {
            Backend::Sqlite => format!("DROP TRIGGER \"{}\"", row[0]),
            Backend::Postgres => format!("ALTER TABLE \"{}\" DISABLE TRIGGER USER", row[0]),
            Backend::Mysql => format!("DROP TRIGGER `{}`", row[0]),
        });
    }
    for statement in statements {
        target.execute(statement);
    }
}

/// Returns all rows of the application's tables.
fn tables(target: &Target) -> Vec<Vec<Vec<String>>> {
    let tables = [
        "profiles",
        "mastered_words",
        "mastered_grammar",
        "approved_cards",
        "chat_messages",
    ];
    let rows = |table: &&str| target.rows(&format!("SELECT * FROM {table} ORDER BY id"));
    tables.iter().map(rows).collect()
}

fn an_unmodified_audit_log_matches_its_seals_and_the_rows(target: Target) {
    let (target, _) = sealed(target);
    assert_proved(&target);
    let (_, outcome) = proof(&target, &["verify", "--anchor", "target/archive/seals.log"]);
    assert_eq!(outcome["status"], "anchored", "{outcome:#}");
    assert_eq!(outcome["anchored"], 3);
    assert_eq!(outcome["unsealed"]["entries"], 0);
    assert_eq!(outcome["sealed_entries"], target.count("audit_log"));
    assert_eq!(outcome["schema_changed"], false);
    target.execute("UPDATE profiles SET gender = 'y'");
    let (_, outcome) = proof(&target, &["verify"]);
    assert_eq!(outcome["unsealed"]["entries"], 1, "{outcome:#}");
}

fn a_second_import_is_reverted_and_repeated(target: Target) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    target.execute("UPDATE profiles SET mental_age = 0.30000000000000004, gender = NULL");
    let before = tables(&target);
    let sources =
        "SELECT source_file_id, position, record_id, pointer FROM row_sources ORDER BY 1, 2";
    let known = target.rows(sources);
    let mut run = import_changes(&target);
    let after = tables(&target);
    assert_ne!(after, before);
    for expected in [&before, &after, &before] {
        let arguments = [
            "revert",
            &run,
            "--archive",
            "target/archive",
            "--format",
            "json",
        ];
        let ended = target.run(&arguments);
        assert_eq!(ended.code, Some(0), "{ended}");
        let outcome: Value = serde_json::from_str(&ended.stdout).expect("JSON");
        run = outcome["run"].as_str().expect("a run").to_owned();
        assert_eq!(tables(&target), *expected);
    }
    assert_eq!(target.rows(sources), known);
    assert_proved(&target);
    target.imports(&[]);
    assert_eq!(target.count("mastered_words"), after[1].len() as u64);
    assert_proved(&target);
}

fn an_edited_entry_is_reported(target: Target) {
    let (target, _) = sealed(target);
    attack(
        &target,
        &["UPDATE audit_log SET changed_by = 'forged' WHERE id = 4"],
    );
    assert_eq!(differences(&target, &[]), [("edited".to_owned(), Some(4))]);
}

fn deleted_and_reordered_entries_are_reported(target: Target) {
    let (target, _) = sealed(target);
    attack(
        &target,
        &[
            "DELETE FROM audit_log WHERE id = 5",
            "UPDATE audit_log SET id = 1000003 WHERE id = 8",
            "UPDATE audit_log SET id = 8 WHERE id = 10",
            "UPDATE audit_log SET id = 10 WHERE id = 1000003",
        ],
    );
    let expected = [("deleted", 5), ("reordered", 8)];
    let expected = expected.map(|(kind, entry)| (kind.to_owned(), Some(entry)));
    assert_eq!(differences(&target, &[]), expected);
}

fn an_entry_attributed_to_a_sealed_run_is_reported(target: Target) {
    let (target, _) = sealed(target);
    attack(
        &target,
        &[
            "INSERT INTO audit_log (id, table_name, record_id, action, new_value, changed_at, changed_by, run_id) \
           SELECT 900, table_name, '99', action, new_value, changed_at, changed_by, run_id FROM audit_log WHERE id = 1",
        ],
    );
    let found = differences(&target, &[]);
    assert_eq!(found[0].0, "inserted", "{found:?}");
    assert_eq!(unrecorded(&target), ["gone profiles 99"]);
}

/// An entry that sorts before all others claims to be old, and no seal covers it.
fn an_entry_with_an_impossible_number_is_reported(target: Target) {
    let (target, _) = sealed(target);
    attack(
        &target,
        &[
            "INSERT INTO audit_log (id, table_name, record_id, action, new_value, changed_at, changed_by) \
           SELECT -5, table_name, '98', action, new_value, '2020-01-01T00:00:00.000000Z', 'mallory' FROM audit_log WHERE id = 1",
        ],
    );
    let found = differences(&target, &[]);
    assert_eq!(found, [("inserted".to_owned(), Some(-5))]);
    assert_eq!(unrecorded(&target), ["gone profiles 98"]);
}

fn a_run_removed_with_its_seal_is_detected_by_its_anchor(target: Target) {
    let (target, run) = sealed(target);
    let columns = "source_file_id, position, table_name, identity, identity_start, record_id, pointer, part, digest, gone_run_id";
    let mut cut = vec![
        format!("DELETE FROM audit_log WHERE run_id = '{run}'"),
        "DELETE FROM audit_seal_blocks WHERE seal = 3".to_owned(),
        "DELETE FROM audit_seals WHERE number = 3".to_owned(),
        format!(
            "DELETE FROM row_sources WHERE source_file_id IN (SELECT id FROM source_files WHERE run_id = '{run}')"
        ),
        format!(
            "INSERT INTO row_sources ({columns}) SELECT {columns} FROM row_sources_replaced WHERE run_id = '{run}'"
        ),
        format!("DELETE FROM row_sources_replaced WHERE run_id = '{run}'"),
        format!("DELETE FROM conversions WHERE run_id = '{run}'"),
        format!("DELETE FROM source_files WHERE run_id = '{run}'"),
        format!("DELETE FROM import_runs WHERE id = '{run}'"),
    ];
    if target.backend == Backend::Sqlite {
        let last = "UPDATE sqlite_sequence SET seq = (SELECT max(id) FROM audit_log) WHERE name = 'audit_log'";
        cut.push(last.to_owned());
    }
    attack(&target, &cut.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(differences(&target, &[]), []);
    let found = differences(&target, &["--anchor", "target/archive/seals.log"]);
    assert_eq!(found, [("anchor".to_owned(), None)]);
}

fn an_archive_shared_by_two_databases_gives_no_false_alarm(target: Target) {
    let (target, run) = sealed(target);
    let log = ["--anchor", "target/archive/seals.log"];
    let archive = target.workspace.root().join("target/archive");
    let archive = archive.display().to_string();
    let other = target.like();
    let mut imports = vec![other.run(&["import", "legacy", "--archive", &archive])];
    if target.backend == Backend::Postgres {
        target.execute("CREATE SCHEMA second");
        imports.push(target.import(&["--schema", "second"]));
    }
    for ended in &imports {
        assert_eq!(ended.code, Some(0), "{ended}");
    }
    let (code, outcome) = proof(&target, &[&["verify"], &log[..]].concat());
    assert_eq!(outcome["status"], "anchored", "{outcome:#}");
    assert_eq!((code, &outcome["anchored"]), (Some(0), &3.into()));
    let anchors = outcome["anchors"].as_array().expect("anchors").iter();
    let others = anchors.filter(|anchor| anchor["compared"] == false);
    assert_eq!(others.count(), imports.len(), "{outcome:#}");
    if target.backend == Backend::Postgres {
        let found = differences(&target, &[&["--schema", "second"], &log[..]].concat());
        assert_eq!(found, []);
    }
    // A removed run is still detected, and so is a database that no line of the log belongs to.
    attack(
        &target,
        &[
            &format!("DELETE FROM audit_log WHERE run_id = '{run}'"),
            "DELETE FROM audit_seal_blocks WHERE seal = 3",
            "DELETE FROM audit_seals WHERE number = 3",
        ],
    );
    let found = differences(&target, &log);
    assert!(found.contains(&("anchor".to_owned(), None)), "{found:?}");
    let stranger = target.like();
    stranger.imports(&[]);
    let theirs = format!("{archive}/seals.log");
    let found = differences(&stranger, &["--anchor", &theirs]);
    assert_eq!(found.len(), 3 + imports.len(), "{found:?}");
}

fn rows_changed_bypassing_the_audit_log_are_detected(target: Target) {
    let (target, _) = sealed(target);
    attack(
        &target,
        &[
            "UPDATE approved_cards SET card_type = 'forged' WHERE id = 3",
            "DELETE FROM chat_messages WHERE id = 1",
            "INSERT INTO mastered_words (id, profile_id, word, language) VALUES (400, 'child_0001', 'new', 'en')",
        ],
    );
    let expected = [
        "changed approved_cards 3",
        "gone chat_messages 1",
        "unrecorded mastered_words 400",
    ];
    assert_eq!(unrecorded(&target), expected);
    assert_eq!(differences(&target, &[]), []);
    // `audit why` shows it too.
    let why = |row: &[&str]| proof(&target, &[&["why"], row].concat());
    let (code, changed) = why(&["approved_cards", "3", "card_type"]);
    assert_eq!((code, &changed["in_table"]), (Some(4), &"differs".into()));
    assert_eq!(changed["columns"][0]["table_says"], "forged");
    let (code, removed) = why(&["chat_messages", "1"]);
    assert_eq!((code, &removed["in_table"]), (Some(4), &"gone".into()));
    let (code, same) = why(&["profiles", "child_0001"]);
    assert_eq!((code, &same["in_table"]), (Some(0), &"same".into()));
    let output = target.run(&["audit", "why", "approved_cards", "3"]).stdout;
    for reported in [
        "changed without an entry: the table has forged",
        "audit reconcile",
    ] {
        assert!(output.contains(reported), "{output}");
    }
}

fn emptied_tables_are_detected(target: Target) {
    let (target, _) = sealed(target);
    let rows = usize::try_from(target.count("mastered_words")).expect("few");
    let truncate = match target.backend {
        Backend::Sqlite => "DELETE FROM mastered_words",
        Backend::Postgres | Backend::Mysql => "TRUNCATE TABLE mastered_words",
    };
    // PostgreSQL has a TRUNCATE trigger, SQLite treats it as a DELETE, MySQL fires no trigger.
    target.execute(truncate);
    let recorded = target.backend != Backend::Mysql;
    assert_eq!(unrecorded(&target).len(), if recorded { 0 } else { rows });
    if recorded {
        let (target, _) = sealed(target.again());
        attack(&target, &[truncate]);
        assert_eq!(unrecorded(&target).len(), rows);
    }
}

fn a_replace_is_recorded(target: Target) {
    let (target, _) = sealed(target);
    let replace = "REPLACE INTO approved_cards (id, profile_id, card_type, content) VALUES (1, 'child_0001', 'basic', '{}')";
    match target.backend {
        Backend::Sqlite => {
            target.execute(&format!(
                "PRAGMA foreign_keys = OFF; PRAGMA recursive_triggers = OFF; {replace}"
            ));
            assert_eq!(unrecorded(&target), Vec::<String>::new());
        }
        Backend::Mysql => {
            target.execute(replace);
            assert_eq!(unrecorded(&target), Vec::<String>::new());
        }
        // PostgreSQL has no REPLACE; the closest equivalent is recorded as what it does.
        Backend::Postgres => {
            target.execute(
                "INSERT INTO approved_cards (id, profile_id, card_type, content) VALUES (1, 'child_0001', 'basic', '{}') \
                 ON CONFLICT (id) DO UPDATE SET content = '{}'",
            );
            assert_eq!(unrecorded(&target), Vec::<String>::new());
        }
    }
}

fn a_receipt_proves_a_row_without_the_database(target: Target) {
    let (target, run) = sealed(target);
    let record = target.value("SELECT id FROM mastered_words WHERE word = 'plum'");
    let file = "target/receipt.json";
    let arguments = [
        "audit",
        "receipt",
        &run,
        "--output",
        file,
        "--record",
        "mastered_words",
        &record,
    ];
    let ended = target.run(&arguments);
    assert_eq!(ended.code, Some(0), "{ended}");
    let check = || {
        let mut command = target.workspace.command();
        command.args(["audit", "verify", "--receipt", file, "--format", "json"]);
        let ended = target.workspace.run(&mut command);
        let json: Value =
            serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}\n{ended}"));
        (ended.code, json)
    };
    let (code, checked) = check();
    assert_eq!(code, Some(0), "{checked:#}");
    assert_eq!(checked["run"], *run);
    assert_eq!(checked["row"]["record_id"], *record);
    assert_eq!(checked["in_database"], Value::Null);
    // The database from the environment is not used.
    let (code, checked) = proof(&target, &["verify", "--receipt", file]);
    assert_eq!((code, &checked["in_database"]), (Some(0), &Value::Null));
    let database = target.url();
    let asked = ["verify", "--receipt", file, "--database", &database];
    let (code, checked) = proof(&target, &asked);
    assert_eq!(
        (code, &checked["in_database"]),
        (Some(0), &Value::Bool(true))
    );

    let path = target.workspace.root().join(file);
    let receipt = std::fs::read_to_string(&path).expect("read");
    for (from, to) in [
        ("plum", "pear"),
        ("child_profiles", "other_profiles"),
        ("tester", "nobody"),
    ] {
        let forged = receipt.replacen(from, to, 1);
        assert_ne!(forged, receipt, "{from}");
        std::fs::write(&path, forged).expect("written");
        assert_eq!(check().0, Some(4), "{from}");
    }
    let nobody = target.run(&["audit", "receipt", &run, "--record", "mastered_words", "no"]);
    assert_eq!(nobody.code, Some(1), "{nobody}");
}

fn tables_of_other_programs_can_be_audited(target: Target) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    target.execute("CREATE TABLE pets (owner VARCHAR(20) NOT NULL, name VARCHAR(20) NOT NULL, weight DOUBLE PRECISION, PRIMARY KEY (owner, name))");
    target.execute("CREATE TABLE notes (note VARCHAR(20))");
    target.execute("INSERT INTO pets VALUES ('a', 'Rex', 0.1), ('a', 'Tom', NULL)");
    let ended = target.run(&[
        "audit",
        "enable",
        "--all",
        "--archive",
        "target/archive",
        "--reason",
        "inventory",
        "--format",
        "json",
    ]);
    let outcome: Value =
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}\n{ended}"));
    assert_eq!(outcome["tables"], serde_json::json!(["pets"]), "{ended}");
    assert_eq!(outcome["refused"][0]["table"], "notes");
    let recorded = "SELECT count(*) FROM audit_log WHERE table_name = 'pets' AND action = 'INSERT'";
    assert_eq!(target.value(recorded), "2");
    assert_proved(&target);
    target.execute("UPDATE pets SET name = 'Max', weight = 1e300 WHERE name = 'Rex'");
    target.execute("DELETE FROM pets WHERE name = 'Tom'");
    assert_eq!(
        target.value("SELECT count(*) FROM audit_log WHERE table_name = 'pets'"),
        "4"
    );
    assert_proved(&target);

    // A key is matched regardless of how its array is written.
    let spaced = r#"[ "a", "Tom" ]"#;
    let (code, found) = proof(&target, &["history", "pets", spaced]);
    assert_eq!(
        (code, &found["record_id"]),
        (Some(0), &r#"["a","Tom"]"#.into())
    );
    let (_, found) = proof(&target, &["log", "--entries", "--record", spaced]);
    assert_eq!(found["count"], 2);

    let state = |table: &str| {
        let (code, outcome) = proof(&target, &["status"]);
        let tables = outcome["tables"].as_array().expect("an array").clone();
        let found = tables
            .iter()
            .find(|one| one["table"] == table)
            .expect("listed")
            .clone();
        (code, found["state"].as_str().expect("a text").to_owned())
    };
    assert_eq!(state("pets"), (Some(0), "recorded".to_owned()));
    assert_eq!(state("notes").1, "no_key");
    assert_eq!(state("profiles").1, "recorded");
    target.execute("ALTER TABLE pets ADD COLUMN colour VARCHAR(20)");
    assert_eq!(state("pets"), (Some(4), "outdated".to_owned()));
    assert_eq!(
        target
            .run(&["audit", "enable", "pets", "--archive", "target/archive"])
            .code,
        Some(0)
    );
    assert_eq!(state("pets").1, "recorded");
    let archived = |arguments: &[&str]| {
        let ended = target.run(&[&["audit"], arguments, &["--archive", "target/archive"]].concat());
        assert_eq!(ended.code, Some(0), "{ended}");
    };
    let doctor = || target.run(&["doctor"]);
    archived(&["disable", "pets", "--reason", "moved away"]);
    assert_eq!(state("pets"), (Some(0), "disabled".to_owned()));
    let output = doctor();
    assert!(
        output.stdout.contains("disabled on purpose: `pets`"),
        "{output}"
    );
    assert_eq!(output.code, Some(0), "{output}");
    let (code, outcome) = proof(&target, &["verify"]);
    assert_eq!(
        (code, &outcome["status"]),
        (Some(0), &"self_consistent".into())
    );
    let runs = || target.value("SELECT count(*) FROM import_runs");
    let before = runs();
    let (code, outcome) = proof(&target, &["disable", "pets", "notes"]);
    assert_eq!((code, &outcome["run"]), (Some(0), &Value::Null));
    assert_eq!(outcome["tables"], serde_json::json!([]));
    assert_eq!(runs(), before);
    for table in ["audit_log", "import_runs", "nothing"] {
        let ended = target.run(&["audit", "disable", table]);
        assert_eq!(ended.code, Some(1), "{ended}");
    }
    archived(&["enable", "pets"]);
    assert_eq!(state("pets"), (Some(0), "recorded".to_owned()));
    // Missing triggers are reported.
    match target.backend {
        Backend::Postgres => {
            for action in ["insert", "update", "delete", "truncate"] {
                target.execute(&format!(
                    "DROP TRIGGER IF EXISTS accession_{action} ON pets"
                ));
            }
        }
        Backend::Sqlite => {
            for action in ["insert", "update", "delete"] {
                target.execute(&format!("DROP TRIGGER \"accession_pets {action}\""));
            }
        }
        Backend::Mysql => {
            for action in ["insert", "update", "delete"] {
                target.execute(&format!("DROP TRIGGER IF EXISTS accession_pets_{action}"));
            }
        }
    }
    assert_eq!(state("pets"), (Some(4), "missing".to_owned()));
    assert_eq!(doctor().code, Some(1));
    let ended = target.run(&["audit", "enable", "nothing"]);
    assert_eq!(ended.code, Some(1), "{ended}");
    let ended = target.run(&["audit", "enable", "audit_log"]);
    assert_eq!(ended.code, Some(1), "{ended}");
}
