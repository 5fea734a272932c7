//! Every JSON document that a test makes a command print is valid by the command's schema in `docs/schema/`, and has no
//! member that is not in it.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{LazyLock, Mutex};

use jsonschema::Validator;
use serde_json::Value;

use crate::workspace::CommandOutput;

static VALIDATORS: LazyLock<Mutex<HashMap<String, &'static Validator>>> =
    LazyLock::new(Mutex::default);

/// Options that select another document of the same command.
const VARIANTS: [(&str, &str, &str); 4] = [
    ("audit-log", "--entries", "audit-log-entries"),
    ("audit-log", "--after", "audit-log-entries"),
    ("audit-verify", "--receipt", "audit-verify-receipt"),
    ("audit-receipt", "--output", "audit-receipt-output"),
];

/// Fails unless the output of a command with `--format json` or `jsonl` is as published.
#[track_caller]
pub(crate) fn check(command: &Command, ended: &CommandOutput) {
    if command.get_program() != env!("CARGO_BIN_EXE_accession") {
        return;
    }
    let words: Vec<&str> = command
        .get_args()
        .filter_map(|word| word.to_str())
        .collect();
    let is_given = |option: &str| {
        let is_it = |word: &&str| word.split('=').next() == Some(option);
        words.iter().any(is_it)
    };
    let mut formats = words.windows(2).filter(|two| two[0] == "--format");
    let mut joined = words
        .iter()
        .filter_map(|word| word.strip_prefix("--format="));
    let format = formats.next().map(|two| two[1]).or_else(|| joined.next());
    let Some(mut name) = command_name(&words) else {
        return;
    };
    if let Some((_, _, variant)) = VARIANTS
        .iter()
        .find(|(of, option, _)| name == *of && is_given(option))
    {
        name = (*variant).to_owned();
    }
    // A signal ends the output anywhere; a receipt has a format of its own.
    if ended.code.is_none()
        || is_given("--numbers-as-strings")
        || ended.stdout.is_empty()
        || name == "audit-receipt"
    {
        return;
    }
    match format.or(name.ends_with("-export").then_some("jsonl")) {
        Some("json") => {
            let document: Value = serde_json::from_str(&ended.stdout)
                .unwrap_or_else(|error| panic!("{error}: {words:?}\n{ended}"));
            let has_failed = document.get("error").is_some();
            let name = if has_failed { "error" } else { &name };
            validate(name, &document, &words);
        }
        Some("jsonl") => {
            for line in ended.stdout.lines() {
                let line: Value = serde_json::from_str(line)
                    .unwrap_or_else(|error| panic!("{error}: {words:?}\n{ended}"));
                validate(&name, &Value::Array(vec![line]), &words);
            }
        }
        Some(_) | None => {}
    }
}

/// The words of the command, joined by `-`: `audit-log`.
fn command_name(words: &[&str]) -> Option<String> {
    let first = *words.first()?;
    match first {
        "runs" | "rejects" | "audit" | "archive" | "layout" | "migrate" => {
            Some(format!("{first}-{}", words.get(1)?))
        }
        "completions" => None,
        first if first.starts_with('-') => None,
        first => Some(first.to_owned()),
    }
}

#[track_caller]
fn validate(name: &str, document: &Value, words: &[&str]) {
    let validator = *VALIDATORS
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .entry(name.to_owned())
        .or_insert_with(|| Box::leak(Box::new(strict(name))));
    let errors = validator.iter_errors(document);
    let errors: Vec<String> = errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(
        errors.is_empty(),
        "{words:?} prints what docs/schema/{name}.json does not have:\n{}",
        errors.join("\n")
    );
}

/// The schema of a document, closed: consumers must accept further members, these tests must not.
fn strict(name: &str) -> Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/schema/{name}.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut schema: Value = serde_json::from_str(&text).expect("JSON");
    close(&mut schema);
    jsonschema::draft202012::new(&schema).expect("a schema")
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.values_mut().for_each(close);
            if members.get("properties").is_some_and(Value::is_object)
                && members.get("type").is_some_and(Value::is_string)
            {
                members
                    .entry("additionalProperties")
                    .or_insert(Value::Bool(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
#[should_panic(expected = "docs/schema/migrate-up.json does not have")]
fn an_unpublished_member_is_noticed() {
    let document = serde_json::json!({"applied": [], "more": 1});
    validate("migrate-up", &document, &["migrate", "up"]);
}

#[test]
#[should_panic(expected = "docs/schema/migrate-up.json does not have")]
fn a_missing_member_is_noticed() {
    validate("migrate-up", &serde_json::json!({}), &["migrate", "up"]);
}
