//! Checking the whole trail: the chain of seals, the entries they cover, the runs and files they name, and anchors.
//!
//! Everything is computed anew from the rows. Writes nothing.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::time::Duration;

use crate::audit::seal::{
    Anchor, BLOCK, Block, Contents, EntryDifference, IdRanges, Tags, Tree, locate,
};
use crate::database::ledger::Entries;
use crate::database::{Access, Database, DatabaseUrl};
use crate::model::Sha256;
use crate::operations::{OperationError, Surroundings};

use super::chain::{ReadSeal, read_chain};
use super::coverage::{Coverage, Found};
use super::outcome::{
    AnchorOf, AnchorSource, CheckedAnchor, TrailDifference, TrailDifferenceKind, TrailOutcome,
    TrailStatus, Unsealed,
};
use super::require_seals;

/// What to check, and against what.
#[derive(Debug, Clone)]
pub struct CheckOptions {
    /// The database.
    pub database: DatabaseUrl,
    /// How long to wait for other programs that write.
    pub wait: Duration,
    /// Hashes of seals that were kept elsewhere.
    pub anchors: Vec<(AnchorSource, Anchor)>,
    /// How many differences are listed; all are counted.
    pub limit: usize,
}

/// Checks the trail of a database.
///
/// # Errors
/// When the database has no ledger, or one without seals, or cannot be read.
pub fn check_trail(
    options: &CheckOptions,
    around: Surroundings<'_>,
) -> Result<TrailOutcome, OperationError> {
    let mut database = Database::open(&options.database, Access::Read, options.wait)?;
    database.snapshot(|database| {
        require_seals(database)?;
        let (seals, broken) = read_chain(&database.seals()?);
        let mut coverage = Coverage::new(&seals);
        database.each_sealed_entry(Entries::After(0), &mut |entry| coverage.add(entry))?;
        around.check_interrupt()?;
        let mut check = Check {
            database,
            seals: &seals,
            limit: options.limit,
            differences: broken,
            not_kept: 0,
        };
        let found = coverage.finish();
        check.differing_entries(&found)?;
        check.blocks(&found)?;
        check.runs()?;
        let unsealed = check.unsealed(&found)?;
        check.end_of_trail(&found)?;
        let anchors = check.anchors(&options.anchors);
        check.outcome(options, &found, unsealed, anchors)
    })
}

struct Check<'a> {
    database: &'a mut Database,
    seals: &'a [ReadSeal],
    limit: usize,
    differences: Vec<TrailDifference>,
    not_kept: u64,
}

