//! Mail that comes back over LMTP: a mail server on this machine hands it to the
//! service, and keeps it for as long as the service cannot take it.

use super::inbox::tell;
use super::service::Service;
use super::{Desk, DeskError};
use crate::config::{LmtpAddress, LmtpSettings, Settings};
use crate::domain::address::EmailAddress;
use crate::inbound::lmtp::{Manner, Reception, Taker, serve};
use crate::said;
use async_trait::async_trait;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Sessions at once: each may hold a few MiB.
const SESSIONS: usize = 16;

/// Takes in for the settings in force.
struct Clerk(Arc<Service>);

#[async_trait]
impl Taker for Clerk {
    fn knows(&self, to: &EmailAddress) -> bool {
        let desk = self.0.desk();
        own_mailboxes(&desk.settings).any(|mailbox| is_in(to, mailbox))
    }

    async fn take(&self, message: Vec<u8>) -> Reception {
        let desk = self.0.desk();
        match taken(&desk, message).await {
            Ok(reception) => reception,
            Err(error) => {
                tracing::error!(%error, "cannot take in what came over LMTP; the mail server keeps it");
                Reception::Later
            }
        }
    }
}

async fn taken(desk: &Desk, message: Vec<u8>) -> Result<Reception, DeskError> {
    let ears = desk.ears().await?;
    let ingested = desk.take_messages(&ears, vec![message]).await?;
    tell(&ingested, "lmtp");
    Ok(match ingested.unknown {
        0 => Reception::Taken,
        _ => Reception::NotUnderstood,
    })
}

/// Where mail to us may come back to.
fn own_mailboxes(settings: &Settings) -> impl Iterator<Item = &EmailAddress> {
    let newsroom = &settings.newsroom;
    let own = [&newsroom.opt_out, &newsroom.from];
    own.into_iter().chain(&settings.bounces.address)
}

/// Whether an address is a mailbox's own, or one with a detail after a `+`.
fn is_in(to: &EmailAddress, mailbox: &EmailAddress) -> bool {
    let local = to.local().split('+').next().unwrap_or_default();
    to.domain() == mailbox.domain()
        && (to.local() == mailbox.local() || local.eq_ignore_ascii_case(mailbox.local()))
}

/// Where LMTP is spoken; a socket's file goes with it.
#[derive(Debug)]
enum Door {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(tokio::net::UnixListener, PathBuf),
}

impl Drop for Door {
    fn drop(&mut self) {
        match self {
            Self::Tcp(_) => {}
            #[cfg(unix)]
            Self::Unix(_, path) => drop(std::fs::remove_file(path)),
        }
    }
}

impl Service {
    /// Begins to take mail over LMTP where the settings say so, until it is told
    /// to stop.
    ///
    /// # Errors
    /// The address cannot be had.
    pub async fn open_lmtp(self: &Arc<Self>, stop: CancellationToken) -> Result<(), DeskError> {
        let desk = self.desk();
        let Some(settings) = &desk.settings.bounces.lmtp else {
            return Ok(());
        };
        let LmtpSettings { listen, most } = settings.clone();
        let door = open(&listen).await?;
        let manner = Manner {
            hostname: desk.settings.newsroom.domain.clone(),
            most,
        };
        let host = Arc::new(Host {
            clerk: Clerk(Arc::clone(self)),
            manner,
            room: Arc::new(Semaphore::new(SESSIONS)),
        });
        tokio::spawn(async move {
            tokio::select! {
                () = host.receive(&door) => {}
                () = stop.cancelled() => {}
            }
        });
        Ok(())
    }
}

async fn open(listen: &LmtpAddress) -> Result<Door, DeskError> {
    let door = match listen {
        LmtpAddress::Tcp(address) => {
            let listener = TcpListener::bind(address).await;
            let listener = listener.map_err(|error| cannot(&address.to_string(), &error))?;
            let address = listener.local_addr().unwrap_or(*address);
            tracing::info!(%address, "mail is taken over LMTP");
            Door::Tcp(listener)
        }
        LmtpAddress::Unix(path) => {
            let door = open_socket(path).await;
            let door = door.map_err(|error| cannot(&path.display().to_string(), &error))?;
            tracing::info!(path = %path.display(), "mail is taken over LMTP");
            door
        }
    };
    Ok(door)
}

fn cannot(place: &str, cause: &io::Error) -> DeskError {
    DeskError::Listen(said!(
        "cannot listen on {place} for LMTP: {cause}; choose another with `listen` of [bounces.lmtp]",
        place,
        cause
    ))
}

/// A socket for its owner and group; what a service that was killed left behind
/// goes away, one that somebody listens on stays.
#[cfg(unix)]
async fn open_socket(path: &Path) -> io::Result<Door> {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt};
    use tokio::net::{UnixListener, UnixStream};
    // Whoever connects to a plain file is refused just so: it is somebody's work.
    let there = std::fs::symlink_metadata(path);
    if there.is_ok_and(|one| !one.file_type().is_socket()) {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "there is something else, which is no socket",
        ));
    }
    match UnixStream::connect(path).await {
        Ok(_) => return Err(io::ErrorKind::AddrInUse.into()),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path)?;
        }
        Err(_) => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
    Ok(Door::Unix(listener, path.to_owned()))
}

#[cfg(not(unix))]
async fn open_socket(_: &Path) -> io::Result<Door> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Who receives, how, and how many at once.
struct Host {
    clerk: Clerk,
    manner: Manner,
    room: Arc<Semaphore>,
}

impl Host {
    /// Opens to whoever comes.
    async fn receive(self: Arc<Self>, door: &Door) {
        loop {
            let permit = Arc::clone(&self.room).acquire_owned().await;
            let guest = match door {
                Door::Tcp(listener) => listener
                    .accept()
                    .await
                    .map(|(stream, _)| Guest::Tcp(stream)),
                #[cfg(unix)]
                Door::Unix(listener, _) => listener
                    .accept()
                    .await
                    .map(|(stream, _)| Guest::Unix(stream)),
            };
            let guest = match guest {
                Ok(guest) => guest,
                Err(error) => {
                    tracing::warn!(%error, "cannot take a connection over LMTP");
                    // It may be that too many files are open: that passes.
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                    continue;
                }
            };
            let host = Arc::clone(&self);
            tokio::spawn(async move {
                if let Err(error) = host.talk(guest).await {
                    tracing::debug!(%error, "an LMTP session ended");
                }
                drop(permit);
            });
        }
    }

    async fn talk(&self, guest: Guest) -> io::Result<()> {
        match guest {
            Guest::Tcp(stream) => {
                stream.set_nodelay(true)?;
                serve(stream, &self.manner, &self.clerk).await
            }
            #[cfg(unix)]
            Guest::Unix(stream) => serve(stream, &self.manner, &self.clerk).await,
        }
    }
}

/// A connection, whichever way it came.
enum Guest {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(tokio::net::UnixStream),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_makes_no_other_mailbox() {
        let at = |text: &str| EmailAddress::parse(text).unwrap();
        let own = at("bounces@newsroom.example");
        for (text, is_own) in [
            ("bounces@newsroom.example", true),
            ("BOUNCES+a-b@newsroom.example", true),
            ("bounces-a@newsroom.example", false),
            ("bounces+a@other.example", false),
            ("anna@newsroom.example", false),
        ] {
            assert_eq!(is_in(&at(text), &own), is_own, "{text}");
        }
    }
}
