//! `--dry-run` prints the plan and writes nothing.

use serde_json::json;

use crate::edits::edit;
use crate::workspace::Workspace;

#[test]
fn a_new_database_is_not_created() {
    let workspace = Workspace::of("srs4autism/valid/small");
    let before = workspace.tree();
    let ended = workspace.imports(&["--dry-run"]);
    assert!(ended.stdout.starts_with("plan"), "{ended}");
    assert!(
        ended.stdout.contains("insert profiles child_0001"),
        "{ended}"
    );
    before.assert_unchanged(&workspace.tree(), ended);
}

#[test]
fn the_plan_matches_the_later_import() {
    let workspace = Workspace::of("srs4autism/valid/small");
    let tables = |report: &serde_json::Value| report["tables"].clone();
    let planned = workspace.report(&["--dry-run"]);
    assert_eq!(planned["status"], "planned");
    assert_eq!(tables(&planned), tables(&workspace.report(&[])));

    edit(&workspace, "content_db/approved_cards.json", |cards| {
        cards[0]["status"] = json!("retired");
        cards.remove(3);
        cards.push(json!({"id": "card-0006", "card_type": "cloze"}));
    });
    let before = workspace.tree();
    let planned = workspace.report(&["--dry-run", "--prune"]);
    before.assert_unchanged(&workspace.tree(), "dry run");
    let mut changes: Vec<String> = planned["changes"]
        .as_array()
        .expect("an array")
        .iter()
        .map(|change| {
            let columns: Vec<&str> = change["columns"]
                .as_array()
                .expect("an array")
                .iter()
                .filter_map(serde_json::Value::as_str)
                .collect();
            let word = |name: &str| change[name].as_str().unwrap_or_default().to_owned();
            format!(
                "{} {} {}",
                word("action"),
                word("record_id"),
                columns.join(",")
            )
        })
        .collect();
    changes.sort();
    assert_eq!(changes, ["delete 4 ", "insert 6 ", "update 1 content"]);
    assert_eq!(tables(&planned), tables(&workspace.report(&["--prune"])));
}

#[test]
fn the_plan_is_reproducible() {
    let workspace = Workspace::of("srs4autism/valid/small");
    let plan = || workspace.imports(&["--dry-run"]).to_string();
    assert_eq!(plan(), plan());
}

#[test]
fn faults_and_conflicts_are_reported_as_in_an_import() {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    workspace
        .connection()
        .execute("UPDATE approved_cards SET card_type = 'x' WHERE id = 1", [])
        .expect("an update");
    let path = "content_db/approved_cards.json";
    edit(&workspace, path, |cards| {
        cards[0]["card_type"] = json!("cloze")
    });
    let before = workspace.tree();
    let conflict = workspace.import(&["--dry-run"]);
    assert_eq!(conflict.code, Some(4), "{conflict}");
    edit(&workspace, path, |cards| {
        cards[0]["card_type"] = json!("wrong")
    });
    let invalid = workspace.import(&["--dry-run"]);
    assert_eq!(invalid.code, Some(3), "{invalid}");
    edit(&workspace, path, |cards| {
        cards[0]["card_type"] = json!("cloze")
    });
    before.assert_unchanged(&workspace.tree(), invalid);
}
