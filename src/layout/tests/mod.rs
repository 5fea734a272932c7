//! Whole layouts: the built-in ones, and a small layout for each kind of mistake.

mod built_in;
mod built_in_schemas;
mod built_in_tables;
mod choosing;
mod damage;
mod mapping_mistakes;
mod rules;
mod schema_mistakes;
mod table_mistakes;

use super::{Checked, Layout, LayoutError, LayoutFiles, LayoutProblem, check};

fn waves(layout: &Layout) -> Vec<Vec<usize>> {
    let waves = layout.waves.iter();
    let numbers = waves.map(|wave| wave.iter().map(|&source| source.into()).collect());
    numbers.collect()
}

/// A valid layout, from which the invalid ones are derived.
const TOML: &str = r#"name = "sample"

[[source]]
files = "people.json"
schema = "people.schema.json"

[[source.records]]
table = "people"
each = "/*"
[source.records.columns]
id = "/id"
name = "/name"

[[source.records.records]]
table = "words"
each = "/words/*"
[source.records.records.columns]
person_id = "^id"
word = ""
"#;

const SQL: &str = "CREATE TABLE people (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    note TEXT
);
CREATE TABLE words (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    word TEXT NOT NULL,
    UNIQUE (person_id, word)
);
";

const SCHEMA: &str = r##"{
  "type": "array",
  "items": {
    "type": "object",
    "properties": {
      "id": {"type": "string"},
      "name": {"type": "string"},
      "words": {"type": "array", "items": {"type": "string"}}
    },
    "additionalProperties": false
  }
}
"##;

fn files(toml: &str, sql: &str, schema: &str) -> LayoutFiles {
    [
        ("layout.toml", toml),
        ("tables.sql", sql),
        ("people.schema.json", schema),
    ]
    .into_iter()
    .collect()
}

fn loaded(toml: &str, sql: &str) -> Checked {
    match check(&files(toml, sql, SCHEMA)) {
        Ok(checked) => checked,
        Err(error) => panic!("{error:?}"),
    }
}

fn problems(files: &LayoutFiles) -> Vec<LayoutProblem> {
    match check(files) {
        Err(LayoutError::Invalid { problems }) => problems,
        Err(error) => panic!("{error}"),
        Ok(_) => Vec::new(),
    }
}

/// Replaces `old` in `text` by `new`, and returns the line of `old`.
fn edit(text: &str, old: &str, new: &str) -> (String, u64) {
    let at = text.find(old).expect(old);
    let line = text[..at].matches('\n').count() as u64 + 1;
    (text.replacen(old, new, 1), line)
}

/// Asserts that `problems` is exactly one, in `file` at `line`, with `message`.
fn assert_one(problems: &[LayoutProblem], file: &str, line: u64, message: &str) {
    let shown: Vec<String> = problems.iter().map(LayoutProblem::to_string).collect();
    let shown = shown.join("\n");
    assert_eq!(problems.len(), 1, "for {message}:\n{shown}");
    let problem = &problems[0];
    let place = (problem.place.path.as_str(), problem.place.line);
    assert_eq!(place, (file, Some(line)), "{shown}");
    assert!(problem.message.contains(message), "{message}:\n{shown}");
    assert!(!problem.hint.is_empty(), "{shown}");
}

/// Asserts that a mistake in layout.toml results in one problem at its line.
fn toml_mistake(old: &str, new: &str, message: &str) {
    let (toml, line) = edit(TOML, old, new);
    assert_one(
        &problems(&files(&toml, SQL, SCHEMA)),
        "layout.toml",
        line,
        message,
    );
}

/// Asserts that a mistake in tables.sql results in one problem at its line.
fn sql_mistake(old: &str, new: &str, message: &str) {
    let (sql, line) = edit(SQL, old, new);
    assert_one(
        &problems(&files(TOML, &sql, SCHEMA)),
        "tables.sql",
        line,
        message,
    );
}
