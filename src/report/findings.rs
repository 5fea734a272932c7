//! Findings as text blocks and as JSON.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr as _;

use crate::model::{Excerpt, Finding, FindingGroup, FindingList, Level, Rule, harmless};

use super::Style;
use super::counts::{grouped, plural};

/// How much is told one by one; what is not is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tell {
    /// Of findings that are alike, the first few.
    Some,
    /// Every finding that was kept.
    All,
}

/// Findings that are alike and told in full.
const ALIKE: usize = 3;
/// Groups of one rule of which anything is told in full.
const GROUPS: usize = 12;

/// One block per finding, sorted by level and place: what, the line with a mark, where in the document, what to do.
///
/// Of findings that are alike the first are told, and how many more there are in how many files. What to do about
/// findings of one kind is told once if it is the same for all. Levels below `least` are left out.
#[must_use]
pub fn findings_text(list: &FindingList, tell: Tell, least: Level) -> String {
    let mut out = String::new();
    let mut told = vec![0; list.groups().len()];
    let mut kinds: BTreeMap<(Level, Rule), usize> = BTreeMap::new();
    let mut beyond: BTreeMap<(Level, Rule), Vec<usize>> = BTreeMap::new();
    let mut hints: HashSet<(Rule, &str)> = HashSet::new();
    for (at, finding) in list.grouped().filter(|(_, one)| one.level <= least) {
        let group = &list.groups()[at];
        let rule = (finding.level, finding.rule);
        if tell == Tell::Some {
            let groups = kinds.entry(rule).or_default();
            if told[at] == 0 && *groups == GROUPS {
                let others = beyond.entry(rule).or_default();
                if !others.contains(&at) {
                    others.push(at);
                }
                continue;
            }
            if told[at] == ALIKE {
                continue;
            }
            *groups += usize::from(told[at] == 0);
        }
        told[at] += 1;
        let hint = finding.remedy.as_deref();
        let hint = hint.filter(|hint| hints.insert((finding.rule, *hint)));
        block(finding, hint, &mut out);
        if tell == Tell::Some && told[at] == ALIKE {
            more(group, list, at, &mut out);
        }
    }
    for ((level, rule), groups) in beyond {
        let count = groups.iter().map(|&at| list.groups()[at].count).sum();
        let (count, kinds) = (plural(count, "more finding"), grouped(groups.len() as u64));
        let kind = Style::paint(style(level), &format!("{}[{}]", level.name(), rule.code()));
        let _ = writeln!(
            out,
            "{kind}: {count} of {kinds} other kinds; `--all` lists them"
        );
    }
    out
}

/// How many findings of a group are not told.
fn more(group: &FindingGroup, list: &FindingList, at: usize, out: &mut String) {
    let of_group = list.grouped().filter(|(other, _)| *other == at);
    let told: u64 = of_group.take(ALIKE).map(|(_, finding)| finding.count).sum();
    if group.count <= told {
        return;
    }
    let count = grouped(group.count - told);
    let files = match group.files {
        0 | 1 => String::new(),
        files => format!(", in {} all together", plural(files, "file")),
    };
    let how = if group.listed == group.count {
        "`--all` or `--format json` lists them"
    } else {
        "`--all` lists them"
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
        harmless(&finding.message)
    );
    if let (Some(line), Some(excerpt)) = (place.and_then(|place| place.line), &finding.excerpt) {
        draw(line, excerpt, style, out);
    }
    let pointer = place.and_then(|place| place.pointer.as_deref());
    // A pointer that the message quotes need not be told twice.
    if let Some(pointer) =
        pointer.filter(|pointer| !finding.message.contains(&format!("`{pointer}`")))
    {
        let pointer = match pointer {
            "" => "the whole document".into(),
            pointer => harmless(pointer),
        };
        let _ = writeln!(out, "  {} {pointer}", Style::paint(Style::DIM, "at:"));
    }
    if let Some(hint) = hint {
        let hint = harmless(hint);
        let _ = writeln!(out, "  {} {hint}", Style::paint(Style::DIM, "hint:"));
    }
}

/// The line and a mark below it. What stands before the mark is as wide as the terminal shows it.
fn draw(line: u64, excerpt: &Excerpt, style: anstyle::Style, out: &mut String) {
    let part = |from: usize, length: usize| -> String {
        excerpt.text.chars().skip(from).take(length).collect()
    };
    let before = part(0, excerpt.marked.start).width();
    let marked = part(excerpt.marked.start, excerpt.marked.len()).width();
    let number = line.to_string();
    let bar = |number: &str| Style::paint(Style::DIM, &format!("{number} |"));
    let mark = Style::paint(style, &"^".repeat(marked.max(1)));
    let shown = format!("  {} {}", bar(&number), excerpt.text);
    let _ = writeln!(out, "{}", shown.trim_end());
    let _ = writeln!(
        out,
        "  {} {}{mark}",
        bar(&" ".repeat(number.len())),
        " ".repeat(before)
    );
}

