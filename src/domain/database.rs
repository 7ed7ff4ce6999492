//! A database server's profile: where it is, and how it must be spoken to.

use super::relay::Secret;
use std::fmt;
use std::path::PathBuf;

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseHost {
    /// A host name or address.
    Name(String),
    /// The folder of its socket on this machine.
    Socket(PathBuf),
}

/// How the way to the server is kept private; libpq's words for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseTls {
    /// `disable`: clear text.
    None,
    /// `prefer`: TLS where the server has it, with whatever certificate.
    Preferred,
    /// `require`: TLS, with whatever certificate.
    Required,
    /// `verify-ca`: TLS, with a certificate that a known authority signed.
    VerifyCa,
    /// `verify-full`: and for this host.
    VerifyFull,
}

impl DatabaseTls {
    /// All, by their names.
    pub const NAMES: [(&'static str, Self); 5] = [
        ("disable", Self::None),
        ("prefer", Self::Preferred),
        ("require", Self::Required),
        ("verify-ca", Self::VerifyCa),
        ("verify-full", Self::VerifyFull),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "disable",
            Self::Preferred => "prefer",
            Self::Required => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }
}

/// A database on a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// Where the server listens.
    pub host: DatabaseHost,
    /// Its port.
    pub port: u16,
    /// Who we are there.
    pub user: String,
    /// What we show to be let in.
    pub password: Option<Secret>,
    /// The database's name.
    pub name: String,
    /// How the way is kept private.
    pub tls: DatabaseTls,
    /// Certificate authorities, PEM; the public ones where there is none.
    pub ca_file: Option<PathBuf>,
}

impl fmt::Display for Database {
    /// As a URL, without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            host,
            port,
            user,
            name,
            ..
        } = self;
        match host {
            DatabaseHost::Name(host) if host.contains(':') => {
                write!(f, "postgres://{user}@[{host}]:{port}/{name}")
            }
            DatabaseHost::Name(host) => write!(f, "postgres://{user}@{host}:{port}/{name}"),
            DatabaseHost::Socket(folder) => {
                let folder = folder.display().to_string().replace('/', "%2F");
                write!(f, "postgres://{user}@{folder}:{port}/{name}")
            }
        }
    }
}
