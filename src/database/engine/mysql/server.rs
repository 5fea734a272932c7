//! URLs, variables and connections of MySQL and MariaDB.

use super::connection::open;
use crate::database::AnyConnection;
use crate::database::engine::{Server, Variables};

/// MySQL, MariaDB, and servers that use their protocol.
pub(in crate::database) static SERVER: Server = Server {
    scheme: "mysql",
    product: "MySQL",
    types: &[],
    default_port: 3306,
    has_schemas: false,
    variables: Variables {
        host: &["MYSQL_HOST", "DB_HOST"],
        port: &["MYSQL_PORT", "DB_PORT"],
        database: &["MYSQL_DATABASE", "DB_NAME"],
        user: &["MYSQL_USERNAME", "DB_USER"],
        password: &["MYSQL_PASSWORD", "DB_PASSWORD"],
        timeout: &["MYSQL_TIMEOUT", "DB_TIMEOUT"],
    },
    grant: "GRANT SELECT ON DATABASE.* TO …",
    open: |address| open(address).map(AnyConnection::Mysql),
};
