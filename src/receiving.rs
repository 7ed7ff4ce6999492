//! What every server that takes mail shares: command lines, and messages that
//! end in a dot. The catcher speaks SMTP through it, the inbox LMTP.
//!
//! The end of a message is CRLF, dot, CRLF and nothing else: a bare LF or CR
//! ends nothing here, so that a smuggled message shows as what it is.

use memchr::memmem;
use std::future::Future;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// How long is waited for whoever sends. Somebody who says an octet now and then
/// must not keep a place that others wait for.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// For a whole command line (RFC 5321 4.5.3.2.7 asks for five minutes), for the
    /// next octets of a message, and for a reply to be taken.
    step: Duration,
    /// For a whole message, which comes from this machine or one beside it.
    message: Duration,
}

const PATIENCE: Patience = Patience {
    step: Duration::from_secs(300),
    message: Duration::from_secs(900),
};
/// RFC 5321 4.5.3.1.4 asks for 512; parameters and UTF-8 may need more.
const COMMAND_LINE: usize = 4096;
const END: &[u8] = b"\r\n.\r\n";

/// A command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// With its line end.
    Whole(Vec<u8>),
    /// Longer than any command is.
    TooLong,
    /// There are no more.
    End,
}

/// A message that was sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// Its octets, dots unstuffed; the beginning, where it is long.
    Whole(Vec<u8>),
    /// It was longer than is taken; what was too much was read and not kept.
    TooLong,
    /// The connection ended before the dot.
    Cut,
}

/// A conversation, from the server's side.
#[derive(Debug)]
pub(crate) struct Receiving<S> {
    stream: S,
    input: Vec<u8>,
    output: Vec<u8>,
    patience: Patience,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Receiving<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self {
            stream,
            input: Vec::new(),
            output: Vec::new(),
            patience: PATIENCE,
        }
    }

    /// Readies a reply; it leaves before anything more is read.
    pub(crate) fn reply(&mut self, line: &str) {
        self.output.extend_from_slice(line.as_bytes());
        self.output.extend_from_slice(b"\r\n");
    }

    /// Readies a reply of several lines to a greeting: the name, then what is offered.
    pub(crate) fn greet(&mut self, lines: &[String]) {
        for (n, line) in lines.iter().enumerate() {
            let mark = if n + 1 == lines.len() { ' ' } else { '-' };
            self.reply(&format!("250{mark}{line}"));
        }
    }

    /// Replies that have not left never will.
    pub(crate) fn swallow_replies(&mut self) {
        self.output.clear();
    }

    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        if !self.output.is_empty() {
            let leave = async {
                self.stream.write_all(&self.output).await?;
                self.stream.flush().await
            };
            within(self.patience.step, leave).await?;
            self.output.clear();
        }
        Ok(())
    }

    /// Sends what is left to be sent, and says good-bye to the connection.
    pub(crate) async fn close(&mut self) -> io::Result<()> {
        self.flush().await?;
        self.stream.shutdown().await
    }

    /// Reads more. Replies leave first: a client that pipelines has said all it
    /// will before it waits. False at the end.
    pub(crate) async fn more(&mut self) -> io::Result<bool> {
        self.flush().await?;
        let mut chunk = [0; 16 * 1024];
        let read = within(self.patience.step, self.stream.read(&mut chunk)).await?;
        self.input.extend_from_slice(&chunk[..read]);
        Ok(read > 0)
    }

    /// The next command line.
    pub(crate) async fn line(&mut self) -> io::Result<Line> {
        within(self.patience.step, self.whole_line()).await
    }

    async fn whole_line(&mut self) -> io::Result<Line> {
        let mut seen = 0;
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.input[seen..]) {
                return Ok(Line::Whole(self.input.drain(..=seen + end).collect()));
            }
            seen = self.input.len();
            if seen > COMMAND_LINE {
                return Ok(Line::TooLong);
            }
            if !self.more().await? {
                return Ok(Line::End);
            }
        }
    }

    /// The message that follows, of `most` octets at most. Of one that is longer
    /// than `keep`, the beginning is kept.
    pub(crate) async fn message(&mut self, most: usize, keep: usize) -> io::Result<Sent> {
        within(self.patience.message, self.whole_message(most, keep)).await
    }

    async fn whole_message(&mut self, most: usize, keep: usize) -> io::Result<Sent> {
        // The line before the first is DATA's own.
        let mut stuffed = b"\r\n".to_vec();
        let (mut beginning, mut let_go) = (None, 0);
        // At worst every second octet is a stuffed dot.
        let room = keep.saturating_mul(2).max(64 * 1024);
        loop {
            let searched = stuffed.len().saturating_sub(END.len() - 1);
            stuffed.append(&mut self.input);
            if let Some(end) = memmem::find(&stuffed[searched..], END) {
                let end = searched + end;
                self.input = stuffed.split_off(end + END.len());
                stuffed.truncate(end + 2);
                let size = let_go + stuffed.len();
                let mut message = unstuff(&beginning.unwrap_or(stuffed));
                let size = if let_go == 0 { message.len() } else { size };
                if size > most {
                    return Ok(Sent::TooLong);
                }
                message.truncate(keep);
                return Ok(Sent::Whole(message));
            }
            if stuffed.len() > room {
                let gone = stuffed.len() - END.len();
                beginning.get_or_insert_with(|| stuffed[..gone].to_vec());
                stuffed.drain(..gone);
                let_go += gone;
            }
            if !self.more().await? {
                return Ok(Sent::Cut);
            }
        }
    }
}

async fn within<T>(limit: Duration, what: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(limit, what)
        .await
        .map_err(|_| io::ErrorKind::TimedOut)?
}

