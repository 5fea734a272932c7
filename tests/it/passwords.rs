//! Passwords in invalid database URLs are never shown or used as a file name.

use crate::workspace::{CommandOutput, Workspace};

const SECRET: &str = "s3cr3t";

fn workspace() -> Workspace {
    Workspace::of("srs4autism/valid/small")
}

#[track_caller]
fn assert_secret(ended: &CommandOutput, code: i32) {
    assert_eq!(ended.code, Some(code), "{ended}");
    assert!(!ended.stdout.contains(SECRET), "{ended}");
    assert!(!ended.stderr.contains(SECRET), "{ended}");
}

/// A variable of an otherwise complete address is rejected, and its text is not printed.
#[track_caller]
fn assert_rejects_without_showing(workspace: &Workspace, variable: &str, text: &str) {
    let mut command = workspace.command();
    command
        .args(["doctor", "--connect-attempts", "1"])
        .env("DATABASE_TYPE", "postgres")
        .env("DB_HOST", "127.0.0.1")
        .env("DB_PORT", "1")
        .env("DB_NAME", "db")
        .env(variable, text);
    assert_secret(&workspace.run(&mut command), 2);
}

#[test]
fn connection_strings_of_other_programs_are_usage_errors() {
    for text in [
        "host=127.0.0.1 user=u password=s3cr3t dbname=db",
        "Server=127.0.0.1;Database=db;Uid=u;Pwd=s3cr3t",
        "jdbc:postgresql://127.0.0.1/db?user=u&password=s3cr3t",
        "u:s3cr3t@tcp(127.0.0.1:3306)/db",
        "postgresql+psycopg://u:s3cr3t@127.0.0.1/db",
        "mysql+pymysql://u:s3cr3t@127.0.0.1/db",
        "u_1:s3cr3t@127.0.0.1/db",
        "\u{feff}'postgres://u:s3cr3t@127.0.0.1/db'",
        "127.0.0.1:5432:db:u:s3cr3t",
        "{'host': '127.0.0.1', 'password': 's3cr3t'}",
        "mysql -u root -ps3cr3t db",
        "DATABASE_URL=postgres://u:s3cr3t@127.0.0.1/db",
        "sqlite://u:s3cr3t@127.0.0.1/db",
        "sqlite://u%3As3cr3t%40127.0.0.1/db",
        "sqlite:target/legacy.db?password=s3cr3t",
    ] {
        let workspace = workspace();
        let before = workspace.tree();
        for format in ["text", "json"] {
            let mut command = workspace.command();
            command.args(["import", "legacy", "-vvv", "--format", format]);
            command.args(["--database", text]);
            let ended = workspace.run(&mut command);
            assert_secret(&ended, 2);
            assert!(ended.stderr.contains("hint:"), "{ended}");
            let mut command = workspace.command();
            command
                .args(["doctor", "--format", format])
                .env("DATABASE_URL", text);
            assert_secret(&workspace.run(&mut command), 2);
            let mut command = workspace.command();
            command.args(["archive", "list", "--format", format, "--database", text]);
            assert_secret(&workspace.run(&mut command), 2);
        }
        std::fs::write(
            workspace.root().join(".env"),
            format!("DATABASE_URL=\"{text}\"\n"),
        )
        .expect("written");
        let mut command = workspace.command();
        command.args(["runs", "list"]);
        assert_secret(&workspace.run(&mut command), 2);
        std::fs::remove_file(workspace.root().join(".env")).expect("removed");
        before.assert_unchanged(&workspace.tree(), text);
    }
}

/// Nothing listens on port 1.
#[cfg(feature = "postgres")]
#[test]
fn blanks_around_a_url_are_ignored() {
    let url = "\t postgres://u:s3cr3t@127.0.0.1:1/db \n";
    let workspace = workspace();
    let mut command = workspace.command();
    command.args([
        "import",
        "legacy",
        "--connect-attempts",
        "1",
        "--database",
        url,
    ]);
    let ended = workspace.run(&mut command);
    assert_secret(&ended, 1);
    assert!(
        ended.stderr.contains("postgres://u@127.0.0.1:1/db"),
        "{ended}"
    );
    let mut command = workspace.command();
    command
        .args(["doctor", "--connect-attempts", "1"])
        .env("DATABASE_URL", url);
    assert_secret(&workspace.run(&mut command), 1);
}

#[test]
fn a_url_in_the_wrong_argument_is_shown_without_its_password() {
    let workspace = workspace();
    let url = "postgres://u:s3cr3t@127.0.0.1/db";
    for (arguments, code) in [
        (&["import", url, "--database", "x.db"][..], 1),
        (&["doctor", url], 2),
        (&["doctor", "--wait", url], 2),
        (
            &["audit", "verify", "--database", "x.db", "--anchor", url],
            2,
        ),
        (&["audit", "verify", "--receipt", url], 1),
        (&["archive", "list", "--archive", url], 1),
        (
            &["runs", "list", "--database", "x.db", "--password-file", url],
            1,
        ),
    ] {
        for format in ["text", "json"] {
            let mut command = workspace.command();
            command.args(arguments).args(["--format", format]);
            assert_secret(&workspace.run(&mut command), code);
        }
    }
    for variable in [
        "DATABASE_TYPE",
        "DB_HOST",
        "DB_PORT",
        "DB_NAME",
        "DB_USER",
        "DB_TIMEOUT",
    ] {
        assert_rejects_without_showing(&workspace, variable, url);
    }
}

#[test]
fn a_file_name_with_blanks_and_punctuation_is_written_as_a_path() {
    let workspace = workspace();
    let name = "target/my choir, 2024 (a=b).db";
    let mut command = workspace.command();
    command.args(["import", "legacy", "--database", name]);
    let rejected = workspace.run(&mut command);
    assert_eq!(rejected.code, Some(2), "{rejected}");
    assert!(rejected.stderr.contains("write `./NAME`"), "{rejected}");
    let path = format!("./{name}");
    let mut command = workspace.command();
    command.args(["import", "legacy", "--database", &path]);
    let imported = workspace.run(&mut command);
    assert_eq!(imported.code, Some(0), "{imported}");
    assert!(workspace.root().join(name).is_file());
}

#[test]
fn a_connection_string_in_a_variable_for_a_name_is_not_shown() {
    let workspace = workspace();
    for text in [
        "host=db password=s3cr3t",
        "db:5432:x:u:s3cr3t",
        "{\"password\": \"s3cr3t\"}",
        "u;Pwd=s3cr3t",
    ] {
        for variable in ["DB_HOST", "DB_NAME", "DB_USER"] {
            assert_rejects_without_showing(&workspace, variable, text);
        }
    }
}
