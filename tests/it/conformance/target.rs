//! A workspace whose database is on a server or in a file.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

use crate::workspace::{ACTOR, CommandOutput, Workspace};

/// The kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
    Mysql,
}

impl Backend {
    /// Returns the address of the server, without a database.
    fn server(self) -> Option<String> {
        let url = match self {
            Self::Sqlite => return None,
            Self::Postgres => setting("TEST_POSTGRES_URL"),
            Self::Mysql => setting("TEST_MYSQL_URL"),
        };
        let (server, _) = url
            .rsplit_once('/')
            .expect("an address ends with `/` or a database");
        Some(server.to_owned())
    }
}

/// A source directory, an empty database, and the command.
pub(crate) struct Target {
    pub(crate) backend: Backend,
    pub(crate) workspace: Workspace,
    name: String,
    /// The address of its server, without a database.
    server: Option<String>,
    /// The address of the pooler that the command uses.
    pooler: Option<String>,
}

/// Returns what `scripts/servers run` sets. Tests that need it are ignored unless they are asked for, and then they
/// fail without it.
#[track_caller]
pub(crate) fn setting(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: run `scripts/test`"))
}

/// Runs a test on one kind of database.
pub(crate) fn run(backend: Backend, case: impl FnOnce(Target)) {
    case(Target::new(backend));
}

impl Target {
    fn new(backend: Backend) -> Self {
        Self::on(backend, backend.server())
    }

    /// Creates a new database on this server.
    pub(crate) fn on(backend: Backend, server: Option<String>) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let target = Self {
            backend,
            workspace: Workspace::empty(),
            name: format!("accession_it_{}_{number}", std::process::id()),
            server,
            pooler: None,
        };
        let created = target.on_server(&format!("CREATE DATABASE {}", target.name));
        created.unwrap_or_else(|error| panic!("{error}"));
        target
    }

    /// Makes the command use this pooler.
    pub(crate) fn through(mut self, pooler: &str) -> Self {
        self.pooler = Some(pooler.to_owned());
        self
    }

    /// Creates another target on the same database server.
    pub(crate) fn again(self) -> Self {
        Self::on(self.backend, self.server.clone())
    }

    /// Creates another workspace with a SQLite database, for comparison.
    pub(crate) fn like(&self) -> Self {
        let like = Self::new(Backend::Sqlite);
        crate::fixtures::copy(&self.workspace.source_dir(), &like.workspace.source_dir());
        like
    }

    /// Fills the source directory with the files of `fixtures/<fixture>`.
    pub(crate) fn with(self, fixture: &str) -> Self {
        crate::fixtures::copy(
            &crate::fixtures::path(fixture),
            &self.workspace.source_dir(),
        );
        self
    }

    /// Returns the name of the database on its server.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn url(&self) -> String {
        match self.pooler.as_ref().or(self.server.as_ref()) {
            None => "target/legacy.db".to_owned(),
            Some(server) => format!("{server}/{}", self.name),
        }
    }

    /// Creates a command with the database in its environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.workspace.command();
        command
            .args(arguments)
            .env("DATABASE_URL", self.url())
            .env("ACCESSION_ACTOR", ACTOR);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> CommandOutput {
        CommandOutput::checked(&mut self.command(arguments))
    }

    fn importing<'a>(directory: &'a str, arguments: &[&'a str]) -> Vec<&'a str> {
        let fixed = ["import", directory, "--archive", "target/archive"];
        [&fixed[..], arguments].concat()
    }

    pub(crate) fn import(&self, arguments: &[&str]) -> CommandOutput {
        self.run(&Self::importing("legacy", arguments))
    }

    /// Starts an import of a directory.
    pub(crate) fn begin_import(&self, directory: &str, arguments: &[&str]) -> Child {
        let mut command = self.command(&Self::importing(directory, arguments));
        command.spawn().expect("the command starts")
    }

    /// Imports and expects exit code 0.
    #[track_caller]
    pub(crate) fn imports(&self, arguments: &[&str]) -> CommandOutput {
        let ended = self.import(arguments);
        assert_eq!(ended.code, Some(0), "{ended}");
        ended
    }

    /// Imports and returns the report.
    #[track_caller]
    pub(crate) fn report(&self, arguments: &[&str]) -> Value {
        let ended = self.import(&[arguments, &["--format", "json"]].concat());
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}\n{ended}"))
    }

    /// Removes the ledger, one migration at a time.
    #[track_caller]
    pub(crate) fn removes_ledger(&self) {
        for _ in 0..5 {
            let down = self.run(&[
                "migrate",
                "down",
                "--confirm",
                "--archive",
                "target/archive",
            ]);
            assert_eq!(down.code, Some(0), "{down}");
        }
    }

    /// Verifies and returns the report, which must have this status.
    #[track_caller]
    pub(crate) fn verifies(&self, status: &str) -> Value {
        let ended = self.run(&["verify", "legacy", "--format", "json"]);
        let report: Value =
            serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}\n{ended}"));
        assert_eq!(report["status"], status, "{ended}");
        report
    }

    /// Runs SQL as another program would.
    #[track_caller]
    pub(crate) fn execute(&self, sql: &str) {
        self.client(&self.name, sql);
    }

    /// Runs SQL whose connection another program may terminate.
    pub(crate) fn tries(&self, sql: &str) {
        drop(self.ask(&self.name, sql));
    }

    /// Runs SQL as another program would; it may be rejected.
    pub(crate) fn try_execute(&self, sql: &str) -> Result<(), String> {
        self.ask(&self.name, sql).map(drop)
    }

    /// Loads a dump with the server's own client.
    #[track_caller]
    pub(crate) fn load(&self, dump: &std::path::Path) {
        let dump = dump.display();
        let loaded = match self.backend {
            Backend::Sqlite => panic!("a file is copied"),
            Backend::Postgres => {
                let mut command = Command::new("psql");
                command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", &dump.to_string()]);
                command.arg(self.url()).output()
            }
            Backend::Mysql => return self.execute(&format!("source {dump}")),
        };
        let loaded = CommandOutput::of(loaded.expect("the server's own client"));
        assert_eq!(loaded.code, Some(0), "{loaded}");
    }

    /// Returns the rows of a query as strings; NULL is `NULL`.
    #[track_caller]
    pub(crate) fn rows(&self, query: &str) -> Vec<Vec<String>> {
        if self.backend == Backend::Sqlite {
            return crate::rows::table(&self.workspace.connection(), query);
        }
        let lines = self.client(&self.name, query);
        let cells = |line: &str| line.split('\t').map(str::to_owned).collect();
        lines.lines().map(cells).collect()
    }

    /// Returns the only value of a query, as a string.
    #[track_caller]
    pub(crate) fn value(&self, query: &str) -> String {
        let rows = self.rows(query);
        assert_eq!(rows.len(), 1, "{query}");
        rows[0][0].clone()
    }

    /// Returns the number of rows of a table; zero if it does not exist.
    pub(crate) fn count(&self, table: &str) -> u64 {
        self.value(&format!("SELECT count(*) FROM {table}"))
            .parse()
            .expect("a number")
    }

    fn on_server(&self, sql: &str) -> Result<(), String> {
        let database = match self.backend {
            Backend::Sqlite => return Ok(()),
            Backend::Postgres => "postgres",
            Backend::Mysql => "",
        };
        self.ask(database, sql).map(drop)
    }

    #[track_caller]
    fn client(&self, database: &str, sql: &str) -> String {
        self.ask(database, sql)
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// Returns the output of the server's own client, or its error message.
    fn ask(&self, database: &str, sql: &str) -> Result<String, String> {
        if self.backend == Backend::Sqlite {
            let connection = self.workspace.connection();
            let ran = connection.execute_batch(sql);
            return ran
                .map(|()| String::new())
                .map_err(|error| format!("{sql}\n{error}"));
        }
        let mut command = self.server_client(database);
        match self.backend {
            Backend::Mysql => command.args(["--execute", sql]),
            Backend::Sqlite | Backend::Postgres => command.args(["-c", sql]),
        };
        let output = command.output().expect("the server's own client");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if !output.status.success() {
            return Err(format!("{sql}\n{}", text(&output.stderr)));
        }
        Ok(text(&output.stdout))
    }

    /// The server's own client for a database.
    fn server_client(&self, database: &str) -> Command {
        let server = self.server.clone().unwrap_or_default();
        match self.backend {
            Backend::Sqlite => panic!("a file has no server"),
            Backend::Postgres => {
                let mut command = Command::new("psql");
                command.args(["-X", "-q", "-A", "-t", "-F", "\t", "-P", "null=NULL"]);
                command.args(["-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose"]);
                command.args(["-d", &format!("{server}/{database}")]);
                command.env("PGOPTIONS", "-c client_min_messages=warning");
                command
            }
            Backend::Mysql => {
                let address = url::Url::parse(&server).expect("an address");
                let mut command = Command::new("mariadb");
                command.env("MYSQL_PWD", address.password().unwrap_or_default());
                command.args(["--no-defaults", "--batch", "--raw", "--skip-column-names"]);
                command.args([
                    "--default-character-set=utf8mb4",
                    "--user",
                    address.username(),
                ]);
                command.args(["--host", address.host_str().expect("a host")]);
                command.args(["--port", &address.port().unwrap_or(3306).to_string()]);
                command.arg(format!("--database={database}"));
                command
            }
        }
    }

    /// Begins a transaction with a statement, in a session that rolls it back when the result is dropped.
    pub(crate) fn holds(&self, statement: &str) -> Held {
        let mut command = self.server_client(&self.name);
        let mut client = command
            .stdin(Stdio::piped())
            .spawn()
            .expect("the server's own client");
        let input = client.stdin.as_mut().expect("a pipe");
        writeln!(input, "BEGIN;\n{statement};").expect("written");
        Held(client)
    }
}

