//! Reports of `audit seal` and `audit verify`.

mod view;

use std::collections::BTreeSet;

use serde::Serialize;

use crate::audit::seal::Anchor;
use crate::database::seals::NewSeal;
use crate::model::{FindingList, sanitize_for_terminal, shell_word};
use crate::operations::proof::{
    AnchorOf, AnchorSource, AuditLogDifference, AuditLogOutcome, AuditLogStatus, OutsideSeal,
};

use super::Style;
use super::counts::{facts, plural, short_timestamp};
use super::findings::{FindingView, finding_views};

pub use view::SealsView;

/// A seal on one line: number and hash.
pub(super) fn seal_text(seal: &NewSeal) -> String {
    format!("{} {}", seal.number, seal.hash)
}

/// A seal: a hash over entries of the audit log, chained to the previous seal.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Seal"))]
pub(super) struct SealView {
    /// Its number, from 1.
    number: u64,
    /// SHA-256 of its header; [seals](seals.md#appendix-format) defines the bytes.
    hash: String,
    /// When it was made.
    sealed_at: String,
    /// Number of entries that it covers.
    entries: u64,
}

impl From<&NewSeal> for SealView {
    fn from(seal: &NewSeal) -> Self {
        Self {
            number: seal.number,
            hash: seal.hash.to_string(),
            sealed_at: seal.sealed_at.to_string(),
            entries: seal.entries,
        }
    }
}

/// The result of `audit seal`.
#[must_use]
pub fn outside_seal_text(database: &str, seal: Option<&OutsideSeal>) -> String {
    match seal {
        None => {
            let verdict = Style::paint(Style::SUCCESS, "nothing to do");
            format!("{verdict}: `{database}` has no entry to seal\n")
        }
        Some(OutsideSeal { seal, log, .. }) => {
            let verdict = Style::paint(Style::SUCCESS, "sealed");
            let entries = plural(seal.entries, "entry");
            let log = log.as_ref().map(|log| log.display().to_string());
            let facts = facts(&[("seal", Some(seal_text(seal))), ("recorded in", log)]);
            format!("{verdict} {entries} of `{database}`\n{facts}")
        }
    }
}

/// The result of `audit seal` as a document.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OutsideSealView<'o> {
    /// The new seal; `null` if every entry was sealed.
    seal: Option<SealView>,
    /// The file that records it; `null` if none does.
    log: Option<String>,
    /// Findings of the operation.
    findings: Vec<FindingView<'o>>,
}

impl<'o> OutsideSealView<'o> {
    pub(crate) fn new(seal: Option<&OutsideSeal>, findings: &'o FindingList) -> Self {
        Self {
            seal: seal.map(|seal| (&seal.seal).into()),
            log: seal.and_then(|seal| Some(seal.log.as_ref()?.display().to_string())),
            findings: finding_views(findings),
        }
    }
}

/// The result of `audit verify` as text.
#[must_use]
pub fn seals_text(outcome: &AuditLogOutcome) -> String {
    let mut out = headline(outcome);
    for difference in &outcome.differences {
        out.push_str(&difference_line(difference));
    }
    if outcome.differences_not_kept > 0 {
        let more = plural(outcome.differences_not_kept, "more difference");
        out.push_str(&format!("  and {more}\n"));
    }
    let head = outcome.head.as_ref();
    let head = head.map(|(number, hash)| format!("{number} {hash}"));
    let mut anchors = outcome.anchors.iter().filter_map(|anchor| {
        let seal = anchor.seal?;
        Some(match &anchor.source {
            AnchorSource::Given => format!("seal {seal}, as given"),
            AnchorSource::File(path) => format!("seal {seal}, by `{path}`"),
        })
    });
    out.push_str(&facts(&[
        ("head", head),
        ("anchored", anchors.next_back()),
        ("unsealed", unsealed(outcome)),
    ]));
    others(outcome, &mut out);
    notes(outcome, &mut out);
    out
}

