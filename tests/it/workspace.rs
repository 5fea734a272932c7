//! A temporary workspace with a source directory, a database that does not exist yet, and the command.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use rusqlite::Connection;
use tempfile::TempDir;

use crate::fixtures;
use crate::tree::Tree;

/// The actor of every run, so that results do not depend on the user who runs the tests.
pub(crate) const ACTOR: &str = "tester";

/// A temporary directory of one test; removed when dropped.
pub(crate) struct Workspace {
    root: TempDir,
}

/// The result of a command.
pub(crate) struct CommandOutput {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Workspace {
    /// Creates a source directory with the files of `fixtures/<fixture>`.
    pub(crate) fn of(fixture: &str) -> Self {
        let workspace = Self::empty();
        fixtures::copy(&fixtures::path(fixture), &workspace.source_dir());
        workspace
    }

    /// Creates an empty source directory.
    pub(crate) fn empty() -> Self {
        let root = tempfile::Builder::new()
            .prefix("accession-test-")
            .tempdir()
            .expect("a temporary directory");
        fs::create_dir(root.path().join("legacy")).expect("a source directory");
        fs::create_dir(root.path().join("target")).expect("a target directory");
        Self { root }
    }

    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// Returns the source directory.
    pub(crate) fn source_dir(&self) -> PathBuf {
        self.root.path().join("legacy")
    }

    /// Returns the directory of the database, which contains nothing else.
    pub(crate) fn target(&self) -> PathBuf {
        self.root.path().join("target")
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.target().join("legacy.db")
    }

    pub(crate) fn archive(&self) -> PathBuf {
        self.target().join("legacy.db.archive")
    }

    /// Creates the command with a fixed environment, in the root of the workspace.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_accession"));
        command
            .current_dir(self.root())
            .env_clear()
            .env("NO_COLOR", "1")
            .env("HOME", self.root())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn import_command<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Command {
        let mut command = self.command();
        command
            .args(["import", "legacy", "--database", "target/legacy.db"])
            .args(["--actor", ACTOR])
            .args(arguments);
        command
    }

    /// Imports the source directory and waits for the end.
    pub(crate) fn import<A: AsRef<OsStr>>(&self, arguments: &[A]) -> CommandOutput {
        self.run(&mut self.import_command(arguments))
    }

    /// Starts an import.
    pub(crate) fn begin_import(&self, arguments: &[&str]) -> Child {
        self.import_command(arguments)
            .spawn()
            .expect("the command starts")
    }

    /// Creates an import command that runs as an unprivileged user, because permissions have no effect for root.
    ///
    /// The workspace then belongs to that user.
    pub(crate) fn unprivileged_import(&self, arguments: &[&str]) -> Command {
        self.unprivileged(self.import_command(arguments))
    }

    /// Makes a command run like that of [`unprivileged_import`](Self::unprivileged_import).
    pub(crate) fn unprivileged(&self, mut command: Command) -> Command {
        use std::os::unix::fs::{MetadataExt as _, chown};
        use std::os::unix::process::CommandExt as _;
        const NOBODY: u32 = 65_534;
        let ours = tempfile::tempfile().expect("a temporary file");
        if ours.metadata().expect("metadata").uid() != 0 {
            return command;
        }
        for entry in walkdir::WalkDir::new(self.root()) {
            let entry = entry.expect("an entry");
            chown(entry.path(), Some(NOBODY), Some(NOBODY)).expect("a change of owner");
        }
        command.uid(NOBODY).gid(NOBODY);
        command
    }

    pub(crate) fn run(&self, command: &mut Command) -> CommandOutput {
        CommandOutput::checked(command)
    }

    /// Imports and expects exit code 0.
    pub(crate) fn imports(&self, arguments: &[&str]) -> CommandOutput {
        let ended = self.import(arguments);
        assert_eq!(ended.code, Some(0), "{ended}");
        ended
    }

    /// Imports with `--format json` and returns the report.
    pub(crate) fn report(&self, arguments: &[&str]) -> serde_json::Value {
        let ended = self.import(&[arguments, &["--format", "json"]].concat());
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}\n{ended}"))
    }

    /// Opens a connection as any other program would.
    pub(crate) fn connection(&self) -> Connection {
        let connection = Connection::open(self.database()).expect("the database opens");
        // Longer than any import of a test, also on a busy machine.
        connection
            .busy_timeout(std::time::Duration::from_secs(120))
            .expect("a timeout");
        connection
            .pragma_update(None, "foreign_keys", "ON")
            .expect("a pragma");
        connection
    }

    /// Waits until a running import has opened the database, using the open files that Linux reports.
    #[cfg(target_os = "linux")]
    pub(crate) fn wait_until_open(&self, child: &Child) {
        let database = self.database().canonicalize().expect("a path");
        let files = PathBuf::from(format!("/proc/{}/fd", child.id()));
        for _ in 0..2_000 {
            let open = fs::read_dir(&files).into_iter().flatten().flatten();
            if open
                .filter_map(|file| fs::read_link(file.path()).ok())
                .any(|path| path == database)
            {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        panic!("the import does not open the database");
    }

    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.source_dir().join(path);
        fs::create_dir_all(path.parent().expect("a file has a directory")).expect("a directory");
        fs::write(path, bytes).expect("a file is written");
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.source_dir().join(path)).expect("a file is read")
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.source_dir().join(path)).expect("a file is removed");
    }

    /// Returns a snapshot of everything on disk: source, database, archive, and any unexpected files.
    pub(crate) fn tree(&self) -> Tree {
        Tree::of(self.root())
    }
}

impl CommandOutput {
    /// Runs accession, and checks that it prints what `docs/schema/` publishes.
    #[track_caller]
    pub(crate) fn checked(command: &mut Command) -> Self {
        let ended = Self::of(command.output().expect("the command starts"));
        crate::published::check(command, &ended);
        ended
    }

    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
        Self {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Returns the exit code and messages.
    pub(crate) fn messages(&self) -> String {
        format!("exit code: {}\n{}", self.code(), self.stderr)
    }

    fn code(&self) -> String {
        self.code
            .map_or("killed".to_owned(), |code| code.to_string())
    }
}

/// Replaces everything that differs between two runs by a word in brackets.
pub(crate) fn repeatable(text: &str, workspace: &Workspace) -> String {
    let root = workspace.root().display().to_string();
    let mut text = text.replace(&root, "[ROOT]");
    while let Some((at, length)) = find_uuid(&text) {
        text.replace_range(at..at + length, "[RUN]");
    }
    without_seals(&text)
}

/// The hash of a seal depends on the time.
fn without_seals(text: &str) -> String {
    let lines = text.split_inclusive('\n').map(|line| {
        let (words, end) = match line.strip_suffix('\n') {
            Some(words) => (words, "\n"),
            None => (line, ""),
        };
        match words.rsplit_once(' ') {
            Some((before, hash)) if hash.len() == 64 && before.contains("seal") => {
                format!("{before} [SEAL]{end}")
            }
            _ => line.to_owned(),
        }
    });
    lines.collect()
}

impl std::fmt::Display for CommandOutput {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            out,
            "exit code: {}\n--- stdout\n{}--- stderr\n{}",
            self.code(),
            self.stdout,
            self.stderr
        )
    }
}

fn find_uuid(text: &str) -> Option<(usize, usize)> {
    const LENGTH: usize = 36;
    (0..text.len().saturating_sub(LENGTH - 1)).find_map(|at| {
        let candidate = text.get(at..at + LENGTH)?;
        (candidate.matches('-').count() == 4 && uuid::Uuid::try_parse(candidate).is_ok())
            .then_some((at, LENGTH))
    })
}
