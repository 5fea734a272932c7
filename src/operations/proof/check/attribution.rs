//! Finds entries with false attributions: a run that is not in the ledger or has another actor or start time, an actor
//! without a run, or a time that the neighbouring seals contradict.
//!
//! Sealing such entries does not make them true, so the whole audit log is searched.

use std::collections::HashSet;

use crate::database::audit_log::{FalseRun, OutsideEntry};
use crate::model::{EntryId, Timestamp};
use crate::operations::OperationError;

use super::super::chain::ReadSeal;
use super::super::outcome::{AuditLogDifference, AuditLogDifferenceKind};
use super::AuditLogCheck;

/// Clocks of several machines differ, and are adjusted: differences of less than a day prove nothing.
const TOLERANCE: i64 = 24 * 60 * 60 * 1_000_000;

impl AuditLogCheck<'_> {
    /// A run empties the context before it ends, so that no one else writes in its name.
    pub(super) fn left_over_context(&mut self) -> Result<(), OperationError> {
        if self.database.audit_log().has_context()? {
            let message = "`audit_context` refers to a run, although no run is writing".to_owned();
            self.report(AuditLogDifferenceKind::Attribution, None, message);
        }
        for (table, record) in self.database.audited_tables().unexplained_staged_rows()? {
            let of = format!("record `{record}` of table `{table}`");
            let message = format!("`audit_replaced` has {of}, which no statement staged");
            self.report(AuditLogDifferenceKind::Attribution, None, message);
        }
        Ok(())
    }

    pub(super) fn attribution(&mut self, now: Timestamp) -> Result<(), OperationError> {
        let mut found = Vec::new();
        self.database.audit_log().each_false_run(&mut |entry| {
            found.push((
                entry.id,
                AuditLogDifferenceKind::Attribution,
                of_run(&entry),
            ));
        })?;
        let times = SealTimes::of(self.seals, now);
        self.database.audit_log().each_outside_entry(&mut |entry| {
            if entry.names_more() {
                let message = outside_run(&entry);
                found.push((entry.id, AuditLogDifferenceKind::Attribution, message));
            }
            if let Some(message) = times.contradict(&entry) {
                found.push((entry.id, AuditLogDifferenceKind::Time, message));
            }
        })?;
        found.sort();
        // An entry that was changed after it was sealed is reported once.
        let named: HashSet<EntryId> = self
            .differences
            .iter()
            .filter_map(|one| one.entry)
            .collect();
        found.retain(|(id, ..)| !named.contains(id));
        for (id, kind, message) in found {
            let entry = match self.differences.len() < self.limit {
                true => self.database.seals().entry_subject(id)?,
                false => None,
            };
            self.keep(AuditLogDifference {
                kind,
                seal: None,
                run: None,
                entry: Some(id),
                row: entry.map(|entry| (entry.table_name, entry.record_id)),
                message,
            });
        }
        Ok(())
    }
}

fn of_run(entry: &FalseRun) -> String {
    let FalseRun { id, run, is_known } = entry;
    match is_known {
        true => format!("entry {id} refers to run `{run}`, but has a different actor or time"),
        false => format!("entry {id} refers to run `{run}`, which is not in `import_runs`"),
    }
}

fn outside_run(entry: &OutsideEntry) -> String {
    let (id, actor) = (entry.id, &entry.changed_by);
    match entry.source_file_id {
        None => format!("entry {id} names the actor `{actor}`, but no run"),
        Some(file) => {
            format!("entry {id} names the actor `{actor}` and source file {file}, but no run")
        }
    }
}

/// When the seals were made, and the entries that existed then.
struct SealTimes {
    /// Highest entry covered so far, number of the seal, time of the seal; ascending.
    seals: Vec<(EntryId, u64, i64)>,
    now: i64,
}

