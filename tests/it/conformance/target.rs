//! A workspace whose database is on one of the servers, or a file.

use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

use crate::workspace::{ACTOR, Ended, Workspace};

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
    Mysql,
}

impl Backend {
    /// The address of the server, without a database.
    fn server(self) -> Option<String> {
        let variable = match self {
            Self::Sqlite => return None,
            Self::Postgres => "TEST_POSTGRES_URL",
            Self::Mysql => "TEST_MYSQL_URL",
        };
        let url = std::env::var(variable).ok()?;
        let (server, _) = url
            .rsplit_once('/')
            .expect("an address ends with `/` or a database");
        Some(server.to_owned())
    }
}

/// A legacy directory, a database that has nothing in it yet, and the command.
pub(crate) struct Target {
    pub(crate) backend: Backend,
    pub(crate) workspace: Workspace,
    name: String,
}

/// Runs a case on one kind of database, if there is one.
#[expect(clippy::print_stderr, reason = "what is skipped is said")]
pub(crate) fn run(backend: Backend, case: impl FnOnce(Target)) {
    match Target::new(backend) {
        Some(target) => case(target),
        None => {
            eprintln!("SKIPPED: no server for {backend:?}; run `scripts/servers run cargo test`")
        }
    }
}

impl Target {
    fn new(backend: Backend) -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        if backend != Backend::Sqlite {
            backend.server()?;
        }
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let target = Self {
            backend,
            workspace: Workspace::empty(),
            name: format!("accession_it_{}_{number}", std::process::id()),
        };
        let created = target.on_server(&format!("CREATE DATABASE {}", target.name));
        created.unwrap_or_else(|error| panic!("{error}"));
        Some(target)
    }

    /// Another one on the same database server.
    pub(crate) fn again(self) -> Self {
        Self::new(self.backend).expect("it was there before")
    }

    /// Another workspace with a SQLite database, to compare with.
    pub(crate) fn like(&self) -> Self {
        let like = Self::new(Backend::Sqlite).expect("SQLite is always there");
        crate::fixtures::copy(&self.workspace.legacy(), &like.workspace.legacy());
        like
    }

    /// Fills the legacy directory with the files of `fixtures/<fixture>`.
    pub(crate) fn with(self, fixture: &str) -> Self {
        crate::fixtures::copy(&crate::fixtures::path(fixture), &self.workspace.legacy());
        self
    }

    /// The database's name on its server.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn url(&self) -> String {
        match self.backend.server() {
            None => "target/legacy.db".to_owned(),
            Some(server) => format!("{server}/{}", self.name),
        }
    }

    /// A command with the database in its environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.workspace.command();
        command
            .args(arguments)
            .env("DATABASE_URL", self.url())
            .env("ACCESSION_ACTOR", ACTOR);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(
            self.command(arguments)
                .output()
                .expect("the command starts"),
        )
    }

    fn importing<'a>(directory: &'a str, arguments: &[&'a str]) -> Vec<&'a str> {
        let fixed = ["import", directory, "--archive", "target/archive"];
        [&fixed[..], arguments].concat()
    }

    pub(crate) fn import(&self, arguments: &[&str]) -> Ended {
        self.run(&Self::importing("legacy", arguments))
    }

    /// Begins an import of a directory.
    pub(crate) fn begin_import(&self, directory: &str, arguments: &[&str]) -> Child {
        let mut command = self.command(&Self::importing(directory, arguments));
        command.spawn().expect("the command starts")
    }

    /// Imports and expects exit code 0.
    #[track_caller]
    pub(crate) fn imports(&self, arguments: &[&str]) -> Ended {
        let ended = self.import(arguments);
        assert_eq!(ended.code, Some(0), "{ended}");
        ended
    }

    /// Imports and gives the report.
    #[track_caller]
    pub(crate) fn report(&self, arguments: &[&str]) -> Value {
        let ended = self.import(&[arguments, &["--format", "json"]].concat());
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}\n{ended}"))
    }

    /// Verifies and gives the report, which must have this status.
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

    /// The rows of a query as texts; NULL is `NULL`.
    #[track_caller]
    pub(crate) fn rows(&self, query: &str) -> Vec<Vec<String>> {
        if self.backend == Backend::Sqlite {
            return crate::rows::table(&self.workspace.connection(), query);
        }
        let lines = self.client(&self.name, query);
        let cells = |line: &str| line.split('\t').map(str::to_owned).collect();
        lines.lines().map(cells).collect()
    }

    /// The one value of a query, as text.
    #[track_caller]
    pub(crate) fn value(&self, query: &str) -> String {
        let rows = self.rows(query);
        assert_eq!(rows.len(), 1, "{query}");
        rows[0][0].clone()
    }

    /// How many rows a table has; none if there is no such table.
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

    /// What the server's own client prints, or what it says against it.
    fn ask(&self, database: &str, sql: &str) -> Result<String, String> {
        let server = self.backend.server().unwrap_or_default();
        let mut command = match self.backend {
            Backend::Sqlite => {
                let connection = self.workspace.connection();
                connection.execute_batch(sql).expect(sql);
                return Ok(String::new());
            }
            Backend::Postgres => {
                let mut command = Command::new("psql");
                command.args(["-X", "-q", "-A", "-t", "-F", "\t", "-P", "null=NULL"]);
                command.args(["-v", "ON_ERROR_STOP=1", "-c", sql]);
                command.arg(format!("{server}/{database}"));
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
                command.args(["--execute", sql, database]);
                command
            }
        };
        let output = command.output().expect("the server's own client");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if !output.status.success() {
            return Err(format!("{sql}\n{}", text(&output.stderr)));
        }
        Ok(text(&output.stdout))
    }
}

impl Drop for Target {
    #[expect(
        clippy::print_stderr,
        reason = "whoever looks into the failure wants the name"
    )]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("left behind: {:?} {}", self.backend, self.name);
            return;
        }
        let force = match self.backend {
            Backend::Postgres => " WITH (FORCE)",
            Backend::Sqlite | Backend::Mysql => "",
        };
        let drop = format!("DROP DATABASE IF EXISTS {}{force}", self.name);
        let mut dropped = self.on_server(&drop);
        // FORCE may not end an autovacuum worker, which is a superuser's; but that ends by itself.
        let busy = |error: &String| error.contains("process is being terminated");
        for _ in 0..40 {
            if !dropped.as_ref().is_err_and(busy) {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(250));
            dropped = self.on_server(&drop);
        }
        // Where several sessions make triggers at once, MariaDB 10.11 at times forgets its own copy of a trigger's file
        // (`TABLE.TRG-`) in the directory, then refuses to remove it. The tables are gone by then.
        let forgot = |error: &String| error.contains("Directory not empty");
        match dropped {
            Err(error) if self.backend == Backend::Mysql && forgot(&error) => {
                eprintln!("left behind: the directory of {}", self.name);
            }
            dropped => dropped.unwrap_or_else(|error| panic!("{error}")),
        }
    }
}
