//! Mistakes in JSON Schemas, and pointers that a schema does not allow.

use super::*;

#[test]
fn missing_files_are_reported() {
    let nothing = LayoutFiles::default();
    let found = problems(&nothing);
    let names: Vec<&str> = found
        .iter()
        .map(|problem| problem.place.path.as_str())
        .collect();
    assert_eq!(names, ["layout.toml", "tables.sql"]);
    toml_mistake(
        "\"people.schema.json\"",
        "\"person.schema.json\"",
        "is missing",
    );
}

#[test]
fn a_schema_must_be_valid_json_and_a_valid_schema() {
    let (broken, line) = edit(
        SCHEMA,
        "{\"type\": \"string\"},\n      \"words\"",
        "{,\n \"words\"",
    );
    assert_one(
        &problems(&files(TOML, SQL, &broken)),
        "people.schema.json",
        line,
        "not valid JSON",
    );
    let (wrong, line) = edit(SCHEMA, "\"type\": \"object\"", "\"type\": \"objekt\"");
    let found = problems(&files(TOML, SQL, &wrong));
    assert_one(&found, "people.schema.json", line, "`type` cannot be");
}

#[test]
fn references_to_other_files_are_rejected() {
    let foreign = "{\"$ref\": \"https://example.org/x.json\"}";
    let (schema, line) = edit(SCHEMA, "{\"type\": \"string\"}", foreign);
    let found = problems(&files(TOML, SQL, &schema));
    assert_one(
        &found,
        "people.schema.json",
        line,
        "is not in the same file",
    );
    for dangling in ["#/$defs/none", "#none"] {
        let reference = format!("{{\"$ref\": \"{dangling}\"}}");
        let (schema, line) = edit(SCHEMA, "{\"type\": \"string\"}", &reference);
        let found = problems(&files(TOML, SQL, &schema));
        assert_one(
            &found,
            "people.schema.json",
            line,
            "is not in the same file",
        );
    }
}

#[test]
fn an_unsupported_version_is_rejected() {
    let version = "{\n  \"$schema\": \"https://example.org/draft/schema\",";
    let schema = SCHEMA.replacen('{', version, 1);
    let found = problems(&files(TOML, SQL, &schema));
    assert_one(
        &found,
        "people.schema.json",
        2,
        "unsupported version of JSON Schema",
    );
}

#[test]
fn an_unknown_keyword_is_a_warning() {
    let (schema, line) = edit(
        SCHEMA,
        "\"name\": {\"type\": \"string\"}",
        "\"name\": {\"type\": \"string\", \"minLenght\": 3}",
    );
    let checked = check(&files(TOML, SQL, &schema)).expect("valid");
    assert_one(
        &checked.warnings,
        "people.schema.json",
        line,
        "`minLenght` is not a keyword",
    );
    assert_eq!(checked.warnings[0].hint, "did you mean `minLength`?");
}

#[test]
fn pointers_that_the_schema_does_not_allow_are_rejected() {
    toml_mistake("\"/name\"", "\"/nickname\"", "`/*/nickname` cannot exist");
    toml_mistake(
        "\"/name\"",
        "[\"/name\", \"/name/first\"]",
        "`/*/name/first` cannot exist",
    );
    toml_mistake(
        "each = \"/words/*\"",
        "each = \"/wrds/*\"",
        "`/*/wrds` cannot exist",
    );
    toml_mistake(
        "word = \"\"",
        "word = \"/text\"",
        "`/*/words/*/text` cannot exist",
    );
    let (open, _) = edit(SCHEMA, ",\n    \"additionalProperties\": false", "");
    let (toml, _) = edit(TOML, "\"/name\"", "\"/nickname\"");
    assert!(problems(&files(&toml, SQL, &open)).is_empty());
}

#[test]
fn an_unused_schema_is_a_warning() {
    let files: LayoutFiles = [
        ("layout.toml", TOML),
        ("tables.sql", SQL),
        ("people.schema.json", SCHEMA),
        ("spare.schema.json", "true"),
    ]
    .into_iter()
    .collect();
    let checked = check(&files).expect("valid");
    assert_eq!(checked.warnings.len(), 1);
    assert_eq!(checked.warnings[0].place.path, "spare.schema.json");
}
