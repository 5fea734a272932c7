//! Database servers, as URLs, variables and messages name them.

use std::fmt;

use super::AnyConnection;
use super::registry::{KNOWN, KnownServer};
use crate::database::{DatabaseError, ServerAddress};

/// A kind of database server.
pub struct Server {
    /// The scheme of its URLs.
    pub scheme: &'static str,
    /// The name of the product.
    pub product: &'static str,
    /// Values of `DATABASE_TYPE` that select it, besides the schemes of its URLs.
    pub types: &'static [&'static str],
    /// Its default port.
    pub default_port: u16,
    /// Whether a database has schemas.
    pub has_schemas: bool,
    /// The environment variables that describe one of its databases.
    pub variables: Variables,
    /// The statement that lets a user read all tables.
    pub(in crate::database) grant: &'static str,
    /// Connects once.
    pub(in crate::database) open: fn(&ServerAddress) -> Result<AnyConnection, DatabaseError>,
}

/// Names of environment variables. The first of each list that is set is used.
pub struct Variables {
    /// The host.
    pub host: &'static [&'static str],
    /// The port.
    pub port: &'static [&'static str],
    /// The database.
    pub database: &'static [&'static str],
    /// The user.
    pub user: &'static [&'static str],
    /// The user's password.
    pub password: &'static [&'static str],
    /// Timeout of an attempt to connect, in seconds.
    pub timeout: &'static [&'static str],
}

impl Variables {
    /// Those that are the same for all servers.
    pub const GENERIC: Self = Self {
        host: &["DB_HOST"],
        port: &["DB_PORT"],
        database: &["DB_NAME"],
        user: &["DB_USER"],
        password: &["DB_PASSWORD"],
        timeout: &["DB_TIMEOUT"],
    };
}

impl fmt::Debug for Server {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.scheme)
    }
}

/// There is one of each kind.
impl PartialEq for Server {
    fn eq(&self, other: &Self) -> bool {
        self.scheme == other.scheme
    }
}
impl Eq for Server {}

/// The servers that are built in.
pub(in crate::database) fn servers() -> impl Iterator<Item = &'static Server> {
    KNOWN.iter().filter_map(|known| known.server)
}

/// The server whose URLs have this scheme; `None` if no server uses it.
pub(in crate::database) fn find_scheme(
    scheme: &str,
) -> Option<Result<&'static Server, DatabaseError>> {
    let mut known = KNOWN.iter();
    Some(built_in(
        known.find(|known| known.schemes.contains(&scheme))?,
    ))
}

/// Whether the string begins like a server URL without its colon.
pub(in crate::database) fn is_scheme_without_colon(text: &str) -> bool {
    let rest = |scheme: &&str| text.strip_prefix(*scheme);
    let mut schemes = KNOWN.iter().flat_map(|known| known.schemes);
    schemes.any(|scheme| rest(scheme).is_some_and(|rest| rest.starts_with("//")))
}

/// The server that a value of `DATABASE_TYPE` means.
///
/// # Errors
/// When accession was built without it.
#[must_use]
pub fn find_server(name: &str) -> Option<Result<&'static Server, DatabaseError>> {
    let mut known = KNOWN.iter();
    let is_meant = |known: &&KnownServer| {
        let types = known.server.map_or(&[][..], |server| server.types);
        known.schemes.contains(&name) || types.contains(&name)
    };
    Some(built_in(known.find(is_meant)?))
}

/// The canonical schemes of all servers, built in or not.
pub fn server_names() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|known| known.schemes[0])
}

/// The names of the products whose databases have schemas, for messages.
#[must_use]
pub fn products_with_schemas() -> String {
    let servers = servers().filter(|server| server.has_schemas);
    let products: Vec<_> = servers.map(|server| server.product).collect();
    products.join(" or ")
}

fn built_in(known: &KnownServer) -> Result<&'static Server, DatabaseError> {
    known
        .server
        .ok_or(DatabaseError::NotBuiltIn(known.schemes[0]))
}
