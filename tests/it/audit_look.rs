//! The audit commands that reviewers use, on a database that was imported into, edited by another program, and imported
//! into again.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::{Value, json};

use crate::edits::edit;
use crate::json;
use crate::rows;
use crate::workspace::{CommandOutput, Workspace};

/// Runs `accession audit` on the database of the workspace.
pub(crate) fn audit(workspace: &Workspace, arguments: &[&str]) -> CommandOutput {
    let mut command = workspace.command();
    command
        .arg("audit")
        .args(arguments)
        .args(["--database", "target/legacy.db"]);
    workspace.run(&mut command)
}

/// Runs `accession audit` and expects success.
#[track_caller]
pub(crate) fn look(workspace: &Workspace, arguments: &[&str]) -> String {
    let ended = audit(workspace, arguments);
    assert_eq!(ended.code, Some(0), "{ended}");
    ended.stdout
}

/// Runs `accession audit` and parses the result as JSON.
#[track_caller]
pub(crate) fn look_json(workspace: &Workspace, arguments: &[&str]) -> Value {
    json::parse(&look(
        workspace,
        &[arguments, &["--format", "json"]].concat(),
    ))
}

/// Returns the IDs of the runs, oldest first.
pub(crate) fn runs(workspace: &Workspace) -> Vec<String> {
    let runs = "SELECT id FROM import_runs ORDER BY started_at, id";
    rows::texts(&workspace.connection(), runs)
}

/// Replaces everything that differs between runs by words of the same length.
pub(crate) fn masked(workspace: &Workspace, text: &str) -> String {
    let mut text = text.replace(&workspace.root().display().to_string(), "[ROOT]");
    for (number, run) in runs(workspace).iter().enumerate() {
        let short = format!("[RUN {number:07}]");
        text = text
            .replace(run, &format!("{short}[{:->21}]", ""))
            .replace(&run[..13], &short);
    }
    // The timestamps in the fixtures are from 2024.
    let pattern = |text: &str| Regex::new(text).expect("a pattern");
    let text = pattern(r"20(?:2[5-9]|[3-9]\d)-\d\d-\d\d([T ])\d\d:\d\d:\d\d")
        .replace_all(&text, "YYYY-MM-DD${1}hh:mm:ss");
    let text = pattern(r"ss\.\d{6}Z").replace_all(&text, "ss.uuuuuuZ");
    let text = pattern(r"20(?:2[5-9]|[3-9]\d)-\d\d-\d\d").replace_all(&text, "YYYY-MM-DD");
    pattern(r"[0-9a-f]{64}")
        .replace_all(&text, "[SHA256]")
        .into_owned()
}

macro_rules! assert_printed {
    ($workspace:expr, $name:expr, $text:expr) => {{
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("snapshots");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let text = $crate::audit_look::masked(&$workspace, &$text);
        settings.bind(|| insta::assert_snapshot!($name, text));
    }};
}
pub(crate) use assert_printed;

/// Creates a workspace with an import, an edit by another program, and an import of an edited file.
pub(crate) fn reviewed() -> Workspace {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&["--reason", "first load"]);
    let by_hand = "
        UPDATE profiles SET school = 'Hill <School> & \"Co\"' WHERE id = 'child_0001';
        INSERT INTO mastered_words (profile_id, word, language) VALUES ('child_0001', '=SUM(A1)', 'en');
        UPDATE mastered_words SET id = 777 WHERE id = 3;
        UPDATE mastered_words SET word = 'orange' WHERE id = 777;
        DELETE FROM mastered_words WHERE id = 4;
        UPDATE mastered_words SET id = 3 WHERE id = 5;
        UPDATE profiles SET raw_input = 'a' || char(27) || '[31m' || char(10) || 'b' WHERE id = 'child_0001';";
    workspace
        .connection()
        .execute_batch(by_hand)
        .expect("edits by another program");
    edit(&workspace, "content_db/approved_cards.json", |cards| {
        cards[1]["card_type"] = json!("basic");
    });
    workspace.imports(&["--reason", "card types\u{1b}[2J corrected"]);
    workspace
}

