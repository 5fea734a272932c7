//! Connections to servers: addresses, passwords, TLS, retries. No password is ever printed.

use std::time::Instant;

use super::target::{Backend, Target, run, setting};

fn on_servers(case: impl Fn(Target)) {
    run(Backend::Postgres, &case);
    run(Backend::Mysql, &case);
}

/// Returns the address of the target, parsed.
fn address(target: &Target) -> url::Url {
    url::Url::parse(&target.url()).expect("an address")
}

fn assert_no_password(target: &Target, ended: &crate::workspace::CommandOutput) {
    let address = address(target);
    let password = address.password().expect("a password");
    assert!(!ended.to_string().contains(password), "{ended}");
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_wrong_password_is_reported_at_once_without_showing_it() {
    on_servers(|target| {
        let mut wrong = address(&target);
        wrong.set_password(Some("wr0ng-one")).expect("a password");
        let mut command = target.command(&["runs", "list"]);
        let begun = Instant::now();
        let ended = target
            .workspace
            .run(command.env("DATABASE_URL", wrong.as_str()));
        assert_eq!(ended.code, Some(1), "{ended}");
        assert!(ended.stderr.contains("rejected the connection"), "{ended}");
        assert!(!ended.stderr.contains("wr0ng-one"), "{ended}");
        assert!(
            begun.elapsed().as_secs() < 5,
            "a wrong password is not tried again"
        );
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn separate_variables_and_a_settings_file_can_specify_the_server() {
    on_servers(|target| {
        let address = address(&target);
        let (kind, names) = match target.backend {
            Backend::Mysql => (
                "mysql",
                [
                    "MYSQL_HOST",
                    "MYSQL_PORT",
                    "MYSQL_DATABASE",
                    "MYSQL_USERNAME",
                    "MYSQL_PASSWORD",
                ],
            ),
            Backend::Sqlite | Backend::Postgres => (
                "postgres",
                ["DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_PASSWORD"],
            ),
        };
        let port = address.port().expect("a port").to_string();
        let values = [
            address.host_str().expect("a host"),
            &port,
            address.path().trim_start_matches('/'),
            address.username(),
            address.password().expect("a password"),
        ];
        let status = || {
            let mut command = target.workspace.command();
            command.args(["migrate", "status"]);
            command
        };
        let mut command = status();
        command
            .env("DATABASE_TYPE", kind)
            .envs(names.into_iter().zip(values));
        let ended = target.workspace.run(&mut command);
        assert_eq!(ended.code, Some(0), "{ended}");
        assert_no_password(&target, &ended);

        let lines = names
            .iter()
            .zip(values)
            .map(|(name, value)| format!("{name}={value}\n"));
        let settings = format!(
            "# the application's\nDATABASE_TYPE={kind}\n{}",
            lines.collect::<String>()
        );
        std::fs::write(target.workspace.root().join(".env"), settings).expect("written");
        let ended = target.workspace.run(&mut status());
        assert_eq!(ended.code, Some(0), "{ended}");
        assert!(ended.stderr.contains("is taken from `.env`"), "{ended}");
        // Environment variables have precedence.
        let ended = target
            .workspace
            .run(status().env("DATABASE_TYPE", "oracle"));
        assert_eq!(ended.code, Some(2), "{ended}");
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_missing_password_is_named() {
    on_servers(|target| {
        let mut address = address(&target);
        address.set_password(None).expect("no password");
        let mut command = target.command(&["doctor"]);
        let ended = target
            .workspace
            .run(command.env("DATABASE_URL", address.as_str()));
        assert_eq!(ended.code, Some(1), "{ended}");
        assert!(ended.to_string().contains("DATABASE_PASSWORD"), "{ended}");
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_password_file_must_be_readable_only_by_its_owner() {
    use std::os::unix::fs::PermissionsExt as _;
    on_servers(|target| {
        let mut address = address(&target);
        let password = address.password().expect("a password").to_owned();
        address.set_password(None).expect("no password");
        let file = target.workspace.root().join("password");
        std::fs::write(&file, format!("{password}\n")).expect("written");
        let attempt = |mode| {
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(&file, permissions).expect("changed");
            let mut command = target.command(&["migrate", "status", "--password-file", "password"]);
            target
                .workspace
                .run(command.env("DATABASE_URL", address.as_str()))
        };
        let rejected = attempt(0o644);
        assert_eq!(rejected.code, Some(2), "{rejected}");
        assert!(
            rejected
                .stderr
                .contains("other users can read the password file"),
            "{rejected}"
        );
        let ended = attempt(0o600);
        assert_eq!(ended.code, Some(0), "{ended}");
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_password_on_the_command_line_gives_a_warning() {
    on_servers(|target| {
        let url = target.url();
        let mut command = target.workspace.command();
        command.args(["migrate", "status", "--database", &url]);
        let ended = target.workspace.run(&mut command);
        assert_eq!(ended.code, Some(0), "{ended}");
        assert!(ended.stderr.contains("list of processes"), "{ended}");
        assert_no_password(&target, &ended);
    });
}

#[test]
fn connection_attempts_are_limited() {
    for scheme in ["postgres", "mysql"] {
        let workspace = crate::workspace::Workspace::empty();
        // A socket that is bound but does not listen rejects connections to its port.
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = taken.local_addr().expect("an address").port();
        drop(taken);
        let url = format!("{scheme}://nobody:s3cret@127.0.0.1:{port}/none");
        let mut command = workspace.command();
        command
            .args(["runs", "list", "--connect-attempts", "3"])
            .env("DATABASE_URL", url);
        let ended = workspace.run(&mut command);
        assert_eq!(ended.code, Some(1), "{ended}");
        assert_eq!(ended.stderr.matches("attempt ").count(), 2, "{ended}");
        assert!(ended.stderr.contains("cannot be reached"), "{ended}");
        assert!(!ended.stderr.contains("s3cret"), "{ended}");
    }
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn certificates_are_checked_on_request() {
    let authority = setting("TEST_SERVERS_CA");
    on_servers(|target| {
        let mut url = address(&target);
        let attempt = |url: &url::Url, arguments: &[&str]| {
            let mut command = target.command(&[&["migrate", "status"], arguments].concat());
            target
                .workspace
                .run(command.env("DATABASE_URL", url.as_str()))
        };
        for mode in ["disable", "prefer", "require"] {
            let ended = attempt(&url, &["--tls", mode]);
            assert_eq!(ended.code, Some(0), "{mode} {ended}");
        }
        // The certificate is for `localhost`, from an unknown authority.
        let verify = ["--tls", "verify-full", "--tls-ca", &authority];
        let ended = attempt(&url, &verify[..2]);
        assert_eq!(ended.code, Some(1), "{ended}");
        let ended = attempt(&url, &verify);
        assert_eq!(ended.code, Some(1), "127.0.0.1 is not localhost: {ended}");
        url.set_host(Some("localhost")).expect("a host");
        let ended = attempt(&url, &verify);
        assert_eq!(ended.code, Some(0), "{ended}");
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_separate_schema_contains_everything() {
    run(Backend::Postgres, |target| {
        let target = target.with("srs4autism/valid/small");
        let missing = target.import(&["--schema", "legacy data"]);
        assert_eq!(missing.code, Some(1), "{missing}");
        assert!(
            missing.stderr.contains("no schema `legacy data`"),
            "{missing}"
        );
        target.execute("CREATE SCHEMA \"legacy data\"");
        target.imports(&["--schema", "legacy data"]);
        assert_eq!(
            target.value("SELECT count(*) > 4 FROM \"legacy data\".audit_log"),
            "t"
        );
        let elsewhere = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
        assert_eq!(target.value(elsewhere), "0");
        let ended = target.run(&["verify", "legacy", "--schema", "legacy data"]);
        assert_eq!(ended.code, Some(0), "{ended}");
        // Two schemas of one database are independent.
        let ended = target.run(&["import", "legacy", "--archive", "target/second"]);
        assert_eq!(ended.code, Some(0), "{ended}");
        assert_eq!(target.count("import_runs"), 1);
    });
}
