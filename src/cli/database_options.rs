//! Selects the database: from the command line, the environment, or a `.env` file, in this order.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::database::{
    DatabaseUrl, RetryObserver, Secret, ServerAddress, TlsMode, products_with_schemas,
};
use crate::model::open_regular;

use super::command_error::CommandError;
use super::message::message;
use super::numbers::{attempts, seconds};
use super::output::Output;
use super::server_variables::server_url;
use super::variables::{SETTINGS, Variables};

/// Heading of these options in `--help`.
const SERVER: &str = "Server";

/// Limit for the bytes read from a password file.
const LONGEST_PASSWORD_FILE: u64 = 64 * 1024;

/// Options that select the database.
#[derive(Debug, Args)]
pub(super) struct DatabaseOptions {
    /// The database: a path, `sqlite:PATH`, `postgres://USER@HOST/NAME`, or `mysql://USER@HOST/NAME` [default:
    /// `DATABASE_URL`, or from `DATABASE_TYPE` and the variables that go with it]
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// How long to wait for other programs that are writing; on a server, up to twenty times as long for another
    /// import
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    wait: Duration,
    /// File that contains the password and that other users cannot read [default: `DATABASE_PASSWORD`, or from the
    /// URL]
    #[arg(long, value_name = "FILE", help_heading = SERVER)]
    password_file: Option<PathBuf>,
    /// TLS mode of the connection [default: from the URL, else prefer]
    #[arg(long, value_enum, value_name = "MODE", help_heading = SERVER)]
    tls: Option<TlsChoice>,
    /// PEM file with trusted certificate authorities; makes verify-full the default of `--tls` [default: Mozilla's]
    #[arg(long, value_name = "FILE", help_heading = SERVER)]
    tls_ca: Option<PathBuf>,
    /// PostgreSQL: the schema of the tables; must exist [default: the first one in the `search_path`]
    #[arg(long, value_name = "NAME", help_heading = SERVER)]
    schema: Option<String>,
    /// Timeout of one connection attempt [default: 10]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, help_heading = SERVER)]
    connect_timeout: Option<Duration>,
    /// Maximum attempts to connect, and to retry a transaction after a deadlock or serialization failure
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = attempts, help_heading = SERVER)]
    connect_attempts: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TlsChoice {
    /// No TLS.
    Disable,
    /// TLS if the server offers it; the certificate is not verified.
    Prefer,
    /// Always TLS; the certificate is not verified.
    Require,
    /// Always TLS; the certificate must be trusted and match the host.
    VerifyFull,
}

impl From<TlsChoice> for TlsMode {
    fn from(choice: TlsChoice) -> Self {
        match choice {
            TlsChoice::Disable => Self::Disable,
            TlsChoice::Prefer => Self::Prefer,
            TlsChoice::Require => Self::Require,
            TlsChoice::VerifyFull => Self::VerifyFull,
        }
    }
}

impl DatabaseOptions {
    /// Whether `--database` was given on the command line, not only through the environment.
    pub(super) fn is_argument(&self) -> bool {
        self.database.is_some()
    }

    /// Returns the address of the database with everything that is needed to connect.
    pub(super) fn url(&self, output: &Output) -> Result<DatabaseUrl, CommandError> {
        let variables = Variables::read()?;
        let mut url = match self.database.as_deref() {
            Some("") => return Err(CommandError::Usage("`--database` is empty".to_owned())),
            Some(text) => DatabaseUrl::parse(text)?,
            None => url_from(&variables, output)?.ok_or_else(|| {
                let which = "no database: set `--database` or `DATABASE_URL` to a path or a URL";
                CommandError::Usage(which.to_owned())
            })?,
        };
        if let DatabaseUrl::Server(address) = &mut url {
            if self.is_argument() && address.password.is_some() {
                message(
                    "warning: the password is visible to other users of this machine in the list of processes; \
                     set `DATABASE_PASSWORD`, or use `--password-file`\n",
                );
            }
            self.complete(address, &variables)?;
            if output.prints_notices() {
                let print = |text: &str| message(&format!("{text}\n"));
                address.retry.observer = RetryObserver(print);
            }
        }
        choose_schema(&mut url, self.schema.as_deref())?;
        Ok(url)
    }

