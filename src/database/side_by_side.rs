//! Reads written rows while indexes are still being built.

use super::engine::embedded;
use super::{Access, AnyConnection, Database, DatabaseError, DatabaseUrl};

impl Database {
    /// Runs `change`, which adds indexes and triggers, and `read`, which reads rows: at the same time by a second
    /// connection while a new file is built, otherwise one after the other. Must be called within a transaction, which
    /// stays open.
    ///
    /// # Errors
    /// Those of both, and when the second connection fails.
    pub(super) fn change_while_reading<T: Send>(
        &mut self,
        change: impl FnOnce(&mut AnyConnection) -> Result<(), DatabaseError>,
        read: impl FnOnce(&mut Database) -> Result<T, DatabaseError> + Send,
    ) -> Result<T, DatabaseError> {
        let (Access::Build, DatabaseUrl::File(path)) = (self.access, &self.place) else {
            change(&mut self.connection)?;
            return read(self);
        };
        let path = path.clone();
        // There is no journal, so a commit in between loses nothing: after a failure the file is deleted.
        let committed = self.connection.commit();
        committed.map_err(|error| self.explain(error))?;
        let mut beside = Self {
            is_whole: self.is_whole,
            connection: embedded::open_beside(&path, self.wait)?,
            place: self.place.clone(),
            access: Access::Read,
            wait: self.wait,
            immutable: None,
            is_writing: false,
            _keeper: None,
        };
        beside.begin_reading()?;
        let prepared = self.connection.engine_mut().prepare_indexing();
        let begun = prepared.and_then(|()| self.connection.begin_write(self.wait));
        begun.map_err(|error| self.explain(error))?;
        std::thread::scope(|scope| {
            let reading = scope.spawn(move || read(&mut beside));
            let changed = change(&mut self.connection);
            let read = reading.join().expect("the reading thread does not panic");
            changed.and(read)
        })
    }

    /// Fixes the state that is read: the schema is read with the first statement, not when the file is opened.
    fn begin_reading(&mut self) -> Result<(), DatabaseError> {
        let begun = self.connection.begin_read();
        begun.map_err(|error| self.explain(error))?;
        self.connection.has_table("audit_log")?;
        Ok(())
    }
}
