//! The original texts of rejects, from the archive.

use std::io::{self, BufRead as _, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::archive::Archive;
use crate::database::ledger::RejectRecord;
use crate::layout::unpacked;
use crate::model::Sha256;
use crate::parse::{Framing, Passed, RecordTexts};

/// What a record says, as it stood in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Original {
    /// Its bytes.
    Text(Vec<u8>),
    /// Not a single record: the file could not be read further.
    RestOfFile,
    /// It is not to be had, and why.
    Missing(String),
}

/// Gives the originals of rejects; each file is read once, for the rejects of a file follow each other.
#[derive(Default)]
pub(super) struct Originals {
    open: Option<(File, Result<Texts, String>)>,
}

type Texts = RecordTexts<Box<dyn Read>>;

/// An archived file, and how it is cut.
#[derive(Clone, PartialEq, Eq)]
struct File {
    archive: Option<String>,
    sha256: Option<String>,
    framing: Framing,
}

impl Originals {
    pub(super) fn of(&mut self, reject: &RejectRecord) -> Original {
        let Some(record) = &reject.record else {
            return Original::RestOfFile;
        };
        let file = File {
            archive: reject.archive.clone(),
            sha256: reject.sha256.clone(),
            // A record that is the whole document, and records inside of one, are cut out in different ways.
            framing: match record.is_empty() {
                true => Framing::Document,
                false => Framing::by_name(unpacked(&reject.path)),
            },
        };
        let (_, texts) = match &mut self.open {
            Some(open) if open.0 == file => open,
            open => open.insert((file.clone(), file.open())),
        };
        let found = match texts {
            Ok(at_hand) => match at_hand.text(record) {
                Ok(found) => Ok(found),
                Err(Passed) => {
                    *texts = file.open();
                    let anew = texts.as_mut().map_err(|why| why.clone());
                    // What is read anew has passed nothing.
                    anew.map(|anew| anew.text(record).unwrap_or_default())
                }
            },
            Err(why) => Err(why.clone()),
        };
        match found {
            Ok(Some(text)) => Original::Text(text),
            Ok(None) => Original::Missing("the archived file has no such record".to_owned()),
            Err(why) => Original::Missing(why),
        }
    }
}

impl File {
    fn open(&self) -> Result<Texts, String> {
        let archive = self.archive.as_ref().ok_or("the run has no archive")?;
        let sha256 = self.sha256.as_deref().and_then(Sha256::from_hex);
        let sha256 = sha256.ok_or("the ledger does not know the file's digest")?;
        let archive = Archive::open(Path::new(archive)).map_err(|error| error.to_string())?;
        let object = archive.read_object(sha256);
        let object = object.map_err(|error| error.to_string())?;
        let reader = unpacked_if_packed(object).map_err(|error| error.to_string())?;
        Ok(RecordTexts::new(reader, self.framing))
    }
}

/// The archive keeps files as they lay on disk. No JSON begins as gzip does (RFC 1952).
fn unpacked_if_packed(original: impl Read + 'static) -> io::Result<Box<dyn Read>> {
    let mut original = BufReader::new(original);
    Ok(match original.fill_buf()?.starts_with(&[0x1F, 0x8B]) {
        true => Box::new(MultiGzDecoder::new(original)),
        false => Box::new(original),
    })
}
