//! The bell beside the file: whoever changes what is to be done rings it, and
//! the service wakes. A datagram socket next to the database; where there can
//! be none, the service finds out by itself when it next looks.

use crate::store::Bell;
use async_trait::async_trait;
use std::path::{Path, PathBuf};

/// The longest path that a socket may have (`sun_path`, less its final zero).
const LONGEST: usize = 103;

/// Where the bell of a store hangs; `None` where its path is too long.
pub(super) fn path(store: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(store).ok()?;
    let mut name = absolute.into_os_string();
    name.push("-bell");
    (name.len() <= LONGEST).then(|| name.into())
}

#[cfg(unix)]
mod socket {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use tokio::net::UnixDatagram;

    /// Rings, if somebody listens. That nobody does is no fault.
    pub(in super::super) fn ring(bell: Option<&Path>) {
        if let Some(bell) = bell {
            drop(stroke(bell));
        }
    }

    /// Fails where nobody listens. A full queue has rung already: no need to
    /// wait, and waiting could be for ever.
    fn stroke(bell: &Path) -> std::io::Result<()> {
        let socket = std::os::unix::net::UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        match socket.send_to(&[1], bell) {
            Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    #[derive(Debug)]
    struct Hung {
        socket: UnixDatagram,
        path: PathBuf,
    }

    #[async_trait]
    impl Bell for Hung {
        async fn rung(&mut self) {
            let mut stroke = [0; 8];
            if self.socket.recv(&mut stroke).await.is_err() {
                std::future::pending::<()>().await;
            }
            while self.socket.try_recv(&mut stroke).is_ok() {}
        }
    }

    impl Drop for Hung {
        fn drop(&mut self) {
            drop(std::fs::remove_file(&self.path));
        }
    }

    /// Hangs the bell. `None` where another service on this machine has done
    /// so, or where the file system knows no sockets.
    pub(in super::super) fn hang(bell: Option<&Path>) -> Option<Box<dyn Bell>> {
        let path = bell?;
        if path.exists() {
            if stroke(path).is_ok() {
                return None;
            }
            // Left by a service that was killed.
            std::fs::remove_file(path).ok()?;
        }
        let socket = UnixDatagram::bind(path).ok()?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).ok()?;
        Some(Box::new(Hung {
            socket,
            path: path.to_owned(),
        }))
    }
}

#[cfg(unix)]
pub(super) use socket::{hang, ring};

#[cfg(not(unix))]
pub(super) fn ring(_bell: Option<&Path>) {}

#[cfg(not(unix))]
pub(super) fn hang(_bell: Option<&Path>) -> Option<Box<dyn Bell>> {
    None
}
