//! URLs, variables and connections of PostgreSQL.

use super::connection::open;
use crate::database::AnyConnection;
use crate::database::engine::{Server, Variables};

/// PostgreSQL, and servers that use its protocol.
pub(in crate::database) static SERVER: Server = Server {
    scheme: "postgres",
    product: "PostgreSQL",
    types: &["pgsql"],
    default_port: 5432,
    has_schemas: true,
    variables: Variables::GENERIC,
    grant: "GRANT SELECT ON ALL TABLES IN SCHEMA … TO …",
    open: |address| open(address).map(AnyConnection::Postgres),
};
