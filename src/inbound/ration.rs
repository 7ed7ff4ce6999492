//! What a server may say: a connection that breaks before an answer takes more
//! memory than any answer needs.
//!
//! async-imap makes room for whatever length a server announces, up to half a
//! gigabyte, before the first octet of it has come. So announcements are read
//! here, on the way to it: a literal is `{length}` at the end of a line, and its
//! octets follow (RFC 3501 4.3).

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Octets of a line that are looked at for an announcement: `{4294967295+}` and
/// its line's end.
const TAIL: usize = 16;

/// How much may come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Octets of an answer.
    pub(super) answer: usize,
    /// Octets of a line, without the literals in it.
    pub(super) line: usize,
    /// Octets of a literal.
    pub(super) literal: usize,
}

/// What is left of an answer's octets.
#[derive(Debug, Clone)]
pub(super) struct Ration {
    left: Arc<AtomicUsize>,
    bounds: Bounds,
}

impl Ration {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            left: Arc::new(AtomicUsize::new(bounds.answer)),
            bounds,
        }
    }

    /// Another answer begins.
    pub(super) fn renew(&self) {
        self.left.store(self.bounds.answer, Ordering::Relaxed);
    }

    /// A stream whose octets are counted.
    pub(super) fn over<S>(&self, stream: S) -> Rationed<S> {
        Rationed {
            stream,
            ration: self.clone(),
            watch: Watch::default(),
        }
    }

    fn take(&self, octets: usize) -> io::Result<()> {
        let left = self.left.load(Ordering::Relaxed);
        let left = left.checked_sub(octets).ok_or_else(|| {
            too_much(format!(
                "its answer is longer than {} octets",
                self.bounds.answer
            ))
        })?;
        self.left.store(left, Ordering::Relaxed);
        Ok(())
    }
}

/// A stream of which no more is read than its ration.
#[derive(Debug)]
pub(super) struct Rationed<S> {
    stream: S,
    ration: Ration,
    watch: Watch,
}

impl<S> Rationed<S> {
    /// The stream itself.
    pub(super) fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Rationed<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = into.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, into))?;
        let come = into.filled().get(before..).unwrap_or_default();
        let fits = this.ration.take(come.len());
        let fits = fits.and_then(|()| this.watch.pass(come, &this.ration.bounds));
        if fits.is_err() {
            // Where reading fails nothing was read.
            into.set_filled(before);
        }
        Poll::Ready(fits)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Rationed<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, octets)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

/// Where a stream is: in a line, or in a literal.
#[derive(Debug, Default)]
struct Watch {
    /// Octets of the literal that are still to come.
    literal: usize,
    /// Octets of the line so far.
    line: usize,
    /// Its last ones.
    tail: Vec<u8>,
}

impl Watch {
    fn pass(&mut self, mut octets: &[u8], bounds: &Bounds) -> io::Result<()> {
        while !octets.is_empty() {
            if self.literal > 0 {
                let (_, rest) = octets.split_at(self.literal.min(octets.len()));
                self.literal -= octets.len() - rest.len();
                octets = rest;
                continue;
            }
            let end = memchr::memchr(b'\n', octets).map_or(octets.len(), |at| at + 1);
            let (piece, rest) = octets.split_at(end);
            octets = rest;
            self.line += piece.len();
            if self.line > bounds.line {
                let message = format!("a line of it is longer than {} octets", bounds.line);
                return Err(too_much(message));
            }
            self.tail
                .extend_from_slice(&piece[piece.len().saturating_sub(TAIL)..]);
            self.tail.drain(..self.tail.len().saturating_sub(TAIL));
            if piece.ends_with(b"\n") {
                self.end_line(bounds)?;
            }
        }
        Ok(())
    }

    fn end_line(&mut self, bounds: &Bounds) -> io::Result<()> {
        let announced = announced(&self.tail);
        self.tail.clear();
        let Some(length) = announced else {
            self.line = 0;
            return Ok(());
        };
        if length > bounds.literal {
            return Err(too_much(format!(
                "it announces {length} octets; at most {} were asked for",
                bounds.literal
            )));
        }
        self.literal = length;
        Ok(())
    }
}