/// The message without the first CRLF and without stuffed dots (RFC 5321 4.5.2).
fn unstuff(stuffed: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(stuffed.len());
    let mut rest = stuffed;
    while let Some(at) = memmem::find(rest, b"\r\n.") {
        message.extend_from_slice(&rest[..at + 2]);
        rest = &rest[at + 3..];
    }
    message.extend_from_slice(rest);
    message.drain(..2);
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    async fn sent(octets: &'static [u8], most: usize) -> (Sent, Line) {
        let (ours, mut theirs) = tokio::io::duplex(1024);
        let writing = tokio::spawn(async move { theirs.write_all(octets).await });
        let mut receiving = Receiving::new(ours);
        let sent = receiving.message(most, most).await.unwrap();
        let next = receiving.line().await.unwrap();
        writing.await.unwrap().unwrap();
        (sent, next)
    }

    proptest! {
        #[test]
        fn any_message_comes_as_it_was_sent_in_whatever_pieces(
            lines in prop::collection::vec("[.a-c]{0,6}", 0..20), piece in 1usize..9,
        ) {
            let whole: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
            let dot = |line: &String| if line.starts_with('.') { "." } else { "" };
            let stuffed: String = lines.iter().map(|line| format!("{}{line}\r\n", dot(line))).collect();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            let sent = runtime.block_on(async {
                let (ours, mut theirs) = tokio::io::duplex(piece);
                let writing = async {
                    theirs.write_all(format!("{stuffed}.\r\n").as_bytes()).await.unwrap();
                };
                let mut receiving = Receiving::new(ours);
                let (sent, ()) = tokio::join!(receiving.message(1000, 1000), writing);
                sent.unwrap()
            });
            prop_assert_eq!(sent, Sent::Whole(whole.into_bytes()));
        }
    }

    #[tokio::test]
    async fn a_message_ends_in_its_dot_and_nowhere_else() {
        let (message, next) = sent(b"a\n.\nb\r.\rc\r\n..d\r\n.\r\nRSET\r\n", 100).await;
        assert_eq!(message, Sent::Whole(b"a\n.\nb\r.\rc\r\n.d\r\n".to_vec()));
        assert_eq!(next, Line::Whole(b"RSET\r\n".to_vec()));
        assert_eq!(sent(b".\r\nQ\n", 100).await.0, Sent::Whole(Vec::new()));
        assert_eq!(sent(b"a\r\n.", 100).await, (Sent::Cut, Line::End));
    }

    #[tokio::test]
    async fn what_is_too_long_is_read_to_its_end_and_not_kept() {
        static LONG: [u8; 1024 * 1024] = [b'x'; 1024 * 1024];
        let (ours, mut theirs) = tokio::io::duplex(4096);
        let writing = tokio::spawn(async move {
            for _ in 0..8 {
                theirs.write_all(&LONG).await.unwrap();
            }
            theirs.write_all(b"\r\n.\r\nQUIT\r\n").await.unwrap();
        });
        let mut receiving = Receiving::new(ours);
        let sent = receiving.message(1000, 1000).await.unwrap();
        assert_eq!(sent, Sent::TooLong);
        assert!(receiving.input.capacity() < 1024 * 1024);
        let next = receiving.line().await.unwrap();
        assert_eq!(next, Line::Whole(b"QUIT\r\n".to_vec()));
        writing.await.unwrap();
    }

    #[tokio::test]
    async fn of_a_long_message_the_beginning_is_kept() {
        let (ours, mut theirs) = tokio::io::duplex(4096);
        let writing = tokio::spawn(async move {
            for n in 0..40_000 {
                let line = format!("..{n}\r\n");
                theirs.write_all(line.as_bytes()).await.unwrap();
            }
            theirs.write_all(b".\r\n").await.unwrap();
        });
        let mut receiving = Receiving::new(ours);
        let sent = receiving.message(1024 * 1024, 100).await.unwrap();
        let whole: String = (0..40_000).map(|n| format!(".{n}\r\n")).collect();
        assert_eq!(sent, Sent::Whole(whole.as_bytes()[..100].to_vec()));
        writing.await.unwrap();
    }

    /// Someone who waits no longer than a test may.
    fn impatient<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> Receiving<S> {
        Receiving {
            patience: Patience {
                step: Duration::from_millis(100),
                message: Duration::from_millis(100),
            },
            ..Receiving::new(stream)
        }
    }

    /// What comes of something that must end soon.
    async fn soon<T: std::fmt::Debug>(what: impl Future<Output = io::Result<T>>) -> io::ErrorKind {
        let ended = timeout(Duration::from_secs(20), what).await;
        ended.expect("it goes on for ever").unwrap_err().kind()
    }

    #[tokio::test]
    async fn a_message_that_goes_on_and_on_is_not_waited_for() {
        let (ours, mut theirs) = tokio::io::duplex(16);
        let dripping = tokio::spawn(async move { while theirs.write_all(b"x").await.is_ok() {} });
        let mut receiving = impatient(ours);
        let ended = soon(receiving.message(1000, 1000)).await;
        assert_eq!(ended, io::ErrorKind::TimedOut);
        drop(receiving);
        dripping.await.unwrap();
    }

    #[tokio::test]
    async fn whoever_takes_no_replies_is_not_waited_for() {
        let (ours, _theirs) = tokio::io::duplex(16);
        let mut receiving = impatient(ours);
        receiving.reply(&"x".repeat(1000));
        assert_eq!(soon(receiving.flush()).await, io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_command_without_end_is_not_waited_for() {
        let (ours, mut theirs) = tokio::io::duplex(16 * 1024);
        theirs.write_all(&[b'x'; 8192]).await.unwrap();
        assert_eq!(Receiving::new(ours).line().await.unwrap(), Line::TooLong);
    }
}
