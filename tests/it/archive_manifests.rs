//! Manifests in the archive are verified: by their own digest, and by the seals of the database.

use std::path::PathBuf;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::workspace::Workspace;

const PROFILES: &str = "profiles/child_profiles.json";

/// Runs two imports; returns the manifest of the second.
fn imported() -> (Workspace, PathBuf) {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    workspace.write(
        PROFILES,
        workspace.read(PROFILES).replace("banana", "cherry"),
    );
    let report = workspace.report(&[]);
    let run = report["run"].as_str().expect("a run");
    let manifest = workspace.archive().join(format!("runs/{run}.json"));
    assert!(manifest.is_file());
    (workspace, manifest)
}

/// Runs `archive verify`; returns the result, and the kinds and messages of problems.
fn verified(workspace: &Workspace, arguments: &[&str]) -> (Value, Vec<String>) {
    let mut command = workspace.command();
    command
        .args(["archive", "verify", "--format", "json"])
        .args(arguments);
    let ended = workspace.run(&mut command);
    let report: Value =
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}\n{ended}"));
    let problems = report["problems"].as_array().expect("an array");
    let code = match (problems.is_empty(), &report["ledger"]["unavailable"]) {
        (true, Value::Null) => 0,
        // It was named, and could not be read.
        (true, _) => 1,
        (false, _) => 4,
    };
    assert_eq!(ended.code, Some(code), "{ended}");
    let text = |one: &Value, name: &str| one[name].as_str().expect("a text").to_owned();
    let output = problems
        .iter()
        .map(|one| format!("{}: {}", text(one, "kind"), text(one, "message")));
    let output = output.collect();
    (report, output)
}

const DATABASE: [&str; 2] = ["--database", "target/legacy.db"];
const ARCHIVE: [&str; 2] = ["--archive", "target/legacy.db.archive"];

/// Edits a manifest and recomputes its digest, as an attacker with knowledge of the format could.
fn forged(manifest: &str, from: &str, to: &str) -> String {
    let (contents, _) = manifest.rsplit_once(",\"sha256\":\"").expect("a digest");
    assert!(contents.contains(from), "{from}");
    let contents = contents.replacen(from, to, 1);
    let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(&contents));
    format!("{contents},\"sha256\":\"{digest}\"}}\n")
}

#[test]
fn an_unmodified_archive_agrees_with_its_database() {
    let (workspace, _) = imported();
    for arguments in [&DATABASE, &ARCHIVE] {
        let (report, problems) = verified(&workspace, arguments);
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(report["ledger"]["runs"], 2, "{report:#}");
    }
    // An archive must also be usable without its database.
    std::fs::remove_file(workspace.database()).expect("removed");
    let (report, problems) = verified(&workspace, &DATABASE);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(report["ledger"]["runs"], 0);
    assert!(report["ledger"]["unavailable"].is_string(), "{report:#}");
    assert_eq!(verified(&workspace, &ARCHIVE).0["ledger"], Value::Null);
}

#[test]
fn a_manifest_edited_by_hand_is_detected_without_the_database() {
    let (workspace, path) = imported();
    std::fs::remove_file(workspace.database()).expect("removed");
    let good = std::fs::read_to_string(&path).expect("read");
    for (from, to) in [
        ("child_profiles.json", "child_profileZ.json"),
        ("\"created_at\":\"2", "\"created_at\":\"1"),
        ("\"root\":\"/", "\"root\":\"//"),
        ("\"mode\":\"0", "\"mode\":\"4"),
        ("\"format\":2", "\"format\":1"),
    ] {
        assert!(good.contains(from), "{from}: {good}");
        std::fs::write(&path, good.replacen(from, to, 1)).expect("written");
        let (_, problems) = verified(&workspace, &ARCHIVE);
        assert!(problems[0].contains("modified or damaged"), "{problems:?}");
        assert_eq!(problems.len(), 1);
    }
}

#[test]
fn a_forged_manifest_is_detected_by_the_database() {
    let (workspace, path) = imported();
    let good = std::fs::read_to_string(&path).expect("read");
    for (from, to, output) in [
        (
            "child_profiles.json",
            "child_profileZ.json",
            "differs from the ledger for the file `profiles/child_profiles.json`",
        ),
        (
            "\"created_at\":\"2",
            "\"created_at\":\"1",
            "a different layout or time",
        ),
        (
            "\"root\":\"/",
            "\"root\":\"//",
            "differs from the digest in its seal",
        ),
        (
            "approved_cards.json",
            "approved_card_.json",
            "differs from the digest in its seal",
        ),
    ] {
        std::fs::write(&path, forged(&good, from, to)).expect("written");
        // The manifest itself is consistent; only the database can show the forgery.
        let away = workspace.database().with_extension("away");
        std::fs::rename(workspace.database(), &away).expect("moved");
        let (_, alone) = verified(&workspace, &ARCHIVE);
        assert_eq!(alone, Vec::<String>::new(), "{from}");
        std::fs::rename(&away, workspace.database()).expect("moved back");
        let (_, problems) = verified(&workspace, &DATABASE);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].starts_with("ledger: "), "{problems:?}");
        assert!(problems[0].contains(output), "{problems:?}");
    }
}

#[test]
fn a_run_without_a_manifest_is_reported_unless_it_has_another_archive() {
    let (workspace, path) = imported();
    std::fs::remove_file(&path).expect("removed");
    let (_, problems) = verified(&workspace, &DATABASE);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0].ends_with("its manifest is missing"),
        "{problems:?}"
    );
    let run = path
        .file_stem()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    assert!(problems[0].contains(&run), "{problems:?}");

    let (workspace, _) = imported();
    workspace.write(PROFILES, workspace.read(PROFILES).replace("cherry", "plum"));
    workspace.imports(&["--archive", "target/second"]);
    assert_eq!(verified(&workspace, &DATABASE).1, Vec::<String>::new());
    // If the archive was moved, its manifests are expected at the new place.
    std::fs::rename(workspace.archive(), workspace.target().join("moved")).expect("moved");
    let moved = [
        "--archive",
        "target/moved",
        "--database",
        "target/legacy.db",
    ];
    let (report, problems) = verified(&workspace, &moved);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(report["ledger"]["runs"], 2);
}

/// A copy of the archive, beside the archive that the runs name.
#[test]
fn a_copy_without_manifests_is_not_sound() {
    let (workspace, _) = imported();
    let copy = workspace.target().join("copy");
    crate::fixtures::copy(&workspace.archive(), &copy);
    let named = [&DATABASE[..], &["--archive", "target/copy"]].concat();
    assert_eq!(verified(&workspace, &named).1, [""; 0]);
    let mut manifests: Vec<_> = std::fs::read_dir(copy.join("runs"))
        .expect("a directory")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    std::fs::remove_file(manifests.pop().expect("a manifest")).expect("removed");
    let (report, problems) = verified(&workspace, &named);
    assert_eq!(
        (problems.len(), &report["ledger"]["elsewhere"]),
        (0, &Value::from(1))
    );
    std::fs::remove_file(manifests.pop().expect("a manifest")).expect("removed");
    let (_, problems) = verified(&workspace, &named);
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(
        problems[0].contains("its manifest is missing"),
        "{problems:?}"
    );
}
