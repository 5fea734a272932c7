//! Verification of an archive: every object named in a manifest exists and decompresses to a content with its digest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

use super::contents::names_in;
use super::durable::TEMPORARY_PREFIX;
use super::object::prove;
use super::pack::Packs;
use super::workers::{ArchiveObserver, for_each};
use super::{Archive, ArchiveError, ArchiveProblem, Manifest, RelativePath, VerifyReport};
use crate::model::{RunId, Sha256};

/// A content as described by manifests. The size is included: if manifests disagree about it, both are checked.
type Claim = (Sha256, u64);

/// The first file that needs a content, and the number of such files.
struct Need {
    run: Uuid,
    path: RelativePath,
    files: u64,
}

impl Archive {
    /// Reads every object of `run`, or of all runs.
    ///
    /// # Errors
    /// If `run` does not exist, a directory cannot be read, or `interrupt` is set. Damage in the archive is not an
    /// error but a [`ArchiveProblem`].
    pub fn verify(
        &self,
        run: Option<&RunId>,
        observer: &dyn ArchiveObserver,
        interrupt: &AtomicBool,
    ) -> Result<VerifyReport, ArchiveError> {
        let manifests = match run {
            Some(run) => vec![self.manifest(run)],
            None => self.manifests()?.collect(),
        };
        let mut report = VerifyReport::default();
        let mut needs: BTreeMap<Claim, Need> = BTreeMap::new();
        for manifest in manifests {
            match manifest {
                Ok(manifest) => report.take_in(&manifest, &mut needs),
                Err(error @ (ArchiveError::NotARunId(_) | ArchiveError::UnknownRun(_))) => {
                    return Err(error);
                }
                Err(error) => report.problems.push(ArchiveProblem::Manifest(error)),
            }
        }
        let mut packs = self.read_packs()?;
        let unusable = packs.unusable.drain(..);
        report.problems.extend(unusable.map(ArchiveProblem::Pack));
        let contents: BTreeSet<Sha256> = needs.keys().map(|(sha256, _)| *sha256).collect();
        report.objects = contents.len() as u64;
        report.bytes = needs
            .keys()
            .map(|(_, bytes)| *bytes)
            .fold(0, u64::saturating_add);
        if run.is_none() {
            report.unreferenced = Some(self.count_unreferenced(&contents, &packs)?);
        }
        observer.begin(needs.len() as u64, report.bytes);
        let faults = Mutex::new(BTreeMap::new());
        let claims: Vec<Claim> = needs.keys().copied().collect();
        for_each(&claims, interrupt, |claim| {
            let (sha256, bytes) = *claim;
            if let Err(fault) = prove(&self.locate(&packs, sha256), sha256, bytes, interrupt)? {
                let mut faults = faults.lock().unwrap_or_else(PoisonError::into_inner);
                faults.insert(*claim, fault);
            }
            observer.file_done(bytes);
            Ok(())
        })?;
        let faults = faults.into_inner().unwrap_or_else(PoisonError::into_inner);
        for (claim, fault) in faults {
            let need = needs.remove(&claim).expect("every claim has a need");
            report.problems.push(ArchiveProblem::Object {
                sha256: claim.0,
                object: self.locate(&packs, claim.0).file().to_owned(),
                run: need.run,
                path: need.path,
                files: need.files,
                fault,
            });
        }
        Ok(report)
    }

    fn count_unreferenced(
        &self,
        referenced: &BTreeSet<Sha256>,
        packs: &Packs,
    ) -> Result<u64, ArchiveError> {
        let packed = packs.contents();
        let mut unreferenced = packed.filter(|sha256| !referenced.contains(sha256)).count() as u64;
        for shard in names_in(&self.objects())? {
            let directory = self.objects().join(&shard);
            if !directory.is_dir() {
                continue;
            }
            for name in names_in(&directory)? {
                let digest = name
                    .strip_suffix(".zst")
                    .map(|rest| format!("{shard}{rest}"));
                let is_needed = digest
                    .and_then(|digest| Sha256::from_hex(&digest))
                    .is_some_and(|sha256| referenced.contains(&sha256));
                if !is_needed && !name.starts_with(TEMPORARY_PREFIX) {
                    unreferenced += 1;
                }
            }
        }
        Ok(unreferenced)
    }
}

