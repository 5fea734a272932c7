//! Records that are no longer in the files.

use std::collections::BTreeMap;

use crate::database::ledger::LedgerRow;
use crate::database::{CurrentRows, FileRecord};
use crate::model::{Finding, Fingerprint, Level, Place, Rule};
use crate::operations::OperationError;
use crate::operations::directory::{SharedDatabase, lock};
use crate::plan::{Change, Gone, GonePolicy, decide_gone};

use super::Import;
use super::agenda::ImportAgenda;
use super::gather::Gathered;
use super::sink::{FileEnd, Sink};

impl<'l> Import<'l> {
    /// Finds what was imported before and is gone now, and sends what becomes of it to `sink`.
    pub(super) fn gone(
        &self,
        database: &SharedDatabase<'_>,
        agenda: &ImportAgenda,
        gathered: &mut Gathered<'l>,
        sink: &mut dyn Sink,
    ) -> Result<(), OperationError> {
        for file in &agenda.files.vanished {
            let path = file.path.clone();
            sink.begin_file(FileRecord {
                path,
                sha256: None,
                bytes: 0,
                modified: None,
            })?;
            sink.end_file(FileEnd {
                records: 0,
                rejected: 0,
            })?;
        }
        let read = gathered.reading.files.iter().map(|file| file.path.clone());
        let paths: Vec<String> = read
            .chain(agenda.files.vanished.iter().map(|file| file.path.clone()))
            .collect();
        let tables = &self.directory.layout.tables;
        let planner = &gathered.reading.planner;
        let saw = |table: usize, identity: &Fingerprint| planner.saw(table, identity);
        let seen = |table: &str, identity: &Fingerprint| {
            let index = tables.iter().position(|known| known.table.name == table);
            index.is_some_and(|index| saw(index, identity))
        };
        let mut gone: Vec<LedgerRow> = Vec::new();
        let complete = paths
            .iter()
            .filter(|path| !gathered.reading.incomplete.contains(*path));
        // A directory that was never imported has lost nothing.
        for path in complete.filter(|_| gathered.reading.knows_rows) {
            gone.extend(lock(database).unseen_rows_of_file(&self.directory.source, path, &seen)?);
        }
        if agenda.prune_earlier {
            let earlier = lock(database).rows_gone(&self.directory.source)?;
            let elsewhere = |row: &LedgerRow| !paths.contains(&row.known.path);
            let unseen = |row: &LedgerRow| !seen(&row.table, &row.identity);
            gone.extend(
                earlier
                    .into_iter()
                    .filter(|row| elsewhere(row) && unseen(row)),
            );
        }
        self.remove_found_elsewhere(database, agenda, &mut gone, &saw)?;
        // Children before their parents.
        for (index, table) in self.directory.layout.tables.iter().enumerate().rev() {
            let rows: Vec<&LedgerRow> = gone
                .iter()
                .filter(|row| row.table == table.table.name)
                .collect();
            let current = match self.options.gone {
                GonePolicy::Keep => CurrentRows::new(),
                GonePolicy::Prune => {
                    let asked: Vec<_> = rows.iter().map(|row| (row.identity, &row.known)).collect();
                    lock(database).rows_by_record_id(table, &asked)?
                }
            };
            self.decide_table(gathered, sink, index, &rows, &current)?;
        }
        gathered.reading.check_scratch()
    }

    fn decide_table(
        &self,
        gathered: &mut Gathered<'l>,
        sink: &mut dyn Sink,
        index: usize,
        rows: &[&LedgerRow],
        current: &CurrentRows,
    ) -> Result<(), OperationError> {
        let table = &self.directory.layout.tables[index];
        let mut changes: Vec<Change> = Vec::new();
        let mut kept: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
        for row in rows {
            let decided = decide_gone(
                (index, table, gathered.reading.planner.hasher(index)),
                &row.known,
                current
                    .get(&row.identity)
                    .map(|(_, values)| values.as_slice()),
                (self.options.gone, self.options.conflict),
            );
            let counts = &mut gathered.reading.planner.counts()[index];
            match decided {
                Gone::Kept(change) => {
                    counts.gone += 1;
                    kept.entry(&row.known.path)
                        .or_insert((0, &row.known.record_id))
                        .0 += 1;
                    changes.extend(change);
                }
                Gone::Deleted(change) => {
                    counts.deleted += 1;
                    changes.push(change);
                }
                Gone::Forgotten(change) => changes.push(change),
                Gone::Conflict => {
                    gathered.conflicts += 1;
                    gathered
                        .reading
                        .findings
                        .push(conflict(&table.table.name, row));
                }
            }
        }
        for (path, (count, record_id)) in kept {
            gathered
                .reading
                .findings
                .push(still_there(&table.table.name, path, count, record_id));
        }
        if gathered.refuses() {
            return Ok(());
        }
        sink.apply(changes)
    }
}

fn conflict(table: &str, row: &LedgerRow) -> Finding {
    let message = format!(
        "`{table}` {}: the record is gone from the file, and its row was changed in the database since",
        row.known.record_id
    );
    Finding::new(
        Level::Warning,
        Rule::Conflict,
        Some(Place::file(&row.known.path)),
        message,
    )
    .remedy("choose with `--on-conflict keep-database` or `--on-conflict take-file`")
}

fn still_there(table: &str, path: &str, count: u64, record_id: &str) -> Finding {
    let rows = if count == 1 {
        format!("row {record_id}")
    } else {
        format!("{count} rows ({record_id}, …)")
    };
    let message = format!("`{table}`: the record of {rows} is no longer in the file; kept");
    let mut finding = Finding::new(Level::Notice, Rule::Gone, Some(Place::file(path)), message)
        .remedy("delete such rows with `--prune`");
    finding.count = count;
    finding
}
