//! Which database: from the command line, the environment, or a `.env` file, in this order.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::database::{Announce, DatabaseUrl, Secret, ServerAddress, ServerKind, TlsMode};

use super::command_error::CommandError;
use super::output::{Output, message};
use super::server_variables::server_url;

/// These options stand apart in every help.
const SERVER: &str = "Server";

/// The file of settings in the current directory.
const SETTINGS: &str = ".env";

/// Which database.
#[derive(Debug, Args)]
pub(super) struct DatabaseOptions {
    /// The database: a path, `sqlite:PATH`, `postgres://USER@HOST/NAME`, or `mysql://USER@HOST/NAME` [default: what
    /// `DATABASE_TYPE` and the variables that go with it say]
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database: Option<String>,
    /// How long to wait for other programs that are writing; on a server twenty times as long for another import
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    wait: u64,
    /// File that holds the password and that nobody else may read [default: `DATABASE_PASSWORD`, or the URL's]
    #[arg(long, value_name = "FILE", help_heading = SERVER)]
    password_file: Option<PathBuf>,
    /// How much TLS the connection needs [default: prefer, or what the URL says]
    #[arg(long, value_enum, value_name = "MODE", help_heading = SERVER)]
    tls: Option<TlsChoice>,
    /// PEM file of the authorities to trust, which makes verify-full the default of `--tls` [default: Mozilla's]
    #[arg(long, value_name = "FILE", help_heading = SERVER)]
    tls_ca: Option<PathBuf>,
    /// PostgreSQL: the schema that holds the tables; it must exist [default: the first of the `search_path`]
    #[arg(long, value_name = "NAME", help_heading = SERVER)]
    schema: Option<String>,
    /// How long one attempt to connect may take [default: 10]
    #[arg(long, value_name = "SECONDS", help_heading = SERVER)]
    connect_timeout: Option<u64>,
    /// How often connecting is tried while the server starts, and a transaction that others disturbed
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..), help_heading = SERVER)]
    connect_attempts: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TlsChoice {
    /// None.
    Disable,
    /// If the server offers it; its certificate is not checked.
    Prefer,
    /// Always; the certificate is not checked.
    Require,
    /// Always, and the certificate must be a trusted one for this host.
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

/// Variables of the environment, and of `.env` where the environment has none of the name.
pub(super) struct Variables {
    settings: BTreeMap<String, String>,
}

impl Variables {
    /// Reads `.env` of the current directory, if there is one.
    fn read() -> Result<Self, CommandError> {
        let mut settings = BTreeMap::new();
        if Path::new(SETTINGS).is_file() {
            let unusable = || CommandError::Usage(format!("`{SETTINGS}` cannot be read"));
            for variable in dotenvy::from_path_iter(SETTINGS).map_err(|_| unusable())? {
                // What is wrong is not told: it may be a password.
                let (name, value) = variable.map_err(|_| unusable())?;
                settings.insert(name, value);
            }
        }
        Ok(Self { settings })
    }

    /// A variable that is set and not empty.
    pub(super) fn find(&self, name: &str) -> Option<String> {
        let set = std::env::var(name).ok().filter(|value| !value.is_empty());
        set.or_else(|| {
            let value = self.settings.get(name).filter(|value| !value.is_empty());
            value.cloned()
        })
    }

    /// Whether a variable comes from the file.
    fn is_from_file(&self, name: &str) -> bool {
        std::env::var_os(name).is_none_or(|value| value.is_empty())
            && self.settings.contains_key(name)
    }
}

impl DatabaseOptions {
    /// Whether a database was named on the command line, and not only by the environment.
    pub(super) fn is_argument() -> bool {
        std::env::args_os().any(|argument| {
            let argument = argument.to_string_lossy();
            argument == "--database" || argument.starts_with("--database=")
        })
    }

    /// The database's address with everything that is needed to reach it.
    pub(super) fn url(&self, output: &Output) -> Result<DatabaseUrl, CommandError> {
        let variables = Variables::read()?;
        let named = self.database.as_deref();
        let mut url = match named.filter(|text| Self::is_argument() || !text.is_empty()) {
            Some("") => return Err(CommandError::Usage("`--database` is empty".to_owned())),
            Some(text) => DatabaseUrl::parse(text)?,
            None => named_by(&variables, output)?.ok_or_else(|| {
                let which = "say which database, with `--database URL` or `DATABASE_URL`";
                CommandError::Usage(which.to_owned())
            })?,
        };
        if let DatabaseUrl::Server(address) = &mut url {
            if self.database.as_deref().is_some_and(is_argument) && address.password.is_some() {
                message(
                    "warning: other users of this machine can see the password in the list of processes; \
                     set `DATABASE_PASSWORD`, or use `--password-file`\n",
                );
            }
            self.complete(address, &variables)?;
            if output.tells_notices() {
                let told = |text: &str| message(&format!("{text}\n"));
                address.patience.announce = Announce(told);
            }
        }
        choose_schema(&mut url, self.schema.as_deref())?;
        Ok(url)
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
        // Who names authorities wants the certificate checked.
        if address.tls.authorities.is_some() {
            match (self.tls, address.tls.mode) {
                (_, TlsMode::VerifyFull) => {}
                (None, TlsMode::Prefer) => address.tls.mode = TlsMode::VerifyFull,
                (_, TlsMode::Disable | TlsMode::Prefer | TlsMode::Require) => {
                    let message = "authorities are asked only with `--tls verify-full`";
                    return Err(CommandError::Usage(message.to_owned()));
                }
            }
        }
        if let Some(seconds) = self.connect_timeout {
            address.patience.timeout = Duration::from_secs(seconds);
        }
        address.patience.attempts = self.connect_attempts;
        Ok(())
    }

    pub(super) fn wait(&self) -> Duration {
        Duration::from_secs(self.wait)
    }
}

/// The schema that `--schema` names, if it does.
pub(super) fn choose_schema(
    url: &mut DatabaseUrl,
    schema: Option<&str>,
) -> Result<(), CommandError> {
    match (schema, url) {
        (None, _) => Ok(()),
        (Some(schema), DatabaseUrl::Server(address)) if address.kind == ServerKind::Postgres => {
            address.schema = Some(schema.to_owned());
            Ok(())
        }
        (Some(_), DatabaseUrl::Server(_) | DatabaseUrl::Sqlite(_)) => {
            let message = "only PostgreSQL has schemas; name another database instead";
            Err(CommandError::Usage(message.to_owned()))
        }
    }
}

/// The database that the environment or `.env` names, if they do.
pub(super) fn named_by_variables(output: &Output) -> Result<Option<DatabaseUrl>, CommandError> {
    named_by(&Variables::read()?, output)
}

fn named_by(variables: &Variables, output: &Output) -> Result<Option<DatabaseUrl>, CommandError> {
    let (url, name) = match variables.find("DATABASE_URL") {
        Some(text) => (Some(DatabaseUrl::parse(&text)?), "DATABASE_URL"),
        None => (server_url(variables)?, "DATABASE_TYPE"),
    };
    if variables.is_from_file(name) {
        output.notice(&format!("`{name}` is taken from `{SETTINGS}`\n"));
    }
    Ok(url)
}

fn is_argument(text: &str) -> bool {
    std::env::args_os().any(|argument| argument.to_string_lossy().ends_with(text))
}

/// The first line of a file that only its owner may read.
fn read_password(file: &Path) -> Result<Secret, CommandError> {
    let unusable = |problem: &str| CommandError::Usage(format!("{}: {problem}", file.display()));
    let metadata = std::fs::metadata(file).map_err(|error| unusable(&error.to_string()))?;
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0 {
        return Err(unusable(
            "others may read the password; `chmod 600` takes that away",
        ));
    }
    if !metadata.is_file() {
        return Err(unusable("not a regular file"));
    }
    let text = std::fs::read_to_string(file).map_err(|error| unusable(&error.to_string()))?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(Secret::new(line)),
        Some(_) | None => Err(unusable("it holds no password")),
    }
}
