//! Seals, and whether the trail is what was sealed.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::audit::seal::Anchor;
use crate::database::ledger::NewSeal;
use crate::model::harmless;
use crate::operations::proof::{
    AnchorOf, AnchorSource, OutsideSeal, TrailDifference, TrailOutcome, TrailStatus,
};

use super::Style;
use super::counts::{facts, grouped, moment, plural};
use super::findings::findings_json;

/// A seal in a few words: `4 8a3f…`, number and whole hash.
pub(super) fn seal_words(seal: &NewSeal) -> String {
    format!("{} {}", seal.number, seal.hash)
}

/// A seal as part of other results.
pub(super) fn seal_json(seal: &NewSeal) -> Value {
    json!({
        "number": seal.number, "hash": seal.hash.to_string(), "sealed_at": seal.sealed_at.to_string(),
        "entries": seal.entries,
    })
}

/// What `audit seal` did.
#[must_use]
pub fn outside_seal_text(database: &str, seal: Option<&OutsideSeal>) -> String {
    match seal {
        None => {
            let verdict = Style::paint(Style::SUCCESS, "nothing to do");
            format!("{verdict}: every entry of `{database}` is sealed\n")
        }
        Some(OutsideSeal { seal, log, .. }) => {
            let verdict = Style::paint(Style::SUCCESS, "sealed");
            let entries = plural(seal.entries, "entry");
            let log = log.as_ref().map(|log| log.display().to_string());
            let facts = facts(&[("seal", Some(seal_words(seal))), ("noted in", log)]);
            format!("{verdict} {entries} of `{database}`\n{facts}")
        }
    }
}

/// What `audit seal` did; `docs/json.md` describes it.
#[must_use]
pub fn outside_seal_json(seal: Option<&OutsideSeal>) -> Value {
    let findings = seal.map_or_else(|| json!([]), |seal| findings_json(&seal.findings));
    json!({
        "seal": seal.map(|seal| seal_json(&seal.seal)),
        "log": seal.and_then(|seal| Some(seal.log.as_ref()?.display().to_string())),
        "findings": findings,
    })
}

/// Whether the trail is what was sealed, for people.
#[must_use]
pub fn trail_text(outcome: &TrailOutcome) -> String {
    let mut out = headline(outcome);
    for difference in &outcome.differences {
        out.push_str(&difference_line(difference));
    }
    if outcome.differences_not_kept > 0 {
        let more = grouped(outcome.differences_not_kept);
        out.push_str(&format!("  and {more} more differences\n"));
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

/// Lines of other databases, whose seals stand in the same files.
fn others(outcome: &TrailOutcome, out: &mut String) {
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
            .map(|name| harmless(name).to_string())
            .collect();
        let seals = plural(others.len() as u64, "seal");
        out.push_str(&format!(
            "  not compared: {seals} of other databases, `{}`\n",
            names.join("`, `")
        ));
    }
}

fn headline(outcome: &TrailOutcome) -> String {
    let covered = format!(
        "{} in {}",
        plural(outcome.sealed_entries, "entry"),
        plural(outcome.seals, "seal")
    );
    let database = &outcome.database;
    match outcome.status {
        TrailStatus::Anchored => {
            let verdict = Style::paint(Style::SUCCESS, "anchored");
            let up_to = match outcome.anchored {
                Some(seal) if seal < outcome.seals => format!(" up to seal {seal}"),
                Some(_) | None => String::new(),
            };
            format!("{verdict}{up_to}: {covered} of `{database}` are as they were sealed\n")
        }
        TrailStatus::SelfConsistent => {
            let verdict = Style::paint(Style::SUCCESS, "self-consistent");
            format!("{verdict}: {covered} of `{database}` are as they were sealed\n")
        }
        TrailStatus::Unsealed => {
            let verdict = Style::paint(Style::WARNING, "unsealed");
            format!("{verdict}: `{database}` has no seals, so nothing can be said of its trail\n")
        }
        TrailStatus::Different => {
            let verdict = Style::paint(Style::ERROR, "different");
            let count = outcome.differences.len() as u64 + outcome.differences_not_kept;
            let differences = plural(count, "difference");
            format!("{verdict}: {differences} in the trail of `{database}`\n")
        }
    }
}

fn difference_line(difference: &TrailDifference) -> String {
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

fn unsealed(outcome: &TrailOutcome) -> Option<String> {
    let unsealed = &outcome.unsealed;
    (unsealed.entries > 0).then(|| {
        let since = unsealed.since.as_deref().map(moment);
        let since = since.map_or(String::new(), |since| format!(" since {since}"));
        let entries = plural(unsealed.entries, "entry");
        format!("{entries}{since} (`accession audit seal` seals them)")
    })
}

fn notes(outcome: &TrailOutcome, out: &mut String) {
    let anchored = outcome.anchored.is_some() || !outcome.anchors.is_empty();
    if !anchored && outcome.seals > 0 {
        out.push_str(
            "  no anchor was given: who could write entries and all seals anew would leave no trace\n",
        );
        if let Some(log) = &outcome.log {
            out.push_str(&format!(
                "  compare with seals that were kept elsewhere, or with `--anchor {log}`\n"
            ));
        }
    }
    match outcome.schema_changed {
        Some(false) => {}
        Some(true) => {
            out.push_str("  tables or triggers are defined otherwise than at the last seal\n");
        }
        None => out.push_str(
            "  not compared: tables and triggers; this account is not shown triggers (it lacks the right TRIGGER)\n",
        ),
    }
}

/// Whether the trail is what was sealed; `docs/json.md` describes it.
#[must_use]
pub fn trail_json(outcome: &TrailOutcome) -> Value {
    let status = match outcome.status {
        TrailStatus::Anchored => "anchored",
        TrailStatus::SelfConsistent => "self_consistent",
        TrailStatus::Unsealed => "unsealed",
        TrailStatus::Different => "different",
    };
    let anchors = outcome.anchors.iter().map(|one| {
        let path = match &one.source {
            AnchorSource::Given => None,
            AnchorSource::File(path) => Some(path),
        };
        json!({
            "path": path, "number": one.anchor.number, "hash": one.anchor.hash.to_string(),
            "database": one.anchor.database, "seal": one.seal, "compared": one.of == AnchorOf::This,
        })
    });
    let differences = outcome.differences.iter().map(|one| {
        let (table, record) = one.row.clone().unzip();
        json!({
            "kind": one.kind.name(), "seal": one.seal, "run": one.run, "entry": one.entry,
            "table": table, "record_id": record, "message": one.message,
        })
    });
    json!({
        "status": status,
        "database": outcome.database,
        "seals": outcome.seals,
        "sealed_entries": outcome.sealed_entries,
        "head": outcome.head.as_ref().map(|(number, hash)| json!({"number": number, "hash": hash})),
        "anchored": outcome.anchored,
        "anchors": anchors.collect::<Vec<_>>(),
        "unsealed": {
            "entries": outcome.unsealed.entries, "first": outcome.unsealed.first,
            "since": outcome.unsealed.since, "runs": outcome.unsealed.runs,
        },
        "schema_changed": outcome.schema_changed,
        "differences": differences.collect::<Vec<_>>(),
        "differences_not_listed": outcome.differences_not_kept,
    })
}
