//! The JSON form of a manifest, described in [`super`]: written with one line per file, read without trust.
//!
//! Format 2 ends with the SHA-256 of all preceding bytes. Format 1 has no digest and can still be read.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use sha2::Digest as _;
use uuid::Uuid;

use super::{Manifest, ManifestEntry, ManifestFault, ManifestHeader, RelativePath};
use crate::model::{Sha256, Timestamp};

const FORMAT: u64 = 2;

/// The format without a digest.
const WITHOUT_DIGEST: u64 = 1;

/// The text around the digest.
const DIGEST: (&str, &str) = (",\"sha256\":\"", "\"}\n");

#[derive(Deserialize)]
struct ManifestText {
    run: String,
    layout: String,
    root: String,
    created_at: String,
    files: Vec<EntryText>,
    sha256: Option<String>,
}

/// Parsed first, so that a newer format is reported as such and not as a missing member.
#[derive(Deserialize)]
struct FormatText {
    format: u64,
}

#[derive(Serialize, Deserialize)]
struct EntryText {
    path: String,
    bytes: u64,
    modified: String,
    mode: Option<String>,
    sha256: String,
}

impl Manifest {
    /// Writes the JSON text.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mut hashing = Hashing(out, sha2::Sha256::new());
        self.write_contents(&mut hashing)?;
        let Hashing(out, hasher) = hashing;
        let digest = Sha256(hasher.finalize().into());
        write!(out, "{}{digest}{}", DIGEST.0, DIGEST.1)
    }

    /// Returns the digest at the end of the text.
    #[must_use]
    pub fn digest(&self) -> Sha256 {
        let mut hashing = Hashing(io::sink(), sha2::Sha256::new());
        let written = self.write_contents(&mut hashing);
        written.expect("writing to a sink succeeds");
        Sha256(hashing.1.finalize().into())
    }

    fn write_contents(&self, out: &mut impl Write) -> io::Result<()> {
        let text = |text: &str| serde_json::Value::from(text);
        let header = &self.header;
        write!(
            out,
            r#"{{"format":{FORMAT},"run":"{}","layout":{},"root":{},"created_at":"{}","files":["#,
            header.run,
            text(&header.layout),
            text(&header.root),
            header.created_at,
        )?;
        for (index, entry) in self.files().iter().enumerate() {
            out.write_all(if index == 0 { b"\n" } else { b",\n" })?;
            serde_json::to_writer(&mut *out, &EntryText::from(entry))?;
        }
        out.write_all(b"\n]")
    }

    /// Reads the JSON text of the manifest of `run`.
    pub(super) fn read(text: &[u8], run: Uuid) -> Result<Self, ManifestFault> {
        let FormatText { format } = serde_json::from_slice(text).map_err(ManifestFault::Json)?;
        let manifest: ManifestText = serde_json::from_slice(text).map_err(ManifestFault::Json)?;
        match (format, &manifest.sha256) {
            (WITHOUT_DIGEST, None) => {}
            (FORMAT, Some(_)) if ends_with_digest(text) => {}
            (FORMAT | WITHOUT_DIGEST, _) => return Err(ManifestFault::Digest),
            (other, _) => return Err(ManifestFault::Format(other)),
        }
        let header = ManifestHeader {
            run: Uuid::parse_str(&manifest.run).map_err(|_| unusable("run"))?,
            layout: manifest.layout,
            root: manifest.root,
            created_at: timestamp(&manifest.created_at, "created_at")?,
        };
        if header.run != run {
            return Err(ManifestFault::OtherRun(header.run));
        }
        let files: Result<Vec<ManifestEntry>, ManifestFault> = manifest
            .files
            .into_iter()
            .map(ManifestEntry::try_from)
            .collect();
        Self::from_sorted(header, files?)
    }
}

/// Whether a text ends with the digest of the preceding bytes, in exactly the written form.
fn ends_with_digest(text: &[u8]) -> bool {
    let end = DIGEST.0.len() + 64 + DIGEST.1.len();
    let contents = &text[..text.len().saturating_sub(end)];
    let digest = Sha256::of(contents);
    text[contents.len()..] == *format!("{}{digest}{}", DIGEST.0, DIGEST.1).as_bytes()
}

/// A writer that hashes its input.
struct Hashing<W>(W, sha2::Sha256);

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.0.write(bytes)?;
        self.1.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl From<&ManifestEntry> for EntryText {
    fn from(entry: &ManifestEntry) -> Self {
        Self {
            path: entry.path.to_string(),
            bytes: entry.bytes,
            modified: entry.modified.to_string(),
            mode: entry.mode.map(|mode| format!("{mode:04o}")),
            sha256: entry.sha256.to_string(),
        }
    }
}

impl TryFrom<EntryText> for ManifestEntry {
    type Error = ManifestFault;

    fn try_from(text: EntryText) -> Result<Self, ManifestFault> {
        Ok(Self {
            path: RelativePath::parse(&text.path)
                .map_err(|_| ManifestFault::UnsafePath(text.path))?,
            bytes: text.bytes,
            modified: timestamp(&text.modified, "modified")?,
            mode: text.mode.as_deref().map(mode).transpose()?,
            sha256: Sha256::from_hex(&text.sha256).ok_or(unusable("sha256"))?,
        })
    }
}

fn timestamp(text: &str, member: &'static str) -> Result<Timestamp, ManifestFault> {
    Ok(Timestamp::parse(text).ok_or(unusable(member))?.timestamp)
}

fn mode(text: &str) -> Result<u32, ManifestFault> {
    u32::from_str_radix(text, 8)
        .ok()
        .filter(|mode| *mode <= 0o7777)
        .ok_or(unusable("mode"))
}

