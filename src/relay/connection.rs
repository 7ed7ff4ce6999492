//! The conversation with a relay.
//!
//! lettre's connection reads and writes; which words are said, in which
//! packets, under which deadline, and what a broken conversation means, is
//! decided here. A conversation that timed out costs the connection.

use super::compose::ComposedMessage;
use super::error::RelayError;
use super::replies::{Announced, first_reply};
use super::tls::Tls;
use super::wire::Wire;
use crate::domain::address::EmailAddress;
use crate::domain::relay::{Credentials, RelayProfile, TlsPolicy};
use crate::domain::reply::{Handover, SmtpReply, Step};
use lettre::transport::smtp::authentication::{Credentials as LettreCredentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::Auth;
use lettre::transport::smtp::extension::ClientId;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Octets for which the deadline of one block is granted.
const BLOCK: usize = 1024 * 1024;

/// A relay, ready to be spoken to.
#[derive(Debug)]
pub struct Relay {
    profile: RelayProfile,
    tls: Option<Tls>,
}

/// From whom to whom (RFC 5321 2.3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The return path.
    pub from: EmailAddress,
    /// The recipient.
    pub to: EmailAddress,
}

impl Relay {
    /// Readies a relay; nothing is said to it yet.
    ///
    /// # Errors
    /// A profile that cannot be used: a CA file that cannot be read, or a
    /// password that would travel in clear.
    pub fn new(profile: RelayProfile) -> Result<Self, RelayError> {
        let wrong = |cause| RelayError::Profile {
            relay: profile.name.clone(),
            cause,
        };
        let tls = match profile.tls {
            TlsPolicy::Required | TlsPolicy::Implicit => Some(Tls::new(&profile).map_err(wrong)?),
            TlsPolicy::None => None,
        };
        let relay = Self { profile, tls };
        if relay.tls.is_none()
            && relay.profile.credentials.is_some()
            && !is_loopback(&relay.profile.host)
        {
            return Err(RelayError::AuthInClear {
                relay: relay.profile.name.clone(),
                place: relay.place(),
            });
        }
        Ok(relay)
    }

    /// Its name in dateline.toml.
    pub fn name(&self) -> &str {
        &self.profile.name
    }

    /// Messages a second at most, where the newsroom sets a rate.
    pub fn rate(&self) -> Option<f64> {
        self.profile.rate
    }

    /// How many connections it is given.
    pub fn connections(&self) -> usize {
        self.profile.connections.max(1)
    }

    fn place(&self) -> String {
        format!("{}:{}", self.profile.host, self.profile.port)
    }

    /// Connects, greets, goes private and logs in, as the profile asks.
    ///
    /// # Errors
    /// See [`RelayError`]; each says which relay, where, and what was expected.
    pub async fn open(&self) -> Result<Connection, RelayError> {
        let wire = self.dial().await?;
        if let (TlsPolicy::Implicit, Some(tls)) = (self.profile.tls, &self.tls) {
            self.handshake(&wire, tls).await?;
        }
        let mut connection = self.greet(wire).await?;
        if let (TlsPolicy::Required, Some(tls)) = (self.profile.tls, &self.tls) {
            self.start_tls(&mut connection, tls).await?;
        }
        if let Some(credentials) = &self.profile.credentials {
            self.log_in(&mut connection, credentials).await?;
        }
        Ok(connection)
    }

    async fn dial(&self) -> Result<Wire, RelayError> {
        let unreachable = |cause: String| RelayError::Unreachable {
            relay: self.profile.name.clone(),
            place: self.place(),
            cause,
        };
        let after = self.profile.deadlines.connect;
        let dialled = timeout(
            after,
            TcpStream::connect((self.profile.host.as_str(), self.profile.port)),
        )
        .await;
        let stream = dialled
            .map_err(|_| unreachable(format!("no answer within {} s", after.as_secs_f64())))?
            .map_err(|error| unreachable(error.to_string()))?;
        stream
            .set_nodelay(true)
            .map_err(|error| unreachable(error.to_string()))?;
        Wire::new(stream).map_err(|error| unreachable(error.to_string()))
    }

    async fn handshake(&self, wire: &Wire, tls: &Tls) -> Result<(), RelayError> {
        let shaken = timeout(
            self.profile.deadlines.greeting,
            wire.start_tls(&tls.connector, tls.name.clone()),
        )
        .await;
        let cause = match shaken {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(_) => return Err(self.silent(Step::Tls)),
        };
        Err(RelayError::Tls {
            relay: self.profile.name.clone(),
            place: self.place(),
            cause,
        })
    }

