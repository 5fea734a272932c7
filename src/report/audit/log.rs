//! What happened: runs and days, or entries.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::audit::{Action, FieldChange, Step};
use crate::database::ledger::AuditEntry;
use crate::operations::audit::{Log, LogEntries, LogLine, Signature};
use crate::report::counts::{Align, grouped_or_empty, moment, painted, plural};

use super::csv::{Cell, sheet};
use super::shown::{self, Cut, author, safe, short, signature_json};
use super::signed::{signed_header, signed_line};

/// One line per run, and per day and author of other changes; then how many there are.
#[must_use]
pub fn log_text(log: &Log) -> String {
    let header = [
        ("when", Align::Left),
        ("run", Align::Left),
        ("kind", Align::Left),
        ("actor", Align::Left),
        ("inserted", Align::Right),
        ("updated", Align::Right),
        ("deleted", Align::Right),
        ("tables", Align::Left),
        ("reason", Align::Left),
    ];
    let rows: Vec<Vec<String>> = log.lines.iter().map(line).collect();
    let mut out = match rows.is_empty() {
        true => String::new(),
        false => painted(&header, &rows),
    };
    out.push_str(&shown_of(log.lines.len(), log.count, "line"));
    out
}

fn line(line: &LogLine) -> Vec<String> {
    let run = line.run.as_ref();
    let count = |action| grouped_or_empty(sum(line, action));
    let actor = match &line.db_user {
        Some(user) => format!("{} ({user})", line.actor),
        None => line.actor.clone(),
    };
    let tables: Vec<&str> = line.tables.keys().map(String::as_str).collect();
    vec![
        moment(&line.instants.1),
        line.run_id
            .as_deref()
            .map(short)
            .unwrap_or_default()
            .to_owned(),
        run.map(|run| safe(&run.kind)).unwrap_or_default(),
        safe(&actor),
        count(Action::Insert),
        count(Action::Update),
        count(Action::Delete),
        safe(&tables.join(", ")),
        run.and_then(|run| run.reason.as_deref())
            .map(safe)
            .unwrap_or_default(),
    ]
}

fn sum(line: &LogLine, action: Action) -> u64 {
    let actions = line
        .tables
        .values()
        .filter_map(|actions| actions.get(action.name()));
    actions.sum()
}

/// `3 of 17 lines`: what is not shown is told.
pub(super) fn shown_of(shown: usize, count: u64, word: &str) -> String {
    match shown as u64 == count {
        true => format!("{}\n", plural(count, word)),
        false => format!(
            "{} of {}; `--limit N` shows more\n",
            shown,
            plural(count, word)
        ),
    }
}

/// The lines as a JSON object; `docs/json.md` describes it.
#[must_use]
pub fn log_json(log: &Log) -> Value {
    let lines: Vec<Value> = log
        .lines
        .iter()
        .map(|line| {
            let run = line.run.as_ref();
            json!({
                "run": line.run_id,
                "kind": run.map(|run| run.kind.as_str()),
                "actor": line.actor,
                "db_user": line.db_user,
                "reason": run.and_then(|run| run.reason.as_deref()),
                "first_at": line.instants.0,
                "last_at": line.instants.1,
                "inserted": sum(line, Action::Insert),
                "updated": sum(line, Action::Update),
                "deleted": sum(line, Action::Delete),
                "tables": tables_json(&line.tables),
            })
        })
        .collect();
    json!({"lines": lines, "count": log.count})
}

fn tables_json(tables: &BTreeMap<String, BTreeMap<String, u64>>) -> Value {
    let counts = |actions: &BTreeMap<String, u64>| {
        let count = |action: Action| actions.get(action.name()).copied().unwrap_or(0);
        json!({"inserted": count(Action::Insert), "updated": count(Action::Update), "deleted": count(Action::Delete)})
    };
    let tables = tables
        .iter()
        .map(|(table, actions)| (table.clone(), counts(actions)));
    Value::Object(tables.collect())
}

