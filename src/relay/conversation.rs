//! The conversation: one message after another over an open connection.
//!
//! Where the relay announces PIPELINING, a message costs one round trip: the
//! body, its final dot and the next message's MAIL, RCPT and DATA go in one
//! write (RFC 2920 3.1), and the replies are taken one by one. Of a message
//! whose body has not begun, the relay can have accepted nothing.

use super::compose::{ComposedMessage, Piece};
use super::replies::{Announced, first_reply};
use super::wire::Wire;
use crate::domain::address::EmailAddress;
use crate::domain::relay::RelayProfile;
use crate::domain::reply::{Handover, SmtpReply, Step};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Octets for which the deadline of one block is granted.
const BLOCK: usize = 1024 * 1024;

/// From whom to whom (RFC 5321 2.3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The return path.
    pub from: EmailAddress,
    /// The recipient.
    pub to: EmailAddress,
}

/// A message with its envelope.
#[derive(Debug)]
pub struct Mail {
    /// From whom to whom.
    pub envelope: Envelope,
    /// What.
    pub message: ComposedMessage,
}

/// What a peer that is no SMTP server said.
pub(super) fn said(wire: &Wire) -> String {
    let said = wire.overheard();
    if said.is_empty() {
        "it closed the connection".to_owned()
    } else {
        format!("it said `{}`", said.escape_debug())
    }
}

/// What a relay said before anything was asked of it.
pub(super) struct Hello {
    pub(super) banner: SmtpReply,
    /// As it stands after TLS.
    pub(super) ehlo: SmtpReply,
}

/// An open connection; carries one conversation after another.
pub struct Connection {
    pub(super) wire: Wire,
    pub(super) announced: Announced,
    pub(super) hello: Hello,
    pub(super) profile: Arc<RelayProfile>,
    pub(super) usable: bool,
    pub(super) needs_reset: bool,
    /// How the opening of the next message went, where it went along with the
    /// last one's body.
    pub(super) ahead: Option<Opening>,
    /// Messages carried so far.
    pub(super) carried: u32,
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
pub(super) enum Broken {
    /// The deadline passed.
    Silent,
    /// The connection was cut, or something other than a reply came.
    Cut(String),
}

/// How the commands before the message went.
pub(super) enum Opening {
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

    /// Whether it has carried as many messages as the newsroom wants it to.
    pub fn is_spent(&self) -> bool {
        self.profile
            .messages_per_connection
            .is_some_and(|most| self.carried >= most)
    }

    /// Hands one message over. Where the relay can take it, the opening of the
    /// next goes along; then `deliver` must be called for that one, and for no
    /// other, or [`Self::abandon`].
    pub async fn deliver(&mut self, mail: Mail, next: Option<&Mail>) -> Handover {
        self.carried += 1;
        let opening = match self.ahead.take() {
            Some(opening) => opening,
            None => self.open(&mail).await,
        };
        match opening {
            Opening::Ready => {
                let next = next.filter(|_| self.announced.pipelining && !self.is_spent());
                self.send(mail.message, next).await
            }
            Opening::Over(handover) => handover,
        }
    }

    /// The next message, whose opening went ahead, is not to be sent after all.
    /// Once the relay waits for it, only the end of the connection ends that.
    pub fn abandon(&mut self) {
        match self.ahead.take() {
            Some(Opening::Ready) => self.usable = false,
            Some(Opening::Over(_)) | None => {}
        }
    }

    /// Says good-bye; a relay that does not answer is left.
    pub async fn quit(mut self) {
        self.abandon();
        if self.usable {
            let patience = Duration::from_secs(5).min(self.profile.deadlines.command);
            self.wire.say("QUIT\r\n");
            drop(timeout(patience, self.wire.listen()).await);
        }
    }

