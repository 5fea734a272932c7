//! An application that pretends to be a run: its role may write rows, and its session may set any variable.

use std::process::Command;

use serde_json::Value;

use super::target::{Backend, Target, run};

/// Returns SQL that sets the context of a run, then makes one change of each kind.
fn forge(backend: Backend, run: &str) -> String {
    let context = match backend {
        Backend::Sqlite => unreachable!("a file has no sessions"),
        Backend::Postgres => format!(
            "SET accession.run_id = '{run}'; SET accession.source_file_id = '1'; SET accession.changed_by = 'mei';
             SET accession.changed_at = '2020-01-01T00:00:00.000000Z';"
        ),
        Backend::Mysql => format!(
            "SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED;
             SET @accession_run_id = '{run}', @accession_source_file_id = 1, @accession_changed_by = 'mei',
             @accession_changed_at = '2020-01-01T00:00:00.000000Z';
             DO GET_LOCK(CONCAT('accession ', MD5(DATABASE())), 0);"
        ),
    };
    format!(
        "{context} UPDATE profiles SET gender = 'forged';
         INSERT INTO profiles (id, name) VALUES ('forged', 'forged'); DELETE FROM profiles WHERE id = 'forged';"
    )
}

/// A role that may write the rows of one table and nothing else.
struct Application<'t> {
    target: &'t Target,
    name: String,
}

impl<'t> Application<'t> {
    fn new(target: &'t Target) -> Self {
        let name = target.name().replace("_it_", "_a_");
        let grant = "GRANT SELECT, INSERT, UPDATE, DELETE ON";
        match target.backend {
            Backend::Sqlite => unreachable!("files have no roles"),
            Backend::Postgres => {
                target.execute(&format!("CREATE ROLE {name} LOGIN PASSWORD 'app'"));
                target.execute(&format!("{grant} profiles TO {name}"));
            }
            Backend::Mysql => {
                target.execute(&format!("CREATE USER {name}@'%' IDENTIFIED BY 'app'"));
                target.execute(&format!("{grant} {}.profiles TO {name}@'%'", target.name()));
            }
        }
        Self { target, name }
    }

    fn execute(&self, sql: &str) {
        let output = self.client(sql).output().expect("the server's own client");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{error}");
    }

    /// Creates a command with the server's own client that runs SQL as this role.
    fn client(&self, sql: &str) -> Command {
        let mut url = url::Url::parse(&self.target.url()).expect("an address");
        url.set_username(&self.name).expect("a name");
        url.set_password(Some("app")).expect("a password");
        match self.target.backend {
            Backend::Sqlite | Backend::Postgres => {
                let mut command = Command::new("psql");
                command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql, url.as_str()]);
                command
            }
            Backend::Mysql => {
                let mut command = Command::new("mariadb");
                let port = url.port().unwrap_or(3306).to_string();
                command
                    .env("MYSQL_PWD", "app")
                    .args(["--no-defaults", "--port", &port]);
                command.args([
                    "--host",
                    url.host_str().expect("a host"),
                    "--user",
                    &self.name,
                ]);
                command.args(["--execute", sql, self.target.name()]);
                command
            }
        }
    }
}

impl Drop for Application<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let name = &self.name;
        match self.target.backend {
            Backend::Sqlite => {}
            Backend::Postgres => {
                self.target
                    .execute(&format!("REVOKE ALL ON profiles FROM {name}"));
                self.target.execute(&format!("DROP ROLE {name}"));
            }
            Backend::Mysql => self.target.execute(&format!("DROP USER {name}@'%'")),
        }
    }
}

