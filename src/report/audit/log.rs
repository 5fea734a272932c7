//! Report of `audit log`: runs and days.

use std::io::{self, Write};

use serde::Serialize;

use crate::audit::Action;
use crate::model::{RunId, escape_line};
use crate::operations::audit::{Log, LogLine};
use crate::report::counts::{Align, grouped_or_empty, painted, plural, short_timestamp};
use crate::report::rows::ByName;

use super::csv::sheet;
use super::shown::short;

/// One line per run, and one per day and author for other programs; then the total.
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
        short_timestamp(&line.timestamps.1),
        line.run_id
            .as_deref()
            .map(short)
            .unwrap_or_default()
            .to_owned(),
        run.map(|run| escape_line(&run.kind)).unwrap_or_default(),
        escape_line(&actor),
        count(Action::Insert),
        count(Action::Update),
        count(Action::Delete),
        escape_line(&tables.join(", ")),
        run.and_then(|run| run.reason.as_deref())
            .map(escape_line)
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

/// `3 of 17 lines`: how many lines are shown, of how many.
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

/// The log by run as a document.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LogView<'o> {
    /// The newest lines, newest first: the changes of a run, or of another program on one day.
    lines: Vec<LogLineView<'o>>,
    /// Number of all lines.
    count: u64,
}

/// The changes of a run, or of another program on one day.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct LogLineView<'o> {
    /// The run; `null` for other programs.
    run: Option<&'o RunId>,
    /// The kind of the run.
    kind: Option<&'o str>,
    /// The run's actor; `external` for other programs.
    actor: &'o str,
    /// The database's user, if it has users.
    db_user: Option<&'o str>,
    /// The reason given for the run.
    reason: Option<&'o str>,
    /// When the first change was made.
    first_at: &'o str,
    /// When the last change was made.
    last_at: &'o str,
    #[serde(flatten)]
    all: ActionsView,
    /// Per table: the rows.
    tables: ByName<&'o str, ActionsView>,
}

/// Numbers of changes.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ActionsView {
    /// Rows inserted.
    inserted: u64,
    /// Rows updated.
    updated: u64,
    /// Rows deleted.
    deleted: u64,
}

impl ActionsView {
    fn of(count: impl Fn(Action) -> u64) -> Self {
        Self {
            inserted: count(Action::Insert),
            updated: count(Action::Update),
            deleted: count(Action::Delete),
        }
    }
}

impl<'o> From<&'o Log> for LogView<'o> {
    fn from(log: &'o Log) -> Self {
        Self {
            lines: log.lines.iter().map(Into::into).collect(),
            count: log.count,
        }
    }
}

impl<'o> From<&'o LogLine> for LogLineView<'o> {
    fn from(line: &'o LogLine) -> Self {
        let run = line.run.as_ref();
        let tables = line.tables.iter().map(|(table, actions)| {
            let count = |action: Action| actions.get(action.name()).copied().unwrap_or(0);
            (table.as_str(), ActionsView::of(count))
        });
        Self {
            run: line.run_id.as_ref(),
            kind: run.map(|run| run.kind.as_str()),
            actor: &line.actor,
            db_user: line.db_user.as_deref(),
            reason: run.and_then(|run| run.reason.as_deref()),
            first_at: &line.timestamps.0,
            last_at: &line.timestamps.1,
            all: ActionsView::of(|action| sum(line, action)),
            tables: tables.collect(),
        }
    }
}

/// Writes the lines as CSV.
///
/// # Errors
/// Those of `out`.
pub fn log_csv(out: &mut dyn Write, log: &Log) -> io::Result<()> {
    /// A line whose tables are names.
    #[derive(Serialize)]
    struct Line<'o> {
        names: String,
        #[serde(flatten)]
        line: LogLineView<'o>,
    }
    let lines = log.lines.iter().map(|line| Line {
        names: line.tables.keys().cloned().collect::<Vec<_>>().join(" "),
        line: line.into(),
    });
    let columns = [
        "first_at",
        "last_at",
        "run",
        "kind",
        "actor",
        "db_user",
        "inserted",
        "updated",
        "deleted",
        "tables=names",
        "reason",
    ];
    sheet(out, &columns, lines)
}
