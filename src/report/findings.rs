//! Findings as text blocks and as JSON.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::model::{Finding, Level, Rule};

use super::Style;
use super::counts::{grouped, plural};

/// How many findings of one kind are told in full; the rest are counted.
const TOLD: usize = 20;

/// One block per finding: place, what, where in the document, what to do. Beyond the first of a kind only a count.
/// What to do about findings of one kind is told once if it is the same for all.
#[must_use]
pub fn findings_text(findings: &[Finding], not_kept: u64) -> String {
    let mut out = String::new();
    let mut told: Vec<(&str, &str, usize)> = Vec::new();
    let mut hints: HashSet<(Rule, &str)> = HashSet::new();
    for finding in findings {
        let kind = (finding.level.name(), finding.rule.code());
        let at = told
            .iter()
            .position(|(level, rule, _)| (*level, *rule) == kind)
            .unwrap_or_else(|| {
                told.push((kind.0, kind.1, 0));
                told.len() - 1
            });
        told[at].2 += 1;
        if told[at].2 <= TOLD {
            let hint = finding.remedy.as_deref();
            let hint = hint.filter(|hint| hints.insert((finding.rule, *hint)));
            out.push_str(&block(finding, hint));
        }
    }
    for (level, rule, count) in told.iter().filter(|(_, _, count)| *count > TOLD) {
        let more = plural((count - TOLD) as u64, "more finding");
        out.push_str(&format!(
            "{level}[{rule}]: {more} like these; `--format json` lists them\n"
        ));
    }
    if not_kept > 0 {
        out.push_str(&format!(
            "{} further findings were only counted\n",
            grouped(not_kept)
        ));
    }
    out
}

fn block(finding: &Finding, hint: Option<&str>) -> String {
    let style = match finding.level {
        Level::Error => Style::ERROR,
        Level::Warning => Style::WARNING,
        Level::Notice => Style::NOTICE,
    };
    let mut out = Style::paint(
        style,
        &format!("{}[{}]", finding.level.name(), finding.rule.code()),
    );
    out.push_str(": ");
    if let Some(place) = &finding.place {
        out.push_str(&format!("{place}: "));
    }
    out.push_str(&finding.message);
    out.push('\n');
    let pointer = finding
        .place
        .as_ref()
        .and_then(|place| place.pointer.as_deref());
    // A pointer that the message quotes need not be told twice.
    if let Some(pointer) =
        pointer.filter(|pointer| !finding.message.contains(&format!("`{pointer}`")))
    {
        let pointer = if pointer.is_empty() {
            "the whole document"
        } else {
            pointer
        };
        out.push_str(&format!(
            "  {} {pointer}\n",
            Style::paint(Style::DIM, "at:")
        ));
    }
    if let Some(hint) = hint {
        out.push_str(&format!("  {} {hint}\n", Style::paint(Style::DIM, "hint:")));
    }
    out
}

/// All findings as a JSON array.
#[must_use]
pub fn findings_json(findings: &[Finding]) -> Value {
    findings
        .iter()
        .map(|finding| {
            let place = finding.place.as_ref();
            json!({
                "level": finding.level.name(),
                "rule": finding.rule.code(),
                "path": place.map(|place| &place.path),
                "line": place.and_then(|place| place.line),
                "column": place.and_then(|place| place.column),
                "pointer": place.and_then(|place| place.pointer.as_ref()),
                "message": finding.message,
                "remedy": finding.remedy,
                "count": finding.count,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::assert_lines;
    use super::*;
    use crate::model::Place;

    fn finding(line: u64) -> Finding {
        let place = Place {
            path: "people.json".to_owned(),
            line: Some(line),
            column: Some(3),
            pointer: Some(format!("/{line}/age")),
        };
        Finding::error(Rule::Schema, place, "expected a number, found a string")
            .remedy("mend the file")
    }

    #[test]
    fn a_finding_is_a_block_and_the_same_hint_is_told_once() {
        let moved = Finding::new(Level::Warning, Rule::MovedSource, None, "moved");
        let all = [finding(1), finding(2), moved];
        assert_lines(
            &findings_text(&all, 1_234),
            &[
                "error[schema]: people.json:1:3: expected a number, found a string",
                "  at: /1/age",
                "  hint: mend the file",
                "error[schema]: people.json:2:3: expected a number, found a string",
                "  at: /2/age",
                "warning[moved-source]: moved",
                "1 234 further findings were only counted",
            ],
        );
    }

    #[test]
    fn beyond_the_first_of_a_kind_findings_are_counted() {
        let all: Vec<Finding> = (0..TOLD as u64 + 3).map(finding).collect();
        let text = findings_text(&all, 0);
        assert_eq!(text.matches("people.json").count(), TOLD);
        assert!(
            text.ends_with(
                "error[schema]: 3 more findings like these; `--format json` lists them\n"
            )
        );
        assert_eq!(findings_json(&all).as_array().map(Vec::len), Some(TOLD + 3));
    }
}
