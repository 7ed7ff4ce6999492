//! How a server is reached: host, port, TLS, and what is shown to be let in.
//! Relays and mailboxes share it.

use super::read::{FILE, Reader};
use crate::domain::problem::Problem;
use crate::domain::relay::{Credentials, TlsPolicy};
use crate::domain::said::Said;
use crate::said;
use crate::toml_reader::Section;
use std::fs::File;
use std::io::Read;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// No key or password is longer; so much is read of a file that is none.
const MOST_OCTETS: u64 = 64 * 1024;

/// Where a kind of server usually listens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    /// With TLS from the first octet.
    pub(super) implicit: u16,
    /// Else.
    pub(super) other: u16,
}

/// Reads a file with a secret; else says of it, without its name, what is wrong.
pub(super) type ReadSecret = fn(&Path) -> Result<String, Said>;

/// What a table says of a server; what is missing has been told.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) tls: TlsPolicy,
    pub(super) ca_file: Option<PathBuf>,
}

impl Reader<'_> {
    /// Reads how a server is reached.
    pub(super) fn server(&mut self, place: &str, section: &mut Section, ports: Ports) -> Server {
        let host = section.required("host", self.problems);
        let local = host.as_ref().is_some_and(|host| is_loopback(&host.value));
        let tls = self.privacy(place, section, local);
        let usual = match tls {
            TlsPolicy::Implicit => ports.implicit,
            TlsPolicy::Required | TlsPolicy::None => ports.other,
        };
        let port = self.port(place, section, usual);
        let ca_file = section
            .text("ca_file", self.problems)
            .map(|spot| self.workspace.join(spot.value));
        Server {
            host: host.map(|host| host.value),
            port,
            tls,
            ca_file,
        }
    }

    /// How the way to it is kept private: by TLS, unless it is on this machine
    /// or the newsroom says otherwise in so many words.
    fn privacy(&mut self, place: &str, section: &mut Section, local: bool) -> TlsPolicy {
        let normal = if local {
            TlsPolicy::None
        } else {
            TlsPolicy::Required
        };
        let tls = section
            .parsed("tls", self.problems, tls_policy)
            .unwrap_or(normal);
        if tls == TlsPolicy::None && !local {
            let warning = said!(
                "{place}: mail and password go this way in clear text; anybody on the way can read them",
                place
            );
            self.problems
                .push(Problem::warning(FILE, warning).at_line(section.line()));
        }
        tls
    }

    fn port(&mut self, place: &str, section: &mut Section, usual: u16) -> Option<u16> {
        let port = section
            .whole("port", 1, self.problems)
            .unwrap_or(usual.into());
        let found = u16::try_from(port).map_err(|_| {
            let wrong = said!("{place}: there is no port {port}", place, port);
            Problem::error(FILE, wrong).at_line(section.line())
        });
        found.map_err(|problem| self.problems.push(problem)).ok()
    }

    /// What is shown to a server to be let in. `read` reads a file with a password.
    pub(super) fn credentials(
        &mut self,
        place: &str,
        section: &mut Section,
        read: ReadSecret,
    ) -> Option<Credentials> {
        if let Some(password) = section.json("password") {
            self.problems.push(section.problem(password.line, said!("{place}: a password may not stand in {file}; use `password_env` or `password_file`", place, file = FILE)));
        }
        let username = section.text("username", self.problems);
        let from_env = section.text("password_env", self.problems);
        let from_file = section.text("password_file", self.problems);
        let username = username?;
        let found = match self.secret(from_env, from_file, read) {
            Ok(Some(password)) => Ok(password),
            Ok(None) => Err(said!(
                "a username without `password_env` or `password_file`"
            )),
            Err(cause) => Err(cause),
        };
        let missing =
            |what: Said| section.problem(username.line, said!("{place}: {what}", place, what));
        let password = found
            .map_err(|cause| self.problems.push(missing(cause)))
            .ok()?;
        Some(Credentials {
            username: username.value,
            password,
        })
    }
}

fn tls_policy(text: &str) -> Result<TlsPolicy, Said> {
    match text {
        "required" => Ok(TlsPolicy::Required),
        "implicit" => Ok(TlsPolicy::Implicit),
        "none" => Ok(TlsPolicy::None),
        other => Err(said!(
            "`{other}` is none of `required`, `implicit`, `none`",
            other
        )),
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Reads a file, whoever else may.
pub(super) fn read_text(path: &Path) -> Result<String, Said> {
    std::fs::read_to_string(path).map_err(|error| unreadable(&error))
}

/// Reads a file that its owner alone may read.
pub(super) fn read_private(path: &Path) -> Result<String, Said> {
    let wrong = |error| unreadable(&error);
    let file = File::open(path).map_err(wrong)?;
    let metadata = file.metadata().map_err(wrong)?;
    if !metadata.is_file() {
        return Err(said!("is no file"));
    }
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::MetadataExt::mode(&metadata) & 0o777;
        if mode & 0o077 != 0 {
            return Err(said!(
                "may be read by others than its owner: its mode is {mode}; expected 0600 (`chmod 600`)",
                mode = format_args!("{mode:04o}")
            ));
        }
    }
    let mut text = String::new();
    file.take(MOST_OCTETS)
        .read_to_string(&mut text)
        .map_err(wrong)?;
    Ok(text)
}

fn unreadable(error: &std::io::Error) -> Said {
    said!("cannot be read: {error}", error)
}
