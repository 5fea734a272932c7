//! The source files recorded in the ledger.

use std::collections::{BTreeMap, HashSet};

use diesel::dsl::{count_star, max};
use diesel::prelude::*;

use crate::database::DatabaseError;
use crate::model::{Rule, RunId, Sha256, Timestamp};
use crate::plan::KnownFile;

use super::Ledger;
use super::tables::{import_runs, rejects, source_files};

type StoredFile = (
    i64,
    String,
    Option<String>,
    i64,
    Option<String>,
    i64,
    String,
    (RunId, String),
);

/// A digest that differs from every layout's, so that the file is read again.
const NO_LAYOUT: Sha256 = Sha256([0; 32]);

/// The rules for errors of a record that changes in other files can fix.
const WAITING: [Rule; 2] = [Rule::MissingReference, Rule::DuplicateRecord];

/// The runs in a ledger. Two ledgers of one database with equal versions have the same files and records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LedgerVersion {
    runs: i64,
    latest: Option<String>,
}

impl Ledger<'_> {
    /// The version of the ledger; the default if there is none.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn ledger_version(&mut self) -> Result<LedgerVersion, DatabaseError> {
        if !self.database.has_ledger()? {
            return Ok(LedgerVersion::default());
        }
        let (runs, latest) = import_runs::table
            .select((count_star(), max(import_runs::id)))
            .get_result(&mut self.database.connection)?;
        Ok(LedgerVersion { runs, latest })
    }

    /// The latest state of each file of `source` read by `layout`, sorted by path.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn known_files(
        &mut self,
        source: &str,
        layout: &str,
    ) -> Result<Vec<KnownFile>, DatabaseError> {
        if !self.database.has_ledger()? {
            return Ok(Vec::new());
        }
        let versions: Vec<StoredFile> = source_files::table
            .inner_join(import_runs::table)
            .filter(import_runs::source.eq(source))
            .filter(import_runs::layout.eq(layout))
            .order(source_files::id)
            .select((
                source_files::id,
                source_files::path,
                source_files::sha256,
                source_files::bytes,
                source_files::modified_at,
                source_files::rejected,
                import_runs::layout_digest,
                (import_runs::id, import_runs::started_at),
            ))
            .load(&mut self.database.connection)?;
        // Files that a reverted run read are read again, even if a run between the two read them.
        let undone = self.undone_runs()?;
        let mut undone_by: BTreeMap<String, &str> = BTreeMap::new();
        let waiting: HashSet<i64> = rejects::table
            .filter(rejects::rule.eq_any(WAITING.map(Rule::code)))
            .select(rejects::source_file_id)
            .distinct()
            .load::<i64>(&mut self.database.connection)?
            .into_iter()
            .collect();
        // With the run that read it: later runs have greater ids.
        let mut latest: BTreeMap<String, (RunId, KnownFile)> = BTreeMap::new();
        for (id, path, sha256, bytes, modified_at, rejected, layout_digest, run) in versions {
            let (run, started_at) = run;
            if let Some(by) = undone.get(&run) {
                let latest = undone_by.entry(path).or_default();
                *latest = (*latest).max(by.as_str());
                continue;
            }
            let file = KnownFile {
                id,
                path: path.clone(),
                sha256: sha256.as_deref().and_then(Sha256::from_hex),
                bytes: u64::try_from(bytes).unwrap_or(0),
                read_at: Timestamp::parse(&started_at).map(|read| read.timestamp),
                modified_at,
                rejected: u64::try_from(rejected).unwrap_or(0),
                waits_for_others: waiting.contains(&id),
                layout_digest: Sha256::from_hex(&layout_digest).unwrap_or(NO_LAYOUT),
            };
            latest.insert(path, (run, file));
        }
        for (path, by) in undone_by {
            if let Some((run, file)) = latest.get_mut(&path)
                && run.as_str() < by
            {
                file.layout_digest = NO_LAYOUT;
            }
        }
        Ok(latest.into_values().map(|(_, file)| file).collect())
    }

    /// Other sources of this layout from which files with these contents were imported, with the number of matching
    /// contents.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn other_sources_with(
        &mut self,
        source: &str,
        layout: &str,
        contents: &[String],
    ) -> Result<BTreeMap<String, usize>, DatabaseError> {
        let mut found = BTreeMap::new();
        if !self.database.has_ledger()? {
            return Ok(found);
        }
        for some in contents.chunks(500) {
            let common = source_files::table
                .inner_join(import_runs::table)
                .filter(import_runs::source.ne(source))
                .filter(import_runs::layout.eq(layout))
                .filter(source_files::records.gt(0))
                .filter(source_files::sha256.eq_any(some))
                .select((import_runs::source, source_files::sha256))
                .distinct()
                .load::<(String, Option<String>)>(&mut self.database.connection)?;
            for (name, _) in common {
                *found.entry(name).or_default() += 1;
            }
        }
        Ok(found)
    }
}
