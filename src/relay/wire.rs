//! The stream under a conversation.
//!
//! lettre greets and logs in over it; the conversation itself says its words
//! here. Three things lettre does not do, done beneath it: what is said is
//! gathered until somebody listens, so that pipelined commands and a message
//! leave together, an attachment uncopied; what the relay says is kept as it
//! came, since lettre joins the lines of a refusal; and the socket can be
//! turned into a TLS stream in place.

use super::certificate::Protection;
use super::compose::Piece;
use lettre::transport::smtp::client::AsyncTokioStream;
use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;

/// Pieces handed to the socket in one call.
const PIECES: usize = 32;
/// Octets of a reply that nobody waits the end of.
const LONGEST_REPLY: usize = 64 * 1024;
/// Octets read at once.
const READ: usize = 4096;

/// Two hands on one stream: lettre holds one, the connection the other.
#[derive(Clone)]
pub(super) struct Wire(Arc<Mutex<Line>>);

struct Line {
    socket: Socket,
    peer: SocketAddr,
    /// Said and not yet with the socket; of the first, `sent` octets are.
    out: VecDeque<Piece>,
    sent: usize,
    /// Whether the socket keeps octets back until it is flushed.
    unflushed: bool,
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
            out: VecDeque::new(),
            sent: 0,
            unflushed: false,
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

    /// How a TLS stream is protected, and by whose certificates.
    pub(super) fn protection(&self) -> Option<Protection> {
        match &self.line().socket {
            Socket::Tls(stream) => Some(Protection::of(stream.get_ref().1)),
            Socket::Plain(_) | Socket::Away => None,
        }
    }

    /// Says something, once somebody listens.
    pub(super) fn say(&self, words: impl Into<String>) {
        self.line().out.push_back(Piece::Own(words.into()));
    }

    /// Says a message's pieces.
    pub(super) fn say_pieces(&self, pieces: Vec<Piece>) {
        self.line().out.extend(pieces);
    }

    /// Brings what was said to the relay and hears some more. An end of the
    /// stream is an error: a relay that hangs up owes a reply.
    pub(super) async fn listen(&self) -> io::Result<()> {
        poll_fn(|cx| self.line().poll_listen(cx)).await
    }

    /// Octets said last that have not gone to the socket.
    pub(super) fn unsent(&self) -> usize {
        let line = self.line();
        let said: usize = line.out.iter().map(|piece| piece.as_str().len()).sum();
        said - line.sent
    }

    /// Takes what `take` finds in what the relay said; `take` answers with the
    /// number of octets used.
    pub(super) fn heard<T>(&self, take: impl FnOnce(&[u8]) -> Option<(T, usize)>) -> Option<T> {
        let mut line = self.line();
        let (found, used) = take(&line.heard)?;
        line.heard.drain(..used);
        Some(found)
    }

    /// Whether what the relay said cannot be a reply: too much of it, or a line
    /// that does not begin with three digits (RFC 5321 4.2).
    pub(super) fn is_strange(&self) -> bool {
        let line = self.line();
        let begins_well = line.heard.iter().take(3).all(u8::is_ascii_digit);
        !begins_well || line.heard.len() > LONGEST_REPLY
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
    /// Brings everything said to the socket.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.out.is_empty() {
            let wrote = ready!(self.poll_write_pieces(cx))?;
            if wrote == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.unflushed = true;
            self.consume(wrote);
        }
        if self.unflushed {
            // TLS keeps records of its own until flushed; only then has it all left.
            ready!(self.socket.poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write_pieces(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut slices = [IoSlice::new(&[]); PIECES];
        let mut count = 0;
        for (slice, piece) in slices.iter_mut().zip(&self.out) {
            let from = if count == 0 { self.sent } else { 0 };
            *slice = IoSlice::new(&piece.as_str().as_bytes()[from..]);
            count += 1;
        }
        self.socket.poll_write_vectored(cx, &slices[..count])
    }

    /// So many octets are with the socket now.
    fn consume(&mut self, mut wrote: usize) {
        while let Some(first) = self.out.front() {
            let left = first.as_str().len() - self.sent;
            if wrote < left {
                self.sent += wrote;
                return;
            }
            wrote -= left;
            self.sent = 0;
            self.out.pop_front();
        }
    }

    fn poll_listen(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        let mut octets = [0; READ];
        let mut buffer = ReadBuf::new(&mut octets);
        ready!(self.socket.poll_read(cx, &mut buffer))?;
        if buffer.filled().is_empty() {
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the relay closed the connection",
            )));
        }
        self.heard.extend_from_slice(buffer.filled());
        Poll::Ready(Ok(()))
    }
}

impl Socket {
    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
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

/// lettre says its greeting in whole lines of text.
impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match std::str::from_utf8(bytes) {
            Ok(words) => self.say(words),
            Err(error) => return Poll::Ready(Err(io::Error::other(error))),
        }
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
