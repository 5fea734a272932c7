//! Opens regular files for reading. Every stage opens files by path through this module, so that none of them blocks on
//! a pipe or reads a device forever.
//!
//! The file type is checked on the open file, not on its path: another file could replace it between the two calls.

#![expect(
    clippy::disallowed_methods,
    reason = "all stages that read files open them here"
)]

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

/// Size limit of files that are held in memory and can legitimately be large: manifests, indexes, logs.
pub const LARGE: u64 = 1 << 30;
/// Size limit of files that people write: layouts, settings, certificates.
pub const SMALL: u64 = 64 << 20;

/// Opens a file for reading.
///
/// # Errors
/// When it cannot be opened, or is not a regular file.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    regular(not_waiting(options.read(true)).open(path)?)
}

/// Sets flags so that opening a pipe does not block and a terminal does not become the controlling terminal.
pub fn not_waiting(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt as _;
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        options.custom_flags(flags.bits().cast_signed());
    }
    options
}

/// Like [`not_waiting`], but fails if the path is a symbolic link; for files that are written.
pub fn not_following(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt as _;
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW;
        options.custom_flags(flags.bits().cast_signed());
    }
    options
}

/// Returns `file` if it is a regular file.
///
/// # Errors
/// When it is anything else.
pub fn regular(file: File) -> io::Result<File> {
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::new(
            ErrorKind::InvalidInput,
            "not a regular file",
        )),
    }
}

/// Reads the whole file, which may have at most `limit` bytes.
///
/// # Errors
/// When it cannot be opened or read, is not a regular file, or is too large.
pub fn read_regular(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = open_regular(path)?;
    let too_large = || {
        let message = format!("the file is larger than {} MiB", limit >> 20);
        io::Error::new(ErrorKind::FileTooLarge, message)
    };
    let bytes = file.metadata()?.len();
    if bytes > limit {
        return Err(too_large());
    }
    let mut content = Vec::with_capacity(usize::try_from(bytes).unwrap_or(0));
    // The file may grow while it is read.
    file.take(limit + 1).read_to_end(&mut content)?;
    match content.len() as u64 > limit {
        true => Err(too_large()),
        false => Ok(content),
    }
}

/// Like [`read_regular`], but returns text.
///
/// # Errors
/// Also when it is not valid UTF-8.
pub fn read_regular_text(path: &Path, limit: u64) -> io::Result<String> {
    let bytes = read_regular(path, limit)?;
    String::from_utf8(bytes)
        .map_err(|_| io::Error::new(ErrorKind::InvalidData, "the text is not valid UTF-8"))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn pipes_devices_and_directories_are_rejected_without_blocking() {
        let home = tempfile::tempdir().expect("a directory");
        let pipe = home.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.expect("mkfifo runs").success());
        let zero = home.path().join("zero");
        std::os::unix::fs::symlink("/dev/zero", &zero).expect("linked");
        for path in [&pipe, &zero, home.path(), Path::new("/dev/null")] {
            let error = read_regular(path, SMALL).expect_err("rejected");
            assert_eq!(error.to_string(), "not a regular file");
        }
    }

    #[test]
    fn a_file_over_the_limit_is_rejected_without_being_read() {
        let home = tempfile::tempdir().expect("a directory");
        let path = home.path().join("sparse");
        let file = File::create(&path).expect("created");
        file.set_len(1 << 40).expect("a sparse file");
        let error = read_regular(&path, LARGE).expect_err("rejected");
        assert_eq!(error.to_string(), "the file is larger than 1024 MiB");
        std::fs::write(&path, "text").expect("written");
        assert_eq!(read_regular_text(&path, 4).expect("read"), "text");
        assert!(read_regular(&path, 3).is_err());
    }
}
