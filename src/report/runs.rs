//! Past runs, as the ledger has them.

use serde_json::{Value, json};

use crate::database::ledger::RunRecord;

use super::counts::{Align, aligned, grouped_or_empty, moment};
use super::rows::NamedCounts;

/// One line per run.
#[must_use]
pub fn runs_text(runs: &[RunRecord]) -> String {
    if runs.is_empty() {
        return "no runs\n".to_owned();
    }
    let header = [
        ("run", Align::Left),
        ("kind", Align::Left),
        ("when", Align::Left),
        ("actor", Align::Left),
        ("inserted", Align::Right),
        ("updated", Align::Right),
        ("deleted", Align::Right),
        ("layout", Align::Left),
        ("source", Align::Left),
    ];
    let rows: Vec<Vec<String>> = runs
        .iter()
        .map(|run| {
            let counts = counts(run);
            let rows = |name| grouped_or_empty(total(&counts, name));
            vec![
                run.id.clone(),
                run.kind.clone(),
                moment(&run.started_at),
                run.actor.clone(),
                rows("inserted"),
                rows("updated"),
                rows("deleted"),
                run.layout.clone(),
                run.source.clone(),
            ]
        })
        .collect();
    aligned(&header, &rows)
}

/// All runs as a JSON array; `docs/json.md` describes it.
#[must_use]
pub fn runs_json(runs: &[RunRecord]) -> Value {
    runs.iter().map(run_json).collect()
}

/// What the list tells of a run.
pub(super) fn run_json(run: &RunRecord) -> Value {
    let counts = counts(run);
    let of_directory = |text: &String| read_directory(run).then(|| text.clone());
    json!({
        "id": run.id, "kind": run.kind, "status": run.status,
        "started_at": run.started_at, "finished_at": run.finished_at,
        "actor": run.actor, "reason": run.reason, "os_user": run.os_user, "host": run.host, "db_user": run.db_user,
        "layout": of_directory(&run.layout), "layout_digest": of_directory(&run.layout_digest),
        "source": of_directory(&run.source),
        "archive": run.archive, "parent_run": run.parent_run_id, "tool_version": run.tool_version,
        "inserted": total(&counts, "inserted"), "updated": total(&counts, "updated"),
        "deleted": total(&counts, "deleted"),
    })
}

/// Whether the run is about a directory. Others, of the kinds `enable` and `disable`, have empty texts in the ledger, whose
/// columns take no NULL.
pub(super) fn read_directory(run: &RunRecord) -> bool {
    !run.layout.is_empty()
}

/// The counts per table that the run entered in the ledger.
pub(super) fn counts(run: &RunRecord) -> Vec<NamedCounts> {
    let counts = run.counts.as_deref().map(serde_json::from_str::<Value>);
    let counts = counts.and_then(Result::ok).unwrap_or_default();
    let Some(tables) = counts["tables"].as_object() else {
        return Vec::new();
    };
    let named = |counts: &Value| {
        let counts = counts.as_object().into_iter().flatten();
        counts
            .map(|(name, count)| (name.clone(), count.as_u64().unwrap_or(0)))
            .collect()
    };
    tables
        .iter()
        .map(|(table, counts)| (table.clone(), named(counts)))
        .collect()
}

fn total(tables: &[NamedCounts], wanted: &str) -> u64 {
    let counts = tables.iter().flat_map(|(_, counts)| counts);
    counts
        .filter(|(name, _)| name == wanted)
        .map(|(_, count)| count)
        .sum()
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::testing::assert_lines;
    use super::*;

    pub(in crate::report) fn run() -> RunRecord {
        let counts = json!({"tables": {
            "people": {"inserted": 5, "updated": 0, "converted": 1},
            "words": {"inserted": 10_000, "updated": 2, "converted": 0},
        }});
        RunRecord {
            id: "01a1f8d1-1c57-7668-bd97-c3c52542f6b1".to_owned(),
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
                "  run                                   kind    when                  actor  inserted  updated  deleted  layout  source",
                "  01a1f8d1-1c57-7668-bd97-c3c52542f6b1  import  2024-05-01 10:00:00Z  mei      10 005        2           sample  /data",
            ],
        );
        assert_eq!(runs_text(&[]), "no runs\n");
    }
}