    async fn open(&mut self, mail: &Mail) -> Opening {
        if let Some(refusal) = self.cannot(&mail.envelope) {
            return Opening::Over(refusal);
        }
        if self.announced.pipelining {
            self.wire.say(self.opening(mail));
            self.hear_opening().await
        } else {
            self.open_stepwise(mail).await
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

    fn mail_command(&self, mail: &Mail) -> String {
        let envelope = &mail.envelope;
        let size = if self.announced.size {
            format!(" SIZE={}", mail.message.size())
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

    /// MAIL, RCPT and DATA, to go in one packet (RFC 2920).
    fn opening(&self, mail: &Mail) -> String {
        let reset = if self.needs_reset { "RSET\r\n" } else { "" };
        format!(
            "{reset}{}RCPT TO:<{}>\r\nDATA\r\n",
            self.mail_command(mail),
            mail.envelope.to
        )
    }

    /// The replies to an opening, one by one.
    async fn hear_opening(&mut self) -> Opening {
        let deadlines = self.profile.deadlines;
        if std::mem::take(&mut self.needs_reset)
            && let Err(broken) = self.hear(Step::Reset, deadlines.command).await
        {
            return Opening::Over(self.lost(Step::Reset, broken, false));
        }
        let mut refusal = None;
        for (step, deadline) in [
            (Step::Mail, deadlines.command),
            (Step::Rcpt, deadlines.command),
            (Step::Data, deadlines.data),
        ] {
            match self.hear(step, deadline).await {
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
        Opening::Over(refusal.unwrap_or_else(|| self.no_go_ahead()))
    }

    fn no_go_ahead(&mut self) -> Handover {
        self.lost(Step::Data, Broken::Cut("no go-ahead".to_owned()), false)
    }

    /// The relay wants a message although its recipient was refused: it gets
    /// an empty one, addressed to nobody (RFC 2920 3.1).
    async fn end_empty(&mut self, refusal: Handover) -> Handover {
        let ended = self
            .ask(Step::Body, ".\r\n", self.profile.deadlines.dot)
            .await;
        if ended.is_err() {
            self.usable = false;
        }
        refusal
    }

    /// MAIL, RCPT and DATA each for itself, for a relay without PIPELINING.
    async fn open_stepwise(&mut self, mail: &Mail) -> Opening {
        let deadlines = self.profile.deadlines;
        if std::mem::take(&mut self.needs_reset)
            && let Err(broken) = self.ask(Step::Reset, "RSET\r\n", deadlines.command).await
        {
            return Opening::Over(self.lost(Step::Reset, broken, false));
        }
        let steps = [
            (Step::Mail, self.mail_command(mail), deadlines.command),
            (
                Step::Rcpt,
                format!("RCPT TO:<{}>\r\n", mail.envelope.to),
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
        Opening::Over(self.no_go_ahead())
    }

    /// The message and its final dot, with the next one's opening, in one
    /// write; the reply to the dot, and those to the opening.
    async fn send(&mut self, message: ComposedMessage, next: Option<&Mail>) -> Handover {
        let deadlines = self.profile.deadlines;
        let blocks = u32::try_from(message.size() / BLOCK + 1).unwrap_or(u32::MAX);
        let patience = deadlines.dot + deadlines.block.saturating_mul(blocks);
        let next = next.filter(|next| self.cannot(&next.envelope).is_none());
        let opening = next.map(|next| self.opening(next)).unwrap_or_default();
        let after_dot = opening.len();
        self.wire.say_pieces(ended(message, &opening));
        let handover = match self.hear(Step::Body, patience).await {
            Ok(reply) if reply.is_positive() => Handover::Accepted { reply },
            // The transaction is over all the same, so what follows needs no RSET.
            Ok(reply) if next.is_some() => Handover::Refused {
                step: Step::Body,
                reply,
            },
            Ok(reply) => self.refused(Step::Body, reply),
            // Once the final dot may have left, nobody can tell (RFC 1047).
            Err(broken) => {
                let dot_left = self.wire.unsent() <= after_dot;
                return self.lost(Step::Body, broken, dot_left);
            }
        };
        if next.is_some() && self.usable {
            self.ahead = Some(self.hear_opening().await);
        }
        handover
    }

    /// Says something and takes the reply.
    pub(super) async fn ask(
        &mut self,
        step: Step,
        words: impl Into<String>,
        deadline: Duration,
    ) -> Result<SmtpReply, Broken> {
        self.wire.say(words);
        self.hear(step, deadline).await
    }

    /// Takes the next reply, as the relay said it.
    async fn hear(&mut self, step: Step, deadline: Duration) -> Result<SmtpReply, Broken> {
        let heard = match self.wire.heard(first_reply) {
            Some(reply) => Ok(reply),
            None => timeout(deadline, self.listen_for_reply())
                .await
                .unwrap_or(Err(Broken::Silent)),
        };
        match &heard {
            Ok(reply) => self.usable &= reply.code != 421,
            Err(_) => {
                self.usable = false;
                tracing::debug!(relay.name = %self.profile.name, step = step.name(), "conversation broke");
            }
        }
        heard
    }

    async fn listen_for_reply(&self) -> Result<SmtpReply, Broken> {
        loop {
            let listened = self.wire.listen().await;
            if let Some(reply) = self.wire.heard(first_reply) {
                return Ok(reply);
            }
            match listened {
                Err(error) if self.wire.overheard().is_empty() => {
                    return Err(Broken::Cut(error.to_string()));
                }
                Err(_) => return Err(Broken::Cut(said(&self.wire))),
                Ok(()) if self.wire.is_strange() => return Err(Broken::Cut(said(&self.wire))),
                Ok(()) => {}
            }
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

/// The message's pieces with its final dot and what follows it.
fn ended(message: ComposedMessage, after: &str) -> Vec<Piece> {
    let mut pieces = message.into_pieces();
    match pieces.last_mut() {
        Some(Piece::Own(last)) => {
            last.reserve(after.len() + 3);
            last.push_str(".\r\n");
            last.push_str(after);
        }
        Some(Piece::Shared(_)) | None => pieces.push(Piece::Own(format!(".\r\n{after}"))),
    }
    pieces
}
