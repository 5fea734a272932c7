//! Layouts: which there are, and what is wrong with one.

use serde_json::{Value, json};

use crate::layout::{Checked, Layout, LayoutTable, Parameter, ParameterDefault, Problem, Source};
use crate::model::{Level, OnDelete};

use super::Style;
use super::counts::plural;

/// Name, title and files of each layout.
#[must_use]
pub fn layouts_text(layouts: &[Layout]) -> String {
    let mut out = String::new();
    for layout in layouts {
        out.push_str(&format!("{}: {}\n", layout.name, layout.title));
        for source in &layout.sources {
            out.push_str(&format!("  {}\n", source.files.text()));
        }
    }
    out
}

/// All layouts as a JSON array; `docs/json.md` describes it.
#[must_use]
pub fn layouts_json(layouts: &[Layout]) -> Value {
    let files = |layout: &Layout| {
        let patterns = layout.sources.iter().flat_map(|one| one.files.texts());
        patterns.cloned().collect::<Vec<_>>()
    };
    layouts
        .iter()
        .map(|layout| json!({"name": layout.name, "title": layout.title, "files": files(layout)}))
        .collect()
}

/// One layout as a JSON object; `docs/json.md` describes it.
#[must_use]
pub fn layout_json(layout: &Layout) -> Value {
    let parameters: Vec<Value> = layout
        .parameters
        .iter()
        .map(|parameter| parameter_json(layout, parameter))
        .collect();
    let sources: Vec<Value> = layout
        .sources
        .iter()
        .map(|source| source_json(layout, source))
        .collect();
    let tables: Vec<Value> = layout.tables.iter().map(table_json).collect();
    json!({
        "name": layout.name,
        "title": layout.title,
        "digest": layout.digest.to_string(),
        "parameters": parameters,
        "sources": sources,
        "tables": tables,
    })
}

fn parameter_json(layout: &Layout, parameter: &Parameter) -> Value {
    let default = match &parameter.default {
        None => Value::Null,
        Some(ParameterDefault::Text(text)) => json!({ "value": text }),
        Some(ParameterDefault::Only { table, column }) => {
            let table = &layout.tables[*table].table;
            json!({ "only": format!("{}.{}", table.name, table.columns[*column].name) })
        }
    };
    json!({"name": parameter.name, "help": parameter.help, "default": default})
}

fn source_json(layout: &Layout, source: &Source) -> Value {
    let mut tables: Vec<&str> = Vec::new();
    for rule in source.rules() {
        let name = layout.tables[rule.table].table.name.as_str();
        if !tables.contains(&name) {
            tables.push(name);
        }
    }
    json!({"files": source.files.texts(), "schema": source.schema_name, "tables": tables})
}

fn table_json(table: &LayoutTable) -> Value {
    let model = &table.table;
    let name = |&column: &usize| model.columns[column].name.as_str();
    let names = |columns: &[usize]| columns.iter().map(name).collect::<Vec<_>>();
    let columns = model.columns.iter().zip(&table.mapped);
    let columns: Vec<Value> = columns
        .map(|(column, mapped)| {
            json!({
                "name": column.name, "type": column.ty.to_string(), "nullable": column.nullable, "mapped": mapped,
            })
        })
        .collect();
    let unique: Vec<_> = model.unique.iter().map(|columns| names(columns)).collect();
    let foreign_keys: Vec<Value> = model
        .foreign_keys
        .iter()
        .map(|key| {
            json!({
                "columns": names(&key.columns), "table": key.table, "references": key.references,
                "on_delete": on_delete(key.on_delete),
            })
        })
        .collect();
    json!({
        "name": model.name,
        "columns": columns,
        "primary_key": names(&model.primary_key),
        "unique": unique,
        "foreign_keys": foreign_keys,
    })
}

fn on_delete(action: OnDelete) -> &'static str {
    match action {
        OnDelete::Restrict => "restrict",
        OnDelete::Cascade => "cascade",
        OnDelete::SetNull => "set null",
    }
}