    async fn greet(&self, wire: Wire) -> Result<Connection, RelayError> {
        let hello = ClientId::Domain(self.profile.helo.clone());
        let greeted = timeout(
            self.profile.deadlines.greeting,
            AsyncSmtpConnection::connect_with_transport(Box::new(wire.clone()), &hello),
        )
        .await;
        let banner = wire.heard(first_reply);
        let ehlo = wire.heard(first_reply);
        match (greeted, banner, ehlo) {
            (Ok(Ok(talk)), _, Some(ehlo)) => Ok(Connection {
                talk,
                wire,
                announced: Announced::of(&ehlo),
                profile: self.profile.clone(),
                usable: true,
                needs_reset: false,
            }),
            (_, Some(reply), None) if !reply.is_positive() => {
                Err(self.refused(Step::Banner, reply))
            }
            (_, _, Some(reply)) if !reply.is_positive() => Err(self.refused(Step::Ehlo, reply)),
            (Err(_), None, _) => Err(self.silent(Step::Banner)),
            (Err(_), Some(_), _) => Err(self.silent(Step::Ehlo)),
            (Ok(_), _, _) => Err(RelayError::NotSmtp {
                relay: self.profile.name.clone(),
                place: self.place(),
                said: said(&wire),
            }),
        }
    }

    async fn start_tls(&self, connection: &mut Connection, tls: &Tls) -> Result<(), RelayError> {
        if !connection.announced.starttls {
            return Err(RelayError::NoStartTls {
                relay: self.profile.name.clone(),
                place: self.place(),
            });
        }
        let go = self.ask(connection, Step::Tls, "STARTTLS\r\n").await?;
        if !go.is_positive() {
            return Err(self.refused(Step::Tls, go));
        }
        self.handshake(&connection.wire, tls).await?;
        let ehlo = self
            .ask(
                connection,
                Step::Ehlo,
                &format!("EHLO {}\r\n", self.profile.helo),
            )
            .await?;
        if !ehlo.is_positive() {
            return Err(self.refused(Step::Ehlo, ehlo));
        }
        // What was announced in clear counts no more (RFC 3207 4.2).
        connection.announced = Announced::of(&ehlo);
        Ok(())
    }

    async fn log_in(
        &self,
        connection: &mut Connection,
        credentials: &Credentials,
    ) -> Result<(), RelayError> {
        let mechanism = match (
            connection.announced.auth_plain,
            connection.announced.auth_login,
        ) {
            (true, _) => Mechanism::Plain,
            (false, true) => Mechanism::Login,
            (false, false) => {
                return Err(RelayError::NoAuth {
                    relay: self.profile.name.clone(),
                    place: self.place(),
                });
            }
        };
        let secret = LettreCredentials::new(
            credentials.username.clone(),
            credentials.password.reveal().to_owned(),
        );
        let wrong = |error: lettre::transport::smtp::Error| RelayError::Profile {
            relay: self.profile.name.clone(),
            cause: error.to_string(),
        };
        let mut reply = self
            .ask(
                connection,
                Step::Auth,
                Auth::new(mechanism, secret.clone(), None).map_err(wrong)?,
            )
            .await?;
        // LOGIN asks for the name, then for the password; nobody needs more.
        for _ in 0..2 {
            if reply.code != 334 {
                break;
            }
            let challenge = format!("334 {}\r\n", reply.text).parse().map_err(wrong)?;
            let answer =
                Auth::new_from_response(mechanism, secret.clone(), &challenge).map_err(wrong)?;
            reply = self.ask(connection, Step::Auth, answer).await?;
        }
        if reply.is_positive() {
            Ok(())
        } else {
            Err(self.refused(Step::Auth, reply))
        }
    }

    async fn ask(
        &self,
        connection: &mut Connection,
        step: Step,
        words: impl fmt::Display,
    ) -> Result<SmtpReply, RelayError> {
        match connection
            .ask(step, words, self.profile.deadlines.greeting)
            .await
        {
            Ok(reply) => Ok(reply),
            Err(Broken::Silent) => Err(self.silent(step)),
            Err(Broken::Cut(said)) => Err(RelayError::NotSmtp {
                relay: self.profile.name.clone(),
                place: self.place(),
                said,
            }),
        }
    }

    fn silent(&self, step: Step) -> RelayError {
        RelayError::Silent {
            relay: self.profile.name.clone(),
            place: self.place(),
            step,
            after: self.profile.deadlines.greeting,
        }
    }

    fn refused(&self, step: Step, reply: SmtpReply) -> RelayError {
        RelayError::Refused {
            relay: self.profile.name.clone(),
            place: self.place(),
            step,
            reply,
        }
    }
}

