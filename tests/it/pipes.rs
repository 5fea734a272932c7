//! Pipes and devices in place of files are reported at once: no command blocks on them or reads them endlessly. Nothing
//! from outside the directory is imported, even if files are replaced while it is read.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::fixtures;
use crate::rows;
use crate::workspace::{CommandOutput, Workspace};

/// More than any of these commands takes; without it, a command that blocks on a pipe would block the tests.
const PATIENCE: Duration = Duration::from_secs(60);

fn run(command: &mut Command) -> CommandOutput {
    let mut child = command.spawn().expect("the command starts");
    let begun = Instant::now();
    while child.try_wait().expect("a child").is_none() {
        if begun.elapsed() > PATIENCE {
            child.kill().expect("killed");
            let ended = CommandOutput::of(child.wait_with_output().expect("an end"));
            panic!("the command waits: {ended}");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    CommandOutput::of(child.wait_with_output().expect("an end"))
}

fn make_pipe(path: &Path) {
    let made = Command::new("mkfifo")
        .arg(path)
        .stderr(Stdio::null())
        .status();
    assert!(made.expect("mkfifo runs").success());
}

/// Replaces the file by a pipe, then by a device, and runs the command each time.
fn in_its_place(path: &Path, mut with: impl FnMut()) {
    let kept = path.with_extension("kept");
    fs::rename(path, &kept).expect("moved");
    make_pipe(path);
    with();
    fs::remove_file(path).expect("removed");
    symlink("/dev/zero", path).expect("linked");
    with();
    fs::remove_file(path).expect("removed");
    fs::rename(&kept, path).expect("moved back");
}

#[test]
fn a_layout_of_pipes_or_devices_is_an_error() {
    let workspace = Workspace::empty();
    let layout = workspace.root().join("layout");
    fixtures::copy(&fixtures::path("layouts/anything"), &layout);
    for name in ["layout.toml", "tables.sql", "list.schema.json"] {
        in_its_place(&layout.join(name), || {
            let mut command = workspace.command();
            let ended = run(command.args(["layout", "check", "layout"]));
            assert_eq!(ended.code, Some(1), "{ended}");
            assert!(ended.stderr.contains("not a regular file"), "{ended}");
            assert!(ended.stderr.contains(name), "{ended}");
        });
    }
    // A sparse file of a terabyte.
    let schema = layout.join("list.schema.json");
    let file = fs::OpenOptions::new()
        .write(true)
        .open(schema)
        .expect("opened");
    file.set_len(1 << 40).expect("a sparse file");
    let ended = run(workspace.command().args(["layout", "check", "layout"]));
    assert_eq!(ended.code, Some(1), "{ended}");
    assert!(ended.stderr.contains("larger than 64 MiB"), "{ended}");
}

#[test]
fn an_archive_of_pipes_or_devices_is_damaged() {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    let archive = workspace.archive();
    let first_in = |directory: &Path| {
        let entry = fs::read_dir(directory).expect("read").next();
        entry.expect("an entry").expect("read").path()
    };
    let object = first_in(&first_in(&archive.join("objects")));
    let manifest = first_in(&archive.join("runs"));
    for path in [&object, &manifest] {
        in_its_place(path, || {
            let mut command = workspace.command();
            command.args(["archive", "verify", "--archive", "target/legacy.db.archive"]);
            let ended = run(&mut command);
            assert_eq!(ended.code, Some(4), "{ended}");
        });
    }
    // A seal cannot be written to a pipe or through a link: the run is committed, and the line is printed.
    in_its_place(&archive.join("seals.log"), || {
        workspace.write("content_db/approved_cards.json", "[]");
        let mut command = workspace.command();
        command.args([
            "import",
            "legacy",
            "--database",
            "target/legacy.db",
            "--reread",
        ]);
        let chat = workspace.read("content_db/chat_history.json");
        workspace.write("content_db/chat_history.json", format!("{chat}\n"));
        let ended = run(&mut command);
        assert_eq!(ended.code, Some(0), "{ended}");
        assert!(ended.stderr.contains("[seal-not-logged]"), "{ended}");
    });
}

#[test]
fn settings_and_proofs_that_are_pipes_or_devices_are_errors() {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    let file = workspace.root().join("given");
    let url = "target/legacy.db";
    fs::write(&file, "").expect("written");
    for (arguments, code) in [
        (
            &["audit", "verify", "--database", url, "--anchor", "given"][..],
            1,
        ),
        (&["audit", "verify", "--receipt", "given"], 1),
    ] {
        in_its_place(&file, || {
            let ended = run(workspace.command().args(arguments));
            assert_eq!(ended.code, Some(code), "{ended}");
            assert!(ended.stderr.contains("not a regular file"), "{ended}");
        });
    }
    #[cfg(feature = "postgres")]
    in_its_place(&file, || {
        let mut command = workspace.command();
        command.args(["doctor", "--database", "postgres://u@127.0.0.1:1/db"]);
        let ended = run(command.args(["--password-file", "given", "--connect-attempts", "1"]));
        assert_eq!(ended.code, Some(2), "{ended}");
        assert!(ended.stderr.contains("not a regular file"), "{ended}");
    });
    let settings = workspace.root().join(".env");
    fs::write(&settings, "DATABASE_URL=target/legacy.db\n").expect("written");
    in_its_place(&settings, || {
        let ended = run(workspace.command().args(["runs", "list"]));
        assert_eq!(ended.code, Some(2), "{ended}");
        assert!(ended.stderr.contains("`.env` cannot be read"), "{ended}");
    });
    assert_eq!(
        run(workspace.command().args(["runs", "list"])).code,
        Some(0)
    );
}

/// Replaces a file by a pipe or a link, or its directory by a link, at a random point of an import.
#[test]
fn replacing_a_source_file_while_it_is_read_imports_nothing_from_outside() {
    let layout = fixtures::path("layouts/anything");
    let mut changed = 0;
    for round in 0..12_u64 {
        let workspace = Workspace::empty();
        for number in 0..600 {
            workspace.write(
                &format!("documents/{number:04}.json"),
                format!("{{\"i\":{number}}}"),
            );
        }
        let outside = workspace.root().join("outside");
        fs::create_dir(&outside).expect("made");
        for number in 0..600 {
            fs::write(
                outside.join(format!("{number:04}.json")),
                "{\"outside\":\"SECRET\"}",
            )
            .expect("written");
        }
        let directory = workspace.source_dir().join("documents");
        let file = directory.join("0599.json");
        let layout = layout.to_str().expect("UTF-8");
        let mut child = workspace.begin_import(&["--layout", layout]);
        std::thread::sleep(Duration::from_millis(round * 11));
        match round % 3 {
            0 => {
                fs::remove_file(&file).expect("removed");
                make_pipe(&file);
            }
            1 => {
                fs::remove_file(&file).expect("removed");
                symlink(outside.join("0599.json"), &file).expect("linked");
            }
            _ => {
                fs::rename(&directory, workspace.root().join("moved")).expect("moved");
                symlink(&outside, &directory).expect("linked");
            }
        }
        let begun = Instant::now();
        while child.try_wait().expect("a child").is_none() {
            assert!(begun.elapsed() < PATIENCE, "the import waits");
            std::thread::sleep(Duration::from_millis(5));
        }
        let ended = CommandOutput::of(child.wait_with_output().expect("an end"));
        match ended.code {
            Some(0) => {
                let secret = "SELECT count(*) FROM items WHERE value LIKE '%SECRET%'";
                let secrets: i64 = rows::value(&workspace.connection(), secret);
                assert_eq!(secrets, 0, "{ended}");
            }
            Some(1..=3) => {
                changed += 1;
                assert!(!workspace.database().exists(), "{ended}");
            }
            _ => panic!("{ended}"),
        }
        assert!(
            !ended.stderr.contains("SECRET") && !ended.stdout.contains("SECRET"),
            "{ended}"
        );
    }
    assert!(changed > 0, "no import met the exchange");
}
