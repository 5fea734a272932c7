//! Reads a server address from `DATABASE_TYPE` and separate variables, a common convention of applications.

use std::net::IpAddr;
use std::time::Duration;

use crate::database::{
    DatabaseUrl, RetryPolicy, Secret, ServerAddress, Tls, TlsMode, find_server, is_usual_name,
    server_names,
};

use super::command_error::CommandError;
use super::variables::Variables;

/// Returns the server address, or `None` without `DATABASE_TYPE`.
///
/// Reads `DATABASE_TYPE` and the variables of the server ([`Server::variables`](crate::database::Server::variables)):
/// `DB_HOST`, `DB_PORT`, `DB_NAME`, `DB_USER`, `DB_PASSWORD`, `DB_TIMEOUT`; the server's own names take precedence.
pub(super) fn server_url(variables: &Variables) -> Result<Option<DatabaseUrl>, CommandError> {
    let Some(name) = variables.find("DATABASE_TYPE") else {
        return Ok(None);
    };
    let Some(server) = find_server(&name) else {
        // The value is not shown: it may be a URL in the wrong variable, with a password.
        let names: Vec<_> = server_names().map(|name| format!("`{name}`")).collect();
        let message = format!("`DATABASE_TYPE` must be {}", names.join(" or "));
        return Err(CommandError::Usage(message));
    };
    let server = server?;
    let named = |names: &'static [&'static str]| {
        let mut names = names.iter();
        names.find_map(|&name| Some((name, variables.find(name)?)))
    };
    let find = |names| named(names).map(|(_, text)| text);
    let number = |names| match named(names) {
        None => Ok(None),
        Some((name, text)) => match text.parse::<u16>() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(CommandError::Usage(format!(
                "`{name}` must be a number from 0 to 65535"
            ))),
        },
    };
    let names = &server.variables;
    let database = find(names.database).ok_or_else(|| {
        CommandError::Usage("`DATABASE_TYPE` is set, but `DB_NAME` is not".to_owned())
    })?;
    // These values are printed in messages, so they must not contain a password.
    let is_plain = |text: &str| is_usual_name(&text.replace(['@', '$'], "_"));
    for shown in [names.database, names.user] {
        if let Some((name, text)) = named(shown)
            && !is_plain(&text)
        {
            let message = format!(
                "`{name}` is not a plain name; set `DATABASE_URL` to a URL, with `%20` for a blank"
            );
            return Err(CommandError::Usage(message));
        }
    }
    if let Some((name, text)) = named(names.host) {
        let is_address = text.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        if !is_address && !is_usual_name(&text) {
            let message = format!(
                "`{name}` must be a host name, an IP address, or the path of a socket; the port is in `{}`",
                names.port[0]
            );
            return Err(CommandError::Usage(message));
        }
    }
    let mut retry = RetryPolicy::default();
    if let Some(seconds) = number(names.timeout)? {
        retry.timeout = Duration::from_secs(seconds.into());
    }
    Ok(Some(DatabaseUrl::Server(Box::new(ServerAddress {
        server,
        host: find(names.host).unwrap_or_else(|| "localhost".to_owned()),
        port: number(names.port)?.unwrap_or(server.default_port),
        user: find(names.user).unwrap_or_default(),
        password: find(names.password).map(Secret::new),
        database,
        schema: None,
        tls: Tls {
            mode: TlsMode::Prefer,
            authorities: None,
        },
        retry,
    }))))
}
