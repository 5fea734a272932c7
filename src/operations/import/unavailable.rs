//! Finds files that were imported before and are unavailable, but were not deleted: their records do not count as
//! removed.

use std::collections::{BTreeMap, HashSet};

use crate::database::ledger::LedgerRow;
use crate::model::{Finding, Level, Place, Rule, Sha256, shell_quoted};
use crate::plan::{KnownFile, RemovalPolicy};
use crate::source::{Obstacle, Unavailable};

use super::Import;

impl Import<'_> {
    /// Removes the unavailable files from `known`; returns their paths, and a finding for each obstacle. `kept` are
    /// rows whose records earlier runs found removed.
    pub(super) fn unavailable(
        &self,
        known: &mut Vec<KnownFile>,
        kept: &[LedgerRow],
    ) -> (Vec<String>, Vec<Finding>) {
        let survey = &self.directory.survey;
        let names: HashSet<&str> = known.iter().map(|file| file.path.as_str()).collect();
        let found: HashSet<&str> = survey.files.iter().map(|file| file.path.as_str()).collect();
        // A renamed directory is missing, but its files exist under new names.
        let renamed: HashSet<Sha256> = survey
            .files
            .iter()
            .filter(|file| !names.contains(file.path.as_str()))
            .map(|file| file.sha256)
            .collect();
        let explained = Unavailable::new(survey);
        let mut places: BTreeMap<(String, Obstacle), u64> = BTreeMap::new();
        let mut paths = Vec::new();
        let mut is_available = |file: &KnownFile| {
            let Some(sha256) = file.sha256.filter(|_| !found.contains(file.path.as_str())) else {
                return true;
            };
            match explained.obstacle(&file.path, file.read_at) {
                Some((place, obstacle)) if !self.is_deleted(&file.path) => {
                    if obstacle == Obstacle::Missing && renamed.contains(&sha256) {
                        return true;
                    }
                    *places.entry((place.to_owned(), obstacle)).or_default() += 1;
                    paths.push(file.path.clone());
                    false
                }
                Some(_) | None => true,
            }
        };
        known.retain(&mut is_available);
        if self.options.removed == RemovalPolicy::Prune {
            // Earlier versions took such files for deleted. The missing directory was reported then.
            let files: HashSet<&str> = kept.iter().map(|row| row.known.path.as_str()).collect();
            for path in files.difference(&found) {
                match explained.obstacle(path, None) {
                    Some((_, Obstacle::Missing)) | None => {}
                    Some(_) if self.is_deleted(path) => {}
                    Some((place, obstacle)) => {
                        *places.entry((place.to_owned(), obstacle)).or_default() += 1;
                    }
                }
            }
        }
        let findings = places.into_iter();
        let findings =
            findings.map(|((place, obstacle), files)| self.finding(&place, obstacle, files));
        (paths, findings.collect())
    }

    /// Whether the user declared the file, or a directory above it, as deleted.
    fn is_deleted(&self, path: &str) -> bool {
        self.options.deleted.iter().any(|deleted| {
            let rest = path.strip_prefix(deleted.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    fn finding(&self, place: &str, obstacle: Obstacle, files: u64) -> Finding {
        let what = match obstacle {
            Obstacle::Link => "it is now a symbolic link that is not followed",
            Obstacle::Unreadable => "it cannot be read",
            Obstacle::OtherKind => "another kind of file is in its place",
            Obstacle::Unmounted => {
                "it is empty although nothing was deleted from it: its disk is not mounted, or is empty"
            }
            Obstacle::Missing => "the directory no longer exists",
        };
        let files_text = match files {
            1 => "1 file that was imported before is".to_owned(),
            _ => format!("{files} files that were imported before are"),
        };
        let (level, outcome) = match self.options.removed {
            RemovalPolicy::Prune => (Level::Error, "nothing is deleted"),
            RemovalPolicy::Keep => (Level::Warning, "the rows stay as they are"),
        };
        let message = format!("{files_text} unavailable: {what}; {outcome}");
        let mut finding =
            Finding::new(level, Rule::UnavailableFiles, Some(Place::file(place)), message).hint(
                format!(
                    "restore the files (mount the disk, or replace the link with the directory); if they were deleted, add `--deleted {}`",
                    shell_quoted(place)
                ),
            );
        finding.count = files;
        finding
    }
}
