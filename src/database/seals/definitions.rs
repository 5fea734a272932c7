//! The definitions of tables and triggers as the database stores them. A seal contains their digest, because they
//! determine what the audit log records.

use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};

use crate::audit::seal::{Leaf, Tree};
use crate::database::DatabaseError;
use crate::model::Sha256;

use super::Seals;

#[derive(QueryableByName)]
struct Definition {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    of_table: String,
    #[diesel(sql_type = Nullable<Text>)]
    definition: Option<String>,
}

impl Seals<'_> {
    /// Digest over the definitions of all tables, views and triggers; indexes are irrelevant.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn schema_digest(&mut self) -> Result<Sha256, DatabaseError> {
        let leaf = |definition: &Definition| {
            let mut leaf = Leaf::begin();
            leaf.text(&definition.kind);
            leaf.text(&definition.name);
            leaf.text(&definition.of_table);
            leaf.optional_text(definition.definition.as_deref());
            leaf.hash()
        };
        let query = self.database.connection.catalog().definitions;
        let definitions: Vec<Definition> =
            diesel::sql_query(query).load(&mut self.database.connection)?;
        Ok(definitions.iter().map(leaf).collect::<Tree>().root())
    }
}