#[test]
fn a_reviewer_sees_what_happened() {
    let workspace = reviewed();
    let runs = runs(&workspace);
    for (name, arguments) in [
        ("audit_log", vec!["log"]),
        (
            "audit_log_entries",
            vec!["log", "--entries", "--limit", "10"],
        ),
        ("audit_show", vec!["show", "22"]),
        ("audit_show_insert", vec!["show", "2"]),
        ("audit_history", vec!["history", "mastered_words", "777"]),
        (
            "audit_history_of_a_name",
            vec!["history", "mastered_words", "3"],
        ),
        ("audit_history_card", vec!["history", "approved_cards", "2"]),
        ("audit_blame", vec!["blame", "approved_cards", "2"]),
        ("audit_blame_deleted", vec!["blame", "mastered_words", "4"]),
        (
            "audit_blame_of_a_name",
            vec!["blame", "mastered_words", "3"],
        ),
        ("audit_report", vec!["report"]),
        (
            "audit_as_of_first",
            vec!["as-of", "mastered_words", "--at", &runs[0][..13]],
        ),
        (
            "audit_as_of_now",
            vec!["as-of", "mastered_words", "--at", "now"],
        ),
        (
            "audit_as_of_row",
            vec!["as-of", "mastered_words", "777", "--at", &runs[0]],
        ),
        (
            "audit_where",
            vec!["where", "profiles/child_profiles.json", "/0/mastered_words"],
        ),
        (
            "audit_where_around",
            vec!["where", "profiles/child_profiles.json", "/0/school"],
        ),
    ] {
        assert_printed!(workspace, name, look(&workspace, &arguments));
    }
}

#[test]
fn output_contains_no_cursor_movement() {
    let workspace = reviewed();
    for arguments in [
        vec!["log"],
        vec!["log", "--entries", "--limit", "100"],
        vec!["history", "profiles", "child_0001", "--full"],
        vec!["blame", "profiles", "child_0001", "--full"],
        vec!["as-of", "profiles", "--at", "now", "--full"],
        vec!["why", "profiles", "child_0001", "--full"],
        vec!["export", "--format", "json"],
        vec!["export", "--format", "html"],
    ] {
        let output = look(&workspace, &arguments);
        let moves = output.chars().find(|c| c.is_control() && *c != '\n');
        assert_eq!(moves, None, "{arguments:?}");
    }
}

/// Returns the numbers of the entries that match the filters.
fn chosen(workspace: &Workspace, filters: &[&str]) -> BTreeSet<i64> {
    let arguments = [&["log", "--entries", "--limit", "1000"], filters].concat();
    let log = look_json(workspace, &arguments);
    let entries = log["entries"].as_array().expect("entries");
    assert_eq!(log["count"], entries.len(), "{filters:?}");
    entries
        .iter()
        .filter_map(|entry| entry["entry"].as_i64())
        .collect()
}

fn found(workspace: &Workspace, condition: &str) -> BTreeSet<i64> {
    let query = format!("SELECT CAST(id AS TEXT) FROM audit_log WHERE {condition}");
    let ids = rows::texts(&workspace.connection(), &query);
    ids.iter().filter_map(|id| id.parse().ok()).collect()
}