impl VerifyReport {
    fn take_in(&mut self, manifest: &Manifest, needs: &mut BTreeMap<Claim, Need>) {
        self.runs += 1;
        for entry in manifest.files() {
            self.files += 1;
            let need = needs
                .entry((entry.sha256, entry.bytes))
                .or_insert_with(|| Need {
                    run: manifest.header.run,
                    path: entry.path.clone(),
                    files: 0,
                });
            need.files += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ObjectFault;
    use super::super::manifest_json::with_digest;
    use super::super::testing::{Home, run};
    use super::*;
    use std::fs;

    fn verify(home: &Home, run: Option<&str>) -> VerifyReport {
        home.archive()
            .verify(run.map(RunId::from).as_ref(), &(), &AtomicBool::new(false))
            .expect("verified")
    }

    fn fault(report: &VerifyReport) -> (&str, &ObjectFault) {
        match report.problems.as_slice() {
            [ArchiveProblem::Object { path, fault, .. }] => (path.as_str(), fault),
            other => panic!("one damaged object expected: {other:?}"),
        }
    }

    #[test]
    fn a_valid_archive_has_no_problems() {
        let home = Home::new();
        home.write("a.json", b"1");
        home.write("b.json", b"1");
        home.store(1, &["a.json", "b.json"], &[]).keep();
        home.store(2, &[], &["a.json"]).keep();
        let report = verify(&home, None);
        assert!(report.problems.is_empty(), "{:?}", report.problems);
        assert_eq!((report.runs, report.files, report.objects), (2, 3, 1));
        assert_eq!((report.bytes, report.unreferenced), (1, Some(0)));
    }

    #[test]
    fn every_flipped_byte_and_every_truncation_is_found_and_named() {
        let home = Home::new();
        home.write("ok.json", b"fine");
        home.write("bad.json", b"some content, some content");
        home.store(1, &["ok.json", "bad.json"], &[]).keep();
        let object = home.object("bad.json");
        let good = fs::read(&object).expect("read");
        for index in 0..good.len() {
            let mut flipped = good.clone();
            // All bits, because zstd ignores one bit of the first byte of the frame.
            flipped[index] ^= 0xff;
            for damaged in [&flipped[..], &good[..index]] {
                fs::write(&object, damaged).expect("written");
                let report = verify(&home, None);
                let (path, fault) = fault(&report);
                assert_eq!(path, "bad.json");
                assert!(!matches!(
                    fault,
                    ObjectFault::Missing | ObjectFault::Unreadable(_)
                ));
            }
        }
    }

    #[test]
    fn another_object_under_this_name_is_found() {
        let home = Home::new();
        home.write("a.json", b"one");
        home.write("b.json", b"two");
        home.store(1, &["a.json"], &[]).keep();
        home.store(2, &["b.json"], &[]).keep();
        fs::copy(home.object("b.json"), home.object("a.json")).expect("copied");
        let one = run(1).to_string();
        let report = verify(&home, Some(&one));
        assert!(matches!(
            fault(&report),
            ("a.json", ObjectFault::WrongContent)
        ));
        let two = run(2).to_string();
        assert!(verify(&home, Some(&two)).problems.is_empty());
    }

    #[test]
    fn missing_objects_and_unusable_manifests_are_problems_but_leftover_objects_are_not() {
        let home = Home::new();
        home.write("a.json", b"one");
        home.write("b.json", b"two");
        home.store(1, &["a.json"], &[]).keep();
        home.store(2, &["b.json"], &[]).keep();
        fs::remove_file(home.object("a.json")).expect("removed");
        fs::write(home.archive().manifest_path(run(2)), "{").expect("written");
        let report = verify(&home, None);
        assert!(matches!(
            report.problems.as_slice(),
            [
                ArchiveProblem::Manifest(ArchiveError::BadManifest { .. }),
                ArchiveProblem::Object {
                    fault: ObjectFault::Missing,
                    ..
                }
            ]
        ));
        assert_eq!(report.unreferenced, Some(1));
    }

    #[test]
    fn a_size_that_differs_from_the_manifest_is_found() {
        let home = Home::new();
        home.write("a.json", b"one");
        home.store(1, &["a.json"], &[]).keep();
        let path = home.archive().manifest_path(run(1));
        let text = fs::read_to_string(&path).expect("read");
        for other in ["2", "4"] {
            let text = text.replace("\"bytes\":3", &format!("\"bytes\":{other}"));
            fs::write(&path, with_digest(&text)).expect("written");
            let report = verify(&home, None);
            assert!(matches!(fault(&report).1, ObjectFault::WrongSize { .. }));
        }
    }

    #[test]
    fn an_unknown_run_is_an_error() {
        let home = Home::new();
        let unknown = run(1).to_string();
        for name in ["x", &unknown] {
            let outcome = home
                .archive()
                .verify(Some(&name.into()), &(), &AtomicBool::new(false));
            assert!(outcome.is_err());
        }
    }
}