/// What a peer that is no SMTP server said.
fn said(wire: &Wire) -> String {
    let said = wire.overheard();
    if said.is_empty() {
        "it closed the connection".to_owned()
    } else {
        format!("it said `{}`", said.escape_debug())
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// An open connection; carries one conversation after another.
pub struct Connection {
    talk: AsyncSmtpConnection,
    wire: Wire,
    announced: Announced,
    profile: RelayProfile,
    usable: bool,
    needs_reset: bool,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("relay", &self.profile.name)
            .field("usable", &self.usable)
            .finish_non_exhaustive()
    }
}

/// How a conversation broke.
enum Broken {
    /// The deadline passed.
    Silent,
    /// The connection was cut, or something other than a reply came.
    Cut(String),
}

/// How the commands before the message went.
enum Opening {
    /// The relay waits for the message.
    Ready,
    /// It ends here.
    Over(Handover),
}

impl Connection {
    /// Whether it may carry another conversation.
    pub fn is_usable(&self) -> bool {
        self.usable
    }

    /// Hands one message over.
    pub async fn deliver(&mut self, envelope: &Envelope, message: &ComposedMessage) -> Handover {
        if let Some(refusal) = self.cannot(envelope) {
            return refusal;
        }
        let opening = if self.announced.pipelining {
            self.open_pipelined(envelope, message).await
        } else {
            self.open_stepwise(envelope, message).await
        };
        match opening {
            Opening::Ready => self.send(message).await,
            Opening::Over(handover) => handover,
        }
    }

    /// Says good-bye; a relay that does not answer is left.
    pub async fn quit(mut self) {
        if self.usable {
            let patience = Duration::from_secs(5).min(self.profile.deadlines.command);
            drop(timeout(patience, self.talk.command("QUIT\r\n")).await);
        }
    }

    /// A refusal of our own: the relay cannot carry such an address (RFC 6531 3.5).
    fn cannot(&self, envelope: &Envelope) -> Option<Handover> {
        let needed = envelope.from.needs_smtputf8() || envelope.to.needs_smtputf8();
        (needed && !self.announced.smtputf8).then(|| Handover::Refused {
            step: Step::Mail,
            reply: SmtpReply::new(
                553,
                format!(
                    "5.6.7 the address needs SMTPUTF8, which relay {} does not announce",
                    self.profile.name
                ),
            ),
        })
    }

    fn mail_command(&self, envelope: &Envelope, message: &ComposedMessage) -> String {
        let size = if self.announced.size {
            format!(" SIZE={}", message.size())
        } else {
            String::new()
        };
        let utf8 = if envelope.from.needs_smtputf8() || envelope.to.needs_smtputf8() {
            " SMTPUTF8"
        } else {
            ""
        };
        format!("MAIL FROM:<{}>{size}{utf8}\r\n", envelope.from)
    }

    /// MAIL, RCPT and DATA in one packet, the replies one by one (RFC 2920).
    async fn open_pipelined(&mut self, envelope: &Envelope, message: &ComposedMessage) -> Opening {
        let reset = if self.needs_reset { "RSET\r\n" } else { "" };
        let words = format!(
            "{reset}{}RCPT TO:<{}>\r\nDATA\r\n",
            self.mail_command(envelope, message),
            envelope.to
        );
        let deadlines = self.profile.deadlines;
        let mut first = Some(words);
        if std::mem::take(&mut self.needs_reset)
            && let Err(broken) = self
                .ask_or_read(Step::Reset, first.take(), deadlines.command)
                .await
        {
            return Opening::Over(self.lost(Step::Reset, broken, false));
        }
        let mut refusal = None;
        for (step, deadline) in [
            (Step::Mail, deadlines.command),
            (Step::Rcpt, deadlines.command),
            (Step::Data, deadlines.data),
        ] {
            match self.ask_or_read(step, first.take(), deadline).await {
                // The first refusal is the cause; what follows it is only its echo.
                Err(broken) => {
                    return Opening::Over(
                        refusal.unwrap_or_else(|| self.lost(step, broken, false)),
                    );
                }
                Ok(reply) if step == Step::Data && reply.code == 354 => match refusal {
                    None => return Opening::Ready,
                    Some(refusal) => return Opening::Over(self.end_empty(refusal).await),
                },
                Ok(reply) if step != Step::Data && reply.is_positive() => {}
                Ok(reply) => {
                    let handover = self.refused(step, reply);
                    refusal.get_or_insert(handover);
                }
            }
        }
        Opening::Over(
            refusal.unwrap_or_else(|| {
                self.lost(Step::Data, Broken::Cut("no go-ahead".to_owned()), false)
            }),
        )
    }

    /// The relay wants a message although its recipient was refused: it gets
    /// an empty one, addressed to nobody (RFC 2920 3.1).
    async fn end_empty(&mut self, refusal: Handover) -> Handover {
        if self
            .ask(Step::Body, ".\r\n", self.profile.deadlines.dot)
            .await
            .is_err()
        {
            self.usable = false;
        }
        refusal
    }

    /// MAIL, RCPT and DATA each for itself, for a relay without PIPELINING.
    async fn open_stepwise(&mut self, envelope: &Envelope, message: &ComposedMessage) -> Opening {
        let deadlines = self.profile.deadlines;
        if std::mem::take(&mut self.needs_reset)
            && let Err(broken) = self.ask(Step::Reset, "RSET\r\n", deadlines.command).await
        {
            return Opening::Over(self.lost(Step::Reset, broken, false));
        }
        let steps = [
            (
                Step::Mail,
                self.mail_command(envelope, message),
                deadlines.command,
            ),
            (
                Step::Rcpt,
                format!("RCPT TO:<{}>\r\n", envelope.to),
                deadlines.command,
            ),
            (Step::Data, "DATA\r\n".to_owned(), deadlines.data),
        ];
        for (step, words, deadline) in steps {
            match self.ask(step, words, deadline).await {
                Err(broken) => return Opening::Over(self.lost(step, broken, false)),
                Ok(reply) if step == Step::Data && reply.code == 354 => return Opening::Ready,
                Ok(reply) if step != Step::Data && reply.is_positive() => {}
                Ok(reply) => return Opening::Over(self.refused(step, reply)),
            }
        }
        Opening::Over(self.lost(Step::Data, Broken::Cut("no go-ahead".to_owned()), false))
    }

    /// The message and its final dot in one write, and the reply to it.
    async fn send(&mut self, message: &ComposedMessage) -> Handover {
        let deadlines = self.profile.deadlines;
        let blocks = u32::try_from(message.size() / BLOCK + 1).unwrap_or(u32::MAX);
        let patience = deadlines.dot + deadlines.block.saturating_mul(blocks);
        match self.ask(Step::Body, message.on_the_wire(), patience).await {
            Ok(reply) if reply.is_positive() => Handover::Accepted { reply },
            Ok(reply) => self.refused(Step::Body, reply),
            // Once the final dot may have left, nobody can tell (RFC 1047).
            Err(broken) => {
                let dot_left = self.wire.all_sent();
                self.lost(Step::Body, broken, dot_left)
            }
        }
    }

    async fn ask_or_read(
        &mut self,
        step: Step,
        words: Option<String>,
        deadline: Duration,
    ) -> Result<SmtpReply, Broken> {
        match words {
            Some(words) => self.ask(step, words, deadline).await,
            None => {
                let heard = timeout(deadline, self.talk.read_response()).await;
                self.take(step, heard)
            }
        }
    }

    async fn ask(
        &mut self,
        step: Step,
        words: impl fmt::Display,
        deadline: Duration,
    ) -> Result<SmtpReply, Broken> {
        let heard = timeout(deadline, self.talk.command(words)).await;
        self.take(step, heard)
    }

    /// Takes the reply as the relay said it. lettre's own reading only tells
    /// that there is one.
    fn take<T>(
        &mut self,
        step: Step,
        heard: Result<Result<T, lettre::transport::smtp::Error>, tokio::time::error::Elapsed>,
    ) -> Result<SmtpReply, Broken> {
        if let Some(reply) = self.wire.heard(first_reply) {
            self.usable &= reply.code != 421 && heard.is_ok();
            return Ok(reply);
        }
        self.usable = false;
        tracing::debug!(relay.name = %self.profile.name, step = step.name(), "conversation broke");
        match heard {
            Err(_) => Err(Broken::Silent),
            Ok(Err(error)) if self.wire.overheard().is_empty() => Err(Broken::Cut(cause(&error))),
            Ok(_) => Err(Broken::Cut(said(&self.wire))),
        }
    }

    fn refused(&mut self, step: Step, reply: SmtpReply) -> Handover {
        self.needs_reset = true;
        Handover::Refused { step, reply }
    }

    fn lost(&mut self, step: Step, broken: Broken, in_doubt: bool) -> Handover {
        self.usable = false;
        let cause = match broken {
            Broken::Silent => "the relay was silent past its deadline".to_owned(),
            Broken::Cut(cause) => cause,
        };
        Handover::Lost {
            step,
            in_doubt,
            cause,
        }
    }
}

/// The innermost cause: lettre's own words say only that it was the network.
fn cause(error: &lettre::transport::smtp::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    match innermost.to_string().as_str() {
        "incomplete response" => "the relay closed the connection".to_owned(),
        other => other.to_owned(),
    }
}
