//! Scratch files for data that does not fit in memory. They have no name, so that the system removes them however a run
//! ends.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};

use crate::plan::{Scratch, ScratchFile};

/// Creates scratch files in the system's directory for temporary files (`TMPDIR`).
#[derive(Debug)]
pub struct TemporaryFiles;

impl Scratch for TemporaryFiles {
    fn create(&self) -> io::Result<Box<dyn ScratchFile>> {
        Ok(Box::new(TemporaryFile(tempfile::tempfile()?)))
    }
}

#[derive(Debug)]
struct TemporaryFile(File);

impl ScratchFile for TemporaryFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let mut file = &self.0;
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(buffer)
    }
}