/// The length that a line's end announces. One that no number holds is as long as
/// can be.
fn announced(line: &[u8]) -> Option<usize> {
    let line = line.strip_suffix(b"\n")?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = line.strip_suffix(b"}")?;
    let line = line.strip_suffix(b"+").unwrap_or(line);
    let digits = line.iter().rev().take_while(|one| one.is_ascii_digit());
    let (before, digits) = line.split_at(line.len() - digits.count());
    // Where the line is longer than what is looked at, so is the number.
    if digits.is_empty() || !(before.is_empty() || before.ends_with(b"{")) {
        return None;
    }
    let number = std::str::from_utf8(digits).ok()?;
    Some(number.parse().unwrap_or(usize::MAX))
}

fn too_much(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tokio::io::AsyncReadExt;

    const BOUNDS: Bounds = Bounds {
        answer: 200,
        line: 60,
        literal: 50,
    };

    /// What is read of a stream that comes in pieces, and what breaks it off.
    fn read(octets: &[u8], piece: usize) -> (usize, Option<String>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async {
            let pieces = octets.chunks(piece.max(1));
            let mut stream = in_pieces(pieces);
            let mut rationed = Ration::new(BOUNDS).over(&mut stream);
            let mut all = Vec::new();
            let fault = rationed.read_to_end(&mut all).await.err();
            (all.len(), fault.map(|fault| fault.to_string()))
        })
    }

    /// A stream of pieces, each read for itself.
    fn in_pieces<'p>(pieces: impl Iterator<Item = &'p [u8]>) -> Box<dyn AsyncRead + Unpin + 'p> {
        let empty: Box<dyn AsyncRead + Unpin + 'p> = Box::new(tokio::io::empty());
        let all: Vec<_> = pieces.collect();
        all.into_iter().rev().fold(empty, |rest, piece| {
            Box::new(AsyncReadExt::chain(piece, rest))
        })
    }

    #[test]
    fn what_was_asked_for_passes() {
        let literal = "x".repeat(50);
        let answer = format!("* 1 FETCH (BODY[] {{50}}\r\n{literal})\r\na1 OK {{60}} done\r\n");
        for piece in [1, 7, 1000] {
            assert_eq!(read(answer.as_bytes(), piece), (answer.len(), None));
        }
        // Within a literal a line announces nothing.
        let inside = "* 1 FETCH (BODY[] {12}\r\n{99999999}\r\n)\r\n";
        assert_eq!(read(inside.as_bytes(), 3), (inside.len(), None));
    }

    #[test]
    fn more_is_refused_before_there_is_room_made_for_it() {
        for (answer, fault) in [
            ("* 1 FETCH (BODY[] {51}\r\n".to_owned(), "announces 51"),
            ("* 1 FETCH (BODY[] {51+}\r\n".to_owned(), "announces 51"),
            ("* {99999999999999999999999}\n".to_owned(), "announces"),
            ("x".repeat(61), "a line of it"),
            ("* x\r\n".repeat(41), "its answer is longer than 200"),
        ] {
            for piece in [1, 5, 1000] {
                let (_, said) = read(answer.as_bytes(), piece);
                let said = said.unwrap_or_default();
                assert!(said.contains(fault), "{answer:?} by {piece}: {said}");
            }
        }
    }

    #[test]
    fn every_answer_has_a_ration_of_its_own() {
        let ration = Ration::new(BOUNDS);
        assert!(ration.take(200).is_ok());
        assert!(ration.take(1).is_err());
        ration.renew();
        assert!(ration.take(1).is_ok());
    }

    proptest! {
        #[test]
        fn no_piece_hides_an_announcement(
            lines in prop::collection::vec("[a-z {}0-9+]{0,20}", 0..6), piece in 1usize..9,
        ) {
            let text = lines.join("\r\n");
            prop_assert_eq!(read(text.as_bytes(), piece).1, read(text.as_bytes(), 1000).1);
        }
    }
}
