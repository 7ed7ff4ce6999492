//! The stream under lettre's connection.
//!
//! Three things lettre does not do, done beneath it: writes are gathered until
//! somebody reads, so that pipelined commands and a message leave in one
//! packet each; what the relay says is kept as it came, since lettre joins the
//! lines of a refusal; and the socket can be turned into a TLS stream in place.

use lettre::transport::smtp::client::AsyncTokioStream;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;

/// Gathered octets beyond which a write is passed on before more are taken.
const GATHER: usize = 128 * 1024;

/// Two hands on one stream: lettre holds one, the connection the other.
#[derive(Clone)]
pub(super) struct Wire(Arc<Mutex<Line>>);

struct Line {
    socket: Socket,
    peer: SocketAddr,
    /// Gathered and not yet with the socket, from `sent` on.
    out: Vec<u8>,
    sent: usize,
    /// What the relay said and nobody has taken yet.
    heard: Vec<u8>,
}

enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    /// While a handshake has it, or after one failed.
    Away,
}

impl Wire {
    pub(super) fn new(stream: TcpStream) -> io::Result<Self> {
        let peer = stream.peer_addr()?;
        let line = Line {
            socket: Socket::Plain(stream),
            peer,
            out: Vec::new(),
            sent: 0,
            heard: Vec::new(),
        };
        Ok(Self(Arc::new(Mutex::new(line))))
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Turns the stream into a TLS stream, in place.
    ///
    /// Whatever the relay said after its go-ahead and before the handshake was
    /// said in clear by who knows whom (RFC 3207 section 6): it is an error.
    pub(super) async fn start_tls(
        &self,
        connector: &TlsConnector,
        name: ServerName<'static>,
    ) -> io::Result<()> {
        let stream = {
            let mut line = self.line();
            if !line.heard.is_empty() {
                return Err(io::Error::other(
                    "the relay spoke on in clear text after its go-ahead for TLS",
                ));
            }
            match std::mem::replace(&mut line.socket, Socket::Away) {
                Socket::Plain(stream) => stream,
                other @ (Socket::Tls(_) | Socket::Away) => {
                    line.socket = other;
                    return Err(io::Error::other("the stream is not in clear text"));
                }
            }
        };
        let encrypted = connector.connect(name, stream).await?;
        self.line().socket = Socket::Tls(Box::new(encrypted));
        Ok(())
    }

    /// Whether every octet written has gone to the socket, and so may have
    /// reached the relay.
    pub(super) fn all_sent(&self) -> bool {
        self.line().out.is_empty()
    }

    /// Takes what `take` finds in what the relay said; `take` answers with the
    /// number of octets used.
    pub(super) fn heard<T>(&self, take: impl FnOnce(&[u8]) -> Option<(T, usize)>) -> Option<T> {
        let mut line = self.line();
        let (found, used) = take(&line.heard)?;
        line.heard.drain(..used);
        Some(found)
    }

    /// The beginning of what the relay said, for a message about it.
    pub(super) fn overheard(&self) -> String {
        let line = self.line();
        let text = String::from_utf8_lossy(&line.heard);
        text.lines()
            .next()
            .unwrap_or_default()
            .chars()
            .take(120)
            .collect()
    }
}

impl Line {
    /// Brings everything gathered to the socket.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.out.is_empty() {
            return Poll::Ready(Ok(()));
        }
        while self.sent < self.out.len() {
            let wrote = ready!(self.socket.poll_write(cx, &self.out[self.sent..]))?;
            if wrote == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.sent += wrote;
        }
        // TLS keeps records of its own until flushed; only then has it all left.
        ready!(self.socket.poll_flush(cx))?;
        self.out.clear();
        self.sent = 0;
        Poll::Ready(Ok(()))
    }
}

impl Socket {
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Away => Poll::Ready(Err(away())),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
            Self::Away => Poll::Ready(Err(away())),
        }
    }

    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Away => Poll::Ready(Err(away())),
        }
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Away => Poll::Ready(Ok(())),
        }
    }
}

fn away() -> io::Error {
    io::ErrorKind::NotConnected.into()
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut line = self.line();
        ready!(line.poll_drain(cx))?;
        let before = buffer.filled().len();
        ready!(line.socket.poll_read(cx, buffer))?;
        line.heard.extend_from_slice(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut line = self.line();
        if line.out.len() > GATHER {
            ready!(line.poll_drain(cx))?;
        }
        line.out.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    /// Does nothing: what is gathered leaves when somebody reads.
    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut line = self.line();
        ready!(line.poll_drain(cx))?;
        line.socket.poll_shutdown(cx)
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.line().peer)
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire")
            .field("peer", &self.line().peer)
            .finish_non_exhaustive()
    }
}
