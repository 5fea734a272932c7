//! Tables that are partitions of other tables, on databases where a partition is a table.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::database::{AnyConnection, DatabaseError, TableProblem};
use crate::model::Table;

use super::Tables;

#[derive(QueryableByName)]
struct StoredPartition {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    of_table: String,
    #[diesel(sql_type = BigInt)]
    is_whole: i64,
    #[diesel(sql_type = BigInt)]
    own: i64,
    #[diesel(sql_type = BigInt)]
    shared: i64,
    #[diesel(sql_type = BigInt)]
    moved: i64,
}

/// A partition, and one of the tables that it is a part of: a partition can have partitions.
pub(in crate::database) struct PartitionOf {
    /// The partition.
    pub(in crate::database) name: String,
    /// A table that it is a part of.
    pub(in crate::database) of_table: String,
    /// Whether this is the topmost one.
    pub(in crate::database) is_whole: bool,
    /// Whether it has audit triggers of its own.
    pub(in crate::database) own: bool,
    /// Whether it has those of this table: its rows are recorded as rows of the table.
    pub(in crate::database) shared: bool,
    /// Whether it has an audit trigger of a table that it is not a part of.
    pub(in crate::database) moved: bool,
}

impl AnyConnection {
    /// Every partition with every table that it is a part of.
    pub(in crate::database) fn partitions(&mut self) -> Result<Vec<PartitionOf>, DatabaseError> {
        let Some(query) = self.catalog().partitions else {
            return Ok(Vec::new());
        };
        let stored: Vec<StoredPartition> = diesel::sql_query(query).load(self)?;
        let partition = |stored: StoredPartition| PartitionOf {
            name: stored.name,
            of_table: stored.of_table,
            is_whole: stored.is_whole != 0,
            own: stored.own != 0,
            shared: stored.shared != 0,
            moved: stored.moved != 0,
        };
        Ok(stored.into_iter().map(partition).collect())
    }

    /// Fails for a table that has the triggers of a table that it is a part of, which cannot be replaced on it alone.
    pub(in crate::database) fn require_own_triggers(
        &mut self,
        table: &Table,
    ) -> Result<(), DatabaseError> {
        let mut partitions = self.partitions()?.into_iter();
        let shared = partitions.find(|part| part.shared && !part.own && part.name == table.name);
        shared.map_or(Ok(()), |part| {
            let whole = part.of_table;
            Err(DatabaseError::Tables(vec![TableProblem {
                table: part.name,
                message: format!(
                    "it is a partition of `{whole}`, and its rows are recorded as rows of that table; `accession audit disable {whole}` changes that"
                ),
            }]))
        })
    }
}

impl Tables<'_> {
    /// What partitions lack of the triggers of a table, if no change of theirs can have been missed.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn untouched_partitions(&mut self, table: &Table) -> Result<Vec<String>, DatabaseError> {
        let audited = self.database.connection.audited(table)?;
        Ok(self
            .database
            .connection
            .engine_mut()
            .untouched_partitions(&audited)?)
    }

    /// The table under whose name the rows of a partition are recorded, or else the topmost table that it is a part of;
    /// and whether it is the former.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn partitioned_table(
        &mut self,
        name: &str,
    ) -> Result<Option<(String, bool)>, DatabaseError> {
        let mut partitions = self.database.connection.partitions()?;
        partitions.retain(|part| part.name == name && (part.shared || part.is_whole));
        partitions.sort_by_key(|part| !part.shared);
        let found = partitions.into_iter().next();
        Ok(found.map(|part| (part.of_table, part.shared)))
    }

    /// Whether the rows of a table are also rows of another one, of which it is a partition.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn is_partition_of(&mut self, name: &str, whole: &str) -> Result<bool, DatabaseError> {
        let partitions = self.database.connection.partitions()?;
        let mut partitions = partitions.iter();
        Ok(partitions.any(|part| part.name == name && part.of_table == whole))
    }

    /// Names of all partitions.
    pub(in crate::database) fn partition_names(
        &mut self,
    ) -> Result<BTreeSet<String>, DatabaseError> {
        let partitions = self.database.connection.partitions()?.into_iter();
        Ok(partitions.map(|part| part.name).collect())
    }

    /// Names of partitions whose rows are recorded as rows of another table.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn shared_partitions(&mut self) -> Result<BTreeSet<String>, DatabaseError> {
        let partitions = self.database.connection.partitions()?.into_iter();
        let shared = partitions.filter(|part| part.shared && !part.own);
        Ok(shared.map(|part| part.name).collect())
    }

    /// Partitions of a table that are recorded as tables of their own.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn partitions_with_own_triggers(
        &mut self,
        table: &str,
    ) -> Result<Vec<Table>, DatabaseError> {
        let mut partitions = self.database.connection.partitions()?;
        partitions.retain(|part| part.own && part.of_table == table);
        let mut tables = Vec::new();
        for part in partitions {
            tables.extend(self.defined_table(&part.name)?);
        }
        Ok(tables)
    }
}
