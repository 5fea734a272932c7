//! Report of `runs list`.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::database::ACCOUNTED;
use crate::database::ledger::RunRecord;
use crate::model::{RunId, Timing};

use super::counts::{Align, aligned, grouped_or_empty, short_timestamp};
use super::rows::NamedCounts;

/// The column with the rows for which runs of kind `enable` made entries, if there are such runs.
const RECORDED_AT: usize = 7;

/// One line per run.
#[must_use]
pub fn runs_text(runs: &[RunRecord]) -> String {
    if runs.is_empty() {
        return "no runs\n".to_owned();
    }
    let of_runs: Vec<Recorded> = runs.iter().map(Recorded::of).collect();
    let any_enabled = of_runs.iter().any(|recorded| recorded.by_enable() > 0);
    let mut header = vec![
        ("run", Align::Left),
        ("kind", Align::Left),
        ("when", Align::Left),
        ("actor", Align::Left),
        ("inserted", Align::Right),
        ("updated", Align::Right),
        ("deleted", Align::Right),
        ("layout", Align::Left),
        ("source", Align::Left),
        ("tables", Align::Left),
    ];
    if any_enabled {
        header.insert(RECORDED_AT, ("recorded", Align::Right));
    }
    let rows: Vec<Vec<String>> = runs
        .iter()
        .zip(&of_runs)
        .map(|(run, recorded)| {
            let rows = |name| grouped_or_empty(recorded.total(name));
            let mut cells = vec![
                run.id.to_string(),
                run.kind.clone(),
                short_timestamp(&run.started_at),
                run.actor.clone(),
                rows("inserted"),
                rows("updated"),
                rows("deleted"),
                run.layout.clone(),
                run.source.clone(),
                tables_of(run).join(", "),
            ];
            if any_enabled {
                cells.insert(RECORDED_AT, grouped_or_empty(recorded.by_enable()));
            }
            cells
        })
        .collect();
    aligned(&header, &rows)
}

/// The tables that the run changed, enabled or disabled, sorted.
fn tables_of(run: &RunRecord) -> Vec<String> {
    match run.read_directory() {
        true => run.row_changes().into_keys().collect(),
        false => run.tables(),
    }
}

/// A run in the ledger.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RunView<'o> {
    /// UUIDv7.
    id: &'o RunId,
    /// `import`, `revert`, `enable` or `disable`.
    kind: &'o str,
    /// `complete`, or `running`: an `enable` or `disable` that was interrupted or is in progress.
    status: &'o str,
    /// When it began.
    started_at: &'o str,
    /// When it ended.
    finished_at: Option<&'o str>,
    /// The actor, as declared.
    actor: &'o str,
    /// The reason, as declared.
    reason: Option<&'o str>,
    /// The operating system's user, as observed.
    os_user: &'o str,
    /// The machine, as observed.
    host: &'o str,
    /// The database's user, as observed.
    db_user: Option<&'o str>,
    /// Name of the layout; `null` for `enable` and `disable`, which read no directory.
    layout: Option<&'o str>,
    /// SHA-256 of the layout; `null` for `enable` and `disable`.
    layout_digest: Option<&'o str>,
    /// The directory's name in the ledger; `null` for `enable` and `disable`.
    source: Option<&'o str>,
    /// Directory of the originals; for `enable` and `disable`, the archive that `--archive` named for the seal, or
    /// `null`.
    archive: Option<&'o str>,
    /// The run that this one reverts.
    parent_run: Option<&'o RunId>,
    /// Version of accession.
    tool_version: &'o str,
    /// Rows inserted, all tables together.
    inserted: u64,
    /// Rows updated, all tables together.
    updated: u64,
    /// Rows deleted, all tables together.
    deleted: u64,
}

impl<'o> From<&'o RunRecord> for RunView<'o> {
    fn from(run: &'o RunRecord) -> Self {
        Self::of(run, &Recorded::of(run))
    }
}