    /// Like [`url`](Self::url), but optional.
    pub(super) fn url_if_named(
        &self,
        output: &Output,
    ) -> Result<Option<DatabaseUrl>, CommandError> {
        let variables = Variables::read()?;
        let is_named = self.is_argument()
            || variables.find("DATABASE_URL").is_some()
            || server_url(&variables)?.is_some();
        is_named.then(|| self.url(output)).transpose()
    }

    fn complete(
        &self,
        address: &mut ServerAddress,
        variables: &Variables,
    ) -> Result<(), CommandError> {
        if let Some(file) = &self.password_file {
            address.password = Some(read_password(file)?);
        } else if let Some(password) = variables.find("DATABASE_PASSWORD") {
            address.password = Some(Secret::new(password));
        }
        if let Some(choice) = self.tls {
            address.tls.mode = choice.into();
        }
        if let Some(file) = &self.tls_ca {
            address.tls.authorities = Some(file.clone());
        }
        // A given authority implies that the certificate is to be verified.
        if address.tls.authorities.is_some() {
            match (self.tls, address.tls.mode) {
                (_, TlsMode::VerifyFull) => {}
                (None, TlsMode::Prefer) => address.tls.mode = TlsMode::VerifyFull,
                (_, TlsMode::Disable | TlsMode::Prefer | TlsMode::Require) => {
                    let message = "`--tls-ca` requires `--tls verify-full`";
                    return Err(CommandError::Usage(message.to_owned()));
                }
            }
        }
        if let Some(timeout) = self.connect_timeout {
            address.retry.timeout = timeout;
        }
        address.retry.attempts = self.connect_attempts;
        Ok(())
    }

    pub(super) fn wait(&self) -> Duration {
        self.wait
    }
}

/// Applies `--schema`.
pub(super) fn choose_schema(
    url: &mut DatabaseUrl,
    schema: Option<&str>,
) -> Result<(), CommandError> {
    match (schema, url) {
        (None, _) => Ok(()),
        (Some(schema), DatabaseUrl::Server(address)) if address.server.has_schemas => {
            address.schema = Some(schema.to_owned());
            Ok(())
        }
        (Some(_), DatabaseUrl::Server(_) | DatabaseUrl::File(_)) => {
            let products = products_with_schemas();
            let message = format!(
                "`--schema` is supported for {products} only; specify another database instead"
            );
            Err(CommandError::Usage(message))
        }
    }
}

/// Returns the database that the environment or `.env` specifies.
pub(super) fn url_from_variables(output: &Output) -> Result<Option<DatabaseUrl>, CommandError> {
    url_from(&Variables::read()?, output)
}

fn url_from(variables: &Variables, output: &Output) -> Result<Option<DatabaseUrl>, CommandError> {
    let (url, name) = match variables.find("DATABASE_URL") {
        Some(text) => (Some(DatabaseUrl::parse(&text)?), "DATABASE_URL"),
        None => (server_url(variables)?, "DATABASE_TYPE"),
    };
    if variables.is_from_file(name) {
        output.notice(&format!("`{name}` is taken from `{SETTINGS}`\n"));
    }
    Ok(url)
}

/// Reads the first line of a file that only its owner can read.
fn read_password(file: &Path) -> Result<Secret, CommandError> {
    let unusable = |problem: &str| CommandError::Usage(format!("{}: {problem}", file.display()));
    // The file is checked through the handle that is read, so it cannot be replaced in between.
    let opened = open_regular(file).map_err(|error| unusable(&error.to_string()))?;
    #[cfg(unix)]
    if opened
        .metadata()
        .map(|found| std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o077)
        .map_err(|error| unusable(&error.to_string()))?
        != 0
    {
        return Err(unusable(
            "other users can read the password file; run `chmod 600` on it",
        ));
    }
    let mut text = String::new();
    opened
        .take(LONGEST_PASSWORD_FILE)
        .read_to_string(&mut text)
        .map_err(|error| unusable(&error.to_string()))?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(Secret::new(line)),
        Some(_) | None => Err(unusable("the password file is empty")),
    }
}
