//! A server that `DATABASE_TYPE` and separate variables describe, as applications have them.

use std::time::Duration;

use crate::database::{DatabaseUrl, Patience, Secret, ServerAddress, ServerKind, Tls, TlsMode};

use super::command_error::CommandError;
use super::database_options::Variables;

/// The server that they name; none without `DATABASE_TYPE`.
///
/// `DATABASE_TYPE` with `DB_HOST`, `DB_PORT`, `DB_NAME`, `DB_USER`, `DB_PASSWORD`, or for MySQL `MYSQL_HOST`, `MYSQL_PORT`,
/// `MYSQL_DATABASE`, `MYSQL_USERNAME`, `MYSQL_PASSWORD`, `MYSQL_TIMEOUT`.
pub(super) fn server_url(variables: &Variables) -> Result<Option<DatabaseUrl>, CommandError> {
    let kind = match variables.find("DATABASE_TYPE").as_deref() {
        Some("postgres" | "postgresql" | "pgsql") => ServerKind::Postgres,
        Some("mysql" | "mariadb") => ServerKind::Mysql,
        Some(other) => {
            return Err(CommandError::Usage(format!(
                "`DATABASE_TYPE` is `{other}`, and neither `postgres` nor `mysql`"
            )));
        }
        None => return Ok(None),
    };
    // For MySQL its own names come first; the others are there for both.
    let named = |own: &'static str, both: &'static str| {
        let names = match kind {
            ServerKind::Mysql => &[own, both][..],
            ServerKind::Postgres => &[both],
        };
        let mut set = names
            .iter()
            .filter_map(|&name| Some((name, variables.find(name)?)));
        set.next()
    };
    let find = |own, both| named(own, both).map(|(_, text)| text);
    let number = |own, both| match named(own, both) {
        None => Ok(None),
        Some((name, text)) => match text.parse::<u16>() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(CommandError::Usage(format!(
                "`{name}` is `{text}`, and not a number from 0 to 65535"
            ))),
        },
    };
    let database = find("MYSQL_DATABASE", "DB_NAME").ok_or_else(|| {
        CommandError::Usage("`DATABASE_TYPE` is set, and `DB_NAME` is not".to_owned())
    })?;
    let mut patience = Patience::default();
    if let Some(seconds) = number("MYSQL_TIMEOUT", "DB_TIMEOUT")? {
        patience.timeout = Duration::from_secs(seconds.into());
    }
    Ok(Some(DatabaseUrl::Server(Box::new(ServerAddress {
        kind,
        host: find("MYSQL_HOST", "DB_HOST").unwrap_or_else(|| "localhost".to_owned()),
        port: number("MYSQL_PORT", "DB_PORT")?.unwrap_or(kind.default_port()),
        user: find("MYSQL_USERNAME", "DB_USER").unwrap_or_default(),
        password: find("MYSQL_PASSWORD", "DB_PASSWORD").map(Secret::new),
        database,
        schema: None,
        tls: Tls {
            mode: TlsMode::Prefer,
            authorities: None,
        },
        patience,
    }))))
}
