//! A collection of findings: all are counted, some are kept, similar ones are grouped.

use std::collections::{BTreeMap, HashMap};
use std::ops::Deref;

use serde::Serialize;

use super::finding::{Finding, Level, Place};
use super::rule::Rule;
use super::text::shorten;

/// How many findings are kept; all are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keep {
    /// At most [`Findings::KEPT`] of a kind and [`Findings::KEPT_IN_ALL`] in total.
    #[default]
    Some,
    /// All, regardless of memory.
    All,
}

/// Findings with the same level, rule, pointer (apart from indexes) and message (apart from numbers).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FindingGroup {
    /// Severity.
    pub level: Level,
    /// The rule that was violated.
    pub rule: Rule,
    /// The number of places.
    pub count: u64,
    /// The number of files, provided that the findings arrived file by file.
    pub files: u64,
    /// The number of places that are in the list.
    pub listed: u64,
}

#[derive(Debug, Clone)]
struct Tally {
    group: FindingGroup,
    kept: usize,
    last_path: Option<String>,
}

/// A collection of findings in bounded memory: beyond the limits of [`Keep`], findings are only counted.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    keep: Keep,
    kept: Vec<(usize, Finding)>,
    tallies: Vec<Tally>,
    by_likeness: HashMap<(Level, Rule, String), usize>,
    per_rule: BTreeMap<(Level, Rule), u64>,
}

impl Findings {
    /// The maximum number of findings kept per kind.
    pub const KEPT: usize = 1000;
    /// Once this many findings are kept, only the first few of each further kind are added.
    pub const KEPT_IN_ALL: usize = 10_000;
    /// The maximum length of a message or a pointer, in bytes.
    pub const LONGEST: usize = 4000;
    /// The number of findings that are always kept per kind.
    const FEW: usize = 3;
    /// The maximum number of kinds; further findings are grouped by level and rule only.
    const KINDS: usize = 1000;

    /// Creates an empty collection.
    #[must_use]
    pub fn new(keep: Keep) -> Self {
        Self {
            keep,
            ..Self::default()
        }
    }

    /// Changes how many findings are kept from now on.
    #[must_use]
    pub fn keeping(self, keep: Keep) -> Self {
        Self { keep, ..self }
    }

    /// Adds a finding. Text longer than [`Findings::LONGEST`] is cut: names in files can be megabytes long.
    pub fn push(&mut self, mut finding: Finding) {
        shorten(&mut finding.message, Self::LONGEST);
        if let Some(pointer) = finding
            .place
            .as_mut()
            .and_then(|place| place.pointer.as_mut())
        {
            shorten(pointer, Self::LONGEST);
        }
        *self
            .per_rule
            .entry((finding.level, finding.rule))
            .or_default() += finding.count;
        let at = self.kind_of(&finding);
        let in_all = self.kept.len();
        let tally = &mut self.tallies[at];
        let path = finding.place.as_ref().map(|place| place.path.as_str());
        if path.is_some() && path != tally.last_path.as_deref() {
            tally.group.files += 1;
            tally.last_path = path.map(str::to_owned);
        }
        tally.group.count += finding.count;
        let room = match self.keep {
            Keep::All => true,
            Keep::Some if in_all < Self::KEPT_IN_ALL => tally.kept < Self::KEPT,
            Keep::Some => tally.kept < Self::FEW,
        };
        if room {
            tally.kept += 1;
            tally.group.listed += finding.count;
            self.kept.push((at, finding));
        }
    }

    fn kind_of(&mut self, finding: &Finding) -> usize {
        let mut key = (finding.level, finding.rule, likeness(finding));
        if self.tallies.len() >= Self::KINDS && !self.by_likeness.contains_key(&key) {
            key.2.clear();
        }
        let next = self.tallies.len();
        let at = *self.by_likeness.entry(key).or_insert(next);
        if at == next {
            let group = FindingGroup {
                level: finding.level,
                rule: finding.rule,
                count: 0,
                files: 0,
                listed: 0,
            };
            self.tallies.push(Tally {
                group,
                kept: 0,
                last_path: None,
            });
        }
        at
    }

    /// Adds all of `findings`.
    pub fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        findings.into_iter().for_each(|finding| self.push(finding));
    }

    /// Returns the number of findings of `level`, kept or not.
    #[must_use]
    pub fn count(&self, level: Level) -> u64 {
        let of_level = self.per_rule.iter().filter(|((l, _), _)| *l == level);
        of_level.map(|(_, count)| count).sum()
    }

    /// Returns the number of findings of `rule`, kept or not.
    #[must_use]
    pub fn count_of(&self, rule: Rule) -> u64 {
        let of_rule = self.per_rule.iter().filter(|((_, r), _)| *r == rule);
        of_rule.map(|(_, count)| count).sum()
    }

    /// Whether any finding is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.count(Level::Error) > 0
    }

    /// Returns the findings that were kept, so that later stages can complete them.
    pub fn kept_mut(&mut self) -> impl Iterator<Item = &mut Finding> {
        self.kept.iter_mut().map(|(_, finding)| finding)
    }

    /// Returns the findings that were kept, sorted by level and place, with the exact counts of all.
    #[must_use]
    pub fn sorted(mut self) -> FindingList {
        self.kept.sort_by(|(_, a), (_, b)| a.order(b));
        let (group_of, findings) = self.kept.into_iter().unzip();
        FindingList {
            findings,
            group_of,
            groups: self.tallies.into_iter().map(|tally| tally.group).collect(),
        }
    }
}

/// Findings sorted by level and place, with the exact counts of all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FindingList {
    findings: Vec<Finding>,
    /// For each finding, the index of its group.
    group_of: Vec<usize>,
    groups: Vec<FindingGroup>,
}