impl Check<'_> {
    fn tell(&mut self, kind: TrailDifferenceKind, seal: Option<&ReadSeal>, message: String) {
        self.keep(TrailDifference {
            kind,
            seal: seal.map(|seal| seal.header.number),
            run: seal
                .and_then(|seal| seal.header.run_id())
                .map(str::to_owned),
            entry: None,
            row: None,
            message,
        });
    }

    fn keep(&mut self, difference: TrailDifference) {
        if self.differences.len() < self.limit {
            self.differences.push(difference);
        } else {
            self.not_kept += 1;
        }
    }

    /// Names the entries of seals whose root is another.
    fn differing_entries(&mut self, found: &Found) -> Result<(), OperationError> {
        for (seal, contents) in &found.different {
            let seal = &self.seals[*seal];
            let number = i64::try_from(seal.header.number).unwrap_or(0);
            let blocks = self.database.seal_blocks(number)?;
            let sealed = tags(&seal.header.entries.ids, &blocks);
            let now = tags(&contents.entries.ids, &contents.blocks);
            let named = locate(&sealed, &now);
            if named.is_empty() {
                let message = unnamed(seal, &blocks, contents);
                self.tell(TrailDifferenceKind::Edited, Some(seal), message);
            }
            for difference in named {
                let told = self.entry_difference(seal, difference)?;
                self.keep(told);
            }
        }
        Ok(())
    }

    fn entry_difference(
        &mut self,
        seal: &ReadSeal,
        difference: EntryDifference,
    ) -> Result<TrailDifference, OperationError> {
        let (kind, id, what) = match difference {
            EntryDifference::Edited { id } => (
                TrailDifferenceKind::Edited,
                id,
                "was changed after it was sealed".to_owned(),
            ),
            EntryDifference::Deleted { id } => (
                TrailDifferenceKind::Deleted,
                id,
                "was deleted after it was sealed".to_owned(),
            ),
            EntryDifference::Inserted { id } => (
                TrailDifferenceKind::Inserted,
                id,
                "was inserted among sealed ones".to_owned(),
            ),
            EntryDifference::Reordered { first, last } => (
                TrailDifferenceKind::Reordered,
                first,
                format!("and entry {last} changed places"),
            ),
        };
        // Names of rows are looked up only for what is listed.
        let entry = match (kind, self.differences.len() < self.limit) {
            (TrailDifferenceKind::Deleted, _) | (_, false) => None,
            (_, true) => self.database.trail_entry(id)?,
        };
        Ok(TrailDifference {
            kind,
            seal: Some(seal.header.number),
            run: seal.header.run_id().map(str::to_owned),
            entry: Some(id),
            message: format!("entry {id} {what}"),
            row: entry.map(|entry| (entry.table_name, entry.record_id)),
        })
    }

    /// The subtrees that are kept with a seal are not hashed themselves, but must lead to its root.
    fn blocks(&mut self, found: &Found) -> Result<(), OperationError> {
        for (index, seal) in self.seals.iter().enumerate() {
            if found
                .different
                .iter()
                .any(|(different, _)| *different == index)
            {
                continue;
            }
            let number = i64::try_from(seal.header.number).unwrap_or(0);
            let blocks = self.database.seal_blocks(number)?;
            let root = blocks
                .iter()
                .map(|block| block.hash)
                .collect::<Tree>()
                .root();
            let tags: usize = blocks.iter().map(|block| block.tags.len()).sum();
            if root != seal.header.entries.root || tags as u64 != 2 * seal.header.entries.count {
                let message =
                    "`audit_seal_blocks` was changed; the entries are as they were sealed";
                self.tell(TrailDifferenceKind::Seal, Some(seal), message.to_owned());
            }
        }
        Ok(())
    }

    /// The rows of runs, and of the files they read.
    fn runs(&mut self) -> Result<(), OperationError> {
        for seal in self.seals {
            let (Some(sealed), Some(id)) = (&seal.header.run, seal.header.run_id()) else {
                continue;
            };
            match self.database.sealed_run(id)? {
                None => {
                    let message = format!("run `{id}` is gone from `import_runs`");
                    self.tell(TrailDifferenceKind::Run, Some(seal), message);
                }
                Some(now) => {
                    let column = sealed
                        .iter()
                        .find(|(name, value)| now.get(*name) != Some(value));
                    if let Some((column, _)) = column {
                        let message = format!("`{column}` of run `{id}` was changed");
                        self.tell(TrailDifferenceKind::Run, Some(seal), message);
                    }
                }
            }
            if seal.header.files != Some(self.database.sealed_files(id)?) {
                let message = format!("`source_files` of run `{id}` was changed");
                self.tell(TrailDifferenceKind::Files, Some(seal), message);
            }
        }
        Ok(())
    }

    /// What no seal covers: written outside runs, before there were seals, or smuggled in.
    fn unsealed(&mut self, found: &Found) -> Result<Unsealed, OperationError> {
        let mut unsealed = Unsealed {
            entries: found.unsealed.count(),
            first: found.unsealed.first(),
            ..Unsealed::default()
        };
        if let Some(first) = found.unsealed.first() {
            let first = self.database.trail_entry(first)?;
            unsealed.since = first.map(|entry| entry.changed_at);
        }
        let seals = self.seals;
        for &(first, last) in found.unsealed_of_runs.ranges() {
            for run in self.database.runs_of_entries(first, last)? {
                let seal = seals.iter().find(|seal| seal.header.run_id() == Some(&run));
                if let Some(seal) = seal {
                    let message = format!(
                        "entries from {first} to {last} name run `{run}`, whose seal does not cover them"
                    );
                    self.tell(TrailDifferenceKind::Inserted, Some(seal), message);
                }
            }
        }
        // Runs are sealed in the transaction that writes them: without a seal are only those before the first.
        let first = seals.iter().find_map(|seal| {
            let run = seal.header.run.as_ref()?;
            run.get("started_at")?.as_str()
        });
        for run in self.database.runs()? {
            let sealed = seals
                .iter()
                .any(|seal| seal.header.run_id() == Some(&run.id));
            match first {
                _ if sealed => {}
                Some(first) if run.started_at.as_str() > first => {
                    let message = format!("the seal of run `{}` is gone", run.id);
                    self.tell(TrailDifferenceKind::Chain, None, message);
                }
                Some(_) | None => unsealed.runs += 1,
            }
        }
        Ok(unsealed)
    }

    /// Numbers are given once: if higher ones than the last were given, entries were cut off. Servers lose numbers in
    /// transactions that are rolled back, so only SQLite can tell.
    fn end_of_trail(&mut self, found: &Found) -> Result<(), OperationError> {
        if let Some(given) = self.database.last_given_entry_id()?
            && given > found.last
        {
            let message = format!(
                "the trail ends with entry {}, but numbers up to {given} were given",
                found.last
            );
            self.tell(TrailDifferenceKind::Deleted, None, message);
        }
        Ok(())
    }

    /// An archive, and so a `seals.log`, may be of several databases. A line is of this one if it says so, or if a line of
    /// the same name has one of its seals, since a database can be reached under several names, and be moved. If a file
    /// has no such line, all of them count: the trail may have been written anew.
    fn anchors(&mut self, anchors: &[(AnchorSource, Anchor)]) -> Vec<CheckedAnchor> {
        let seals = self.seals.iter();
        let seals: HashMap<Sha256, u64> =
            seals.map(|seal| (seal.hash, seal.header.number)).collect();
        let seal_of = |anchor: &Anchor| {
            let number = seals.get(&anchor.hash).copied();
            number.filter(|number| anchor.number.is_none_or(|named| named == *number))
        };
        let mut names: HashSet<&str> = anchors
            .iter()
            .filter(|(_, anchor)| seal_of(anchor).is_some())
            .filter_map(|(_, anchor)| anchor.database.as_deref())
            .collect();
        let own = self.database.place().log_name(self.database.schema());
        names.insert(&own);
        let is_ours = |anchor: &Anchor| {
            let name = anchor.database.as_deref();
            name.is_none_or(|name| names.contains(name)) || seal_of(anchor).is_some()
        };
        let ours = anchors.iter().filter(|(_, anchor)| is_ours(anchor));
        let known: HashSet<&AnchorSource> = ours.map(|(source, _)| source).collect();
        let mut checked = Vec::new();
        for (source, anchor) in anchors {
            let seal = seal_of(anchor);
            let of = match (source, is_ours(anchor)) {
                (AnchorSource::File(_), false) if known.contains(source) => AnchorOf::Another,
                (AnchorSource::File(_) | AnchorSource::Given, _) => AnchorOf::This,
            };
            checked.push(CheckedAnchor {
                source: source.clone(),
                anchor: anchor.clone(),
                seal,
                of,
            });
        }
        for CheckedAnchor {
            anchor, seal, of, ..
        } in &checked
        {
            if seal.is_none() && *of == AnchorOf::This {
                let last = self.seals.last().map_or(0, |seal| seal.header.number);
                let what = match anchor.number {
                    Some(number) if number > last => {
                        "was cut off: it is after the last seal of the database"
                    }
                    Some(_) | None => "is not in the database: it was replaced or cut off",
                };
                let message = format!("the anchored {anchor} {what}");
                self.tell(TrailDifferenceKind::Anchor, None, message);
            }
        }
        checked
    }

    fn outcome(
        self,
        options: &CheckOptions,
        found: &Found,
        unsealed: Unsealed,
        anchors: Vec<CheckedAnchor>,
    ) -> Result<TrailOutcome, OperationError> {
        let anchored = anchors.iter().filter_map(|anchor| anchor.seal).max();
        let status = match (&self.differences[..], self.not_kept, self.seals, anchored) {
            ([], 0, [], _) => TrailStatus::Unsealed,
            ([], 0, _, Some(_)) => TrailStatus::Anchored,
            ([], 0, _, None) => TrailStatus::SelfConsistent,
            _ => TrailStatus::Different,
        };
        let last = self.seals.last();
        let schema = match self.database.sees_triggers()? {
            true => Some(self.database.schema_digest()?),
            false => None,
        };
        let archive = last
            .and_then(|seal| seal.header.run.as_ref()?.get("archive")?.as_str())
            .map(|archive| PathBuf::from(archive).join(crate::archive::SEALS));
        Ok(TrailOutcome {
            status,
            database: options.database.to_string(),
            seals: self.seals.len() as u64,
            sealed_entries: found.sealed,
            head: last.map(|seal| (seal.header.number, seal.hash.to_string())),
            anchored,
            anchors,
            unsealed,
            schema_changed: schema
                .map(|schema| last.is_some_and(|seal| seal.header.schema != schema)),
            log: archive.map(|path| path.display().to_string()),
            differences: self.differences,
            differences_not_kept: self.not_kept,
        })
    }
}

fn tags(ids: &IdRanges, blocks: &[Block]) -> Tags {
    let bytes = blocks.iter().flat_map(|block| block.tags.chunks_exact(2));
    Tags {
        ids: ids.clone(),
        tags: bytes.map(|pair| [pair[0], pair[1]]).collect(),
    }
}

/// Tags agree by chance, or were changed too: then the block is all that can be named.
fn unnamed(seal: &ReadSeal, sealed: &[Block], now: &Contents) -> String {
    let block = sealed
        .iter()
        .zip(&now.blocks)
        .position(|(sealed, now)| sealed.hash != now.hash);
    let ids = &seal.header.entries.ids;
    match block {
        Some(block) => {
            let mut ids = ids.iter().skip(block * BLOCK).take(BLOCK);
            let first = ids.next().unwrap_or(0);
            let last = ids.last().unwrap_or(first);
            format!("one of the entries from {first} to {last} was changed after it was sealed")
        }
        None => {
            "its entries are not what was sealed, and neither is `audit_seal_blocks`".to_owned()
        }
    }
}
