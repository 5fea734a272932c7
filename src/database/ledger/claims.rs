//! The rows of a table that the ledger accounts for, from any directory.
//!
//! Read as a stream: a table may have millions of rows.

use std::collections::HashMap;

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;

use crate::database::DatabaseError;
use crate::model::{Fingerprint, RecordId};

use super::Ledger;
use super::tables::{import_runs, row_sources, source_files};

/// Maps a record to the row that it became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Id of the version of the source file the record came from.
    pub source_file_id: i64,
    /// Identity of the record.
    pub identity: Fingerprint,
    /// Primary key of the row, as text.
    pub record_id: RecordId,
    /// JSON Pointer to the record.
    pub pointer: String,
    /// The part of a split string.
    pub part: Option<u32>,
}

/// A file that claims come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedFile {
    /// The directory's name in the ledger.
    pub source: String,
    /// Relative path.
    pub path: String,
}

impl Ledger<'_> {
    /// Visits the claims to rows of `table`; there are none without a ledger.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn each_claim(
        &mut self,
        table: &str,
        visit: &mut dyn FnMut(Claim),
    ) -> Result<(), DatabaseError> {
        if !self.database.has_ledger()? {
            return Ok(());
        }
        let stored = row_sources::table
            .filter(row_sources::table_name.eq(table))
            .select((
                row_sources::source_file_id,
                row_sources::identity,
                row_sources::record_id,
                row_sources::pointer,
                row_sources::part,
            ))
            .load_iter::<(i64, Vec<u8>, RecordId, String, Option<i32>), DefaultLoadingMode>(
                &mut self.database.connection,
            )?;
        for row in stored {
            let (source_file_id, identity, record_id, pointer, part) = row?;
            // An identity of the wrong length was not written by us; it is treated as unknown.
            let Ok(identity) = identity.try_into() else {
                continue;
            };
            visit(Claim {
                source_file_id,
                identity: Fingerprint(identity),
                record_id,
                pointer,
                part: part.and_then(|part| u32::try_from(part).ok()),
            });
        }
        Ok(())
    }

    /// All versions of source files, by their ids; there are none without a ledger.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn claimed_files(&mut self) -> Result<HashMap<i64, ClaimedFile>, DatabaseError> {
        if !self.database.has_ledger()? {
            return Ok(HashMap::new());
        }
        let files: Vec<(i64, String, String)> = source_files::table
            .inner_join(import_runs::table)
            .select((source_files::id, import_runs::source, source_files::path))
            .load(&mut self.database.connection)?;
        let file = |(id, source, path)| (id, ClaimedFile { source, path });
        Ok(files.into_iter().map(file).collect())
    }
}
