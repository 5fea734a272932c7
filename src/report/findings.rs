//! Findings as text blocks and as JSON.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use crate::model::{
    Excerpt, Finding, FindingGroup, FindingList, Level, Rule, sanitize_for_terminal,
};

use super::Style;
use super::counts::{grouped, plural};

/// Whether similar findings are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingDetail {
    /// Show the first few of similar findings and count the rest.
    Grouped,
    /// Show every finding that was kept.
    All,
}

/// How many similar findings are shown in full.
const SHOWN_PER_GROUP: usize = 3;
/// How many groups of one rule are shown.
const SHOWN_GROUPS: usize = 12;

/// One block per finding, sorted by level and location: message, source line with a mark, JSON Pointer, hint.
///
/// Of similar findings, the first few are shown, with the number of the others and of their files. A hint that is the
/// same for several findings of a rule is printed once. Levels below `least` are omitted.
#[must_use]
pub fn findings_text(list: &FindingList, detail: FindingDetail, least: Level) -> String {
    let mut out = String::new();
    let mut shown = vec![0; list.groups().len()];
    let mut kinds: BTreeMap<(Level, Rule), usize> = BTreeMap::new();
    let mut omitted: BTreeMap<(Level, Rule), Vec<usize>> = BTreeMap::new();
    let mut hints: HashSet<(Rule, &str)> = HashSet::new();
    for (at, finding) in list.grouped().filter(|(_, one)| one.level <= least) {
        let group = &list.groups()[at];
        let rule = (finding.level, finding.rule);
        if detail == FindingDetail::Grouped {
            let groups = kinds.entry(rule).or_default();
            if shown[at] == 0 && *groups == SHOWN_GROUPS {
                let others = omitted.entry(rule).or_default();
                if !others.contains(&at) {
                    others.push(at);
                }
                continue;
            }
            if shown[at] == SHOWN_PER_GROUP {
                continue;
            }
            *groups += usize::from(shown[at] == 0);
        }
        shown[at] += 1;
        let hint = finding.hint.as_deref();
        let hint = hint.filter(|hint| hints.insert((finding.rule, *hint)));
        block(finding, hint, &mut out);
        if detail == FindingDetail::Grouped && shown[at] == SHOWN_PER_GROUP {
            more(group, list, at, &mut out);
        }
    }
    for ((level, rule), groups) in omitted {
        let count = groups.iter().map(|&at| list.groups()[at].count).sum();
        let (count, kinds) = (
            plural(count, "more finding"),
            plural(groups.len() as u64, "other kind"),
        );
        let kind = Style::paint(style(level), &format!("{}[{}]", level.name(), rule.code()));
        let _ = writeln!(out, "{kind}: {count} of {kinds}; use `--all` to list them");
    }
    out
}

/// Prints how many findings of a group are not shown.
fn more(group: &FindingGroup, list: &FindingList, at: usize, out: &mut String) {
    let of_group = list.grouped().filter(|(other, _)| *other == at);
    let shown: u64 = of_group
        .take(SHOWN_PER_GROUP)
        .map(|(_, finding)| finding.count)
        .sum();
    if group.count <= shown {
        return;
    }
    let count = grouped(group.count - shown);
    let files = match group.files {
        0 | 1 => String::new(),
        files => format!(", in {} in total", plural(files, "file")),
    };
    let how = if group.listed == group.count {
        "use `--all` or `--format json` to list them"
    } else {
        "use `--all` to list them"
    };
    let more = format!("  … and {count} more like this{files}; {how}");
    let _ = writeln!(out, "{}", Style::paint(Style::DIM, &more));
}

fn style(level: Level) -> anstyle::Style {
    match level {
        Level::Error => Style::ERROR,
        Level::Warning => Style::WARNING,
        Level::Notice => Style::NOTICE,
    }
}

