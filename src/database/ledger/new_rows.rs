//! Writes the ledger tables that get many rows, two of them about as many as the application's tables, by multi-row
//! statements that are prepared once.
//!
//! Diesel prepares an `INSERT` of a slice again each time. These fragments use the same columns, are cached, and bypass
//! the connection enum, which allocates a box per bind parameter.

use diesel::QueryResult;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};

use crate::audit::seal::LedgerRowBytes;
use crate::database::engine::Values;
use crate::database::statement::dynamic_statement;
use crate::model::RunId;

/// A row of `row_sources`.
pub(in crate::database) struct NewEntry<'a> {
    pub(in crate::database) source_file_id: i64,
    pub(in crate::database) position: i64,
    pub(in crate::database) table_name: &'a str,
    pub(in crate::database) identity: &'a [u8],
    pub(in crate::database) identity_start: i64,
    pub(in crate::database) record_id: &'a str,
    pub(in crate::database) pointer: &'a str,
    pub(in crate::database) part: Option<i32>,
    pub(in crate::database) digest: &'a [u8],
}

/// A row of `conversions`.
pub(in crate::database) struct NewConversion<'a> {
    pub(in crate::database) run_id: &'a RunId,
    pub(in crate::database) table_name: &'a str,
    pub(in crate::database) record_id: &'a str,
    pub(in crate::database) column_name: &'a str,
    pub(in crate::database) rule: &'a str,
    pub(in crate::database) source_text: &'a str,
    pub(in crate::database) stored_text: &'a str,
}

impl NewEntry<'_> {
    /// Hashes the row as the sums of seals do when it is read back.
    pub(in crate::database) fn hash_into(&self, bytes: &mut LedgerRowBytes) {
        bytes.integer(self.source_file_id);
        bytes.integer(self.position);
        bytes.text(self.table_name);
        bytes.bytes(self.identity);
        bytes.integer(self.identity_start);
        bytes.text(self.record_id);
        bytes.text(self.pointer);
        bytes.optional_integer(self.part.map(i64::from));
        bytes.bytes(self.digest);
        bytes.null();
    }
}

impl NewConversion<'_> {
    fn texts(&self) -> [&str; 7] {
        [
            self.run_id,
            self.table_name,
            self.record_id,
            self.column_name,
            self.rule,
            self.source_text,
            self.stored_text,
        ]
    }

    /// Hashes the row as the sums of seals do when it is read back.
    pub(in crate::database) fn hash_into(&self, bytes: &mut LedgerRowBytes) {
        for text in self.texts() {
            bytes.text(text);
        }
    }
}

/// A row of `source_files`.
pub(in crate::database) struct NewFile {
    pub(in crate::database) id: i64,
    pub(in crate::database) path: String,
    pub(in crate::database) sha256: Option<String>,
    pub(in crate::database) bytes: i64,
    pub(in crate::database) modified_at: Option<String>,
    pub(in crate::database) records: i64,
    pub(in crate::database) rejected: i64,
}

/// `INSERT INTO source_files …`.
pub(in crate::database) struct InsertFiles<'a> {
    pub(in crate::database) run_id: &'a RunId,
    pub(in crate::database) files: &'a [NewFile],
}

/// `INSERT INTO row_sources …`.
pub(in crate::database) struct InsertEntries<'a>(pub(in crate::database) &'a [NewEntry<'a>]);

/// `INSERT INTO conversions …`.
pub(in crate::database) struct InsertConversions<'a>(
    pub(in crate::database) &'a [NewConversion<'a>],
);

impl<DB: Values> QueryFragment<DB> for InsertEntries<'_>
where
    i64: ToSql<BigInt, DB>,
    i32: ToSql<Integer, DB>,
    str: ToSql<Text, DB>,
    [u8]: ToSql<Binary, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO row_sources (source_file_id, position, table_name, identity, identity_start, record_id, pointer, part, digest) \
             VALUES ",
        );
        for (i, entry) in self.0.iter().enumerate() {
            out.push_sql(if i == 0 { "(" } else { "), (" });
            out.push_bind_param::<BigInt, i64>(&entry.source_file_id)?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, i64>(&entry.position)?;
            out.push_sql(", ");
            out.push_bind_param::<Text, str>(entry.table_name)?;
            out.push_sql(", ");
            out.push_bind_param::<Binary, [u8]>(entry.identity)?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, i64>(&entry.identity_start)?;
            out.push_sql(", ");
            out.push_bind_param::<Text, str>(entry.record_id)?;
            out.push_sql(", ");
            out.push_bind_param::<Text, str>(entry.pointer)?;
            out.push_sql(", ");
            out.push_bind_param::<Nullable<Integer>, Option<i32>>(&entry.part)?;
            out.push_sql(", ");
            out.push_bind_param::<Binary, [u8]>(entry.digest)?;
        }
        out.push_sql(")");
        Ok(())
    }
}

impl<DB: Values> QueryFragment<DB> for InsertFiles<'_>
where
    i64: ToSql<BigInt, DB>,
    String: ToSql<Text, DB>,
    str: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO source_files (id, run_id, path, sha256, bytes, modified_at, records, rejected) VALUES ",
        );
        for (i, file) in self.files.iter().enumerate() {
            out.push_sql(if i == 0 { "(" } else { "), (" });
            out.push_bind_param::<BigInt, i64>(&file.id)?;
            out.push_sql(", ");
            out.push_bind_param::<Text, str>(self.run_id)?;
            out.push_sql(", ");
            out.push_bind_param::<Text, String>(&file.path)?;
            out.push_sql(", ");
            out.push_bind_param::<Nullable<Text>, Option<String>>(&file.sha256)?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, i64>(&file.bytes)?;
            out.push_sql(", ");
            out.push_bind_param::<Nullable<Text>, Option<String>>(&file.modified_at)?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, i64>(&file.records)?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, i64>(&file.rejected)?;
        }
        out.push_sql(")");
        Ok(())
    }
}

impl<DB: Values> QueryFragment<DB> for InsertConversions<'_>
where
    str: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO conversions (run_id, table_name, record_id, column_name, rule, source_text, stored_text) VALUES ",
        );
        for (i, new) in self.0.iter().enumerate() {
            out.push_sql(if i == 0 { "(" } else { "), (" });
            for (j, text) in new.texts().into_iter().enumerate() {
                if j > 0 {
                    out.push_sql(", ");
                }
                out.push_bind_param::<Text, str>(text)?;
            }
        }
        out.push_sql(")");
        Ok(())
    }
}

dynamic_statement!(InsertEntries, InsertFiles, InsertConversions);
