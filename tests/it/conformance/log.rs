//! `-vvv` logs the statements of every database, without values.

use super::on_every_database;
use super::target::Target;
use crate::edits::edit;

on_every_database!(statements_are_logged_without_their_values);

fn statements_are_logged_without_their_values(target: Target) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    edit(
        &target.workspace,
        "content_db/approved_cards.json",
        |cards| {
            cards[0]["front"] = "a secret".into();
        },
    );
    let arguments = ["-vvv", "--timings", "--reason", "private"];
    let ended = target.imports(&arguments);
    let update =
        |line: &str| line.contains("statement sql=\"UPDATE ") && line.contains("approved_cards");
    assert!(ended.stderr.lines().any(update), "{ended}");
    for value in ["a secret", "private", "test-password"] {
        assert!(!ended.stderr.contains(value), "{value} {ended}");
    }
    let measured = ended
        .stderr
        .lines()
        .find(|line| line.starts_with("  statement "));
    assert!(measured.is_some(), "{ended}");
}
