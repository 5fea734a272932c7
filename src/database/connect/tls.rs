//! TLS through rustls with the cryptography of `ring`: nothing of the operating system is needed.

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::{Tls, TlsMode};
use crate::database::DatabaseError;

/// The settings of rustls for `tls`; `None` where none is wanted.
pub(in crate::database) fn client_config(tls: &Tls) -> Result<Option<ClientConfig>, DatabaseError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .expect("ring has the default versions");
    let builder = match tls.mode {
        TlsMode::Disable => return Ok(None),
        TlsMode::Prefer | TlsMode::Require => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider))),
        TlsMode::VerifyFull => builder.with_root_certificates(authorities(tls)?),
    };
    Ok(Some(builder.with_no_client_auth()))
}

/// The authorities to trust.
fn authorities(tls: &Tls) -> Result<RootCertStore, DatabaseError> {
    let mut roots = RootCertStore::empty();
    match &tls.authorities {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(path) => {
            for certificate in certificates(path)? {
                roots
                    .add(certificate)
                    .map_err(|error| bad(path, &error.to_string()))?;
            }
        }
    }
    Ok(roots)
}

/// The certificates of a PEM file.
///
/// # Errors
/// When it cannot be read or holds none.
pub(in crate::database) fn certificates(
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, DatabaseError> {
    let bytes = std::fs::read(path).map_err(DatabaseError::file(path))?;
    let found: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&bytes)
        .collect::<Result<_, _>>()
        .map_err(|error| bad(path, &error.to_string()))?;
    if found.is_empty() {
        return Err(bad(path, "it holds no certificate in PEM form"));
    }
    Ok(found)
}

fn bad(path: &Path, problem: &str) -> DatabaseError {
    DatabaseError::Authorities {
        path: path.to_owned(),
        problem: problem.to_owned(),
    }
}

/// Takes any certificate, as `sslmode=require` does; that the server has its key is still checked.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
