//! TLS to a relay or a mailbox: rustls with ring, the public roots, and the
//! newsroom's own CA. A leaf that relay and inbound share.

use crate::domain::said::Said;
use crate::said;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// What a handshake with a server needs.
pub(crate) struct Tls {
    pub(crate) connector: TlsConnector,
    pub(crate) name: ServerName<'static>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Tls {
    /// Readies TLS for a server, whose certificate must be of its host and of an
    /// authority that is public or in `ca_file`.
    ///
    /// # Errors
    /// In words: a host that can have no certificate, a CA file that cannot be read.
    pub(crate) fn new(host: &str, ca_file: Option<&Path>) -> Result<Self, Said> {
        let mut roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        if let Some(file) = ca_file {
            let unreadable =
                |cause: Said| said!("ca_file {file}: {cause}", file = file.display(), cause);
            let certificates = CertificateDer::pem_file_iter(file)
                .map_err(|error| unreadable(Said::verbatim(error)))?;
            for certificate in certificates {
                let certificate = certificate.map_err(|error| unreadable(Said::verbatim(error)))?;
                roots
                    .add(certificate)
                    .map_err(|error| unreadable(Said::verbatim(error)))?;
            }
        }
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(Said::verbatim)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| said!("host `{host}` can have no certificate", host))?;
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
            name,
        })
    }
}
