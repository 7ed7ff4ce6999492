//! One LMTP session (RFC 2033): a mail server on this machine hands over what
//! came for the newsroom, and hears of each recipient what became of it.
//!
//! The session keeps nothing: a message is acknowledged once whoever takes it
//! has it, and else the mail server keeps it and comes again.

use super::report::LONGEST;
use crate::domain::address::EmailAddress;
use crate::receiving::{Line, Receiving, Sent};
use async_trait::async_trait;
use smtp_proto::Request;
use std::io;
use tokio::io::{AsyncRead, AsyncWrite};

/// Recipients of one mail (RFC 5321 4.5.3.1.8 asks for 100).
const RECIPIENTS: usize = 100;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reception {
    /// It was taken in.
    Taken,
    /// It says nothing that a machine understands: a person must read it.
    NotUnderstood,
    /// Not now; the mail server keeps it.
    Later,
}

/// Whoever takes messages in.
#[async_trait]
pub trait Taker: Send + Sync {
    /// Whether mail for an address is taken here.
    fn knows(&self, to: &EmailAddress) -> bool;

    /// Takes a message in, as it is kept: with its envelope's sender and
    /// recipients above its header.
    async fn take(&self, message: Vec<u8>) -> Reception;
}

/// What a session says of itself, and how much it takes.
#[derive(Debug, Clone)]
pub struct Manner {
    /// The name in its greeting.
    pub hostname: String,
    /// Octets of a message at most.
    pub most: usize,
}

/// Runs a session to its end.
///
/// # Errors
/// The connection broke, or was silent for too long.
pub async fn serve<S>(stream: S, manner: &Manner, taker: &dyn Taker) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let mut session = Session {
        client: Receiving::new(stream),
        manner,
        taker,
        greeted: false,
        mail: None,
    };
    let greeting = format!("220 {} LMTP Dateline", manner.hostname);
    session.client.reply(&greeting);
    loop {
        let line = match session.client.line().await? {
            Line::Whole(line) => line,
            Line::TooLong => {
                session.client.reply("500 5.5.2 the line is too long");
                break;
            }
            Line::End => break,
        };
        if session.obey(&line).await? == Next::Close {
            break;
        }
    }
    session.client.close().await
}

#[derive(PartialEq, Eq)]
enum Next {
    GoOn,
    Close,
}

/// A mail that is being offered.
struct Mail {
    from: String,
    to: Vec<EmailAddress>,
}

struct Session<'a, S> {
    client: Receiving<S>,
    manner: &'a Manner,
    taker: &'a dyn Taker,
    greeted: bool,
    mail: Option<Mail>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    async fn obey(&mut self, line: &[u8]) -> io::Result<Next> {
        let Ok(request) = Request::parse(&mut line.iter()) else {
            self.client.reply("500 5.5.1 that is no command");
            return Ok(Next::GoOn);
        };
        match request.into_owned() {
            Request::Lhlo { .. } => self.hello(),
            // RFC 2033 4.1: they must not be taken.
            Request::Ehlo { .. } | Request::Helo { .. } => {
                self.client.reply("500 5.5.1 this is LMTP: say LHLO");
            }
            Request::Mail { from } => self.mail(from.address, from.size),
            Request::Rcpt { to } => self.rcpt(&to.address),
            Request::Data => return self.data().await,
            Request::Rset => {
                self.mail = None;
                self.client.reply("250 2.0.0 reset");
            }
            Request::Noop { .. } => self.client.reply("250 2.0.0 well"),
            Request::Quit => {
                self.client.reply("221 2.0.0 good-bye");
                return Ok(Next::Close);
            }
            Request::Vrfy { .. }
            | Request::Expn { .. }
            | Request::Help { .. }
            | Request::Bdat { .. }
            | Request::Auth { .. }
            | Request::Etrn { .. }
            | Request::Atrn { .. }
            | Request::Burl { .. }
            | Request::StartTls => self.client.reply("502 5.5.1 not here"),
        }
        Ok(Next::GoOn)
    }

    /// RFC 2033 5: PIPELINING and ENHANCEDSTATUSCODES are a must.
    fn hello(&mut self) {
        self.greeted = true;
        self.mail = None;
        let offered = [
            self.manner.hostname.clone(),
            "PIPELINING".to_owned(),
            "ENHANCEDSTATUSCODES".to_owned(),
            "8BITMIME".to_owned(),
            "SMTPUTF8".to_owned(),
            format!("SIZE {}", self.manner.most),
        ];
        self.client.greet(&offered);
    }

    fn mail(&mut self, from: String, size: usize) {
        if !self.greeted {
            return self.client.reply("503 5.5.1 say LHLO first");
        }
        if self.mail.is_some() {
            return self.client.reply("503 5.5.1 a mail is under way");
        }
        if size > self.manner.most {
            return self.client.reply("552 5.3.4 the mail is too large");
        }
        let to = Vec::new();
        self.mail = Some(Mail { from, to });
        self.client.reply("250 2.1.0 sender ok");
    }

    fn rcpt(&mut self, to: &str) {
        let Some(mail) = &mut self.mail else {
            return self.client.reply("503 5.5.1 say MAIL first");
        };
        if mail.to.len() >= RECIPIENTS {
            return self.client.reply("452 4.5.3 too many recipients");
        }
        let known = EmailAddress::parse(to).ok();
        match known.filter(|to| self.taker.knows(to)) {
            Some(to) => {
                mail.to.push(to);
                self.client.reply("250 2.1.5 recipient ok");
            }
            None => self
                .client
                .reply("550 5.1.1 no mail is taken for this address here"),
        }
    }

    async fn data(&mut self) -> io::Result<Next> {
        let Some(mail) = self.mail.take() else {
            self.client.reply("503 5.5.1 say MAIL first");
            return Ok(Next::GoOn);
        };
        if mail.to.is_empty() {
            // RFC 2033 4.2: not even where the client goes on.
            self.client.reply("503 5.5.1 no valid recipients");
            return Ok(Next::GoOn);
        }
        self.client.reply("354 go on, end with a dot");
        let answer = match self.client.message(self.manner.most, LONGEST).await? {
            Sent::Cut => return Ok(Next::Close),
            Sent::TooLong => "552 5.3.4 the mail is too large",
            Sent::Whole(message) => {
                match self.taker.take(delivered(&mail, &message)).await {
                    Reception::Taken => "250 2.0.0 taken in",
                    // A server that wrote it hears nothing of a refusal; a person does.
                    Reception::NotUnderstood if mail.from.is_empty() => {
                        "250 2.0.0 read, and not understood"
                    }
                    Reception::NotUnderstood => {
                        "550 5.6.0 only reports and opt-outs are read here; please write to the newsroom itself"
                    }
                    Reception::Later => "451 4.3.0 not now; nothing is lost",
                }
            }
        };
        // RFC 2033 4.2: one reply for each recipient that was taken.
        for _ in &mail.to {
            self.client.reply(answer);
        }
        Ok(Next::GoOn)
    }
}

/// The message as a mailbox would hold it: its envelope above its header
/// (RFC 5321 4.4, RFC 9228).
fn delivered(mail: &Mail, message: &[u8]) -> Vec<u8> {
    // An address that was parsed as a command holds no line end.
    let mut head = format!("Return-Path: <{}>\r\n", mail.from);
    for to in &mail.to {
        head.push_str(&format!("Delivered-To: {to}\r\n"));
    }
    [head.as_bytes(), message].concat()
}

#[cfg(test)]
#[path = "lmtp_tests.rs"]
mod tests;
