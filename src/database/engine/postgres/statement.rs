//! Statements as PostgreSQL is sent them: each in a message of its own and, with values, as the *unnamed* prepared
//! statement, in one round trip with them.
//!
//! A named statement belongs to the connection to the server, which a pooler may give to another client after each
//! transaction: there it would be missing, or in the way of another of the same name.

use diesel::QueryResult;
use diesel::pg::{Pg, PgMetadataLookup, PgQueryBuilder, PgTypeMetadata};
use diesel::query_builder::bind_collector::RawBytesBindCollector;
use diesel::query_builder::{QueryBuilder as _, QueryFragment};
use diesel::result::Error::SerializationError;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, Kind, ToSql, Type};

/// A statement and its values.
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) values: Vec<(Bound, Type)>,
}

impl Statement {
    pub(super) fn of(query: &impl QueryFragment<Pg>) -> QueryResult<Self> {
        let mut builder = PgQueryBuilder::default();
        query.to_sql(&mut builder, &Pg)?;
        let mut collected = RawBytesBindCollector::<Pg>::new();
        query.collect_binds(&mut collected, &mut BuiltInTypes, &Pg)?;
        let types = collected.metadata.iter().map(type_of);
        let values = collected.binds.into_iter().map(Bound).zip(types);
        Ok(Self {
            sql: builder.finish(),
            values: values
                .map(|(value, ty)| Ok((value, ty?)))
                .collect::<QueryResult<_>>()?,
        })
    }
}

fn type_of(metadata: &PgTypeMetadata) -> QueryResult<Type> {
    let oid = metadata
        .oid()
        .map_err(|error| SerializationError(Box::new(error)))?;
    let other = || Type::new(String::new(), oid, Kind::Simple, String::new());
    Ok(Type::from_oid(oid).unwrap_or_else(other))
}

/// A value that Diesel has put into PostgreSQL's binary format; NULL is `None`.
#[derive(Debug)]
pub(super) struct Bound(Option<Vec<u8>>);

impl ToSql for Bound {
    fn to_sql(
        &self,
        _ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        Ok(match &self.0 {
            None => IsNull::Yes,
            Some(bytes) => {
                out.extend_from_slice(bytes);
                IsNull::No
            }
        })
    }

    fn accepts(_ty: &Type) -> bool {
        true
    }

    fn to_sql_checked(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        self.to_sql(ty, out)
    }
}

/// Replaces Diesel's lookup of type numbers on the server; the types used here have fixed numbers.
pub(super) struct BuiltInTypes;

impl PgMetadataLookup for BuiltInTypes {
    /// The server infers the type.
    fn lookup_type(&mut self, _name: &str, _schema: Option<&str>) -> PgTypeMetadata {
        PgTypeMetadata::new(0, 0)
    }

    fn as_any<'a>(&mut self) -> &mut (dyn std::any::Any + 'a)
    where
        Self: 'a,
    {
        self
    }
}
