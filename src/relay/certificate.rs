//! What protects the way to a relay: the TLS session, and the certificates.

use jiff::Timestamp;
use serde::Serialize;
use tokio_rustls::rustls::ClientConnection;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// A TLS session.
#[derive(Debug, Clone, Serialize)]
pub struct Protection {
    /// `TLSv1_3`.
    pub version: String,
    /// The cipher suite.
    pub cipher: String,
    /// The relay's certificates, its own first.
    pub chain: Vec<Certificate>,
}

/// A certificate as the relay showed it (RFC 5280).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Certificate {
    /// Whose it is.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// The host names it is for.
    pub names: Vec<String>,
    /// From when on it holds.
    pub not_before: Option<Timestamp>,
    /// Until when.
    pub not_after: Option<Timestamp>,
}

impl Protection {
    pub(super) fn of(session: &ClientConnection) -> Self {
        let version = session.protocol_version();
        let suite = session.negotiated_cipher_suite();
        let chain = session.peer_certificates().unwrap_or_default();
        Self {
            version: version.map_or_else(String::new, |version| format!("{version:?}")),
            cipher: suite.map_or_else(String::new, |suite| format!("{:?}", suite.suite())),
            chain: chain.iter().map(|der| Certificate::read(der)).collect(),
        }
    }

    /// When the first certificate of the chain runs out.
    pub fn expires(&self) -> Option<Timestamp> {
        self.chain.iter().filter_map(|one| one.not_after).min()
    }
}

impl Certificate {
    /// Reads a certificate; what cannot be read is said in its subject.
    fn read(der: &[u8]) -> Self {
        let Ok((_, read)) = X509Certificate::from_der(der) else {
            return Self {
                subject: "unreadable certificate".to_owned(),
                issuer: String::new(),
                names: Vec::new(),
                not_before: None,
                not_after: None,
            };
        };
        let at = |seconds: i64| Timestamp::from_second(seconds).ok();
        let names = read.subject_alternative_name().ok().flatten();
        let names = names.map(|names| names.value.general_names.iter().filter_map(host));
        Self {
            subject: read.subject().to_string(),
            issuer: read.issuer().to_string(),
            names: names.map(Iterator::collect).unwrap_or_default(),
            not_before: at(read.validity().not_before.timestamp()),
            not_after: at(read.validity().not_after.timestamp()),
        }
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "names of other kinds name no host"
)]
fn host(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(octets) => match octets.len() {
            4 => <[u8; 4]>::try_from(*octets)
                .ok()
                .map(|octets| std::net::Ipv4Addr::from(octets).to_string()),
            _ => <[u8; 16]>::try_from(*octets)
                .ok()
                .map(|octets| std::net::Ipv6Addr::from(octets).to_string()),
        },
        _ => None,
    }
}
