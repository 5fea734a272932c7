//! Values that a database cannot store are findings with a place, never a truncated row or a server error.

use serde_json::json;

use super::on_every_database;
use super::target::{Backend, Target};
use crate::edits::edit;

on_every_database!(
    a_string_that_is_too_long_is_a_finding,
    json_that_is_too_deep_is_a_finding,
    hostile_strings_are_stored_unchanged,
    large_values_are_stored,
);

const PROFILES: &str = "profiles/child_profiles.json";
const CARDS: &str = "content_db/approved_cards.json";

fn a_string_that_is_too_long_is_a_finding(target: Target) {
    let target = target.with("srs4autism/valid/small");
    let long = "好".repeat(300);
    edit(&target.workspace, PROFILES, |profiles| {
        profiles[0]["mastered_words"] = json!(format!("a, {long}, b"));
    });
    let ended = target.import(&[]);
    if target.backend == Backend::Mysql {
        assert_eq!(ended.code, Some(3), "{ended}");
        let output = "`mastered_words.word` has 300 characters, but the database column allows 255";
        assert!(ended.stderr.contains(output), "{ended}");
        assert!(ended.stderr.contains("child_profiles.json:"), "{ended}");
        assert_eq!(target.count("mastered_words"), 0);
        let ended = target.import(&["--skip-invalid"]);
        assert_eq!(ended.code, Some(5), "{ended}");
        assert_eq!(
            target.value("SELECT max(char_length(word)) < 300 FROM mastered_words"),
            "1"
        );
    } else {
        assert_eq!(ended.code, Some(0), "{ended}");
        target.verifies("equal");
    }
}

fn json_that_is_too_deep_is_a_finding(target: Target) {
    let target = target.with("srs4autism/valid/small");
    let deep = (0..40).fold(json!(1), |inner, _| json!([inner]));
    edit(&target.workspace, PROFILES, |profiles| {
        profiles[0]["extracted_data"] = json!({ "deep": deep });
    });
    let ended = target.import(&[]);
    if target.backend == Backend::Mysql {
        assert_eq!(ended.code, Some(3), "{ended}");
        assert!(ended.stderr.contains("is nested 41 levels deep"), "{ended}");
    } else {
        assert_eq!(ended.code, Some(0), "{ended}");
        target.verifies("equal");
    }
}

fn hostile_strings_are_stored_unchanged(target: Target) {
    let target = target.with("srs4autism/valid/small");
    let hostile = [
        "'; DROP TABLE profiles; --",
        "a\\'b\\\\c`d\"e$1?{}",
        "\u{1f600}\u{202e}\u{feff} trailing ",
        "\u{1}\u{7f}\t\r\n",
        "NULL",
        "\\x00",
    ];
    edit(&target.workspace, CARDS, |cards| {
        for (card, text) in cards.iter_mut().zip(hostile) {
            card["front"] = json!(text);
            card["card_type"] = json!("basic");
        }
    });
    edit(&target.workspace, PROFILES, |profiles| {
        profiles[0]["school"] = json!(hostile.join("|"));
        profiles[0]["address"] = json!("CASE");
        profiles[0]["mastered_words"] =
            json!("straße, strasse, Strasse, STRASSE, e\u{301}, \u{e9}, e");
    });
    target.imports(&[]);
    target.verifies("equal");
}

/// Values that are larger than a network packet, and together larger than one statement should be.
fn large_values_are_stored(target: Target) {
    let target = target.with("srs4autism/valid/small");
    let picture = "0123456789abcdef".repeat(20_000);
    edit(&target.workspace, CARDS, |cards| {
        let card = cards[0].clone();
        for number in 0..60 {
            let mut card = card.clone();
            card["id"] = json!(format!("large-{number}"));
            card["image_data"] = json!(picture);
            cards.push(card);
        }
    });
    target.imports(&[]);
    target.verifies("equal");
}
