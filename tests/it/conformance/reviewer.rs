//! Roles that may only read, or only write rows: what they see is correct, and missing permissions are reported.

use serde_json::Value;

use super::target::{Backend, Target, run};
use crate::edits::edit;
use crate::workspace::CommandOutput;

/// A role of the server, dropped at the end.
struct Reviewer<'t> {
    target: &'t Target,
    name: String,
}

impl<'t> Reviewer<'t> {
    /// Creates a role that may read `tables`.
    fn new(target: &'t Target, tables: &[&str]) -> Self {
        let name = target.name().replace("_it_", "_r_");
        match target.backend {
            Backend::Sqlite => unreachable!("files have no roles"),
            Backend::Postgres => {
                target.execute(&format!("CREATE ROLE {name} LOGIN PASSWORD 'read'"));
            }
            Backend::Mysql => {
                target.execute(&format!("CREATE USER {name}@'%' IDENTIFIED BY 'read'"));
            }
        }
        let reviewer = Self { target, name };
        for table in tables {
            reviewer.may_read(table);
        }
        reviewer
    }

    fn may_read(&self, tables: &str) {
        let (of, to) = match (self.target.backend, tables) {
            (Backend::Postgres, "*") => ("ALL TABLES IN SCHEMA public".to_owned(), ""),
            (Backend::Postgres, table) => (table.to_owned(), ""),
            // The database name in GRANT is a pattern; a table name is not.
            (Backend::Sqlite | Backend::Mysql, "*") => {
                let pattern = self.target.name().replace('_', "\\_");
                (format!("`{pattern}`.*"), "@'%'")
            }
            (Backend::Sqlite | Backend::Mysql, table) => {
                (format!("{}.{table}", self.target.name()), "@'%'")
            }
        };
        let grant = format!("GRANT SELECT ON {of} TO {}{to}", self.name);
        self.target.execute(&grant);
    }

    fn run(&self, arguments: &[&str]) -> CommandOutput {
        let mut url = url::Url::parse(&self.target.url()).expect("an address");
        url.set_username(&self.name).expect("a name");
        url.set_password(Some("read")).expect("a password");
        let mut command = self.target.command(arguments);
        command.env("DATABASE_URL", url.as_str());
        CommandOutput::checked(&mut command)
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> (Option<i32>, Value) {
        let ended = self.run(&[arguments, &["--format", "json"]].concat());
        let json = serde_json::from_str(&ended.stdout);
        (
            ended.code,
            json.unwrap_or_else(|error| panic!("{error}\n{ended}")),
        )
    }
}

impl Drop for Reviewer<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let name = &self.name;
        match self.target.backend {
            Backend::Sqlite => {}
            Backend::Postgres => {
                self.target.execute(&format!(
                    "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {name}"
                ));
                self.target.execute(&format!(
                    "REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {name}"
                ));
                self.target.execute(&format!("DROP ROLE {name}"));
            }
            Backend::Mysql => self.target.execute(&format!("DROP USER {name}@'%'")),
        }
    }
}

fn a_role_that_may_read_everything_sees_correct_results(target: Target) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    let reviewer = Reviewer::new(&target, &["*"]);
    let (code, report) = reviewer.json(&["verify", "legacy"]);
    assert_eq!((code, &report["status"]), (Some(0), &"equal".into()));
    let (code, verified) = reviewer.json(&["audit", "verify"]);
    assert_eq!(
        (code, &verified["status"]),
        (Some(0), &"self_consistent".into())
    );
    let (code, status) = reviewer.json(&["audit", "status"]);
    assert_eq!(code, Some(0), "{status:#}");
    let (_, health) = reviewer.json(&["doctor"]);
    let checks = health["checks"].as_array().expect("checks");
    let triggers = checks.iter().find(|check| check["name"] == "triggers");
    let triggers = triggers.map(|check| check["status"].clone());
    // MySQL shows triggers only to users who may drop them.
    let (seen, changed, healthy) = match target.backend {
        Backend::Mysql => ("unseen", Value::Null, "warning"),
        Backend::Sqlite | Backend::Postgres => ("recorded", false.into(), "sound"),
    };
    assert_eq!(status["status"], seen, "{status:#}");
    let effect = match target.backend {
        Backend::Mysql => "unknown",
        Backend::Sqlite | Backend::Postgres => "recorded",
    };
    assert_eq!(status["tables"][0]["changes"], effect, "{status:#}");
    assert_eq!(verified["schema_changed"], changed);
    assert_eq!(triggers, Some(healthy.into()), "{health:#}");
    for arguments in [
        &["audit", "log", "--entries"][..],
        &["audit", "why", "profiles", "child_0001"],
        &["audit", "reconcile"],
    ] {
        let ended = reviewer.run(arguments);
        assert_eq!(ended.code, Some(0), "{ended}");
    }
}

fn a_role_that_may_not_read_everything_gets_a_hint(target: Target) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    let reviewer = Reviewer::new(&target, &["audit_log", "import_runs"]);
    for arguments in [
        &["audit", "log", "--entries"][..],
        &["audit", "history", "profiles", "child_0001"],
        &["audit", "verify"],
        &["audit", "export"],
    ] {
        let ended = reviewer.run(arguments);
        assert_eq!(ended.code, Some(1), "{ended}");
        assert!(ended.stderr.contains("GRANT SELECT ON"), "{ended}");
    }
}

/// Tables and triggers may have been created by another account; after that, only rows are written.
fn a_role_that_may_only_write_rows_can_import(target: Target) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    let writer = Reviewer::new(&target, &["*"]);
    for statement in match target.backend {
        Backend::Sqlite => unreachable!("files have no roles"),
        Backend::Postgres => vec![
            format!(
                "GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
                writer.name
            ),
            format!(
                "GRANT USAGE, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {}",
                writer.name
            ),
        ],
        Backend::Mysql => vec![format!(
            "GRANT INSERT, UPDATE, DELETE, TRIGGER ON `{}`.* TO {}@'%'",
            target.name().replace('_', "\\_"),
            writer.name
        )],
    } {
        target.execute(&statement);
    }
    let (code, health) = writer.json(&["doctor"]);
    let checks = health["checks"].as_array().expect("checks");
    let rights = checks.iter().find(|check| check["name"] == "rights");
    let rights = rights.expect("a check of the rights");
    assert_eq!(
        (code, &rights["status"]),
        (Some(0), &"warning".into()),
        "{health:#}"
    );
    edit(
        &target.workspace,
        "profiles/child_profiles.json",
        |profiles| {
            profiles[0]["school"] = "Hillside".into();
        },
    );
    let ended = writer.run(&["import", "legacy", "--archive", "target/archive"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    target.verifies("equal");
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn roles_on_postgres() {
    run(
        Backend::Postgres,
        a_role_that_may_read_everything_sees_correct_results,
    );
    run(
        Backend::Postgres,
        a_role_that_may_not_read_everything_gets_a_hint,
    );
    run(
        Backend::Postgres,
        a_role_that_may_only_write_rows_can_import,
    );
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn roles_on_mysql() {
    run(
        Backend::Mysql,
        a_role_that_may_read_everything_sees_correct_results,
    );
    run(
        Backend::Mysql,
        a_role_that_may_not_read_everything_gets_a_hint,
    );
    run(Backend::Mysql, a_role_that_may_only_write_rows_can_import);
}
