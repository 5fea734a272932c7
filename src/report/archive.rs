//! Archives of originals: what they hold, and whether they do.

use std::error::Error;
use std::path::Path;

use serde_json::{Value, json};

use crate::archive::{Listing, Problem, Restored, VerifyReport};

use super::Style;
use super::counts::{Align, aligned, grouped, moment, plural};

/// One line per run, then the manifests that cannot be used.
#[must_use]
pub fn archive_text(listing: &Listing) -> String {
    let mut out = String::new();
    if listing.runs.is_empty() {
        out.push_str("no runs\n");
    } else {
        let header = [
            ("run", Align::Left),
            ("when", Align::Left),
            ("files", Align::Right),
            ("bytes", Align::Right),
            ("layout", Align::Left),
            ("directory", Align::Left),
        ];
        let rows: Vec<Vec<String>> = listing
            .runs
            .iter()
            .map(|run| {
                vec![
                    run.header.run.to_string(),
                    moment(&run.header.created_at.to_string()),
                    grouped(run.files),
                    grouped(run.bytes),
                    run.header.layout.clone(),
                    run.header.root.clone(),
                ]
            })
            .collect();
        out.push_str(&aligned(&header, &rows));
    }
    for error in &listing.unusable {
        let level = Style::paint(Style::WARNING, "warning:");
        out.push_str(&format!("{level} {}\n", with_causes(error)));
    }
    out
}

/// The runs of an archive as a JSON object; `docs/json.md` describes it.
#[must_use]
pub fn archive_json(directory: &Path, listing: &Listing) -> Value {
    let runs: Vec<Value> = listing
        .runs
        .iter()
        .map(|run| {
            json!({
                "run": run.header.run.to_string(),
                "created_at": run.header.created_at.to_string(),
                "layout": run.header.layout,
                "root": run.header.root,
                "files": run.files,
                "bytes": run.bytes,
            })
        })
        .collect();
    let unusable: Vec<String> = listing
        .unusable
        .iter()
        .map(|error| with_causes(error))
        .collect();
    json!({"archive": directory.display().to_string(), "runs": runs, "unusable": unusable})
}

/// The problems, then the verdict.
#[must_use]
pub fn verified_text(directory: &Path, report: &VerifyReport) -> String {
    let mut out = String::new();
    for problem in &report.problems {
        let level = Style::paint(Style::ERROR, "error:");
        out.push_str(&format!("{level} {}\n", with_causes(problem)));
    }
    let directory = directory.display();
    out.push_str(&match report.problems.len() as u64 {
        0 => format!("{}: `{directory}`\n", Style::paint(Style::SUCCESS, "sound")),
        count => {
            let problems = plural(count, "problem");
            let verdict = Style::paint(Style::ERROR, "damaged");
            format!("{verdict}: `{directory}`, {problems}\n")
        }
    });
    out.push_str(&format!(
        "  {} of {}, {} read ({} bytes)\n",
        plural(report.files, "file"),
        plural(report.runs, "run"),
        plural(report.objects, "object"),
        grouped(report.bytes)
    ));
    if let Some(count) = report.unreferenced.filter(|count| *count > 0) {
        let objects = plural(count, "object");
        out.push_str(&format!("  {objects} that no run needs\n"));
    }
    out
}

/// What a verification found as a JSON object; `docs/json.md` describes it.
#[must_use]
pub fn verified_json(directory: &Path, report: &VerifyReport) -> Value {
    let status = match report.problems.is_empty() {
        true => "sound",
        false => "damaged",
    };
    let problems: Vec<Value> = report.problems.iter().map(problem_json).collect();
    json!({
        "status": status,
        "archive": directory.display().to_string(),
        "runs": report.runs,
        "files": report.files,
        "objects": report.objects,
        "bytes": report.bytes,
        "unreferenced": report.unreferenced,
        "problems": problems,
    })
}

fn problem_json(problem: &Problem) -> Value {
    let message = with_causes(problem);
    match problem {
        Problem::Manifest(_) => json!({"kind": "manifest", "message": message}),
        Problem::Pack(_) => json!({"kind": "pack", "message": message}),
        Problem::Object {
            sha256,
            object,
            run,
            path,
            files,
            fault: _,
        } => json!({
            "kind": "object",
            "message": message,
            "run": run.to_string(),
            "path": path.to_string(),
            "files": files,
            "object": object.display().to_string(),
            "sha256": sha256.to_string(),
        }),
    }
}