fn a_forged_context_is_ignored(target: Target) {
    let target = target.with("srs4autism/valid/small");
    let report = target.report(&[]);
    let run = report["run"].as_str().expect("a run");
    let application = Application::new(&target);
    for run in [run, "00000000-0000-0000-0000-000000000000", ""] {
        application.execute(&forge(target.backend, run));
    }
    let others = target.rows(
        "SELECT changed_by, COALESCE(run_id, '-'), COALESCE(source_file_id, 0) FROM audit_log
         WHERE run_id IS NULL OR changed_by = 'mei' OR record_id = 'forged' OR changed_at < '2026'",
    );
    assert_eq!(others.len(), 7, "{others:?}");
    for entry in others {
        assert_eq!(entry, ["external", "-", "0"]);
    }
    let ended = target.run(&["audit", "verify", "--format", "json"]);
    let outcome: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!(outcome["status"], "self_consistent", "{outcome:#}");
    if target.backend == Backend::Mysql {
        // Simulates an open transaction of the run: READ UNCOMMITTED shows it, but another session holds its lock.
        let lock = format!(
            "SELECT GET_LOCK(CONCAT('accession ', MD5('{}')), 5), SLEEP(5)",
            target.name()
        );
        target.execute(
            "INSERT INTO import_runs (id, kind, status, layout, layout_digest, source, actor, os_user, host, tool_version, started_at)
             SELECT 'open', kind, 'running', layout, layout_digest, source, actor, os_user, host, tool_version, started_at FROM import_runs",
        );
        let mut holder = application
            .client(&lock)
            .spawn()
            .expect("the server's own client");
        let held = "SELECT COALESCE(IS_USED_LOCK(CONCAT('accession ', MD5(DATABASE()))), 0)";
        while target.value(held) == "0" {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        application.execute(&forge(target.backend, "open"));
        holder.kill().expect("killed");
        holder.wait().expect("the process ended");
        assert_eq!(
            target.value("SELECT count(*) FROM audit_log WHERE run_id = 'open'"),
            "0"
        );
        target.execute("DROP TRIGGER accession_import_runs_no_delete");
        target.execute("DELETE FROM import_runs WHERE id = 'open'");
    }
    // The next import is still attributed correctly.
    target.execute("UPDATE profiles SET gender = NULL");
    let workspace = &target.workspace;
    let path = "profiles/child_profiles.json";
    workspace.write(path, workspace.read(path).replace("banana", "cherry"));
    let report = target.report(&[]);
    let own = format!(
        "SELECT DISTINCT changed_by FROM audit_log WHERE run_id = '{}'",
        report["run"].as_str().expect("a run")
    );
    assert_eq!(target.rows(&own), [[crate::workspace::ACTOR]]);
    if target.backend == Backend::Mysql {
        an_importer_with_another_account_is_trusted(&target, &application);
    }
}

/// This account did not create the triggers but has the permissions of an importer; the run's row is what counts.
fn an_importer_with_another_account_is_trusted(target: &Target, application: &Application<'_>) {
    let (database, name) = (target.name(), &application.name);
    target.execute(&format!(
        "GRANT INSERT ON {database}.import_runs TO {name}@'%'"
    ));
    let change = "UPDATE profiles SET gender = 'other'; UPDATE profiles SET gender = 'another'";
    application.execute(&format!(
        "DO GET_LOCK(CONCAT('accession ', MD5(DATABASE())), 5); BEGIN;
         INSERT INTO import_runs (id, kind, status, layout, layout_digest, source, actor, os_user, host, tool_version, started_at)
         VALUES ('r9', 'import', 'running', 'l', 'd', 's', 'robot', 'u', 'h', 't', '2026-01-01T00:00:00.000000Z');
         SET @accession_run_id = 'r9', @accession_changed_by = 'mei', @accession_source_file_id = 7; {change}; COMMIT"
    ));
    let entries =
        "SELECT DISTINCT changed_by, changed_at, source_file_id FROM audit_log WHERE run_id = 'r9'";
    let expected = [["robot", "2026-01-01T00:00:00.000000Z", "7"]];
    assert_eq!(target.rows(entries), expected);
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_forged_context_is_ignored_on_postgres() {
    run(Backend::Postgres, a_forged_context_is_ignored);
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_forged_context_is_ignored_on_mysql() {
    run(Backend::Mysql, a_forged_context_is_ignored);
}