impl<'o> RunView<'o> {
    /// The view of a run, given what it recorded.
    pub(super) fn of(run: &'o RunRecord, recorded: &Recorded) -> Self {
        let of_directory = |text: &'o str| run.read_directory().then_some(text);
        Self {
            id: &run.id,
            kind: &run.kind,
            status: &run.status,
            started_at: &run.started_at,
            finished_at: run.finished_at.as_deref(),
            actor: &run.actor,
            reason: run.reason.as_deref(),
            os_user: &run.os_user,
            host: &run.host,
            db_user: run.db_user.as_deref(),
            layout: of_directory(&run.layout),
            layout_digest: of_directory(&run.layout_digest),
            source: of_directory(&run.source),
            archive: run.archive.as_deref(),
            parent_run: run.parent_run_id.as_ref(),
            tool_version: &run.tool_version,
            inserted: recorded.total("inserted"),
            updated: recorded.total("updated"),
            deleted: recorded.total("deleted"),
        }
    }
}

/// What a run recorded in the ledger when it ended.
pub(super) struct Recorded {
    /// Per table.
    pub(super) tables: Map<String, Value>,
    /// Where the time went; empty unless it was measured.
    pub(super) timings: Vec<Timing>,
}

impl Recorded {
    pub(super) fn of(run: &RunRecord) -> Self {
        let mut recorded = run.recorded();
        let timings = recorded.remove("timings").unwrap_or_default();
        let mut tables = match recorded.remove("tables") {
            Some(Value::Object(tables)) => tables,
            _ => Map::new(),
        };
        for table in tables.values_mut().filter_map(Value::as_object_mut) {
            table.shift_remove(ACCOUNTED);
        }
        Self {
            tables,
            timings: serde_json::from_value(timings).unwrap_or_default(),
        }
    }

    /// The counts per table.
    pub(super) fn counts(&self) -> Vec<NamedCounts> {
        let named = |counts: &Value| {
            let counts = counts.as_object().into_iter().flatten();
            counts
                .filter_map(|(name, count)| Some((name.clone(), count.as_u64()?)))
                .collect()
        };
        self.tables
            .iter()
            .map(|(table, counts)| (table.clone(), named(counts)))
            .collect()
    }

    /// The rows for which a run of kind `enable` made entries.
    fn by_enable(&self) -> u64 {
        let counts = ["noted", "differences", "completed"];
        counts.iter().map(|name| self.total(name)).sum()
    }

    /// A count of all tables together.
    fn total(&self, name: &str) -> u64 {
        let counts = self.tables.values().map(|counts| &counts[name]);
        counts.filter_map(Value::as_u64).sum()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::testing::assert_lines;
    use super::*;

    pub(in crate::report) fn run() -> RunRecord {
        let counts = serde_json::json!({"tables": {
            "people": {"inserted": 5, "updated": 0, "converted": 1},
            "words": {"inserted": 10_000, "updated": 2, "converted": 0},
        }});
        RunRecord {
            id: "01a1f8d1-1c57-7668-bd97-c3c52542f6b1".into(),
            kind: "import".to_owned(),
            status: "complete".to_owned(),
            layout: "sample".to_owned(),
            layout_digest: "ab12".to_owned(),
            source: "/data".to_owned(),
            actor: "mei".to_owned(),
            reason: Some("first load".to_owned()),
            os_user: "mei".to_owned(),
            host: "desk".to_owned(),
            db_user: None,
            tool_version: "0.1.0".to_owned(),
            started_at: "2024-05-01T10:00:00.000000Z".to_owned(),
            finished_at: Some("2024-05-01T10:01:02.380000Z".to_owned()),
            counts: Some(counts.to_string()),
            archive: Some("/x.db.archive".to_owned()),
            parent_run_id: None,
        }
    }

    #[test]
    fn a_run_is_a_line_with_the_sums_over_all_tables() {
        assert_lines(
            &runs_text(&[run()]),
            &[
                "  run                                   kind    when                  actor  inserted  updated  deleted  layout  source  tables",
                "  01a1f8d1-1c57-7668-bd97-c3c52542f6b1  import  2024-05-01 10:00:00Z  mei      10 005        2           sample  /data   people, words",
            ],
        );
        assert_eq!(runs_text(&[]), "no runs\n");
        let counts = serde_json::json!({"tables": {"people": {"noted": 6, "differences": 1}}});
        let enable = RunRecord {
            kind: "enable".to_owned(),
            layout: String::new(),
            source: String::new(),
            counts: Some(counts.to_string()),
            ..run()
        };
        assert_lines(
            &runs_text(&[enable]),
            &[
                "  run                                   kind    when                  actor  inserted  updated  deleted  recorded  layout  source  tables",
                "  01a1f8d1-1c57-7668-bd97-c3c52542f6b1  enable  2024-05-01 10:00:00Z  mei                                       7                  people",
            ],
        );
    }
}
