//! The format tests of the JSON-Schema-Test-Suite, run if the variable `JSON_SCHEMA_TEST_SUITE` names its directory.
//! The suite is not part of this repository.

#![expect(
    clippy::print_stderr,
    reason = "a test that reports when it is skipped"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use jsonschema::json::SerdeJson;
use serde_json::Value;

use crate::layout::schema_options_for;

/// Tests that are expected to fail: `draft/file: description of the case: description of the test`, and why.
const FAILING: [(&str, &str); 0] = [];

/// Returns the tests with a wrong result, and the number of all tests.
fn failures(directory: &Path) -> (BTreeSet<String>, usize) {
    let (mut wrong, mut all) = (BTreeSet::new(), 0);
    for (draft, meta) in [
        ("draft7", "http://json-schema.org/draft-07/schema#"),
        (
            "draft2020-12",
            "https://json-schema.org/draft/2020-12/schema",
        ),
    ] {
        let formats = directory.join("tests").join(draft).join("optional/format");
        for file in fs::read_dir(formats).expect("the suite has format cases") {
            let file = file.expect("an entry").path();
            let name = file
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let cases = fs::read_to_string(&file).expect("readable");
            let cases: Vec<Value> = serde_json::from_str(&cases).expect("JSON");
            for case in cases {
                let mut schema = case["schema"].clone();
                if let Some(keywords) = schema.as_object_mut() {
                    keywords.entry("$schema").or_insert_with(|| meta.into());
                }
                let options = schema_options_for::<SerdeJson>(&schema);
                let validator = options.build(&schema).expect("a schema");
                for test in case["tests"].as_array().expect("tests") {
                    all += 1;
                    if Some(validator.is_valid(&test["data"])) != test["valid"].as_bool() {
                        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                        let (case, test) = (text(&case["description"]), text(&test["description"]));
                        wrong.insert(format!("{draft}/{name}: {case}: {test}"));
                    }
                }
            }
        }
    }
    (wrong, all)
}

#[test]
fn formats_are_checked_as_the_test_suite_expects() {
    let Some(directory) = std::env::var_os("JSON_SCHEMA_TEST_SUITE") else {
        eprintln!("skipped: JSON_SCHEMA_TEST_SUITE does not name the JSON-Schema-Test-Suite");
        return;
    };
    let (wrong, all) = failures(Path::new(&directory));
    eprintln!("{} of {all} format tests fail", wrong.len());
    let known: BTreeSet<String> = FAILING.iter().map(|(case, _)| (*case).to_owned()).collect();
    assert!(all > 1000, "{all}");
    assert_eq!(wrong, known);
}