/// The lines as CSV.
#[must_use]
pub fn log_csv(log: &Log) -> String {
    let header = [
        "first_at", "last_at", "run", "kind", "actor", "db_user", "inserted", "updated", "deleted",
        "tables", "reason",
    ];
    let rows = log.lines.iter().map(|line| {
        let run = line.run.as_ref();
        let tables: Vec<&str> = line.tables.keys().map(String::as_str).collect();
        vec![
            Cell::text(line.instants.0.as_str()),
            Cell::text(line.instants.1.as_str()),
            Cell::optional(line.run_id.as_deref()),
            Cell::optional(run.map(|run| run.kind.as_str())),
            Cell::text(line.actor.as_str()),
            Cell::optional(line.db_user.as_deref()),
            Cell::number(sum(line, Action::Insert)),
            Cell::number(sum(line, Action::Update)),
            Cell::number(sum(line, Action::Delete)),
            Cell::text(tables.join(" ")),
            Cell::optional(run.and_then(|run| run.reason.as_deref())),
        ]
    });
    sheet(&header, rows)
}

/// One line per entry, then how many there are.
#[must_use]
pub fn entries_text(log: &LogEntries) -> String {
    let header = [
        ("entry", Align::Right),
        ("when", Align::Left),
        ("actor", Align::Left),
        ("run", Align::Left),
        ("table", Align::Left),
        ("record", Align::Left),
        ("action", Align::Left),
        ("change", Align::Left),
    ];
    let rows: Vec<Vec<String>> = log
        .entries
        .iter()
        .map(|(entry, signature)| {
            vec![
                entry.id.to_string(),
                moment(&entry.changed_at),
                author(signature),
                entry
                    .run_id
                    .as_deref()
                    .map(short)
                    .unwrap_or_default()
                    .to_owned(),
                safe(&entry.table_name),
                shown::shorten(safe(&entry.record_id), Cut::After(60)),
                safe(&entry.action),
                summary(entry),
            ]
        })
        .collect();
    let mut out = match rows.is_empty() {
        true => String::new(),
        false => painted(&header, &rows),
    };
    out.push_str(&shown_of(log.entries.len(), log.count, "entry"));
    out
}

/// The changed columns of an update with their values; how many columns a row has that came or went.
fn summary(entry: &AuditEntry) -> String {
    let changes = changes(entry);
    match entry.action.as_str() {
        "UPDATE" => {
            let one = |change: &FieldChange| {
                format!(
                    "{} {}",
                    safe(&change.column),
                    shown::change(change, Cut::After(30))
                )
            };
            changes.iter().map(one).collect::<Vec<_>>().join(", ")
        }
        _ => plural(changes.len() as u64, "column"),
    }
}

pub(super) fn changes(entry: &AuditEntry) -> Vec<FieldChange> {
    let (old, new) = (entry.old_value.as_deref(), entry.new_value.as_deref());
    let step = Step::read(&entry.action, old, new);
    step.map(FieldChange::of).unwrap_or_default()
}

/// The entries as a JSON object; `docs/json.md` describes it.
#[must_use]
pub fn entries_json(log: &LogEntries) -> Value {
    let entries: Vec<Value> = log
        .entries
        .iter()
        .map(|(entry, signature)| entry_json(entry, signature))
        .collect();
    let last = log.entries.iter().map(|(entry, _)| entry.id).max();
    json!({"entries": entries, "count": log.count, "last_entry": last})
}

/// One entry with its images.
pub(super) fn entry_json(entry: &AuditEntry, signature: &Signature) -> Value {
    let mut members = signature_json(signature);
    members.insert("table".to_owned(), entry.table_name.as_str().into());
    members.insert("record_id".to_owned(), entry.record_id.as_str().into());
    members.insert("action".to_owned(), entry.action.as_str().into());
    members.insert("old".to_owned(), image(entry.old_value.as_deref()));
    members.insert("new".to_owned(), image(entry.new_value.as_deref()));
    Value::Object(members)
}

/// The image as JSON; a text that is none as a text.
fn image(text: Option<&str>) -> Value {
    text.map_or(Value::Null, |text| {
        serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
    })
}

/// The entries as CSV.
#[must_use]
pub fn entries_csv(log: &LogEntries) -> String {
    let lines = log.entries.iter();
    let lines = lines.map(|(entry, signature)| entry_line(entry, signature));
    std::iter::once(entry_header()).chain(lines).collect()
}

/// The header of [`entry_line`].
pub(super) fn entry_header() -> String {
    signed_header(&["table", "record_id", "action", "old", "new"])
}

pub(super) fn entry_line(entry: &AuditEntry, signature: &Signature) -> String {
    let cells = [
        Cell::text(entry.table_name.as_str()),
        Cell::text(entry.record_id.as_str()),
        Cell::text(entry.action.as_str()),
        Cell::optional(entry.old_value.as_deref()),
        Cell::optional(entry.new_value.as_deref()),
    ];
    signed_line(signature, cells)
}