/// A session with an open transaction.
pub(crate) struct Held(Child);

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        self.0.wait().expect("an end");
    }
}

impl Drop for Target {
    #[expect(
        clippy::print_stderr,
        reason = "the name helps to investigate a failure"
    )]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("not dropped: {:?} {}", self.backend, self.name);
            return;
        }
        let force = match self.backend {
            Backend::Postgres => " WITH (FORCE)",
            Backend::Sqlite | Backend::Mysql => "",
        };
        let drop = format!("DROP DATABASE IF EXISTS {}{force}", self.name);
        let mut dropped = self.on_server(&drop);
        // FORCE may not terminate an autovacuum worker, which belongs to a superuser; but it ends by itself.
        let busy = |error: &String| error.contains("42501");
        for _ in 0..40 {
            if !dropped.as_ref().is_err_and(busy) {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(250));
            dropped = self.on_server(&drop);
        }
        // If several sessions create triggers concurrently, MariaDB 10.11 occasionally leaves its own copy of a trigger
        // file (`TABLE.TRG-`) in the directory and then fails to remove the directory. The tables are dropped by then.
        let forgot = |error: &String| error.contains("Directory not empty");
        match dropped {
            Err(error) if self.backend == Backend::Mysql && forgot(&error) => {
                eprintln!("not removed: the directory of {}", self.name);
            }
            dropped => dropped.unwrap_or_else(|error| panic!("{error}")),
        }
    }
}
