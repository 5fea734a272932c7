//! Rows that are there when an import puts their table under the trail.

use serde_json::{Map, json};
use uuid::Uuid;

use crate::database::ledger::NewSeal;
use crate::database::{Database, TargetTables};
use crate::layout::Layout;
use crate::model::{Finding, Level, Rule, RunContext};
use crate::operations::{OperationError, Surroundings};

use super::note;

/// Rows that were noted before an import.
#[derive(Debug, Clone)]
pub(in crate::operations) struct Baseline {
    /// The run that noted them.
    pub(in crate::operations) run: String,
    /// Its seal.
    pub(in crate::operations) seal: NewSeal,
    /// How many, by table.
    rows: Vec<(String, usize)>,
}

/// Notes, as a run of its own before `run`, the rows of tables that have some and of which the trail says nothing.
pub(in crate::operations) fn note_what_is_there(
    database: &mut Database,
    (layout, target): (&Layout, &TargetTables),
    run: &RunContext,
    around: Surroundings<'_>,
) -> Result<Option<Baseline>, OperationError> {
    let mut tables = Vec::new();
    for (table, target) in layout.tables.iter().zip(&target.tables) {
        let name = &table.table.name;
        if target.state.rows > 0 && !database.is_traced(name)? && database.is_recorded(name)? {
            tables.push(&table.table);
        }
    }
    if tables.is_empty() {
        return Ok(None);
    }
    let run = RunContext {
        // The one just before it: ids of runs sort by time.
        id: Uuid::from_u128(run.id.as_u128() - 1),
        ..run.clone()
    };
    let mut rows = Vec::new();
    let seal = note(database, ("enable", &run), around, |database| {
        let mut counts = Map::new();
        for table in tables {
            let noted = database.note_rows(table, &run)?;
            counts.insert(table.name.clone(), json!({ "noted": noted }));
            rows.push((table.name.clone(), noted));
        }
        Ok(counts)
    })?;
    Ok(Some(Baseline {
        run: run.id.to_string(),
        seal,
        rows,
    }))
}

impl Baseline {
    /// What is told of them.
    pub(in crate::operations) fn findings(&self) -> impl Iterator<Item = Finding> {
        self.rows.iter().map(|(table, rows)| {
            let message = format!(
                "`{table}`: rows that were there before ({rows}) are in the trail now, noted by run {}",
                self.run
            );
            Finding::new(Level::Notice, Rule::ForeignRow, None, message)
        })
    }
}
