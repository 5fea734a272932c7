//! The guarantees of every import: all values are stored, a second run changes nothing, invalid input writes nothing.

use serde_json::Value;

use super::on_every_database;
use super::target::Target;
use crate::edits::edit;

on_every_database!(
    an_import_is_the_same_on_every_database_and_a_second_writes_nothing,
    invalid_input_writes_no_rows,
    valid_records_can_be_imported_without_the_others,
    a_dry_run_writes_nothing,
    donna_is_the_same_on_every_database,
    runs_are_recorded_with_their_attribution,
    the_ledger_can_be_removed_and_created_again,
    records_that_come_back_do_not_count_as_kept,
);

const CARDS: &str = "content_db/approved_cards.json";

/// Returns the digests of the tables from a verification report.
fn digests(report: &Value) -> Vec<(String, String)> {
    let tables = report["tables"].as_object().expect("tables");
    let digest = |(name, table): (&String, &Value)| {
        let digest = table["database_digest"].as_str().expect("a digest");
        (name.clone(), digest.to_owned())
    };
    tables.iter().map(digest).collect()
}

fn assert_equal_everywhere(target: &Target) {
    target.imports(&[]);
    let like = target.like();
    like.imports(&[]);
    let (here, there) = (target.verifies("equal"), like.verifies("equal"));
    assert_eq!(digests(&here), digests(&there));
    let entries = target.count("audit_log");
    assert_eq!(entries, like.count("audit_log"));
    let again = target.imports(&[]);
    assert!(again.stdout.starts_with("nothing to do"), "{again}");
    assert_eq!(target.count("import_runs"), 1);
    assert_eq!(target.count("audit_log"), entries);
}

fn an_import_is_the_same_on_every_database_and_a_second_writes_nothing(target: Target) {
    assert_equal_everywhere(&target.with("srs4autism/valid/small"));
}

fn donna_is_the_same_on_every_database(target: Target) {
    assert_equal_everywhere(&target.with("donna/valid/small"));
}

fn invalid_input_writes_no_rows(target: Target) {
    let target = target.with("srs4autism/valid/small");
    edit(&target.workspace, CARDS, |cards| {
        cards[1]["id"] = Value::Bool(true);
    });
    let rejected = target.import(&[]);
    assert_eq!(rejected.code, Some(3), "{rejected}");
    // MySQL commits CREATE TABLE implicitly, so the tables may exist, but they must be empty.
    let has_ledger = target.run(&["runs", "list"]).code == Some(0);
    if has_ledger {
        for table in [
            "import_runs",
            "source_files",
            "row_sources",
            "audit_log",
            "profiles",
        ] {
            assert_eq!(target.count(table), 0, "{table}");
        }
    }
}

fn valid_records_can_be_imported_without_the_others(target: Target) {
    let target = target.with("srs4autism/valid/small");
    edit(&target.workspace, CARDS, |cards| {
        cards[1]["id"] = Value::Bool(true);
    });
    let ended = target.import(&["--skip-invalid"]);
    assert_eq!(ended.code, Some(5), "{ended}");
    assert_eq!(target.count("approved_cards"), 4);
    let reject = "SELECT pointer, rule FROM rejects";
    assert_eq!(target.rows(reject), [["/1/id", "schema"]]);
    edit(&target.workspace, CARDS, |cards| {
        cards[1]["id"] = "card-0002".into();
    });
    let report = target.report(&[]);
    assert_eq!(report["tables"]["approved_cards"]["inserted"], 1);
    target.verifies("equal");
}

fn a_dry_run_writes_nothing(target: Target) {
    let target = target.with("srs4autism/valid/small");
    let planned = target.report(&["--dry-run"]);
    assert_eq!(planned["status"], "planned");
    let status = target.run(&["migrate", "status"]);
    assert!(!status.stdout.contains("applied"), "{status}");
    let written = target.report(&[]);
    assert_eq!(planned["tables"], written["tables"]);
}

fn runs_are_recorded_with_their_attribution(target: Target) {
    let target = target.with("srs4autism/valid/small");
    let run = target.report(&["--reason", "première fois"])["run"].clone();
    let run = run["id"]
        .as_str()
        .or(run.as_str())
        .expect("a run")
        .to_owned();
    let kept = "SELECT id, status, actor, reason FROM import_runs";
    assert_eq!(
        target.rows(kept),
        [[run.as_str(), "complete", "tester", "première fois"]]
    );
    let signed = "SELECT DISTINCT run_id, changed_by FROM audit_log";
    assert_eq!(target.rows(signed), [[run.as_str(), "tester"]]);
    let unplaced = "SELECT count(*) FROM audit_log WHERE source_file_id IS NULL";
    assert_eq!(target.value(unplaced), "0");
    // Later changes by other programs are not attributed to the run.
    target.execute("UPDATE profiles SET school = 'Seaside'");
    let external =
        "SELECT count(*) FROM audit_log WHERE run_id IS NULL AND changed_by LIKE 'external%'";
    assert_eq!(target.value(external), target.count("profiles").to_string());
}

fn the_ledger_can_be_removed_and_created_again(target: Target) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    target.removes_ledger();
    target.execute("UPDATE profiles SET school = 'Seaside'");
    let up = target.run(&["migrate", "up"]);
    assert_eq!(up.code, Some(0), "{up}");
    assert_eq!(target.count("audit_log"), 0);
    let status = target.run(&["migrate", "status"]);
    assert!(status.stdout.contains("applied"), "{status}");
}

fn records_that_come_back_do_not_count_as_kept(target: Target) {
    let layout = crate::fixtures::path("layouts/anything");
    let layout = layout.to_str().expect("UTF-8");
    let report = |arguments: &[&str]| target.report(&[&["--layout", layout], arguments].concat());
    let files = [("lines/1.jsonl", "1\n"), ("lines/2.jsonl", "2\n")];
    target.workspace.write("records/a.json", r#"["v1"]"#);
    for (path, text) in files {
        target.workspace.write(path, text);
    }
    report(&[]);
    for (path, _) in files {
        target.workspace.remove(path);
    }
    report(&["--deleted", "lines"]);
    let kept = |report: &Value| report["kept_gone"].as_u64().expect("a count");
    assert_eq!(kept(&report(&[])), 2);
    target.workspace.write(files[0].0, files[0].1);
    for arguments in [&["--dry-run"][..], &[], &[]] {
        let report = report(arguments);
        assert_eq!(kept(&report), 1, "{report:#}");
    }
    target.workspace.write(files[1].0, files[1].1);
    assert_eq!(kept(&report(&[])), 0);
    assert_eq!(kept(&report(&[])), 0);
}
