//! Tests that start servers of their own, because they change the setup: certificates, languages, a replica.

use std::path::Path;
use std::process::Command;

use super::target::{Backend, Target};

/// A server that is stopped at the end of the test.
struct Private {
    backend: Backend,
    directory: tempfile::TempDir,
}

fn script(arguments: &[&str]) -> String {
    script_with(arguments, "")
}

/// Runs the script with additional options for a MySQL or MariaDB server.
fn script_with(arguments: &[&str], options: &str) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/servers");
    let mut command = Command::new(script);
    if !options.is_empty() {
        command.env("TEST_MYSQL_OPTIONS", options);
    }
    let output = command.args(arguments).output().expect("the script");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

impl Private {
    /// Runs a test on a server of its own.
    fn run(backend: Backend, case: impl FnOnce(&Self)) {
        // The path of a socket is limited to about a hundred bytes, so the usual directory is too deep.
        let mut directory = tempfile::Builder::new();
        let directory = directory.prefix("accession-private.").tempdir_in("/tmp");
        let directory = directory.expect("a directory");
        case(&Self { backend, directory });
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn name(&self) -> &'static str {
        match self.backend {
            Backend::Postgres => "postgres",
            Backend::Sqlite | Backend::Mysql => "mysql",
        }
    }

    /// Starts or restarts the server and creates a new database on it.
    fn start(&self) -> String {
        self.start_with("")
    }

    /// The same, with additional options for a MySQL or MariaDB server.
    fn start_with(&self, options: &str) -> String {
        let path = self.path().to_str().expect("UTF-8");
        let printed = script_with(&["start", path, self.name()], options);
        let variable = format!("TEST_{}_URL=", self.name().to_uppercase());
        let (_, rest) = printed.split_once(&variable).expect("an address");
        let (address, _) = rest.split_once('\n').expect("a line");
        let (server, _) = address.rsplit_once('/').expect("an address");
        server.to_owned()
    }

    fn kill(&self) {
        let path = self.path().to_str().expect("UTF-8");
        script(&["kill", path, self.name()]);
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        script(&["stop", self.path().to_str().expect("UTF-8")]);
    }
}