impl FindingList {
    /// Returns the findings, each with the index of its group.
    pub fn grouped(&self) -> impl Iterator<Item = (usize, &Finding)> {
        self.group_of.iter().copied().zip(&self.findings)
    }

    /// Returns the groups; [`Self::grouped`] refers to them by index.
    #[must_use]
    pub fn groups(&self) -> &[FindingGroup] {
        &self.groups
    }

    /// Whether any finding is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.groups.iter().any(|group| group.level == Level::Error)
    }

    /// Returns the number of places that were counted but are not listed.
    #[must_use]
    pub fn not_listed(&self) -> u64 {
        let groups = self.groups.iter();
        groups.map(|group| group.count - group.listed).sum()
    }
}

impl Deref for FindingList {
    type Target = [Finding];

    fn deref(&self) -> &[Finding] {
        &self.findings
    }
}

impl<'l> IntoIterator for &'l FindingList {
    type Item = &'l Finding;
    type IntoIter = std::slice::Iter<'l, Finding>;

    fn into_iter(self) -> Self::IntoIter {
        self.findings.iter()
    }
}

impl Extend<Finding> for FindingList {
    /// Appends findings after the sorted ones, each in a group of its own.
    fn extend<I: IntoIterator<Item = Finding>>(&mut self, findings: I) {
        for finding in findings {
            self.group_of.push(self.groups.len());
            self.groups.push(FindingGroup {
                level: finding.level,
                rule: finding.rule,
                count: finding.count,
                files: u64::from(finding.place.is_some()),
                listed: finding.count,
            });
            self.findings.push(finding);
        }
    }
}

impl FromIterator<Finding> for FindingList {
    fn from_iter<I: IntoIterator<Item = Finding>>(findings: I) -> Self {
        let mut collected = Findings::new(Keep::All);
        collected.extend(findings);
        collected.sorted()
    }
}

/// Returns the key by which findings are grouped: the pointer without indexes, and the message without numbers and
/// without the value that was found.
fn likeness(finding: &Finding) -> String {
    let pointer = finding
        .place
        .as_ref()
        .and_then(|place: &Place| place.pointer.as_deref());
    let message = finding.message.split(", found `").next();
    let mut out = String::new();
    for text in [pointer, message].into_iter().flatten() {
        let mut in_number = false;
        for c in text.chars() {
            let digit = c.is_ascii_digit();
            match (digit, in_number) {
                (true, true) => {}
                (true, false) => out.push('0'),
                (false, _) => out.push(c),
            }
            in_number = digit;
        }
        out.push('\0');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(file: u64, line: u64, what: &str) -> Finding {
        let place = Place {
            path: format!("{file:05}.json"),
            line: Some(line),
            column: Some(1),
            pointer: Some(format!("/{line}/{what}")),
        };
        Finding::error(Rule::Schema, place, format!("`{what}`: 7 things"))
    }

    #[test]
    fn similar_findings_form_one_group_regardless_of_their_index() {
        let mut findings = Findings::default();
        findings.extend([
            finding(2, 9, "age"),
            finding(1, 3, "age"),
            finding(1, 2, "dob"),
        ]);
        let list = findings.sorted();
        let lines: Vec<_> = list
            .iter()
            .map(|f| f.place.as_ref().and_then(|p| p.line))
            .collect();
        assert_eq!(lines, [Some(2), Some(3), Some(9)]);
        let counts: Vec<_> = list.groups().iter().map(|g| (g.count, g.files)).collect();
        assert_eq!(counts, [(2, 2), (1, 1)]);
        assert_eq!(list.not_listed(), 0);
    }

    #[test]
    fn a_million_findings_are_counted_and_few_are_kept() {
        let mut findings = Findings::default();
        for n in 0..1_000_000 {
            findings.push(finding(
                n / 1000,
                n,
                ["age", "dob"][usize::from(n % 10 == 0)],
            ));
        }
        assert_eq!(findings.count_of(Rule::Schema), 1_000_000);
        let list = findings.sorted();
        assert_eq!(list.len(), 2 * Findings::KEPT);
        assert_eq!(list.not_listed(), 998_000);
        assert_eq!(list.groups()[1].files, 1000);
    }

    #[test]
    fn with_very_many_kinds_a_few_findings_of_each_are_kept_and_all_are_counted() {
        let mut findings = Findings::default();
        for n in 0..50_000_u64 {
            let letters: String = format!("{n}").bytes().map(|b| char::from(b + 49)).collect();
            findings.push(finding(n, n, &letters));
        }
        let list = findings.sorted();
        assert_eq!(list.groups().len(), Findings::KINDS + 1);
        assert_eq!(list.groups().iter().map(|g| g.count).sum::<u64>(), 50_000);
        assert_eq!(list.len() as u64 + list.not_listed(), 50_000);
        assert!(list.len() <= Findings::KEPT_IN_ALL);
    }

    #[test]
    fn a_name_of_several_megabytes_is_cut() {
        let mut findings = Findings::default();
        findings.push(finding(0, 0, &"恐".repeat(1_000_000)));
        let list = findings.sorted();
        let pointer = list[0]
            .place
            .as_ref()
            .and_then(|place| place.pointer.as_ref());
        assert!(list[0].message.len() < 2 * Findings::LONGEST);
        assert!(
            pointer.is_some_and(|text| text.len() < 2 * Findings::LONGEST && text.ends_with('…'))
        );
    }

    #[test]
    fn keep_all_keeps_every_finding() {
        let mut findings = Findings::new(Keep::All);
        findings.extend((0..5_000).map(|n| finding(n, n, "age")));
        assert_eq!(findings.sorted().len(), 5_000);
    }
}