#[test]
fn filters_match_the_same_entries_as_sql() {
    let workspace = reviewed();
    let runs = runs(&workspace);
    let second = format!("run_id = '{}'", runs[1]);
    let day = &rows::texts(
        &workspace.connection(),
        "SELECT changed_at FROM audit_log WHERE id = 1",
    )[0][..10];
    for (filters, condition) in [
        (vec![], "1"),
        (vec!["--table", "profiles"], "table_name = 'profiles'"),
        (
            vec![
                "--table",
                "profiles",
                "--table",
                "approved_cards",
                "--action",
                "update",
            ],
            "table_name IN ('profiles', 'approved_cards') AND action = 'UPDATE'",
        ),
        (vec!["--record", "3"], "record_id = '3'"),
        (
            vec!["--table", "mastered_words", "--record", "3"],
            "table_name = 'mastered_words' AND record_id = '3'",
        ),
        (vec!["--run", &runs[1][..30]], second.as_str()),
        (vec!["--actor", "external"], "changed_by = 'external'"),
        (vec!["--not", "actor:tester"], "changed_by <> 'tester'"),
        (
            vec!["--not", "table:mastered_words", "--not", "action:INSERT"],
            "table_name <> 'mastered_words' AND action <> 'INSERT'",
        ),
        (
            vec!["--not", &format!("run:{}", runs[0])],
            "run_id IS NOT (SELECT id FROM import_runs ORDER BY id LIMIT 1)",
        ),
        (
            vec!["--column", "school"],
            "table_name = 'profiles' AND coalesce(new_value, '') LIKE '%\"school\"%'",
        ),
        (
            vec!["--action", "update", "--not", "column:id"],
            "action = 'UPDATE' AND old_value ->> 'id' = new_value ->> 'id'",
        ),
        (
            vec!["--contains", "橘子"],
            "coalesce(old_value, '') || coalesce(new_value, '') LIKE '%橘子%'",
        ),
        (
            vec!["--contains", "Hill <School> & \"Co\""],
            "new_value LIKE '%Hill <School>%'",
        ),
        (vec!["--contains", "school"], "0"),
        (vec!["--after", "20"], "id > 20"),
        (vec!["--since", "2d"], "1"),
        (vec!["--since", day, "--until", day], "1"),
        (vec!["--until", "2d"], "0"),
        (vec!["--until", "yesterday"], "0"),
    ] {
        let filters: Vec<&str> = filters;
        assert_eq!(
            chosen(&workspace, &filters),
            found(&workspace, condition),
            "{filters:?}"
        );
    }
}

#[test]
fn counts_are_the_same_whether_attributions_are_trusted_or_not() {
    let workspace = reviewed();
    let believed = look_json(&workspace, &["log"]);
    // No entry belongs to this table, but the entries must be read to find that out.
    let counted = look_json(&workspace, &["log", "--not", "table:none"]);
    assert_eq!(believed, counted);
    let sum = |log: &Value| -> i64 {
        let lines = log["lines"].as_array().into_iter().flatten();
        let counts = ["inserted", "updated", "deleted"];
        lines
            .flat_map(|line| counts.map(|name| line[name].as_i64()))
            .flatten()
            .sum()
    };
    assert_eq!(sum(&believed), 29);
    // An entry that claims to belong to the run but was not written by it, as a cascade or a forgery produces.
    let entry = "INSERT INTO audit_log (table_name, record_id, action, old_value, changed_at, changed_by, run_id)
        SELECT 'mastered_words', '9', 'DELETE', '{}', changed_at, changed_by, run_id FROM audit_log WHERE id = 1";
    workspace
        .connection()
        .execute_batch(entry)
        .expect("an entry");
    assert_eq!(sum(&look_json(&workspace, &["log"])), 30);
    assert_eq!(look_json(&workspace, &["report"])["count"], 30);
}