/// All findings that were kept as a JSON array.
#[must_use]
pub fn findings_json(list: &FindingList) -> Value {
    let findings = list.grouped().map(|(group, finding)| {
        let place = finding.place.as_ref();
        let excerpt = finding.excerpt.as_ref().map(|excerpt| {
            let marked = [excerpt.marked.start, excerpt.marked.end];
            json!({"text": excerpt.text, "marked": marked})
        });
        json!({
            "level": finding.level.name(),
            "rule": finding.rule.code(),
            "path": place.map(|place| &place.path),
            "line": place.and_then(|place| place.line),
            "column": place.and_then(|place| place.column),
            "pointer": place.and_then(|place| place.pointer.as_ref()),
            "message": finding.message,
            "remedy": finding.remedy,
            "excerpt": excerpt,
            "count": finding.count,
            "group": group,
        })
    });
    findings.collect()
}

/// The groups of the findings, with exact counts, as a JSON array.
#[must_use]
pub fn finding_groups_json(list: &FindingList) -> Value {
    let groups = list.groups().iter().map(|group| {
        json!({
            "level": group.level.name(),
            "rule": group.rule.code(),
            "count": group.count,
            "files": group.files,
            "listed": group.listed,
        })
    });
    groups.collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_documented, assert_lines};
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
            .remedy("mend the file")
    }

    fn text(list: &FindingList) -> String {
        findings_text(list, Tell::Some, Level::Notice)
    }

    #[test]
    fn a_finding_is_a_block_and_the_same_hint_is_told_once() {
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
            "  hint: mend the file",
            "error[schema]: people0.json:8:3: expected a number, found a string",
            "  at: /8/age",
            "warning[moved-source]: moved",
        ];
        assert_lines(&text(&list), &lines);
        assert_documented(&findings_json(&list));
        assert_documented(&finding_groups_json(&list));
        let errors = findings_text(&list, Tell::Some, Level::Error);
        assert!(!errors.contains("moved"), "{errors}");
    }

    #[test]
    fn of_many_alike_the_first_are_told_and_the_others_counted() {
        let list: FindingList = (1..=40).map(finding).collect();
        let told = anstream::adapter::strip_str(&text(&list)).to_string();
        assert_eq!(told.matches("expected a number").count(), ALIKE, "{told}");
        let more = "… and 37 more like this, in 40 files all together; `--all` or `--format json` lists them\n";
        assert!(told.ends_with(more), "{told}");
        let all = findings_text(&list, Tell::All, Level::Notice);
        assert_eq!(all.matches("expected a number").count(), 40);
        let mut findings = Findings::new(Keep::Some);
        findings.extend((0..5_000).map(finding));
        let told = text(&findings.sorted());
        assert!(told.contains("and 4 997 more like this"), "{told}");
        assert!(told.contains("; `--all` lists them"), "{told}");
    }

    #[test]
    fn of_very_many_kinds_the_last_are_counted_together() {
        let letters = (b'a'..=b'z').map(char::from);
        let list: FindingList = letters
            .map(|c| Finding::new(Level::Notice, Rule::UnmappedMember, None, c.to_string()))
            .collect();
        let told = anstream::adapter::strip_str(&text(&list)).to_string();
        let last =
            "notice[unmapped-member]: 14 more findings of 14 other kinds; `--all` lists them\n";
        assert!(told.ends_with(last), "{told}");
    }

    #[test]
    fn nothing_from_a_file_reaches_the_terminal_raw() {
        let place = Place {
            path: "a\x1b[31m\nerror: b.json".to_owned(),
            pointer: Some("/\x1b]0;title\x07".to_owned()),
            ..Place::default()
        };
        let hostile =
            Finding::new(Level::Error, Rule::Schema, Some(place), "`\u{9b}2J`\r").remedy("\x1b");
        let list = [hostile].into_iter().collect();
        let told = anstream::adapter::strip_str(&text(&list)).to_string();
        assert_eq!(told.lines().count(), 3, "{told}");
        assert!(
            !told.chars().any(|c| c.is_control() && c != '\n'),
            "{told:?}"
        );
    }
}
