//! Records that are no longer in the files.

use std::collections::BTreeMap;

use crate::database::ledger::LedgerRow;
use crate::database::{CurrentRows, FileRecord};
use crate::model::{Finding, Fingerprint, Level, Place, Rule};
use crate::operations::OperationError;
use crate::operations::directory::{Directory, SharedDatabase, lock};
use crate::plan::{Change, ConflictPolicy, Gone, GonePolicy, decide_gone};

use super::Import;
use super::agenda::ImportAgenda;
use super::gather::Gathered;
use super::referrers::{Going, Referrer, Referrers, Who};
use super::sink::{FileEnd, Sink};

/// Gone records of one table, and what becomes of them.
type Decided<'r> = Vec<(&'r LedgerRow, Gone)>;

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
        let mut referrers = Referrers::new(self.directory.layout, self.options.conflict);
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
            let mut decided = self.decide_table(gathered, index, &rows, &current);
            self.keep_referred(
                database,
                gathered,
                (index, &mut decided, &current),
                &mut referrers,
            )?;
            self.carry_out(gathered, sink, (index, decided))?;
        }
        gathered.reading.check_scratch()
    }

    /// What becomes of the rows of one table, whatever refers to them.
    fn decide_table<'r>(
        &self,
        gathered: &Gathered<'l>,
        index: usize,
        rows: &[&'r LedgerRow],
        current: &CurrentRows,
    ) -> Decided<'r> {
        let table = &self.directory.layout.tables[index];
        let hasher = gathered.reading.planner.hasher(index);
        let decide = |row: &&'r LedgerRow| {
            let values = current
                .get(&row.identity)
                .map(|(_, values)| values.as_slice());
            let policy = (self.options.gone, self.options.conflict);
            (
                *row,
                decide_gone((index, table, hasher), &row.known, values, policy),
            )
        };
        rows.iter().map(decide).collect()
    }

    /// Rows that something else still refers to are not deleted.
    fn keep_referred(
        &self,
        database: &SharedDatabase<'_>,
        gathered: &mut Gathered<'l>,
        (index, decided, current): (usize, &mut Decided<'_>, &CurrentRows),
        referrers: &mut Referrers<'_>,
    ) -> Result<(), OperationError> {
        let policy = self.options.conflict;
        let deleted = decided
            .iter_mut()
            .filter(|(_, gone)| matches!(gone, Gone::Deleted(_)));
        let mut deleted: Vec<_> = deleted.collect();
        let going: Vec<Going<'_>> = deleted
            .iter()
            .filter_map(|(row, _)| {
                let (_, values) = current.get(&row.identity)?;
                Some((row.known.record_id.as_str(), values.as_slice()))
            })
            .collect();
        let found = referrers.of(database, &gathered.reading.planner, (index, &going))?;
        for (place, referrer) in found {
            let (row, gone) = &mut deleted[place];
            if !referrer.yields(policy) {
                *gone = match policy {
                    ConflictPolicy::KeepDatabase => Gone::Kept(row.known.mark_gone()),
                    ConflictPolicy::Report | ConflictPolicy::TakeFile => Gone::Referred,
                };
            }
            let finding = still_referred(&self.directory, (index, row, gone), &referrer);
            gathered.reading.findings.push(finding);
        }
        Ok(())
    }

    /// Sends the changes on.
    fn carry_out(
        &self,
        gathered: &mut Gathered<'l>,
        sink: &mut dyn Sink,
        (index, decided): (usize, Decided<'_>),
    ) -> Result<(), OperationError> {
        let table = &self.directory.layout.tables[index];
        let mut changes: Vec<Change> = Vec::new();
        let mut kept: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
        let reading = &mut gathered.reading;
        let counts = &mut reading.planner.counts()[index];
        for (row, gone) in decided {
            match gone {
                Gone::Kept(change) => {
                    counts.gone += 1;
                    let known = &row.known;
                    kept.entry(&known.path).or_insert((0, &known.record_id)).0 += 1;
                    changes.extend(change);
                }
                Gone::Deleted(change) => {
                    counts.deleted += 1;
                    changes.push(change);
                }
                Gone::Forgotten(change) => changes.push(change),
                Gone::Conflict => {
                    gathered.conflicts += 1;
                    reading.findings.push(conflict(&table.table.name, row));
                }
                Gone::Referred => gathered.conflicts += 1,
            }
        }
        for (path, (count, record_id)) in kept {
            let finding = still_there(&table.table.name, path, count, record_id);
            reading.findings.push(finding);
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

/// A row that something refers to although its record is gone: kept, not decided, or deleted all the same.
fn still_referred(
    directory: &Directory<'_>,
    (table, row, gone): (usize, &LedgerRow, &Gone),
    referrer: &Referrer,
) -> Finding {
    let name = |table: usize| &directory.layout.tables[table].table.name;
    let (parent, child) = (name(table), name(referrer.table));
    let mut who = match &referrer.who {
        Who::Record(origin) => format!("a record of `{child}` in {}", directory.path(origin.file)),
        Who::Row(id) => format!("`{child}` {id}"),
    };
    who += &match referrer.count {
        1 => " still refers".to_owned(),
        count => format!(" and {} more still refer", count - 1),
    };
    let settled = match gone {
        Gone::Deleted(_) => "; deleted, and the reference set to NULL",
        Gone::Kept(_) => "; kept",
        Gone::Referred | Gone::Conflict | Gone::Forgotten(_) => "",
    };
    let message = format!(
        "`{parent}` {}: the record is gone from the file, and {who} to its row{settled}",
        row.known.record_id
    );
    let remedy = match referrer.lets_go() {
        true => {
            "correct the reference, or choose with `--on-conflict keep-database` or `--on-conflict take-file`"
        }
        false => "correct the reference, or keep the row with `--on-conflict keep-database`",
    };
    let place = Some(Place::file(&row.known.path));
    let finding = Finding::new(Level::Warning, Rule::StillReferred, place, message);
    match gone {
        Gone::Referred => finding.remedy(remedy),
        Gone::Deleted(_) | Gone::Kept(_) | Gone::Conflict | Gone::Forgotten(_) => finding,
    }
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