fn block(finding: &Finding, hint: Option<&str>, out: &mut String) {
    let kind = format!("{}[{}]", finding.level.name(), finding.rule.code());
    let style = style(finding.level);
    let place = finding.place.as_ref();
    let at = place.map(|place| format!("{place}: ")).unwrap_or_default();
    let _ = writeln!(
        out,
        "{}: {at}{}",
        Style::paint(style, &kind),
        sanitize_for_terminal(&finding.message)
    );
    if let (Some(line), Some(excerpt)) = (place.and_then(|place| place.line), &finding.excerpt) {
        draw(line, excerpt, style, out);
    }
    let pointer = place.and_then(|place| place.pointer.as_deref());
    // A pointer that is quoted in the message is not repeated.
    if let Some(pointer) =
        pointer.filter(|pointer| !finding.message.contains(&format!("`{pointer}`")))
    {
        let pointer = match pointer {
            "" => "the whole document".into(),
            pointer => sanitize_for_terminal(pointer),
        };
        let _ = writeln!(out, "  {} {pointer}", Style::paint(Style::DIM, "at:"));
    }
    if let Some(first) = finding.first_place() {
        let pointer = sanitize_for_terminal(first.pointer.as_deref().unwrap_or_default());
        let place = format!("{first} {pointer}");
        let label = Style::paint(Style::DIM, "first:");
        let _ = writeln!(out, "  {label} {}", place.trim_end());
    }
    if let Some(hint) = hint {
        let hint = sanitize_for_terminal(hint);
        let _ = writeln!(out, "  {} {hint}", Style::paint(Style::DIM, "hint:"));
    }
}

/// Prints the source line and a mark below it. The text before the mark is measured by its display width.
fn draw(line: u64, excerpt: &Excerpt, style: anstyle::Style, out: &mut String) {
    let part = |from: usize, length: usize| -> String {
        excerpt.text.chars().skip(from).take(length).collect()
    };
    let before = part(0, excerpt.marked.start).width();
    let marked = part(excerpt.marked.start, excerpt.marked.len()).width();
    let number = line.to_string();
    let bar = |number: &str| Style::paint(Style::DIM, &format!("{number} |"));
    let mark = Style::paint(style, &"^".repeat(marked.max(1)));
    let line = format!("  {} {}", bar(&number), excerpt.text);
    let _ = writeln!(out, "{}", line.trim_end());
    let _ = writeln!(
        out,
        "  {} {}{mark}",
        bar(&" ".repeat(number.len())),
        " ".repeat(before)
    );
}

/// A problem or remark about the input or the database.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct FindingView<'o> {
    /// Severity.
    level: Level,
    /// What kind of problem it is; [findings](findings.md) explains each.
    rule: Rule,
    /// The file, relative to the directory; `null` if no file is concerned.
    path: Option<&'o str>,
    /// Line, from 1.
    line: Option<u64>,
    /// Column, from 1, in characters.
    column: Option<u64>,
    /// JSON Pointer (RFC 6901) inside the document; `""` is the whole document.
    pointer: Option<&'o str>,
    /// The first of two records with the same identity or unique values; the place above is the second.
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<FirstView<'o>>,
    /// For people; the wording can change.
    message: &'o str,
    /// A suggested fix; the wording can change.
    remedy: Option<&'o str>,
    /// The line.
    excerpt: Option<ExcerptView<'o>>,
    /// Number of places that the finding represents.
    count: u64,
    /// Index in `finding_groups`.
    group: usize,
}

/// The place of a record.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct FirstView<'o> {
    /// The file, relative to the directory.
    path: &'o str,
    /// Line, from 1.
    line: Option<u64>,
    /// Column, from 1, in characters.
    column: Option<u64>,
    /// JSON Pointer (RFC 6901) inside the document.
    pointer: Option<&'o str>,
}

/// The line of a finding.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ExcerptView<'o> {
    /// Cut around the place, with `…` for omitted parts and, without `--show-values`, for every value.
    text: &'o str,
    /// The marked characters: the first, from 0, and the first after them.
    marked: [usize; 2],
}

/// All findings, as properties of another document.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct FindingsView<'o> {
    /// The findings, sorted by level and place; at most 1000 of a group, and beyond 10 000 in total only the first
    /// three of each, unless `--all` is given.
    findings: Vec<FindingView<'o>>,
    /// Similar findings: the same level, rule, pointer except for indexes, and message except for numbers.
    finding_groups: &'o [FindingGroup],
    /// Number of places that were counted but are not in `findings`.
    findings_not_listed: u64,
}

impl<'o> From<&'o FindingList> for FindingsView<'o> {
    fn from(list: &'o FindingList) -> Self {
        Self {
            findings: finding_views(list),
            finding_groups: list.groups(),
            findings_not_listed: list.not_listed(),
        }
    }
}

