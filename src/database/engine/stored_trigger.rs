//! The triggers of a table that are ours.

use diesel::QueryableByName;
use diesel::sql_types::Text;

/// A trigger of the database that is one of ours, whatever its name: it calls our function, or has the text of ours.
#[derive(Debug, Clone, QueryableByName)]
pub(in crate::database) struct StoredTrigger {
    #[diesel(sql_type = Text)]
    pub(in crate::database) name: String,
    #[diesel(sql_type = Text)]
    pub(in crate::database) definition: String,
    /// The statement that drops it.
    #[diesel(sql_type = Text)]
    pub(in crate::database) drop_statement: String,
}

/// Such a trigger on a table of another schema than that of the ledger.
#[derive(QueryableByName)]
pub(in crate::database) struct TriggerElsewhere {
    /// The table, as `schema.table`.
    #[diesel(sql_type = Text)]
    pub(in crate::database) of_table: String,
    #[diesel(embed)]
    pub(in crate::database) trigger: StoredTrigger,
}
