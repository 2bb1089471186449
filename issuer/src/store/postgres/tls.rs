//! TLS to the database, always with its certificate checked: TLS with somebody in the middle protects nothing.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::config::Roots;
use crate::store::StoreError;

/// What connects to servers whose certificate one of `roots` vouches for.
pub(super) fn connector(roots: &Roots) -> Result<MakeRustlsConnect, StoreError> {
    let mut trusted = RootCertStore::empty();
    trusted.add_parsable_certificates(match roots {
        Roots::System => rustls_native_certs::load_native_certs().certs,
        Roots::File(path) => CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect)
            .map_err(|error| StoreError::Database(format!("sslrootcert {}: {error}", path.display())))?,
    });
    if trusted.is_empty() {
        return Err(StoreError::Database("there is no certificate to check PostgreSQL's with".to_owned()));
    }
    let client = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| StoreError::Database(error.to_string()))?;
    Ok(MakeRustlsConnect::new(client.with_root_certificates(trusted).with_no_client_auth()))
}
