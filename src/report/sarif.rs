//! Findings in the Static Analysis Results Interchange Format (SARIF 2.1.0, OASIS Standard), for tools that show
//! findings next to source lines.
//!
//! Paths are relative to the source directory, which is not named, because a log may be shared. Columns count Unicode
//! code points, as everywhere in accession.

use serde_json::{Value, json};

use crate::model::{Finding, FindingList, Level, Place, Rule};

use super::counts::plural;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// The base of relative paths (SARIF section 3.14.14).
const BASE: &str = "SOURCE";

/// A log with the findings of a command that completed.
#[must_use]
pub fn sarif(list: &FindingList) -> Value {
    let mut invocation = json!({ "executionSuccessful": true });
    if list.not_listed() > 0 {
        let count = plural(list.not_listed(), "finding");
        let text = format!("{count} more counted but not listed; use `--all` to list them");
        invocation["toolExecutionNotifications"] =
            json!([{ "level": "warning", "message": { "text": text } }]);
    }
    let results: Vec<Value> = list.iter().map(result).collect();
    let mut run = run(invocation);
    run["results"] = Value::Array(results);
    log(run)
}

/// A log with the error of a command that failed.
#[must_use]
pub fn failed_sarif(message: &str) -> Value {
    log(run(json!({
        "executionSuccessful": false,
        "toolExecutionNotifications": [{ "level": "error", "message": { "text": message } }],
    })))
}

fn log(run: Value) -> Value {
    json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": [run] })
}

fn run(invocation: Value) -> Value {
    let rules: Vec<Value> = Rule::ALL
        .into_iter()
        .map(|rule| {
            json!({
                "id": rule.code(),
                "name": format!("{rule:?}"),
                "shortDescription": { "text": rule.meaning() },
                "help": { "text": rule.hint() },
            })
        })
        .collect();
    json!({
        "tool": { "driver": {
            "name": "accession",
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": rules,
        }},
        "invocations": [invocation],
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {
            BASE: { "description": { "text": "the directory given to the command" } },
        },
    })
}

fn result(finding: &Finding) -> Value {
    let level = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Notice => "note",
    };
    let text = match &finding.hint {
        Some(hint) => format!("{}\nhint: {hint}", finding.message),
        None => finding.message.clone(),
    };
    let mut result = json!({
        "ruleId": finding.rule.code(),
        "ruleIndex": finding.rule as usize,
        "level": level,
        "message": { "text": text },
    });
    if finding.count > 1 {
        result["occurrenceCount"] = finding.count.into();
    }
    if let Some(place) = &finding.place {
        result["locations"] = json!([location(place)]);
    }
    if let Some(place) = finding.first_place() {
        let mut first = location(place);
        first["message"] = json!({ "text": "the first record" });
        result["relatedLocations"] = json!([first]);
    }
    result
}

fn location(place: &Place) -> Value {
    let mut physical = json!({
        "artifactLocation": { "uri": relative_uri(&place.path), "uriBaseId": BASE },
    });
    if let Some(line) = place.line {
        physical["region"] = json!({ "startLine": line });
        if let Some(column) = place.column {
            physical["region"]["startColumn"] = column.into();
        }
    }
    let mut location = json!({ "physicalLocation": physical });
    if let Some(pointer) = &place.pointer {
        location["logicalLocations"] = json!([{ "fullyQualifiedName": pointer, "kind": "value" }]);
    }
    location
}

/// Formats a path as a relative reference (RFC 3986): all characters that are not unreserved are percent-encoded,
/// including the colon.
fn relative_uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Place;

    fn list() -> FindingList {
        let place = Place {
            path: "a b/50%: 恐.json".to_owned(),
            line: Some(3),
            column: Some(7),
            pointer: Some("/0/dob".to_owned()),
        };
        let error = Finding::error(Rule::Schema, place, "expected a string").hint("fix it");
        let mut notice = Finding::new(Level::Notice, Rule::ForeignRow, None, "rows");
        notice.count = 7;
        [error, notice].into_iter().collect()
    }

    #[test]
    fn a_result_has_rule_level_place_and_pointer() {
        let log = sarif(&list());
        let run = &log["runs"][0];
        let result = &run["results"][0];
        let index = result["ruleIndex"]
            .as_u64()
            .and_then(|i| usize::try_from(i).ok());
        assert_eq!(
            run["tool"]["driver"]["rules"][index.expect("an index")]["id"],
            "schema"
        );
        assert_eq!(result["level"], "error");
        let location = &result["locations"][0];
        let physical = &location["physicalLocation"];
        assert_eq!(
            physical["artifactLocation"]["uri"],
            "a%20b/50%25%3A%20%E6%81%90.json"
        );
        assert_eq!(
            physical["region"],
            json!({"startLine": 3, "startColumn": 7})
        );
        assert_eq!(
            location["logicalLocations"][0]["fullyQualifiedName"],
            "/0/dob"
        );
        assert_eq!(run["results"][1]["level"], "note");
        assert_eq!(run["results"][1]["occurrenceCount"], 7);
    }

    #[test]
    fn logs_conform_to_the_official_schema() {
        let schema = include_str!("../../tests/sarif/sarif-schema-2.1.0.json");
        let mut schema: Value = serde_json::from_str(schema).expect("JSON");
        // The pattern for languages in the schema is not a valid regular expression (an unescaped bracket). Accession
        // writes no languages.
        for definition in ["run", "toolComponent"] {
            schema["definitions"][definition]["properties"]["language"]
                .as_object_mut()
                .and_then(|language| language.remove("pattern"))
                .expect("the official schema has it");
        }
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        for log in [
            sarif(&list()),
            sarif(&FindingList::default()),
            failed_sarif("no such directory"),
        ] {
            let wrong: Vec<_> = validator.iter_errors(&log).map(|e| e.to_string()).collect();
            assert!(wrong.is_empty(), "{wrong:?}");
        }
        let mut wrong = sarif(&list());
        wrong["runs"][0]["results"][0]["level"] = "fatal".into();
        assert!(!validator.is_valid(&wrong));
    }
}
