//! `-vv`, `ACCESSION_LOG` and `--timings`: what a command did, and how long it took.

use crate::edits::edit;
use crate::workspace::{ACTOR, CommandOutput, Workspace};

fn run(workspace: &Workspace, arguments: &[&str]) -> CommandOutput {
    let mut command = workspace.command();
    workspace.run(command.args(arguments))
}

fn run_details(workspace: &Workspace, run: &str) -> serde_json::Value {
    let show = ["runs", "show", run, "--database", "target/legacy.db"];
    let ended = self::run(workspace, &[&show[..], &["--format", "json"]].concat());
    serde_json::from_str(&ended.stdout).expect("JSON")
}

/// The steps of an import of a new database, as `--timings` names them.
const STEPS: [&str; 8] = [
    "survey", "agenda", "plan", "apply", "archive", "verify", "seal", "commit",
];

fn steps(timings: &serde_json::Value) -> Vec<&str> {
    let timings = timings.as_array().expect("an array").iter();
    timings
        .map(|one| one["step"].as_str().expect("a name"))
        .collect()
}

#[test]
fn timings_are_printed_and_kept_with_the_run() {
    let workspace = Workspace::of("srs4autism/valid/small");
    let imported = workspace.report(&["--timings"]);
    let found = steps(&imported["timings"]);
    assert!(STEPS.iter().all(|step| found.contains(step)), "{found:?}");
    assert!(found.contains(&"statement"), "{found:?}");

    let run = imported["run"].as_str().expect("a run");
    let details = run_details(&workspace, run);
    let kept = steps(&details["run_timings"]);
    assert!(
        kept.contains(&"plan") && kept.contains(&"verify"),
        "{kept:?}"
    );
    let database = ["--database", "target/legacy.db"];
    let ended = self::run(
        &workspace,
        &[&["runs", "show", run], &database[..]].concat(),
    );
    assert!(ended.stdout.contains("\n  step "), "{ended}");
    let ended = self::run(&workspace, &[&["audit", "verify"], &database[..]].concat());
    assert_eq!(ended.code, Some(0), "{ended}");

    // Only if they are measured.
    edit(&workspace, "content_db/approved_cards.json", |cards| {
        cards.remove(0);
    });
    let imported = workspace.report(&["--prune"]);
    assert_eq!(imported.get("timings"), None);
    let run = imported["run"].as_str().expect("a run");
    let details = run_details(&workspace, run);
    assert_eq!(details["run_timings"], serde_json::json!([]));
    let ended = self::run(&workspace, &["validate", "legacy", "--timings"]);
    assert!(ended.stderr.contains("\n  survey "), "{ended}");
}

#[test]
fn the_log_has_steps_and_statements_and_no_values() {
    let workspace = Workspace::of("srs4autism/valid/small");
    let ended = workspace.import(&["-vv"]);
    for step in STEPS {
        assert!(ended.stderr.contains(step), "{step} {ended}");
    }
    assert!(!ended.stderr.contains("statement"), "{ended}");

    edit(&workspace, "content_db/approved_cards.json", |cards| {
        cards[0]["front"] = "a secret".into();
    });
    let ended = workspace.import(&["-vvv", "--reason", "private"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert!(
        ended.stderr.contains("UPDATE `approved_cards` SET"),
        "{ended}"
    );
    for value in ["a secret", ACTOR, "private"] {
        assert!(!ended.stderr.contains(value), "{value} {ended}");
    }
}

#[test]
fn the_environment_selects_what_is_logged() {
    let workspace = Workspace::of("srs4autism/valid/small");
    let log = |value: &str| {
        let mut command = workspace.command();
        command.args(["validate", "legacy"]);
        workspace.run(command.env("ACCESSION_LOG", value))
    };
    let ended = log("accession::operations::validate=info");
    assert!(ended.stderr.contains("  read: "), "{ended}");
    assert!(!ended.stderr.contains("survey"), "{ended}");
    for wrong in ["loud", "accession=loud", "debug,accession"] {
        let ended = log(wrong);
        assert_eq!(ended.code, Some(2), "{wrong} {ended}");
        assert!(ended.stderr.contains("`ACCESSION_LOG`: "), "{ended}");
    }
    assert_eq!(log("").code, Some(0));
}