#[test]
fn truncated_lists_say_so() {
    let workspace = reviewed();
    let output = look(&workspace, &["log", "--entries", "--limit", "2"]);
    assert!(
        output.ends_with("2 of 29 entries; `--limit N` shows more\n"),
        "{output}"
    );
    let csv = audit(
        &workspace,
        &["log", "--entries", "--limit", "2", "--format", "csv"],
    );
    assert_eq!(csv.stdout.lines().count(), 3, "{csv}");
    assert!(csv.stderr.contains("2 of 29"), "{csv}");
    let whole = audit(
        &workspace,
        &["log", "--entries", "--limit", "29", "--format", "csv"],
    );
    assert_eq!(whole.stderr, "");
    // For scripts: new entries in ascending order, with the number to continue from.
    let first = look_json(&workspace, &["log", "--after", "26", "--limit", "2"]);
    let numbers = |log: &Value| -> Vec<i64> {
        let entries = log["entries"].as_array().into_iter().flatten();
        entries
            .filter_map(|entry| entry["entry"].as_i64())
            .collect()
    };
    assert_eq!(numbers(&first), [27, 28]);
    assert_eq!(first["last_entry"], 28);
    let next = look_json(&workspace, &["log", "--after", "28"]);
    assert_eq!(numbers(&next), [29]);
    let none = look_json(&workspace, &["log", "--after", "29"]);
    assert_eq!(
        (&none["count"], &none["last_entry"]),
        (&json!(0), &Value::Null)
    );
}