/// The warnings on a layout that is valid, or the errors of one that is not; then the verdict.
#[must_use]
pub fn checked_text(name: &str, checked: Result<&Checked, &[Problem]>) -> String {
    let (level, problems) = problems(checked);
    let style = match level {
        Level::Error => Style::ERROR,
        Level::Warning => Style::WARNING,
        Level::Notice => Style::NOTICE,
    };
    let mut out = String::new();
    for problem in problems {
        out.push_str(&format!(
            "{}: {} {}\n  {} {}\n",
            problem.place,
            Style::paint(style, &format!("{}:", level.name())),
            problem.message,
            Style::paint(Style::DIM, "hint:"),
            problem.remedy
        ));
    }
    let count = plural(problems.len() as u64, level.name());
    out.push_str(&match checked {
        Ok(_) if problems.is_empty() => {
            format!("{}: `{name}`\n", Style::paint(Style::SUCCESS, "valid"))
        }
        Ok(_) => format!(
            "{}: `{name}`, {count}\n",
            Style::paint(Style::SUCCESS, "valid")
        ),
        Err(_) => format!(
            "{}: `{name}`, {count}\n",
            Style::paint(Style::ERROR, "invalid")
        ),
    });
    out
}

/// The result of a check as a JSON object; `docs/json.md` describes it.
#[must_use]
pub fn checked_json(checked: Result<&Checked, &[Problem]>) -> Value {
    let (level, problems) = problems(checked);
    let problems: Vec<Value> = problems
        .iter()
        .map(|problem| {
            json!({
                "level": level.name(), "path": problem.place.path, "line": problem.place.line,
                "column": problem.place.column, "message": problem.message, "remedy": problem.remedy,
            })
        })
        .collect();
    json!({
        "status": if checked.is_ok() { "valid" } else { "invalid" },
        "name": checked.ok().map(|checked| &checked.layout.name),
        "problems": problems,
    })
}

fn problems<'p>(checked: Result<&'p Checked, &'p [Problem]>) -> (Level, &'p [Problem]) {
    match checked {
        Ok(checked) => (Level::Warning, &checked.warnings),
        Err(problems) => (Level::Error, problems),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_documented, assert_lines};
    use super::*;
    use crate::layout::builtin;
    use crate::model::Place;

    fn problem() -> Problem {
        Problem {
            place: Place {
                path: "layout.toml".to_owned(),
                line: Some(12),
                column: Some(5),
                pointer: None,
            },
            message: "there is no table `wrods`".to_owned(),
            remedy: "did you mean `words`?".to_owned(),
        }
    }

    #[test]
    fn problems_stand_after_their_place() {
        let text = checked_text("./mine", Err(&[problem()]));
        assert_lines(
            &text,
            &[
                "layout.toml:12:5: error: there is no table `wrods`",
                "  hint: did you mean `words`?",
                "invalid: `./mine`, 1 error",
            ],
        );
        let json = checked_json(Err(&[problem()]));
        assert_documented(&json);
        assert_eq!(json["problems"][0]["line"], 12);
        assert_eq!(json["name"], Value::Null);
    }

    #[test]
    fn a_layout_is_listed_with_its_files_and_shown_with_its_tables() {
        let layout = builtin("srs4autism").expect("built in");
        let listed = layouts_text(std::slice::from_ref(&layout));
        assert!(
            listed.contains(
                "srs4autism: SRS4Autism data directory\n  profiles/child_profiles.json\n"
            )
        );
        let json = layout_json(&layout);
        assert_documented(&json);
        assert_documented(&layouts_json(std::slice::from_ref(&layout)));
        assert_eq!(json["parameters"][0]["default"]["only"], "profiles.id");
        let listed = &layouts_json(std::slice::from_ref(&layout))[0]["files"];
        assert_eq!(listed[0], "profiles/child_profiles.json");
        assert_eq!(json["sources"][0]["files"], json!([listed[0]]));
        let tables = &json["sources"][0]["tables"];
        assert_eq!(
            *tables,
            json!(["profiles", "mastered_words", "mastered_grammar"])
        );
        let words = json["tables"].as_array().expect("an array");
        let words = words.iter().find(|table| table["name"] == "mastered_words");
        let words = words.expect("there");
        assert_eq!(words["unique"], json!([["profile_id", "word", "language"]]));
        assert_eq!(words["foreign_keys"][0]["on_delete"], "cascade");
    }
}
