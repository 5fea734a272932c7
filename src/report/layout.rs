//! Reports of `layout`: listing, description and check.

mod view;

use serde::Serialize;

use crate::layout::{Checked, Layout, LayoutProblem};
use crate::model::Level;

use super::Style;
use super::counts::plural;

pub use view::{LayoutSummaryView, LayoutView};

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

/// The warnings of a valid layout or the errors of an invalid one, then the verdict.
#[must_use]
pub fn checked_text(name: &str, checked: Result<&Checked, &[LayoutProblem]>) -> String {
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
            problem.hint
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

/// The result of a check as a document.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CheckedView<'o> {
    /// Whether the layout can be used.
    #[cfg_attr(test, schemars(extend("enum" = ["valid", "invalid"])))]
    status: &'static str,
    /// Name of the layout, if it is valid.
    name: Option<&'o str>,
    /// The warnings about a valid layout, or the errors of an invalid one.
    problems: Vec<LayoutProblemView<'o>>,
}

/// A problem of a layout.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct LayoutProblemView<'o> {
    /// Severity: `error` or `warning`.
    level: Level,
    /// A file of the layout.
    path: &'o str,
    /// Line, from 1.
    line: Option<u64>,
    /// Column, from 1.
    column: Option<u64>,
    /// For people; the wording can change.
    message: &'o str,
    /// A suggested fix; the wording can change.
    remedy: &'o str,
}

impl<'o> From<Result<&'o Checked, &'o [LayoutProblem]>> for CheckedView<'o> {
    fn from(checked: Result<&'o Checked, &'o [LayoutProblem]>) -> Self {
        let (level, problems) = problems(checked);
        let problems = problems.iter().map(|problem| LayoutProblemView {
            level,
            path: &problem.place.path,
            line: problem.place.line,
            column: problem.place.column,
            message: &problem.message,
            remedy: &problem.hint,
        });
        Self {
            status: match checked {
                Ok(_) => "valid",
                Err(_) => "invalid",
            },
            name: checked.ok().map(|checked| checked.layout.name.as_str()),
            problems: problems.collect(),
        }
    }
}

fn problems<'p>(checked: Result<&'p Checked, &'p [LayoutProblem]>) -> (Level, &'p [LayoutProblem]) {
    match checked {
        Ok(checked) => (Level::Warning, &checked.warnings),
        Err(problems) => (Level::Error, problems),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_lines, json};
    use super::*;
    use crate::layout::builtin;
    use crate::model::Place;
    use serde_json::json;

    fn problem() -> LayoutProblem {
        LayoutProblem {
            place: Place {
                path: "layout.toml".to_owned(),
                line: Some(12),
                column: Some(5),
                pointer: None,
            },
            message: "there is no table `wrods`".to_owned(),
            hint: "did you mean `words`?".to_owned(),
        }
    }

    #[test]
    fn problems_are_printed_after_their_location() {
        let text = checked_text("./mine", Err(&[problem()]));
        assert_lines(
            &text,
            &[
                "layout.toml:12:5: error: there is no table `wrods`",
                "  hint: did you mean `words`?",
                "invalid: `./mine`, 1 error",
            ],
        );
        let json = json(CheckedView::from(Err(&[problem()][..])));
        assert_eq!(json["problems"][0]["line"], 12);
        assert!(json["name"].is_null());
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
        let listed = &json(LayoutSummaryView::from(&layout))["files"];
        assert_eq!(listed[0], "profiles/child_profiles.json");
        let json = json(LayoutView::from(&layout));
        assert_eq!(json["parameters"][0]["default"]["only"], "profiles.id");
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
