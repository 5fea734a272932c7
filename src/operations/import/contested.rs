//! Rows that a new record finds by a key, and that another record of the directory became.

use crate::operations::OperationError;
use crate::operations::directory::SharedDatabase;
use crate::plan::{Contested, Knowledge, Planner};

use super::Import;
use super::agenda::ImportAgenda;
use super::standing::Standing;

impl<'l> Import<'l> {
    /// The row stays its record's if that is still to come; if it is gone from the files, the new one takes its place,
    /// as when a file was renamed and its records are known by their place in it.
    pub(super) fn settle_contested(
        &self,
        (database, agenda): (&SharedDatabase<'_>, &ImportAgenda),
        contested: Vec<Contested>,
        (planner, knowledge, ahead): (&mut Planner<'l>, &mut Knowledge, &mut Option<Standing<'l>>),
    ) -> Result<(), OperationError> {
        for contested in contested {
            let standing = match ahead {
                Some(standing) => standing,
                None => {
                    let files = &agenda.files.read;
                    ahead.insert(Standing::of(&self.directory, database, files)?)
                }
            };
            let (table, owner) = (contested.table, contested.owner);
            let is_there =
                standing.has(table, owner) || standing.is_incomplete(&contested.known.path);
            if is_there || planner.succeeded(table, &owner) {
                knowledge.yield_to_owner(contested);
            } else {
                planner.succeed(table, owner);
                knowledge.succeed(contested);
            }
        }
        Ok(())
    }
}
