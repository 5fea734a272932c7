//! The databases as another program sees them: `psql`, `mariadb`, and SQLite's own interface.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::database::engine::Dialect;
use crate::database::engine::mysql::MysqlDialect;
use crate::database::engine::postgres::PostgresDialect;
use crate::database::engine::sqlite::SqliteDialect;
use crate::model::Value;

/// A fresh database with the ledger in it.
pub(super) struct Client {
    pub(super) kind: Kind,
    name: String,
    /// The address of its server.
    url: Option<String>,
    sqlite: Option<rusqlite::Connection>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Sqlite,
    Postgres,
    Mysql,
}

impl Kind {
    /// The address of a server, which `scripts/servers run` sets. Tests that need one are ignored unless they are
    /// asked for, and then they fail without it.
    fn url(self) -> Option<String> {
        let variable = match self {
            Self::Sqlite => return None,
            Self::Postgres => "TEST_POSTGRES_URL",
            Self::Mysql => "TEST_MYSQL_URL",
        };
        let url = std::env::var(variable);
        Some(url.unwrap_or_else(|_| panic!("{variable} is not set: run `scripts/test`")))
    }
}

/// One database of each kind.
pub(super) fn all() -> [Client; 3] {
    [Kind::Sqlite, Kind::Postgres, Kind::Mysql].map(of)
}

/// A database of one kind, with the ledger.
pub(super) fn of(kind: Kind) -> Client {
    let client = bare(kind);
    let ledger = match kind {
        Kind::Sqlite => concat!(
            include_str!("../../../migrations/sqlite/accession-0001_ledger/up.sql"),
            include_str!("../../../migrations/sqlite/accession-0005_staged_rows/up.sql")
        ),
        Kind::Postgres => include_str!("../../../migrations/postgres/accession-0001_ledger/up.sql"),
        Kind::Mysql => include_str!("../../../migrations/mysql/accession-0001_ledger/up.sql"),
    };
    client.execute(ledger);
    client
}

