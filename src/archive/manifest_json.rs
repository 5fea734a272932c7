//! The JSON form of a manifest (format 1, described in [`super`]): written with one line per file, read with distrust.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Manifest, ManifestEntry, ManifestFault, ManifestHeader, RelativePath};
use crate::model::{Sha256, Timestamp};

const FORMAT: u64 = 1;

#[derive(Deserialize)]
struct ManifestText {
    run: String,
    layout: String,
    root: String,
    created_at: String,
    files: Vec<EntryText>,
}

/// Read first, so that a newer format is named as such and not as a missing member.
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
        out.write_all(b"\n]}\n")
    }

    /// Reads the JSON text of the manifest of `run`.
    pub(super) fn read(text: &[u8], run: Uuid) -> Result<Self, ManifestFault> {
        let FormatText { format } = serde_json::from_slice(text).map_err(ManifestFault::Json)?;
        if format != FORMAT {
            return Err(ManifestFault::Format(format));
        }
        let manifest: ManifestText = serde_json::from_slice(text).map_err(ManifestFault::Json)?;
        let header = ManifestHeader {
            run: Uuid::parse_str(&manifest.run).map_err(|_| unusable("run"))?,
            layout: manifest.layout,
            root: manifest.root,
            created_at: instant(&manifest.created_at, "created_at")?,
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
            modified: instant(&text.modified, "modified")?,
            mode: text.mode.as_deref().map(mode).transpose()?,
            sha256: Sha256::from_hex(&text.sha256).ok_or(unusable("sha256"))?,
        })
    }
}

fn instant(text: &str, member: &'static str) -> Result<Timestamp, ManifestFault> {
    Ok(Timestamp::parse(text).ok_or(unusable(member))?.instant)
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
        {"format":1,"run":"00000000-0000-0000-0000-000000000007","layout":"donna","root":"/srv/\"data\" ü","created_at":"1970-01-01T00:00:00.000000Z","files":[
        {"path":"a","bytes":17,"modified":"2024-05-01T10:00:00.123456Z","mode":"0644","sha256":"abababababababababababababababababababababababababababababababab"},
        {"path":"b \"字\".json","bytes":17,"modified":"2024-05-01T10:00:00.123456Z","mode":"0644","sha256":"abababababababababababababababababababababababababababababababab"}
        ]}
        "#);
    }

    #[test]
    fn what_was_written_is_read_again() {
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
    fn what_must_not_be_trusted_is_refused() {
        let good = text(&manifest(vec![entry("a"), entry("b")]));
        let read = |from: &str, to: &str| {
            assert!(good.contains(from), "{from}");
            Manifest::read(good.replacen(from, to, 1).as_bytes(), RUN)
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
            read("\"format\":1", "\"format\":2"),
            Err(Fault::Format(2))
        ));
        assert!(matches!(read("0007", "0008"), Err(Fault::OtherRun(_))));
        assert!(matches!(read("]}", ""), Err(Fault::Json(_))));
    }
}
