//! Records that runs rejected.

use std::collections::HashMap;

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;

use crate::database::DatabaseError;
use crate::database::pages::{PageRow, Pages};
use crate::model::RunId;

use super::Ledger;
use super::tables::{import_runs, rejects, source_files};

/// The finding for which a record was rejected, with its file and run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectRecord {
    /// Id in the ledger; later ones are greater.
    pub id: i64,
    /// JSON Pointer to the record; `None` for everything after an error that ended the reading of the file.
    pub record: Option<String>,
    /// JSON Pointer to the invalid value.
    pub pointer: Option<String>,
    /// Line, from 1.
    pub line: Option<i64>,
    /// Column, from 1.
    pub column: Option<i64>,
    /// Code of the rule.
    pub rule: String,
    /// The message of the finding.
    pub message: String,
    /// The version of the file that was read.
    pub source_file_id: i64,
    /// Its relative path.
    pub path: String,
    /// Digest of its bytes, which identifies them in the archive.
    pub sha256: Option<String>,
    /// The run that read it.
    pub run_id: RunId,
    /// When the run began.
    pub started_at: String,
    /// The directory's name in the ledger.
    pub source: String,
    /// Name of the layout.
    pub layout: String,
    /// Directory that holds the originals.
    pub archive: Option<String>,
}

/// A version of a source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRead {
    /// Id in the ledger; later ones are greater.
    pub id: i64,
    /// The run that read it or found it removed.
    pub run_id: RunId,
    /// The directory's name in the ledger.
    pub source: String,
    /// Name of the layout.
    pub layout: String,
    /// Its relative path.
    pub path: String,
    /// `None` if it was removed.
    pub sha256: Option<String>,
}

type Finding = (
    i64,
    Option<String>,
    Option<String>,
    Option<i64>,
    Option<i64>,
    String,
    String,
    i64,
);

impl PageRow for Finding {
    fn bytes(&self) -> usize {
        self.1.bytes() + self.2.bytes() + self.6.bytes()
    }
}

type File = (String, Option<String>, RunId);
type Run = (String, String, String, Option<String>);

impl Ledger<'_> {
    /// Returns up to `limit` rejects with ids greater than `after`, in order: fewer if they are large, none if there
    /// are none.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn rejects_after(
        &mut self,
        after: i64,
        limit: i64,
    ) -> Result<Vec<RejectRecord>, DatabaseError> {
        self.require_ledger()?;
        let found = rejects::table
            .filter(rejects::id.gt(after))
            .order(rejects::id)
            .limit(limit)
            .select((
                rejects::id,
                rejects::record,
                rejects::pointer,
                rejects::line,
                rejects::column,
                rejects::rule,
                rejects::message,
                rejects::source_file_id,
            ))
            .load_iter::<Finding, DefaultLoadingMode>(&mut self.database.connection)?;
        let found = Pages::of(limit).take(found)?.rows;
        let mut files = HashMap::new();
        let mut of_file = None;
        let mut records = Vec::with_capacity(found.len());
        for (id, record, pointer, line, column, rule, message, source_file_id) in found {
            let (path, sha256, run_id) = match files.get(&source_file_id) {
                Some(file) => Clone::clone(file),
                None => {
                    let file: File = source_files::table
                        .find(source_file_id)
                        .select((
                            source_files::path,
                            source_files::sha256,
                            source_files::run_id,
                        ))
                        .first(&mut self.database.connection)?;
                    files.insert(source_file_id, file.clone());
                    file
                }
            };
            let (started_at, source, layout, archive) = match &of_file {
                Some((id, run)) if *id == run_id => Clone::clone(run),
                _ => {
                    let run: Run = import_runs::table
                        .find(&run_id)
                        .select((
                            import_runs::started_at,
                            import_runs::source,
                            import_runs::layout,
                            import_runs::archive,
                        ))
                        .first(&mut self.database.connection)?;
                    of_file = Some((run_id.clone(), run.clone()));
                    run
                }
            };
            records.push(RejectRecord {
                id,
                record,
                pointer,
                line,
                column,
                rule,
                message,
                source_file_id,
                path,
                sha256,
                run_id,
                started_at,
                source,
                layout,
                archive,
            });
        }
        Ok(records)
    }

    /// The versions of all files of all directories, oldest first.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn file_versions(&mut self) -> Result<Vec<VersionRead>, DatabaseError> {
        self.require_ledger()?;
        let versions: Vec<(i64, RunId, String, String, String, Option<String>)> =
            source_files::table
                .inner_join(import_runs::table)
                .order(source_files::id)
                .select((
                    source_files::id,
                    source_files::run_id,
                    import_runs::source,
                    import_runs::layout,
                    source_files::path,
                    source_files::sha256,
                ))
                .load(&mut self.database.connection)?;
        let version = |(id, run_id, source, layout, path, sha256)| VersionRead {
            id,
            run_id,
            source,
            layout,
            path,
            sha256,
        };
        Ok(versions.into_iter().map(version).collect())
    }

    /// The rejected records of one version of a file, each with the rule.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn rejected_of_version(
        &mut self,
        source_file: i64,
    ) -> Result<Vec<(Option<String>, String)>, DatabaseError> {
        Ok(rejects::table
            .filter(rejects::source_file_id.eq(source_file))
            .select((rejects::record, rejects::rule))
            .load(&mut self.database.connection)?)
    }
}