#[test]
fn missing_objects_are_errors_with_a_hint() {
    let workspace = reviewed();
    for (arguments, code, message) in [
        (vec!["show", "99"], 1, "there is no entry 99"),
        (vec!["history", "profiles", "nobody"], 1, "no row `nobody`"),
        (
            vec!["blame", "nothing", "1"],
            1,
            "no entry for table `nothing`",
        ),
        (
            vec!["as-of", "nothing", "--at", "now"],
            1,
            "no entry for table `nothing`",
        ),
        (
            vec!["why", "profiles", "child_0001", "shoe"],
            1,
            "no column `shoe`",
        ),
        (
            vec!["where", "nothing.json"],
            1,
            "no file `nothing.json` was imported",
        ),
        (
            vec!["where", "nothing.json", "x"],
            2,
            "a JSON Pointer is empty or begins with `/`",
        ),
        (
            vec!["as-of", "profiles", "--at", "deadbeef"],
            2,
            "run ids begin with `0`",
        ),
        (vec!["log", "--run", "ffff"], 1, "there is no run `ffff`"),
        (vec!["log", "--run", "0"], 1, "matches 2 runs"),
        (
            vec!["log", "--since", "soon"],
            2,
            "`soon` is not a valid time",
        ),
        (vec!["log", "--not", "mood:bad"], 2, "expected `table:`"),
        (
            vec!["log", "--format", "html"],
            2,
            "[possible values: table, json, csv]",
        ),
        (
            vec!["export", "--format", "table"],
            2,
            "[possible values: jsonl, json, csv, html]",
        ),
    ] {
        let ended = audit(&workspace, &arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {ended}");
        assert!(ended.stderr.contains(message), "{arguments:?}: {ended}");
        assert_eq!(ended.stdout, "", "{arguments:?}");
    }
}

/// For every command that takes the id of a run.
#[test]
fn ids_of_no_run_and_of_several_end_alike() {
    let workspace = reviewed();
    let first = runs(&workspace).remove(0);
    let database = ["--database", "target/legacy.db"];
    let archive = ["--archive", "target/legacy.db.archive"];
    for (id, message) in [
        ("0ffff", "there is no run `0ffff`"),
        ("0", "matches 2 runs"),
    ] {
        // A time cannot be told from fewer characters.
        let at = if id == "0" { &first[..6] } else { id };
        for (arguments, place) in [
            (&["runs", "show", id][..], database),
            (&["revert", id, "--dry-run"], database),
            (&["revert", id], database),
            (&["rejects", "list", "--run", id], database),
            (&["rejects", "export", "--run", id], database),
            (&["audit", "log", "--run", id], database),
            (&["audit", "log", "--not", &format!("run:{id}")], database),
            (&["audit", "report", "--run", id], database),
            (&["audit", "export", "--run", id], database),
            (&["audit", "receipt", id], database),
            (&["audit", "as-of", "profiles", "--at", at], database),
            (&["archive", "verify", id], archive),
            (&["archive", "restore", id, "target/back"], archive),
        ] {
            let mut command = workspace.command();
            let ended = workspace.run(command.args(arguments).args(place));
            assert_eq!(ended.code, Some(1), "{arguments:?}: {ended}");
            let message = message.replace("`0ffff`", &format!("`{at}`"));
            assert!(ended.stderr.contains(&message), "{arguments:?}: {ended}");
        }
    }
}

#[test]
fn unknown_names_are_reported_with_the_known_ones() {
    let workspace = reviewed();
    for (arguments, message) in [
        (
            vec!["log", "--table", "profils"],
            "no entries of a table `profils`; did you mean `profiles`?",
        ),
        (
            vec![
                "log",
                "--entries",
                "--table",
                "profiles",
                "--column",
                "scool",
            ],
            "has a column `scool`; did you mean `school`?",
        ),
        (
            vec!["report", "--column", "scool"],
            "has a column `scool`\n",
        ),
        (vec!["export", "--table", "profils"], "a table `profils`"),
    ] {
        let ended = audit(&workspace, &arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {ended}");
        assert!(ended.stderr.contains(message), "{arguments:?}: {ended}");
    }
    for (arguments, message) in [
        (
            &["--actor", "nobody"][..],
            "no run has the actor `nobody`; the actors are ",
        ),
        (&["--actor", "extrenal"], "did you mean `external`?"),
        (&["--record", "nobody"], "no entries of a row `nobody`"),
        (
            &["--until", "2001-01-01"],
            "no entry is from this time: all are from ",
        ),
        (
            &["--since", "2200-01-01"],
            "no entry is from this time: all are from ",
        ),
        (
            &["--contains", "nowhere"],
            "no entry matches all of these options together\n",
        ),
        (
            &["--after", "1000000"],
            "no entry matches all of these options together\n",
        ),
        (
            &["--not", "table:profils", "--limit", "1"],
            "a table `profils`; did you mean `profiles`?",
        ),
    ] {
        for form in [
            &["log", "--entries"][..],
            &["log"],
            &["report"],
            &["export"],
        ] {
            if arguments.contains(&"--limit") && form[0] != "log" {
                continue;
            }
            let arguments = [form, arguments].concat();
            let ended = audit(&workspace, &arguments);
            assert_eq!(ended.code, Some(0), "{arguments:?}: {ended}");
            assert!(ended.stderr.contains(message), "{arguments:?}: {ended}");
        }
    }
    let json = ["log", "--actor", "nobody", "--format", "json"];
    let ended = audit(&workspace, &json);
    assert_eq!(
        crate::json::parse(&ended.stdout)["lines"],
        serde_json::json!([])
    );
    let known = ["log", "--table", "profiles"];
    assert_eq!(audit(&workspace, &known).stderr, "");
}

#[test]
fn the_format_option_is_accepted_anywhere() {
    let workspace = reviewed();
    let before = workspace.run(workspace.command().args([
        "--format",
        "json",
        "audit",
        "report",
        "--database",
        "target/legacy.db",
    ]));
    assert_eq!(
        before.stdout,
        look(&workspace, &["report", "--format", "json"])
    );
    assert_eq!(
        look(&workspace, &["report"]),
        look(&workspace, &["report", "--format", "text"])
    );
}

#[test]
fn audit_commands_change_nothing_and_need_no_write_permission() {
    let workspace = reviewed();
    let before = workspace.tree();
    for arguments in [
        vec!["log"],
        vec!["report"],
        vec!["history", "mastered_words", "777"],
        vec!["as-of", "profiles", "--at", "1h"],
        vec!["why", "approved_cards", "2"],
        vec!["where", "content_db/approved_cards.json"],
        vec!["export"],
    ] {
        look(&workspace, &arguments);
        before.assert_unchanged(&workspace.tree(), format!("{arguments:?}"));
    }
}