/// Prints the anchors of other databases, which may be in the same files.
fn others(outcome: &AuditLogOutcome, out: &mut String) {
    let anchors = outcome.anchors.iter();
    let others: Vec<&Anchor> = anchors
        .filter(|anchor| anchor.of == AnchorOf::Another)
        .map(|anchor| &anchor.anchor)
        .collect();
    let names: BTreeSet<&str> = others
        .iter()
        .filter_map(|anchor| anchor.database.as_deref())
        .collect();
    if !others.is_empty() {
        let names: Vec<String> = names
            .into_iter()
            .map(|name| sanitize_for_terminal(name).to_string())
            .collect();
        let seals = plural(others.len() as u64, "seal");
        out.push_str(&format!(
            "  not compared: {seals} of other databases, `{}`\n",
            names.join("`, `")
        ));
    }
}

fn headline(outcome: &AuditLogOutcome) -> String {
    let covered = format!(
        "{} in {}",
        plural(outcome.sealed_entries, "entry"),
        plural(outcome.seals, "seal")
    );
    let database = &outcome.database;
    match outcome.status {
        AuditLogStatus::Anchored => {
            let verdict = Style::paint(Style::SUCCESS, "anchored");
            let up_to = match outcome.anchored {
                Some(seal) if seal < outcome.seals => format!(" up to seal {seal}"),
                Some(_) | None => String::new(),
            };
            format!(
                "{verdict}{up_to}: {covered} of `{database}` are unchanged since they were sealed\n"
            )
        }
        AuditLogStatus::SelfConsistent => {
            let verdict = Style::paint(Style::SUCCESS, "self-consistent");
            format!("{verdict}: {covered} of `{database}` are unchanged since they were sealed\n")
        }
        AuditLogStatus::Unsealed => {
            let verdict = Style::paint(Style::WARNING, "unsealed");
            format!("{verdict}: `{database}` has no seals, so its audit log cannot be verified\n")
        }
        AuditLogStatus::Different => {
            let verdict = Style::paint(Style::ERROR, "different");
            let count = outcome.differences.len() as u64 + outcome.differences_not_kept;
            let differences = plural(count, "difference");
            format!("{verdict}: {differences} in the audit log of `{database}`\n")
        }
    }
}

fn difference_line(difference: &AuditLogDifference) -> String {
    let mut out = format!("  {}: {}", difference.kind.name(), difference.message);
    if let Some((table, record)) = &difference.row {
        out.push_str(&format!(" ({table} {record})"));
    }
    if let Some(seal) = difference.seal {
        out.push_str(&format!("; seal {seal}"));
    }
    if let Some(run) = &difference.run {
        out.push_str(&format!(", run {run}"));
    }
    out.push('\n');
    out
}

fn unsealed(outcome: &AuditLogOutcome) -> Option<String> {
    let unsealed = &outcome.unsealed;
    (unsealed.entries > 0).then(|| {
        let since = unsealed.since.as_deref().map(short_timestamp);
        let since = since.map_or(String::new(), |since| format!(" since {since}"));
        let entries = plural(unsealed.entries, "entry");
        format!("{entries}{since} (`accession audit seal` seals them)")
    })
}

fn notes(outcome: &AuditLogOutcome, out: &mut String) {
    let anchored = outcome.anchored.is_some() || !outcome.anchors.is_empty();
    if !anchored && outcome.seals > 0 {
        out.push_str(
            "  no anchor was given: a replacement of all entries and seals cannot be detected\n",
        );
        if let Some(log) = &outcome.log {
            out.push_str(&format!(
                "  give a seal that was kept elsewhere, or `--anchor {}`\n",
                shell_word(log)
            ));
        }
    }
    if !outcome.ledger_covered && outcome.seals > 0 {
        out.push_str(
            "  not compared: the other tables of the ledger; the last seal was made by an older version, which did not cover them\n",
        );
    }
    match outcome.schema_changed {
        Some(false) => {}
        Some(true) => {
            out.push_str("  the definitions of tables or triggers have changed since the last seal\n");
        }
        None => out.push_str(
            "  not compared: tables and triggers; this account cannot see triggers (it lacks the TRIGGER privilege)\n",
        ),
    }
}
