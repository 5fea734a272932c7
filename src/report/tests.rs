//! The published documents: `docs/schema/` and `docs/json.md` are generated from the views.
//!
//! With `INSTA_UPDATE=always` (`scripts/test --fix`) the files are written, otherwise they are compared. A member or
//! value that was published must not disappear or change its type, in either case: see [`REMOVED`].

mod manual;
mod members;
mod schema;
mod table;

use std::fs;
use std::path::PathBuf;

use schema::{Document, documents};

/// Members and values whose removal was decided for a major version: the schema, and the line that
/// [`members::members`] has for it.
const REMOVED: [(&str, &str); 0] = [];

fn docs(path: &str) -> PathBuf {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("docs").join(path)
}

/// Writes a generated file, or compares it.
#[track_caller]
fn compare_or_update(path: &str, text: &str) {
    let path = docs(path);
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        fs::write(&path, text).expect("written");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let path = path.display();
    assert_eq!(committed, text, "{path}: `scripts/test --fix` updates it");
}

#[test]
fn schemas_are_generated_and_keep_what_was_published() {
    for Document { name, schema, .. } in documents() {
        let path = format!("schema/{name}.json");
        let now = members::members(&schema);
        let before = fs::read_to_string(docs(&path)).unwrap_or_else(|_| "{}".to_owned());
        let before = members::members(&serde_json::from_str(&before).expect("JSON"));
        let lost: Vec<_> = before.difference(&now).collect();
        let is_decided = |line: &String| REMOVED.contains(&(name, line));
        assert!(
            lost.iter().all(|line| is_decided(line)),
            "{path}: published, but no longer there: {lost:#?}"
        );
        for (_, line) in REMOVED.iter().filter(|(of, _)| *of == name) {
            assert!(!now.contains(*line), "{path}: {line} was removed");
        }
        compare_or_update(&path, &format!("{schema:#}\n"));
    }
}

#[test]
fn every_schema_has_a_command() {
    let names: Vec<_> = documents().into_iter().map(|one| one.name).collect();
    for file in fs::read_dir(docs("schema")).expect("docs/schema") {
        let path = file.expect("a file").path();
        let name = path.file_stem().and_then(|name| name.to_str());
        assert!(names.contains(&name.expect("a name")), "{}", path.display());
    }
}

#[test]
fn the_manual_is_generated() {
    compare_or_update("json.md", &manual::manual(&documents()));
}

#[test]
fn rules_are_published_by_their_codes() {
    for rule in crate::model::Rule::ALL {
        assert_eq!(serde_json::json!(rule), rule.code());
    }
}

#[test]
fn a_lost_member_or_value_and_another_type_are_noticed() {
    let schema = |text: &str| members::members(&serde_json::from_str(text).expect("JSON"));
    let before = schema(
        r##"{"type": "object", "required": ["a"], "properties": {"a": {"enum": ["x", "y"]},
            "b": {"type": "array", "items": {"$ref": "#/$defs/C"}}}, "$defs": {"C": {"type": "string"}}}"##,
    );
    let lost = |text: &str| -> Vec<String> { before.difference(&schema(text)).cloned().collect() };
    let after = r#"{"type": "object", "properties": {"a": {"enum": ["x"]}, "b": {"type": "array", "items": {"type": "integer"}}}}"#;
    assert_eq!(
        lost(after),
        [".a = \"y\"", ".a is required", ".b[]: \"string\""]
    );
}
