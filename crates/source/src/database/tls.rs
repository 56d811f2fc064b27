//! TLS to a database server: its certificate and its name are always verified.

use super::error::Fault;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::sync::Arc;

/// The authorities that are trusted: those of a PEM file, or else the system's.
pub(super) fn roots(ca_file: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let wrong = |why| Fault::Tls { why };
    let Some(path) = ca_file else {
        let found = rustls_native_certs::load_native_certs().certs;
        return if found.is_empty() { Err(wrong("the system has no certificates")) } else { Ok(found) };
    };
    let file = CertificateDer::pem_file_iter(path).map_err(|_| wrong("`ca_file` cannot be read"))?;
    let found: Vec<_> = file.collect::<Result<_, _>>().map_err(|_| wrong("`ca_file` is no PEM file"))?;
    if found.is_empty() { Err(wrong("`ca_file` holds no certificate")) } else { Ok(found) }
}

/// A client that trusts these authorities, with the provider named: another crate's choice must not change it.
pub(super) fn client(roots: Vec<CertificateDer<'static>>) -> Result<ClientConfig, Fault> {
    let mut store = RootCertStore::empty();
    let (added, _) = store.add_parsable_certificates(roots);
    if added == 0 {
        return Err(Fault::Tls { why: "none of the certificates can be used" });
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| Fault::Tls { why: "no version of TLS is supported" })?;
    Ok(versions.with_root_certificates(store).with_no_client_auth())
}

/// What an error of a connection means, if one of its causes is TLS'.
pub(super) fn fault_of(error: &(dyn std::error::Error + 'static)) -> Option<Fault> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let io = error.downcast_ref::<std::io::Error>().and_then(|e| e.get_ref());
        let rustls = error
            .downcast_ref::<rustls::Error>()
            .or_else(|| io.and_then(|inner| inner.downcast_ref::<rustls::Error>()));
        if let Some(error) = rustls {
            return Some(Fault::Tls { why: said(error) });
        }
        cause = error.source();
    }
    None
}

fn said(error: &rustls::Error) -> &'static str {
    use rustls::CertificateError as C;
    match error {
        rustls::Error::InvalidCertificate(error) => match error {
            C::NotValidForName | C::NotValidForNameContext { .. } => "its certificate is of another name",
            C::Expired | C::ExpiredContext { .. } => "its certificate has expired",
            C::NotValidYet | C::NotValidYetContext { .. } => "its certificate is not valid yet",
            C::Revoked => "its certificate was revoked",
            C::UnknownIssuer => "its certificate comes from an authority that is not trusted",
            _ => "its certificate is not valid",
        },
        rustls::Error::NoCertificatesPresented => "it shows no certificate",
        _ => "the handshake fails",
    }
}