impl SealTimes {
    fn of(seals: &[ReadSeal], now: Timestamp) -> Self {
        let mut times: Vec<(EntryId, u64, i64)> = Vec::new();
        for seal in seals {
            let header = &seal.header;
            let last = header.entries.ids.last();
            let at = Timestamp::parse(&header.sealed_at).map(|text| text.timestamp.micros());
            if let (Some(last), Some(at)) = (last, at)
                && times.last().is_none_or(|(before, ..)| *before < last)
            {
                times.push((last, header.number, at));
            }
        }
        let now = now.micros();
        Self { seals: times, now }
    }

    /// An entry was written after the seals over lower ids and before the next seal: a time outside their interval is
    /// false. A seal that is dated more than a day after the next one was made with a wrong clock, and proves nothing.
    fn contradict(&self, entry: &OutsideEntry) -> Option<String> {
        let (id, at) = (entry.id, &entry.changed_at);
        let Some(own) = Timestamp::parse(at).map(|text| text.timestamp.micros()) else {
            return Some(format!("entry {id} has the invalid time `{at}`"));
        };
        let next = self.seals.partition_point(|(last, ..)| *last < id);
        let before = next.checked_sub(1).map(|index| self.seals[index]);
        let after = self.seals.get(next);
        let until = after.map_or(self.now, |(_, _, at)| *at);
        let last = before.map_or(until, |(_, _, from)| from.max(until));
        let before = before.filter(|(_, _, from)| *from <= until + TOLERANCE);
        match (before, after) {
            (Some((_, seal, from)), _) if own < from.min(until) - TOLERANCE => Some(format!(
                "entry {id} is dated {at}, but was written after seal {seal}"
            )),
            (_, Some((_, seal, _))) if own > last + TOLERANCE => Some(format!(
                "entry {id} is dated {at}, but existed when seal {seal} was made"
            )),
            (_, None) if own > last + TOLERANCE => {
                Some(format!("entry {id} is dated {at}, which is in the future"))
            }
            (_, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = TOLERANCE;

    fn contradicted(seals: &[(i64, i64)], id: i64, day: i64) -> bool {
        let seals = seals.iter().zip(1..);
        let times = SealTimes {
            seals: seals
                .map(|((last, day), n)| ((*last).into(), n, day * DAY))
                .collect(),
            now: 40 * DAY,
        };
        let at = Timestamp::from_micros(day * DAY + 1).expect("in range");
        let entry = OutsideEntry {
            id: id.into(),
            changed_at: at.to_string(),
            changed_by: "external".to_owned(),
            source_file_id: None,
        };
        times.contradict(&entry).is_some()
    }

    #[test]
    fn time_outside_of_seals_whose_clock_was_set_back_is_reported() {
        let seals = [(10, 20), (20, 19)];
        for (day, is_false) in [(5, true), (18, false), (20, false), (30, true)] {
            assert_eq!(contradicted(&seals, 15, day), is_false, "{day}");
        }
        assert!(contradicted(&[(10, 90)], 15, 95));
    }

    #[test]
    fn time_outside_the_neighbouring_seals_is_reported() {
        let seals = [(10, 10), (20, 20), (30, 30)];
        for (id, fits) in [(5, [0, 9]), (15, [10, 20]), (25, [20, 30]), (35, [30, 40])] {
            assert!(
                fits.iter().all(|&day| !contradicted(&seals, id, day)),
                "{id}"
            );
        }
        for (id, day) in [(5, 12), (15, 8), (15, 22), (25, 3), (35, 28), (35, 42)] {
            assert!(contradicted(&seals, id, day), "{id} {day}");
        }
    }

    #[test]
    fn seal_with_a_wrong_clock_causes_no_report() {
        let seals = [(10, 10), (20, 90), (30, 30)];
        for day in [20, 30, 39] {
            assert!(!contradicted(&seals, 25, day), "{day}");
        }
        assert!(!contradicted(&[(10, 90)], 15, 30));
    }

    #[test]
    fn invalid_time_is_reported() {
        let times = SealTimes {
            seals: Vec::new(),
            now: 0,
        };
        let entry = OutsideEntry {
            id: 1.into(),
            changed_at: "yesterday".to_owned(),
            changed_by: "external".to_owned(),
            source_file_id: None,
        };
        assert!(times.contradict(&entry).is_some());
        assert!(!entry.names_more());
    }
}