/// All findings that were kept.
pub(super) fn finding_views(list: &FindingList) -> Vec<FindingView<'_>> {
    let views = list.grouped().map(|(group, finding)| {
        let place = finding.place.as_ref();
        FindingView {
            level: finding.level,
            rule: finding.rule,
            path: place.map(|place| place.path.as_str()),
            line: place.and_then(|place| place.line),
            column: place.and_then(|place| place.column),
            pointer: place.and_then(|place| place.pointer.as_deref()),
            first: finding.first_place().map(|place| FirstView {
                path: &place.path,
                line: place.line,
                column: place.column,
                pointer: place.pointer.as_deref(),
            }),
            message: &finding.message,
            remedy: finding.hint.as_deref(),
            excerpt: finding.excerpt.as_ref().map(|excerpt| ExcerptView {
                text: &excerpt.text,
                marked: [excerpt.marked.start, excerpt.marked.end],
            }),
            count: finding.count,
            group,
        }
    });
    views.collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::assert_lines;
    use super::*;
    use crate::model::{Findings, Keep, Place};

    fn finding(line: u64) -> Finding {
        let place = Place {
            path: format!("people{}.json", line % 4),
            line: Some(line),
            column: Some(3),
            pointer: Some(format!("/{line}/age")),
        };
        Finding::error(Rule::Schema, place, "expected a number, found a string")
            .hint("fix the file")
    }

    fn text(list: &FindingList) -> String {
        findings_text(list, FindingDetail::Grouped, Level::Notice)
    }

    #[test]
    fn a_finding_is_a_block_and_a_repeated_hint_is_printed_once() {
        let moved = Finding::new(Level::Warning, Rule::MovedSource, None, "moved");
        let mut marked = finding(4);
        marked.excerpt = Some(Excerpt {
            text: "…\"恐龙\": \"…\", \"age\": \"…\"}".to_owned(),
            marked: 20..23,
        });
        let list: FindingList = [marked, finding(8), moved].into_iter().collect();
        let lines = [
            "error[schema]: people0.json:4:3: expected a number, found a string",
            "  4 | …\"恐龙\": \"…\", \"age\": \"…\"}",
            "    |                       ^^^",
            "  at: /4/age",
            "  hint: fix the file",
            "error[schema]: people0.json:8:3: expected a number, found a string",
            "  at: /8/age",
            "warning[moved-source]: moved",
        ];
        assert_lines(&text(&list), &lines);
        let errors = findings_text(&list, FindingDetail::Grouped, Level::Error);
        assert!(!errors.contains("moved"), "{errors}");
    }

    #[test]
    fn of_similar_findings_the_first_are_shown_and_the_others_counted() {
        let list: FindingList = (1..=40).map(finding).collect();
        let shown = anstream::adapter::strip_str(&text(&list)).to_string();
        assert_eq!(
            shown.matches("expected a number").count(),
            SHOWN_PER_GROUP,
            "{shown}"
        );
        let more = "… and 37 more like this, in 40 files in total; use `--all` or `--format json` to list them\n";
        assert!(shown.ends_with(more), "{shown}");
        let all = findings_text(&list, FindingDetail::All, Level::Notice);
        assert_eq!(all.matches("expected a number").count(), 40);
        let mut findings = Findings::new(Keep::Some);
        findings.extend((0..5_000).map(finding));
        let shown = text(&findings.sorted());
        assert!(shown.contains("and 4 997 more like this"), "{shown}");
        assert!(shown.contains("; use `--all` to list them"), "{shown}");
    }

    #[test]
    fn beyond_a_number_of_kinds_findings_are_only_counted() {
        let letters = (b'a'..=b'z').map(char::from);
        let list: FindingList = letters
            .map(|c| Finding::new(Level::Notice, Rule::UnmappedMember, None, c.to_string()))
            .collect();
        let shown = anstream::adapter::strip_str(&text(&list)).to_string();
        let last = "notice[unmapped-member]: 14 more findings of 14 other kinds; use `--all` to list them\n";
        assert!(shown.ends_with(last), "{shown}");
    }

    #[test]
    fn control_characters_from_files_are_replaced() {
        let place = Place {
            path: "a\x1b[31m\nerror: b.json".to_owned(),
            pointer: Some("/\x1b]0;title\x07".to_owned()),
            ..Place::default()
        };
        let hostile =
            Finding::new(Level::Error, Rule::Schema, Some(place), "`\u{9b}2J`\r").hint("\x1b");
        let list = [hostile].into_iter().collect();
        let shown = anstream::adapter::strip_str(&text(&list)).to_string();
        assert_eq!(shown.lines().count(), 3, "{shown}");
        assert!(
            !shown.chars().any(|c| c.is_control() && c != '\n'),
            "{shown:?}"
        );
    }
}
