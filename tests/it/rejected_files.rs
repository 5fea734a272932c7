//! One folder per fault under `fixtures/srs4autism/invalid/`, and one per accepted oddity under `accepted/`.
//!
//! The files of a folder are copied over `valid/small`, so that a folder contains only the faulty files;
//! `expected.snap` is the output of the command. To accept new output, run the tests with `INSTA_UPDATE=always` and
//! review the diff.

use std::path::Path;

use crate::fixtures::{self, each_folder};
use crate::rows;
use crate::workspace::{CommandOutput, Workspace, repeatable};

const VALID: &str = "srs4autism/valid/small";

fn with_folder(folder: &Path) -> Workspace {
    let workspace = Workspace::of(VALID);
    fixtures::copy(folder, &workspace.source_dir());
    workspace
}

/// Checks that no text from the records of the fixtures is shown: the faulty values among them are all `SECRET`.
#[track_caller]
fn assert_discreet(ended: &CommandOutput, folder: &Path) {
    for secret in [
        "SECRET",
        "Mira",
        "林小米",
        "Harbour",
        "Otter",
        "apple",
        "苹果",
        "恐龙",
    ] {
        let shown = ended.stdout.contains(secret) || ended.stderr.contains(secret);
        assert!(!shown, "{}: {secret}\n{ended}", folder.display());
    }
}

pub(crate) fn assert_expected(folder: &Path, workspace: &Workspace, output: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("expected", repeatable(output, workspace)));
}

#[test]
fn every_fault_is_reported_and_nothing_is_written() {
    each_folder("srs4autism/invalid", |folder| {
        let workspace = with_folder(folder);
        let before = workspace.tree();
        let ended = workspace.import(&["--quiet"]);
        assert_expected(folder, &workspace, &ended.messages());
        assert_discreet(&ended, folder);
        assert_eq!(ended.code, Some(3), "{}\n{ended}", folder.display());
        before.assert_unchanged(&workspace.tree(), folder.display());
    });
}

#[test]
fn a_fault_leaves_an_existing_database_unchanged() {
    each_folder("srs4autism/invalid", |folder| {
        let workspace = Workspace::of(VALID);
        workspace.imports(&[]);
        fixtures::copy(folder, &workspace.source_dir());
        let before = workspace.tree();
        let ended = workspace.import::<&str>(&[]);
        assert_eq!(ended.code, Some(3), "{}\n{ended}", folder.display());
        before.assert_unchanged(&workspace.tree(), folder.display());
    });
}

/// For every fault: skipping it imports the rest, and after fixing it the database is the same as without the fault.
/// None of the output contains contents of the files.
#[test]
fn skipping_and_then_fixing_a_fault_gives_the_same_database_as_no_fault() {
    let whole = Workspace::of(VALID);
    whole.imports(&[]);
    let wanted = content(&whole);
    each_folder("srs4autism/invalid", |folder| {
        let workspace = with_folder(folder);
        let before = workspace.tree();
        let ended = workspace.import(&["--skip-invalid", "--verbose"]);
        assert_discreet(&ended, folder);
        match ended.code {
            Some(5) => rows::assert_sound(&workspace.connection()),
            // Does not concern single records.
            Some(3) => before.assert_unchanged(&workspace.tree(), folder.display()),
            other => panic!("{}: {other:?}\n{ended}", folder.display()),
        }
        fixtures::copy(&fixtures::path(VALID), &workspace.source_dir());
        // Records that were in the faulty file but are not in the fixed one were removed.
        let fixed = workspace.import(&["--prune"]);
        assert_eq!(fixed.code, Some(0), "{}\n{fixed}", folder.display());
        rows::assert_sound(&workspace.connection());
        assert_eq!(content(&workspace), wanted, "{}", folder.display());
    });
}

#[test]
fn oddities_are_imported_and_reported() {
    each_folder("srs4autism/accepted", |folder| {
        let workspace = with_folder(folder);
        let ended = workspace.import::<&str>(&[]);
        assert_expected(folder, &workspace, &ended.to_string());
        assert_eq!(ended.code, Some(0), "{}\n{ended}", folder.display());
        rows::assert_sound(&workspace.connection());
        let again = workspace.imports(&[]);
        assert!(again.stdout.starts_with("nothing to do"), "{again}");
    });
}

/// Returns all rows without data that depends on the run: generated keys and timestamps of rows.
fn content(workspace: &Workspace) -> Vec<Vec<String>> {
    let connection = workspace.connection();
    let queries = [
        "SELECT id, name, dob, interests, mental_age, extracted_data FROM profiles",
        "SELECT profile_id, word, language FROM mastered_words",
        "SELECT profile_id, grammar_uri FROM mastered_grammar",
        "SELECT profile_id, card_type, content, iif(json_extract(content, '$.created_at') IS NULL, '', approved_at) AS at FROM approved_cards",
        "SELECT profile_id, role, content, timestamp FROM chat_messages",
    ];
    let sorted = queries.iter().map(|query| {
        let mut rows: Vec<String> = rows::query(&connection, query)
            .iter()
            .map(|row| format!("{row:?}"))
            .collect();
        rows.sort();
        rows
    });
    sorted.collect()
}