fn unusable(member: &'static str) -> ManifestFault {
    ManifestFault::Member { member }
}

/// Returns a modified manifest text with a matching digest.
#[cfg(test)]
pub(super) fn with_digest(text: &str) -> String {
    let (contents, _) = text.rsplit_once(DIGEST.0).expect("a digest");
    let digest = Sha256::of(contents.as_bytes());
    format!("{contents}{}{digest}{}", DIGEST.0, DIGEST.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: Uuid = Uuid::from_u128(7);

    fn entry(path: &str) -> ManifestEntry {
        ManifestEntry {
            path: RelativePath::parse(path).expect(path),
            bytes: 17,
            modified: Timestamp::from_micros(1_714_557_600_123_456).expect("in range"),
            mode: Some(0o644),
            sha256: Sha256([0xab; 32]),
        }
    }

    fn manifest(files: Vec<ManifestEntry>) -> Manifest {
        let header = ManifestHeader {
            run: RUN,
            layout: "donna".to_owned(),
            root: "/srv/\"data\" ü".to_owned(),
            created_at: Timestamp::from_micros(0).expect("in range"),
        };
        Manifest::new(header, files).expect("no duplicates")
    }

    fn text(manifest: &Manifest) -> String {
        let mut text = Vec::new();
        manifest.write(&mut text).expect("memory");
        String::from_utf8(text).expect("UTF-8")
    }

    #[test]
    fn the_text_is_the_documented_format() {
        insta::assert_snapshot!(text(&manifest(vec![entry("b \"字\".json"), entry("a")])), @r#"
        {"format":2,"run":"00000000-0000-0000-0000-000000000007","layout":"donna","root":"/srv/\"data\" ü","created_at":"1970-01-01T00:00:00.000000Z","files":[
        {"path":"a","bytes":17,"modified":"2024-05-01T10:00:00.123456Z","mode":"0644","sha256":"abababababababababababababababababababababababababababababababab"},
        {"path":"b \"字\".json","bytes":17,"modified":"2024-05-01T10:00:00.123456Z","mode":"0644","sha256":"abababababababababababababababababababababababababababababababab"}
        ],"sha256":"05dbeec0fe104700f3590648206898d629fc917021361581cd3e56b53a45db63"}
        "#);
    }

    #[test]
    fn manifests_round_trip() {
        for files in [
            vec![],
            vec![entry("a")],
            vec![entry("b/c"), entry("a"), entry("b.d")],
        ] {
            let manifest = manifest(files);
            let read = Manifest::read(text(&manifest).as_bytes(), RUN).expect("valid");
            assert_eq!(read, manifest);
        }
    }

    #[test]
    fn every_flipped_bit_and_every_truncation_is_found() {
        let good = text(&manifest(vec![entry("a"), entry("b/字")])).into_bytes();
        assert!(Manifest::read(&good, RUN).is_ok());
        for index in 0..good.len() {
            for bit in 0..8 {
                let mut flipped = good.clone();
                flipped[index] ^= 1 << bit;
                let read = Manifest::read(&flipped, RUN);
                assert!(read.is_err(), "bit {bit} of byte {index}");
            }
            assert!(
                Manifest::read(&good[..index], RUN).is_err(),
                "{index} bytes"
            );
        }
    }

    #[test]
    fn format_1_is_read_and_has_no_digest() {
        let manifest = manifest(vec![entry("a")]);
        let new = text(&manifest);
        let (contents, _) = new.rsplit_once(DIGEST.0).expect("a digest");
        let old = format!("{contents}}}\n").replacen(":2,", ":1,", 1);
        assert_eq!(
            Manifest::read(old.as_bytes(), RUN).expect("valid"),
            manifest
        );
        // Changing the format number does not make the digest optional.
        for (text, what) in [
            (new.replacen(":2,", ":1,", 1), "with a digest"),
            (old.replacen(":1,", ":2,", 1), "without one"),
        ] {
            let read = Manifest::read(text.as_bytes(), RUN);
            assert!(matches!(read, Err(ManifestFault::Digest)), "{what}");
        }
    }

    #[test]
    fn untrustworthy_values_are_rejected() {
        let good = text(&manifest(vec![entry("a"), entry("b")]));
        let read = |from: &str, to: &str| {
            assert!(good.contains(from), "{from}");
            let text = with_digest(&good.replacen(from, to, 1));
            Manifest::read(text.as_bytes(), RUN)
        };
        use ManifestFault as Fault;
        assert!(matches!(
            read("\"a\"", "\"../a\""),
            Err(Fault::UnsafePath(_))
        ));
        assert!(matches!(read("\"a\"", "\"/a\""), Err(Fault::UnsafePath(_))));
        assert!(matches!(
            read("\"a\"", "\"a\\u0000\""),
            Err(Fault::UnsafePath(_))
        ));
        assert!(matches!(read("\"a\"", "\"b\""), Err(Fault::Order(_))));
        assert!(matches!(read("\"a\"", "\"c\""), Err(Fault::Order(_))));
        assert!(matches!(
            read("0644", "77777"),
            Err(Fault::Member { member: "mode" })
        ));
        assert!(matches!(
            read("abab", "../."),
            Err(Fault::Member { member: "sha256" })
        ));
        assert!(matches!(
            read("\"format\":2", "\"format\":3"),
            Err(Fault::Format(3))
        ));
        assert!(matches!(read("0007", "0008"), Err(Fault::OtherRun(_))));
        assert!(matches!(read("\n]", ""), Err(Fault::Json(_))));
    }
}
