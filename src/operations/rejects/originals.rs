//! The original text of rejects, from the archive.

use std::io::{self, BufRead as _, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::archive::Archive;
use crate::database::ledger::RejectRecord;
use crate::layout::unpacked;
use crate::model::Sha256;
use crate::parse::{Framing, Limits, OutOfOrder, RecordTexts};

/// The text of a record as it was in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Original {
    /// Its bytes.
    Text(Vec<u8>),
    /// There is no single record: the rest of the file could not be read.
    RestOfFile,
    /// The text is unavailable; holds the reason.
    Missing(String),
}

/// Reads the originals of rejects. Each file is read once, because rejects of the same file are consecutive.
pub(super) struct Originals {
    limits: Limits,
    open: Option<(File, Result<Texts, String>)>,
}

/// The reason if the file could be read but has no text for the record.
const NO_RECORD: &str =
    "the archived file has no such record, or it is larger than `--max-record` allows";

type Texts = RecordTexts<Box<dyn Read>>;

/// An archived file, and how it is cut into records.
#[derive(Clone, PartialEq, Eq)]
struct File {
    archive: Option<String>,
    sha256: Option<String>,
    framing: Framing,
}

impl Originals {
    /// Creates a reader; nothing is read yet.
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, open: None }
    }

    pub(super) fn of(&mut self, reject: &RejectRecord) -> Original {
        let Some(record) = &reject.record else {
            return Original::RestOfFile;
        };
        let file = File {
            archive: reject.archive.clone(),
            sha256: reject.sha256.clone(),
            // A record that is the whole document is cut out differently from nested records.
            framing: match record.is_empty() {
                true => Framing::Document,
                false => Framing::by_name(unpacked(&reject.path)),
            },
        };
        let (_, texts) = match &mut self.open {
            Some(open) if open.0 == file => open,
            open => open.insert((file.clone(), file.open(self.limits))),
        };
        let found = match texts {
            Ok(at_hand) => match at_hand.text(record) {
                Ok(found) => Ok(found),
                Err(OutOfOrder) => {
                    *texts = file.open(self.limits);
                    let anew = texts.as_mut().map_err(|why| why.clone());
                    // A new reader has not passed any record.
                    anew.map(|anew| anew.text(record).unwrap_or_default())
                }
            },
            Err(why) => Err(why.clone()),
        };
        match found {
            Ok(Some(text)) => Original::Text(text),
            Ok(None) => Original::Missing(NO_RECORD.to_owned()),
            Err(why) => Original::Missing(why),
        }
    }
}

impl File {
    fn open(&self, limits: Limits) -> Result<Texts, String> {
        let archive = self.archive.as_ref().ok_or("the run has no archive")?;
        let sha256 = self.sha256.as_deref().and_then(Sha256::from_hex);
        let sha256 = sha256.ok_or("the ledger has no digest of the file")?;
        let archive = Archive::open(Path::new(archive)).map_err(|error| error.to_string())?;
        let object = archive.read_object(sha256);
        let object = object.map_err(|error| error.to_string())?;
        let reader = unpacked_if_packed(object).map_err(|error| error.to_string())?;
        Ok(RecordTexts::new(reader, self.framing, limits))
    }
}

/// The archive stores files as they were on disk. No JSON text begins like gzip (RFC 1952).
fn unpacked_if_packed(original: impl Read + 'static) -> io::Result<Box<dyn Read>> {
    let mut original = BufReader::new(original);
    Ok(match original.fill_buf()?.starts_with(&[0x1F, 0x8B]) {
        true => Box::new(MultiGzDecoder::new(original)),
        false => Box::new(original),
    })
}