/// Replaces the server's certificate with a self-signed one of X.509 version 1.
fn certify(server: &Private, key: &[&str]) {
    let openssl = |arguments: &[&str]| {
        let mut command = Command::new("openssl");
        let output = command.args(arguments).current_dir(server.path()).output();
        let output = output.expect("openssl");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let request = ["req", "-newkey"];
    let named = [
        "-nodes", "-subj", "/CN=old", "-keyout", "new.key", "-out", "new.csr",
    ];
    openssl(&[&request[..], key, &named].concat());
    openssl(&[
        "x509", "-req", "-in", "new.csr", "-signkey", "new.key", "-days", "2", "-out", "new.pem",
    ]);
    let text = openssl(&["x509", "-in", "new.pem", "-noout", "-text"]);
    assert!(text.contains("Version: 1 "), "{text}");
    for (from, to) in [("new.key", "server.key"), ("new.pem", "server.pem")] {
        // The file keeps its owner and permissions.
        let bytes = std::fs::read(server.path().join(from)).expect("made");
        std::fs::write(server.path().join(to), bytes).expect("written");
    }
}

const KEYS: [&[&str]; 2] = [
    &["rsa:2048"],
    &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
];

#[test]
fn an_unchecked_certificate_need_not_be_valid_on_postgres() {
    Private::run(Backend::Postgres, |server| {
        server.start();
        for key in KEYS {
            certify(server, key);
            server.kill();
            let target = Target::on(Backend::Postgres, Some(server.start()));
            for mode in ["prefer", "require"] {
                let ended = target.run(&["migrate", "status", "--tls", mode]);
                assert_eq!(ended.code, Some(0), "{key:?} {mode} {ended}");
            }
            let ended = target.run(&["migrate", "status", "--tls", "verify-full"]);
            assert_eq!(ended.code, Some(1), "{key:?} {ended}");
        }
    });
}

/// The MySQL driver parses every certificate.
#[test]
fn an_unreadable_certificate_is_reported_or_ignored_on_mysql() {
    Private::run(Backend::Mysql, |server| {
        server.start();
        for key in KEYS {
            certify(server, key);
            server.kill();
            let target = Target::on(Backend::Mysql, Some(server.start()));
            let ended = target.run(&["migrate", "status", "--tls", "prefer"]);
            assert_eq!(ended.code, Some(0), "{key:?} {ended}");
            assert!(ended.stderr.contains("not encrypted"), "{ended}");
            let ended = target.run(&["migrate", "status", "--tls", "require"]);
            assert_eq!(ended.code, Some(1), "{key:?} {ended}");
            assert!(ended.stderr.contains("ertVersion"), "{ended}");
            assert!(
                ended.stderr.contains("hint: check the certificate"),
                "{ended}"
            );
        }
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn an_import_into_a_replica_is_rejected() {
    Private::run(Backend::Postgres, |server| {
        let target = Target::on(Backend::Postgres, Some(server.start()));
        let target = target.with("srs4autism/valid/small");
        target.imports(&[]);
        let before = target.run(&["verify", "legacy"]);
        assert!(!before.stderr.contains("replica"), "{before}");
        // It replays the existing WAL and waits for more: a standby without a primary.
        server.kill();
        let signal = server.path().join("postgres/standby.signal");
        std::fs::write(&signal, "").expect("written");
        server.start();
        let ended = target.run(&["verify", "legacy"]);
        assert_eq!(ended.code, Some(0), "{ended}");
        assert!(
            ended.stderr.contains("note: this server is a replica"),
            "{ended}"
        );
        let words = target.workspace.read("profiles/child_profiles.json");
        let words = words.replace("Lakeside", "Seaside");
        target
            .workspace
            .write("profiles/child_profiles.json", words);
        let import = ["import", "legacy", "--archive", "target/archive"];
        for command in [&import[..], &["migrate", "up"]] {
            let ended = target.run(command);
            assert_eq!(ended.code, Some(1), "{ended}");
            assert!(ended.stderr.contains("accepts no changes"), "{ended}");
            assert!(
                ended.stderr.contains("hint: nothing was written"),
                "{ended}"
            );
        }
        server.kill();
        std::fs::remove_file(signal).expect("removed");
        server.start();
    });
}

/// Another program holds a lock on the table while the test runs.
fn while_locked(target: &Target, case: impl FnOnce()) {
    let (lock, see) = match target.backend {
        Backend::Postgres => (
            "BEGIN; LOCK TABLE profiles IN EXCLUSIVE MODE; SELECT pg_sleep(600)",
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'BEGIN; LOCK%'",
        ),
        Backend::Sqlite | Backend::Mysql => (
            "BEGIN; SELECT * FROM profiles FOR UPDATE; DO SLEEP(600)",
            "SELECT count(*) FROM information_schema.processlist WHERE info = 'DO SLEEP(600)'",
        ),
    };
    std::thread::scope(|scope| {
        scope.spawn(|| target.tries(lock));
        while target.value(see) == "0" {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        case();
        let end = match target.backend {
            Backend::Postgres => {
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK%'".to_owned()
            }
            Backend::Sqlite | Backend::Mysql => {
                let id = "SELECT id FROM information_schema.processlist WHERE info = 'DO SLEEP(600)'";
                format!("KILL {}", target.value(id))
            }
        };
        target.execute(&end);
    });
}

#[test]
fn german_server_messages_are_handled() {
    for backend in [Backend::Postgres, Backend::Mysql] {
        Private::run(backend, |server| {
            let target = Target::on(backend, Some(server.start()));
            let target = target.with("srs4autism/valid/small");
            let language = match backend {
                Backend::Postgres => target.value("SHOW lc_messages"),
                Backend::Sqlite | Backend::Mysql => target.value("SELECT @@lc_messages"),
            };
            assert!(language.starts_with("de_DE"), "the server's language");
            target.imports(&[]);
            let words = target.workspace.read("profiles/child_profiles.json");
            let words = words.replace("Lakeside", "Seaside");
            target
                .workspace
                .write("profiles/child_profiles.json", words);
            while_locked(&target, || {
                let ended = target.import(&["--wait", "1"]);
                assert_eq!(ended.code, Some(1), "{ended}");
                let message = "has been holding a lock for longer than the wait time";
                assert!(ended.stderr.contains(message), "{ended}");
                let code = match backend {
                    Backend::Postgres => "(SQLSTATE 55P03)",
                    Backend::Sqlite | Backend::Mysql => "(error 1205)",
                };
                assert!(ended.stderr.contains(code), "{ended}");
            });
            target.imports(&[]);
        });
    }
}

/// With `--sysdate-is-now` a session chooses the time of its entries, and `doctor` names it; otherwise it cannot.
#[test]
#[ignore = "needs servers: scripts/test"]
fn a_clock_that_sessions_can_set_is_reported_on_mysql() {
    Private::run(Backend::Mysql, |server| {
        for (options, word) in [("--sysdate-is-now", "warning"), ("", "sound")] {
            let target = Target::on(Backend::Mysql, Some(server.start_with(options)));
            target.execute("CREATE TABLE t (id INT PRIMARY KEY)");
            let enabled = target.run(&["audit", "enable", "t", "--archive", "target/archive"]);
            assert_eq!(enabled.code, Some(0), "{enabled}");
            target.execute("SET timestamp = 86400; INSERT INTO t VALUES (1)");
            let time = target.value("SELECT max(changed_at) FROM audit_log");
            let is_forged = time.starts_with("1970");
            assert_eq!(is_forged, word == "warning", "{time}");
            let ended = target.run(&["doctor", "--format", "json"]);
            assert_eq!(ended.code, Some(0), "{ended}");
            let health: serde_json::Value = serde_json::from_str(&ended.stdout).expect("JSON");
            let checks = health["checks"].as_array().expect("an array");
            let check = checks.iter().find(|check| check["name"] == "entry times");
            let check = check.expect("the check");
            assert_eq!(check["status"], word, "{check}");
            let is_named = check["message"]
                .as_str()
                .expect("text")
                .contains("--sysdate-is-now");
            assert_eq!(is_named, is_forged, "{check}");
            drop(target);
            server.kill();
        }
    });
}
