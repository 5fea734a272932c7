//! Reads written rows while indexes are still being built.

use super::engine::embedded;
use super::{Access, AnyConnection, DatabaseError, DatabaseUrl, ReadTransaction, WriteTransaction};

impl WriteTransaction {
    /// Runs `change`, which adds indexes and triggers, and `read`, which reads rows: at the same time by a second
    /// connection while a new file is built, otherwise one after the other. The transaction stays open.
    ///
    /// # Errors
    /// Those of both, and when the second connection fails.
    pub(super) fn change_while_reading<T: Send>(
        &mut self,
        change: impl FnOnce(&mut AnyConnection) -> Result<(), DatabaseError>,
        read: impl FnOnce(&mut ReadTransaction) -> Result<T, DatabaseError> + Send,
    ) -> Result<T, DatabaseError> {
        let this = &mut self.reading;
        let (Access::Build, DatabaseUrl::File(path)) = (this.access, &this.place) else {
            change(&mut this.connection)?;
            return read(this);
        };
        let path = path.clone();
        // There is no journal, so a commit in between loses nothing: after a failure the file is deleted.
        let committed = this.connection.commit();
        committed.map_err(|error| this.explain(error))?;
        let mut beside = ReadTransaction {
            is_whole: this.is_whole,
            connection: embedded::open_beside(&path, this.wait)?,
            place: this.place.clone(),
            access: Access::Read,
            wait: this.wait,
            immutable: None,
            _keeper: None,
        };
        beside.begin_reading()?;
        let prepared = this.connection.engine_mut().prepare_indexing();
        let begun = prepared.and_then(|()| this.connection.begin_write(this.wait));
        begun.map_err(|error| this.explain(error))?;
        std::thread::scope(|scope| {
            let reading = scope.spawn(move || read(&mut beside));
            let changed = change(&mut this.connection);
            let read = reading.join().expect("the reading thread does not panic");
            changed.and(read)
        })
    }
}

impl ReadTransaction {
    /// Fixes the state that is read: the schema is read with the first statement, not when the file is opened.
    fn begin_reading(&mut self) -> Result<(), DatabaseError> {
        let begun = self.connection.begin_read();
        begun.map_err(|error| self.explain(error))?;
        self.connection.has_table("audit_log")?;
        Ok(())
    }
}
