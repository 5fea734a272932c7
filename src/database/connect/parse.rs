//! Server URLs: `SCHEME://user:password@host:port/database?sslmode=…`.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use url::Url;

use super::{RetryPolicy, Secret, ServerAddress, Tls, TlsMode};
use crate::database::{DatabaseError, Server};

/// Parses the URL of a server of this kind. Errors do not quote it, because it may contain a password.
///
/// # Errors
/// When it is malformed, or has an unknown parameter.
pub(in crate::database) fn parse_url(
    server: &'static Server,
    text: &str,
) -> Result<ServerAddress, DatabaseError> {
    let bad = |problem: &str| DatabaseError::BadServerUrl {
        scheme: server.scheme,
        problem: problem.to_owned(),
    };
    let url = Url::parse(text).map_err(|error| bad(&error.to_string()))?;
    // The host of `SCHEME://user:12/34@host/database` is `user`.
    let after = [url.path(), url.fragment().unwrap_or_default()];
    if after.iter().any(|part| part.contains('@')) {
        return Err(bad(
            "`/`, `?`, `#` and `@` in a name or a password must be percent-encoded",
        ));
    }
    // `…/database;user=u;password=…` or `…/database password=…`: host, user and database are shown.
    let (_, rest) = text.split_once("//").unwrap_or(("", text));
    let (rest, _) = rest.split_once('?').unwrap_or((rest, ""));
    let (login, rest) = rest.rsplit_once('@').unwrap_or(("", rest));
    let user = login.split(':').next().unwrap_or_default();
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || ";=&,{}\"'`".contains(c);
    if rest.contains(is_odd) || user.contains(is_odd) {
        return Err(bad(
            "blanks and `; = & , { }` and quotes must be percent-encoded, and there is one host only",
        ));
    }
    let decoded = |part: &str| {
        let text = percent_decode_str(part).decode_utf8();
        text.map(String::from)
            .map_err(|_| bad("part of it is not UTF-8"))
    };
    let mut address = ServerAddress {
        server,
        host: decoded(url.host_str().unwrap_or(""))?
            .trim_matches(['[', ']'])
            .to_owned(),
        port: url.port().unwrap_or(server.default_port),
        user: decoded(url.username())?,
        password: url.password().map(decoded).transpose()?.map(Secret::new),
        database: decoded(url.path().trim_start_matches('/'))?,
        schema: None,
        tls: Tls {
            mode: TlsMode::Prefer,
            authorities: None,
        },
        retry: RetryPolicy::default(),
    };
    for (name, value) in url.query_pairs() {
        match &*name {
            "sslmode" | "ssl-mode" => {
                address.tls.mode = tls_mode(&value).ok_or_else(|| {
                    bad("`sslmode` must be disable, prefer, require or verify-full")
                })?;
            }
            "sslrootcert" | "ssl-ca" => address.tls.authorities = Some(PathBuf::from(&*value)),
            "host" | "socket" => address.host = value.into_owned(),
            "port" => {
                address.port = value
                    .parse()
                    .map_err(|_| bad("`port` is not a port number"))?;
            }
            "user" => address.user = value.into_owned(),
            "password" => address.password = Some(Secret::new(value)),
            "schema" if server.has_schemas => address.schema = Some(value.into_owned()),
            "connect_timeout" => {
                let seconds = value
                    .parse()
                    .map_err(|_| bad("`connect_timeout` is not a number of seconds"))?;
                address.retry.timeout = std::time::Duration::from_secs(seconds);
            }
            // Without a user, the `?` may be part of an unescaped password, whose rest would be shown.
            _ if url.username().is_empty() => return Err(bad("it has an unknown parameter")),
            other => return Err(bad(&format!("unknown parameter `{other}`"))),
        }
    }
    if address.database.is_empty() {
        return Err(bad("it does not name a database"));
    }
    if address.host.is_empty() {
        "localhost".clone_into(&mut address.host);
    }
    Ok(address)
}

fn tls_mode(text: &str) -> Option<TlsMode> {
    match text.to_ascii_lowercase().replace('_', "-").as_str() {
        "disable" | "disabled" => Some(TlsMode::Disable),
        "prefer" | "preferred" => Some(TlsMode::Prefer),
        "require" | "required" => Some(TlsMode::Require),
        "verify-full" | "verify-identity" => Some(TlsMode::VerifyFull),
        _ => None,
    }
}

#[cfg(all(test, feature = "postgres"))]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ServerAddress, DatabaseError> {
        let server = crate::database::find_server("postgres").expect("known");
        parse_url(server.expect("built in"), text)
    }

    #[test]
    fn every_part_is_read_and_the_password_never_shown() {
        let address = parse("postgres://me:p%40ss@db.example:6000/a%20b?sslmode=verify-full&sslrootcert=/ca.pem&schema=legacy")
            .expect("valid");
        assert_eq!((address.host.as_str(), address.port), ("db.example", 6000));
        assert_eq!(address.database, "a b");
        assert_eq!(address.password.as_ref().map(Secret::reveal), Some("p@ss"));
        assert_eq!(address.tls.mode, TlsMode::VerifyFull);
        assert_eq!(
            address.to_string(),
            "postgres://me@db.example:6000/a b?schema=legacy"
        );
        assert!(!format!("{address:?}").contains("p@ss"));
    }

    #[test]
    fn sockets_and_ip_addresses_are_hosts() {
        let address = parse("postgres://me@%2Frun%2Fpostgresql/x").expect("valid");
        assert!(address.is_socket());
        assert_eq!(address.host, "/run/postgresql");
        let address = parse("postgres:///x?host=/run/postgresql").expect("valid");
        assert_eq!(address.host, "/run/postgresql");
        assert_eq!(parse("postgres://me@[::1]/x").expect("valid").host, "::1");
    }

    #[test]
    fn what_is_not_understood_is_rejected_without_quoting_the_password() {
        for text in [
            "postgres://me:secret@host",
            "postgres://me:secret@host/x?sslmode=maybe",
            "postgres://me:secret@host/x?unknown=1",
            "postgres://me:secret@host:99999/x",
            "postgres://me:12/secret@host/x",
            "postgres://me:12#secret@host/x",
            "postgres://me:12?secret@host/x",
            "postgres://me:12?secret=1@host/x",
            "postgres://me@host/x;password=secret",
            "postgres://host/x password=secret",
            "postgres://host/x&password=secret",
            "postgres://me=secret@host/x",
            "postgres://me:secret@host,other/x",
        ] {
            let error = parse(text).expect_err(text).to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
