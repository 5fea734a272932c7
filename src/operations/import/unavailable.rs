//! Finds files that were imported before and are unavailable, but were not deleted: their records do not count as
//! removed.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::database::ledger::LedgerRow;
use crate::model::{Finding, Level, Place, Rule, Sha256, nearest, plural, shell_quoted};
use crate::plan::{KnownFile, RemovalPolicy};
use crate::source::{Obstacle, ROOT, Unavailable};

use super::Import;

impl Import<'_> {
    /// Removes the unavailable files from `known`; returns their paths, and a finding for each obstacle. `kept` are
    /// rows whose records earlier runs found removed, `mounted` the directories that were mount points.
    pub(super) fn unavailable(
        &self,
        known: &mut Vec<KnownFile>,
        kept: &[LedgerRow],
        mounted: &BTreeSet<String>,
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
        let explained = Unavailable::new(survey, mounted);
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
        let mut deleted = self.options.deleted.iter();
        deleted.any(|deleted| is_within(deleted, path))
    }

    /// Reports paths that were declared as deleted, but from which no file was imported: they may be mistyped.
    pub(super) fn deleted_without_effect(&self, known: &[KnownFile]) -> Vec<Finding> {
        let paths = || known.iter().map(|file| file.path.as_str());
        let places: BTreeSet<&str> = paths()
            .flat_map(|path| {
                let ends = path.match_indices('/').map(|(end, _)| end);
                ends.chain([path.len()]).map(|end| &path[..end])
            })
            .collect();
        let deleted = self.options.deleted.iter();
        deleted
            .filter(|deleted| !paths().any(|path| is_within(deleted, path)))
            .map(|deleted| {
                let message = format!("`--deleted {deleted}`: no file was imported from this path");
                let finding = Finding::new(Level::Warning, Rule::UnavailableFiles, None, message);
                finding.hint(match nearest(deleted, places.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "give the path of a file or directory relative to the source directory, as listed by `accession runs show RUN`".to_owned(),
                })
            })
            .collect()
    }

    fn finding(&self, place: &str, obstacle: Obstacle, files: u64) -> Finding {
        let what = match obstacle {
            Obstacle::Link => "it is now a symbolic link that is not followed",
            Obstacle::Unreadable => "it cannot be read",
            Obstacle::OtherKind => "another kind of file is in its place",
            Obstacle::Unmounted => {
                "it is empty although nothing was deleted from it: its disk is not mounted, or is empty"
            }
            Obstacle::OtherDisk => {
                "it was a mount point, and its disk is not mounted, or another disk is mounted instead"
            }
            Obstacle::Missing => "the directory no longer exists",
        };
        let (were, are) = match files {
            1 => ("was", "is"),
            _ => ("were", "are"),
        };
        let files_text = format!(
            "{} that {were} imported before {are}",
            plural(files, "file")
        );
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

/// Whether `path` is `place`, or a file below it; `.` is the source directory.
pub(super) fn is_within(place: &str, path: &str) -> bool {
    let rest = path.strip_prefix(place);
    place == ROOT || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