/// What was brought back, and to where.
#[must_use]
pub fn restored_text(run: &str, target: &Path, restored: Restored) -> String {
    format!(
        "{} {} of run {run} into `{}` ({} bytes)\n",
        Style::paint(Style::SUCCESS, "restored"),
        plural(restored.files, "file"),
        target.display(),
        grouped(restored.bytes)
    )
}

/// What was brought back as a JSON object; `docs/json.md` describes it.
#[must_use]
pub fn restored_json(run: &str, target: &Path, restored: Restored) -> Value {
    json!({
        "run": run,
        "directory": target.display().to_string(),
        "files": restored.files,
        "bytes": restored.bytes,
    })
}

/// An error in one line, with what caused it.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_documented, assert_lines};
    use super::*;
    use crate::archive::{
        ArchiveError, ManifestFault, ManifestHeader, ManifestSummary, ObjectFault, RelativePath,
    };
    use crate::model::{Sha256, Timestamp};
    use uuid::Uuid;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    fn unusable() -> ArchiveError {
        ArchiveError::BadManifest {
            path: "/a/runs/1.json".into(),
            source: ManifestFault::Format(2),
        }
    }

    #[test]
    fn runs_and_unusable_manifests_are_listed() {
        let header = ManifestHeader {
            run: Uuid::from_u128(7),
            layout: "sample".to_owned(),
            root: "/data".to_owned(),
            created_at: Timestamp::from_micros(1_714_557_600_000_000).expect("valid"),
        };
        let listing = Listing {
            runs: vec![ManifestSummary {
                header,
                files: 3,
                bytes: 1_700,
            }],
            unusable: vec![unusable()],
        };
        assert_lines(
            &archive_text(&listing),
            &[
                "  run                                   when                  files  bytes  layout  directory",
                "  00000000-0000-0000-0000-000000000007  2024-05-01 10:00:00Z      3  1 700  sample  /data",
                "warning: /a/runs/1.json: not a valid manifest: format 2 is not known, only format 1",
            ],
        );
        let json = archive_json(Path::new("/a"), &listing);
        assert_documented(&json);
        assert_eq!(json["runs"][0]["bytes"], 1_700);
        assert_eq!(json["unusable"].as_array().map(Vec::len), Some(1));
    }

    #[test]
    fn a_verification_tells_problems_and_a_verdict() {
        let mut report = VerifyReport {
            runs: 2,
            files: 6,
            objects: 4,
            bytes: 12_345,
            problems: Vec::new(),
            unreferenced: Some(1),
        };
        assert_lines(
            &verified_text(Path::new("/a"), &report),
            &[
                "sound: `/a`",
                "  6 files of 2 runs, 4 objects read (12 345 bytes)",
                "  1 object that no run needs",
            ],
        );
        report.problems = vec![
            Problem::Manifest(unusable()),
            Problem::Object {
                sha256: Sha256([0; 32]),
                object: "/a/objects/00/0.zst".into(),
                run: Uuid::from_u128(7),
                path: RelativePath::parse("people.json").expect("valid"),
                files: 2,
                fault: ObjectFault::Missing,
            },
        ];
        assert_lines(
            &verified_text(Path::new("/a"), &report),
            &[
                "error: a manifest cannot be used: /a/runs/1.json: not a valid manifest: format 2 is not known, only format 1",
                "error: people.json: cannot be brought back from run `00000000-0000-0000-0000-000000000007` (2 files need this object): the object is missing",
                "damaged: `/a`, 2 problems",
                "  6 files of 2 runs, 4 objects read (12 345 bytes)",
                "  1 object that no run needs",
            ],
        );
        let json = verified_json(Path::new("/a"), &report);
        assert_documented(&json);
        assert_eq!(json["status"], "damaged");
        assert_eq!(json["problems"][1]["path"], "people.json");
    }

    #[test]
    fn a_restoration_names_run_and_directory() {
        let restored = Restored {
            files: 3,
            bytes: 1_700,
        };
        assert_eq!(
            plain(&restored_text("01a1", Path::new("out"), restored)),
            "restored 3 files of run 01a1 into `out` (1 700 bytes)\n"
        );
        let json = restored_json("01a1", Path::new("out"), restored);
        assert_documented(&json);
        assert_eq!(json["files"], 3);
    }
}
