//! A plan that is only shown.

use crate::database::{Database, TargetTables};
use crate::operations::OperationError;
use crate::operations::directory::SharedDatabase;

use super::Import;
use super::agenda::ImportAgenda;
use super::outcome::{ImportOutcome, ImportStatus};
use super::sink::PlanList;

impl Import<'_> {
    /// Plans without writing.
    pub(super) fn dry_run(
        &self,
        mut database: Option<&mut Database>,
        agenda: ImportAgenda,
    ) -> Result<ImportOutcome, OperationError> {
        let target = match database.as_deref_mut() {
            Some(database) => database.inspect_tables(self.directory.layout)?,
            None => TargetTables::absent(self.directory.layout),
        };
        let mut list = PlanList::new(self.directory.layout);
        let mut gathered = self.start(database.as_deref_mut(), &target, &agenda)?;
        let database = database.map(SharedDatabase::new);
        self.gather(database.as_ref(), &agenda, &mut gathered, &mut list)?;
        if let Some(database) = database.as_ref().filter(|_| gathered.reading.knows_rows) {
            self.gone(database, &agenda, &mut gathered, &mut list)?;
        }
        let status = if gathered.refuses() {
            ImportStatus::Invalid
        } else {
            ImportStatus::Planned
        };
        let mut outcome = self.outcome(&agenda, gathered, status);
        outcome.changes = list.changes;
        outcome.changes_not_kept = list.not_kept;
        Ok(outcome)
    }
}
