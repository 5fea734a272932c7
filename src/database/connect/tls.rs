//! Reads trusted certificate authorities from a file.

use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::database::DatabaseError;
use crate::model::{SMALL, read_regular};

/// The certificates of a PEM file.
///
/// # Errors
/// When it cannot be read or has no certificate.
pub(in crate::database) fn certificates(
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, DatabaseError> {
    let bytes = read_regular(path, SMALL).map_err(DatabaseError::file(path))?;
    let found: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&bytes)
        .collect::<Result<_, _>>()
        .map_err(|error| unusable(path, &error.to_string()))?;
    if found.is_empty() {
        return Err(unusable(path, "it contains no PEM certificate"));
    }
    Ok(found)
}

/// The error for an invalid file of authorities.
pub(in crate::database) fn unusable(path: &Path, problem: &str) -> DatabaseError {
    DatabaseError::Authorities {
        path: path.to_owned(),
        problem: problem.to_owned(),
    }
}
