//! One SMTP session (RFC 5321), pipelined where the client likes (RFC 2920).

use super::Shared;
use super::faults::{At, Fault};
use super::mailbox::CaughtEnvelope;
use crate::receiving::{Line, Receiving, Sent};
use smtp_proto::Request;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::net::TcpStream;

/// Recipients of one mail (RFC 5321 4.5.3.1.8 asks for 100).
const RECIPIENTS: usize = 100;

/// Runs a session to its end.
pub(super) async fn serve(stream: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let greeting = format!("220 {} ESMTP Dateline catcher", shared.config.hostname);
    let mut session = Session {
        client: Receiving::new(stream),
        shared,
        helo: String::new(),
        mail: None,
    };
    session.reply(&greeting);
    loop {
        let line = match session.client.line().await? {
            Line::Whole(line) => line,
            Line::TooLong => {
                session.refuse("500 5.5.2 the line is too long");
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
#[derive(Default)]
struct Mail {
    from: String,
    to: Vec<String>,
    /// Faults that strike later than RCPT.
    later: Vec<Fault>,
}

struct Session {
    client: Receiving<TcpStream>,
    shared: Arc<Shared>,
    helo: String,
    mail: Option<Mail>,
}

impl Session {
    fn reply(&mut self, line: &str) {
        self.client.reply(line);
    }

    fn refuse(&mut self, line: &str) {
        self.shared.counters.refused.fetch_add(1, Ordering::Relaxed);
        self.reply(line);
    }

    async fn obey(&mut self, line: &[u8]) -> io::Result<Next> {
        let request = match Request::parse(&mut line.iter()) {
            Ok(request) => request.into_owned(),
            Err(error) => {
                self.refuse(complaint(&error));
                return Ok(Next::GoOn);
            }
        };
        match request {
            Request::Ehlo { host } => self.ehlo(host),
            Request::Helo { host } | Request::Lhlo { host } => {
                self.helo = host;
                let hello = format!("250 {}", self.shared.config.hostname);
                self.reply(&hello);
            }
            Request::Mail { from } => self.mail(from.address, from.size),
            Request::Rcpt { to } => return self.rcpt(to.address).await,
            Request::Data => return self.data().await,
            Request::Rset => {
                self.mail = None;
                self.reply("250 2.0.0 reset");
            }
            Request::Noop { .. } => self.reply("250 2.0.0 well"),
            Request::Vrfy { .. } | Request::Expn { .. } => {
                self.reply("252 2.5.2 send some mail, it will be caught")
            }
            Request::Help { .. } => self.reply("214 2.0.0 every mail is caught and none passed on"),
            Request::Quit => {
                self.reply("221 2.0.0 good-bye");
                return Ok(Next::Close);
            }
            Request::Bdat { .. }
            | Request::Auth { .. }
            | Request::Etrn { .. }
            | Request::Atrn { .. }
            | Request::Burl { .. }
            | Request::StartTls => {
                self.refuse("502 5.5.1 not here");
            }
        }
        Ok(Next::GoOn)
    }

    fn ehlo(&mut self, host: String) {
        self.helo = host;
        self.mail = None;
        let config = &self.shared.config;
        let size = format!("SIZE {}", config.max_message_bytes);
        let mut lines = vec![
            config.hostname.clone(),
            "8BITMIME".to_owned(),
            "SMTPUTF8".to_owned(),
            "ENHANCEDSTATUSCODES".to_owned(),
            size,
        ];
        if config.pipelining {
            lines.insert(1, "PIPELINING".to_owned());
        }
        self.client.greet(&lines);
    }

    fn mail(&mut self, from: String, size: usize) {
        if self.helo.is_empty() {
            return self.refuse("503 5.5.1 say EHLO first");
        }
        if self.mail.is_some() {
            return self.refuse("503 5.5.1 a mail is under way");
        }
        if size > self.shared.config.max_message_bytes {
            return self.refuse("552 5.3.4 the mail is too large");
        }
        self.mail = Some(Mail {
            from,
            ..Mail::default()
        });
        self.reply("250 2.1.0 sender ok");
    }

    async fn rcpt(&mut self, to: String) -> io::Result<Next> {
        let Some(mail) = &mut self.mail else {
            self.refuse("503 5.5.1 say MAIL first");
            return Ok(Next::GoOn);
        };
        if mail.to.len() >= RECIPIENTS {
            self.refuse("452 4.5.3 too many recipients");
            return Ok(Next::GoOn);
        }
        match self.shared.director.cue(&to) {
            Some(Fault::Refuse(At::Rcpt, code)) => return Ok(self.scripted(code)),
            Some(Fault::Drop(At::Rcpt)) => return Ok(self.cut()),
            Some(Fault::Slow(late)) => {
                self.client.flush().await?;
                tokio::time::sleep(late).await;
            }
            Some(later) => mail.later.push(later),
            None => {}
        }
        if let Some(mail) = &mut self.mail {
            mail.to.push(to);
        }
        self.reply("250 2.1.5 recipient ok");
        Ok(Next::GoOn)
    }

    /// A refusal by the script; 421 closes (RFC 5321 3.8).
    fn scripted(&mut self, code: u16) -> Next {
        let class = code / 100;
        let enhanced = if class == 5 { "5.1.1" } else { "4.2.0" };
        self.refuse(&format!("{code} {enhanced} scripted fault"));
        if code == 421 { Next::Close } else { Next::GoOn }
    }

    /// The connection is cut without another word.
    fn cut(&mut self) -> Next {
        self.shared.counters.dropped.fetch_add(1, Ordering::Relaxed);
        self.client.swallow_replies();
        Next::Close
    }

    async fn data(&mut self) -> io::Result<Next> {
        let Some(mail) = self.mail.take() else {
            self.refuse("503 5.5.1 say MAIL first");
            return Ok(Next::GoOn);
        };
        if mail.to.is_empty() {
            self.refuse("554 5.5.1 no valid recipients");
            return Ok(Next::GoOn);
        }
        for fault in &mail.later {
            match fault {
                Fault::Refuse(At::Data, code) => return Ok(self.scripted(*code)),
                Fault::Drop(At::Data) => return Ok(self.cut()),
                Fault::Refuse(..) | Fault::Drop(_) | Fault::Slow(_) => {}
            }
        }
        self.reply("354 go on, end with a dot");
        if mail.later.contains(&Fault::Drop(At::Middle)) {
            self.client.more().await?;
            return Ok(self.cut());
        }
        let most = self.shared.config.max_message_bytes;
        match self.client.message(most, most).await? {
            Sent::Whole(message) => self.take(mail, &message),
            Sent::TooLong => {
                self.refuse("552 5.3.4 the mail is too large");
                Ok(Next::GoOn)
            }
            Sent::Cut => Ok(Next::Close),
        }
    }

    fn take(&mut self, mail: Mail, message: &[u8]) -> io::Result<Next> {
        for fault in &mail.later {
            if let Fault::Refuse(At::Dot, code) = fault {
                return Ok(self.scripted(*code));
            }
        }
        let envelope = CaughtEnvelope {
            mail_from: mail.from,
            rcpt_to: mail.to,
            received_at: self.shared.config.clock.now(),
            helo: self.helo.clone(),
            size: message.len(),
        };
        if let Err(error) = self.shared.mailbox.keep(&envelope, message) {
            tracing::error!(%error, "the catcher cannot keep a mail");
            self.refuse("452 4.3.1 the catcher cannot keep it");
            return Ok(Next::GoOn);
        }
        self.shared
            .counters
            .messages
            .fetch_add(1, Ordering::Relaxed);
        if mail.later.contains(&Fault::Drop(At::Dot)) {
            return Ok(self.cut());
        }
        self.reply("250 2.0.0 caught");
        Ok(Next::GoOn)
    }
}

fn complaint(error: &smtp_proto::Error) -> &'static str {
    match error {
        smtp_proto::Error::InvalidSenderAddress => "501 5.1.7 that is no sender",
        smtp_proto::Error::InvalidRecipientAddress => "501 5.1.3 that is no recipient",
        smtp_proto::Error::InvalidParameter { .. } | smtp_proto::Error::SyntaxError { .. } => {
            "501 5.5.4 the command is wrong"
        }
        smtp_proto::Error::UnsupportedParameter { .. } => {
            "555 5.5.4 that parameter is not known here"
        }
        smtp_proto::Error::NeedsMoreData { .. }
        | smtp_proto::Error::UnknownCommand
        | smtp_proto::Error::ResponseTooLong
        | smtp_proto::Error::InvalidResponse { .. } => "500 5.5.1 that is no command",
    }
}