/// A database of one kind with nothing in it.
pub(super) fn bare(kind: Kind) -> Client {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let client = Client {
        kind,
        url: kind.url(),
        name: format!(
            "accession_text_{}_{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        ),
        sqlite: (kind == Kind::Sqlite).then(|| {
            let connection = rusqlite::Connection::open_in_memory().expect("SQLite");
            connection
                .execute_batch("PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON")
                .expect("set");
            connection
        }),
    };
    client.outside(&format!("CREATE DATABASE {}", client.name));
    client
}

impl Client {
    /// The recipe of this kind of database.
    pub(super) fn dialect(&self) -> Box<dyn Dialect> {
        match self.kind {
            Kind::Sqlite => Box::new(SqliteDialect),
            Kind::Postgres => Box::new(PostgresDialect {
                schema: "public".to_owned(),
            }),
            Kind::Mysql => Box::new(MysqlDialect),
        }
    }

    #[track_caller]
    pub(super) fn execute(&self, sql: &str) {
        if let Err(error) = self.attempt(sql) {
            panic!("{:?}: {error}\n{sql}", self.kind);
        }
    }

    /// Returns the error message.
    #[track_caller]
    pub(super) fn rejection(&self, sql: &str) -> String {
        match self.attempt(sql) {
            Ok(_) => panic!("{:?} does not reject: {sql}", self.kind),
            Err(error) => error,
        }
    }

    /// Runs statements; the last one's result is lines of values.
    pub(super) fn attempt(&self, sql: &str) -> Result<String, String> {
        match &self.sqlite {
            Some(connection) => connection
                .execute_batch(sql)
                .map(|()| String::new())
                .map_err(|error| error.to_string()),
            None => self.run(&self.name, sql),
        }
    }

    /// Runs statements as another account of MySQL.
    pub(super) fn attempt_as(
        &self,
        user: &str,
        password: &str,
        sql: &str,
    ) -> Result<String, String> {
        let (_, server) = self.server();
        finish(mariadb(&server, user, password, &self.name), sql)
    }

    /// The database's name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The rows of `SELECT columns FROM rest`, as text.
    #[track_caller]
    pub(super) fn rows(&self, columns: &[&str], rest: &str) -> Vec<Vec<Option<String>>> {
        let hex = |column: &&str| match self.kind {
            Kind::Sqlite => format!("iif({column} IS NULL, 'NULL', hex({column}))"),
            Kind::Mysql => format!("COALESCE(HEX(CONVERT({column} USING utf8mb4)), 'NULL')"),
            Kind::Postgres => {
                format!("COALESCE(encode(convert_to(({column})::text, 'UTF8'), 'hex'), 'NULL')")
            }
        };
        let separator = match self.kind {
            Kind::Sqlite | Kind::Postgres => " || ',' || ",
            Kind::Mysql => ", ',', ",
        };
        let columns: Vec<_> = columns.iter().map(hex).collect();
        let columns = columns.join(separator);
        let select = match self.kind {
            Kind::Sqlite | Kind::Postgres => format!("SELECT {columns} FROM {rest}"),
            Kind::Mysql => format!("SELECT CONCAT({columns}) FROM {rest}"),
        };
        let lines: Vec<String> = match &self.sqlite {
            Some(connection) => {
                let mut statement = connection.prepare(&select).expect(&select);
                let rows = statement.query_map([], |row| row.get(0)).expect(&select);
                rows.map(|row| row.expect("a row")).collect()
            }
            None => {
                let lines = self.run(&self.name, &select).expect(&select);
                lines.lines().map(str::to_owned).collect()
            }
        };
        let cell = |text: &str| {
            (text != "NULL").then(|| {
                let bytes = data_encoding::HEXUPPER_PERMISSIVE
                    .decode(text.as_bytes())
                    .expect("hex");
                String::from_utf8(bytes).expect("UTF-8")
            })
        };
        lines
            .iter()
            .map(|line| line.split(',').map(cell).collect())
            .collect()
    }

    /// A value as it is written in this database's SQL.
    pub(super) fn literal(&self, value: &Value) -> String {
        use crate::database::engine::{mysql, postgres, sqlite};
        match (value, self.kind) {
            (Value::Boolean(value), Kind::Postgres) => value.to_string(),
            (Value::Boolean(value), Kind::Sqlite | Kind::Mysql) => u8::from(*value).to_string(),
            (Value::Real(value), Kind::Postgres) => format!("'{value:e}'::float8"),
            (Value::Real(value), Kind::Sqlite | Kind::Mysql) => format!("{value:e}"),
            (Value::Blob(_), Kind::Postgres) => format!("'\\x{}'", value.key_text()),
            (Value::Blob(_), Kind::Sqlite | Kind::Mysql) => format!("X'{}'", value.key_text()),
            (Value::Timestamp(timestamp), Kind::Mysql) => {
                format!("'{}'", timestamp.to_utc().format("%Y-%m-%d %H:%M:%S%.6f"))
            }
            (Value::Integer(value), _) => value.to_string(),
            (Value::Null | Value::Default | Value::ParentKey(_), _) => "NULL".to_owned(),
            (_, Kind::Sqlite) => sqlite::literal(&value.key_text()),
            (_, Kind::Postgres) => postgres::literal(&value.key_text()),
            (_, Kind::Mysql) => mysql::literal(&value.key_text()),
        }
    }

    pub(super) fn identifier(&self, name: &str) -> String {
        use crate::database::engine::{mysql, postgres, sqlite};
        match self.kind {
            Kind::Sqlite => sqlite::identifier(name),
            Kind::Postgres => postgres::identifier(name),
            Kind::Mysql => mysql::identifier(name),
        }
    }

    fn outside(&self, sql: &str) {
        if self.sqlite.is_none() {
            let database = match self.kind {
                Kind::Postgres => "postgres",
                Kind::Sqlite | Kind::Mysql => "",
            };
            self.run(database, sql).expect(sql);
        }
    }

    /// User with password, and host with port, of the server's address.
    fn server(&self) -> (String, String) {
        let url = self.url.as_ref().expect("a server");
        let (_, rest) = url.split_once("://").expect("an address");
        let (user, server) = rest.split_once('@').expect("a user in the address");
        let server = server.split('/').next().unwrap_or_default();
        (user.to_owned(), server.to_owned())
    }

    fn run(&self, database: &str, sql: &str) -> Result<String, String> {
        let (user, server) = self.server();
        let command = match self.kind {
            Kind::Sqlite | Kind::Postgres => {
                psql(&format!("postgres://{user}@{server}/{database}"))
            }
            Kind::Mysql => {
                let (user, password) = user.split_once(':').unwrap_or((&user, ""));
                mariadb(&server, user, password, database)
            }
        };
        finish(command, sql)
    }
}

fn psql(url: &str) -> Command {
    let mut command = Command::new("psql");
    command.args(["-X", "-q", "-A", "-t", "-f", "-"]);
    command.args(["-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose"]);
    command.env("PGOPTIONS", "-c client_min_messages=warning");
    command.arg(url);
    command
}

fn mariadb(server: &str, user: &str, password: &str, database: &str) -> Command {
    let (host, port) = server.split_once(':').expect("a port in the address");
    let mut command = Command::new("mariadb");
    command.env("MYSQL_PWD", password);
    command.args(["--no-defaults", "--binary-mode", "--batch", "--raw"]);
    // All statements in one packet: triggers have semicolons.
    command.args(["--skip-column-names", "--delimiter=//end//"]);
    command.arg("--default-character-set=utf8mb4");
    command.args(["--user", user, "--host", host, "--port", port, database]);
    command
}

/// Returns the output of a client, or its error.
fn finish(mut command: Command, sql: &str) -> Result<String, String> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the server's own client");
    let mut input = child.stdin.take().expect("piped");
    let statements = sql.to_owned();
    let writing = std::thread::spawn(move || input.write_all(statements.as_bytes()));
    let output = child.wait_with_output().expect("its end");
    let _ = writing.join();
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).expect("UTF-8"))
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let sql = match self.kind {
            Kind::Sqlite => return,
            Kind::Postgres => format!("DROP DATABASE {} WITH (FORCE)", self.name),
            Kind::Mysql => format!("DROP DATABASE {}", self.name),
        };
        let database = match self.kind {
            Kind::Postgres => "postgres",
            Kind::Sqlite | Kind::Mysql => "",
        };
        let _ = self.run(database, &sql);
    }
}
