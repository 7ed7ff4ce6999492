//! What a relay says, kept whole, and what it means for a delivery.

use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// An enhanced status code (RFC 3463): class, subject, detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct EnhancedCode {
    /// 2 success, 4 transient, 5 permanent.
    pub class: u8,
    /// What it is about: 1 address, 2 mailbox, 3 mail system, 4 network, 5 protocol, 6 content, 7 policy.
    pub subject: u16,
    /// Which case of it.
    pub detail: u16,
}

impl EnhancedCode {
    /// Reads a code at the start of a reply's text, as in `5.1.1 no such user`.
    pub fn parse(text: &str) -> Option<Self> {
        let word = text.split_whitespace().next()?;
        let mut parts = word.split('.');
        let (class, subject, detail) = (parts.next()?, parts.next()?, parts.next()?);
        let digits =
            |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        if parts.next().is_some()
            || !matches!(class, "2" | "4" | "5")
            || !digits(subject)
            || !digits(detail)
        {
            return None;
        }
        Some(Self {
            class: class.parse().ok()?,
            subject: subject.parse().ok()?,
            detail: detail.parse().ok()?,
        })
    }
}

impl fmt::Display for EnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

impl TryFrom<String> for EnhancedCode {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is not an enhanced status code"))
    }
}

impl Serialize for EnhancedCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A relay's reply (RFC 5321 4.2), whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmtpReply {
    /// Three digits.
    pub code: u16,
    /// Where the relay gives one (RFC 2034).
    pub enhanced: Option<EnhancedCode>,
    /// The text without the code, lines joined by `\n`; the enhanced code stays in it.
    pub text: String,
}

impl SmtpReply {
    /// A reply from its code and lines.
    pub fn new(code: u16, text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            code,
            enhanced: EnhancedCode::parse(&text),
            text,
        }
    }

    /// 2yz.
    pub fn is_positive(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// 4yz: may go well another time.
    pub fn is_transient(&self) -> bool {
        (400..500).contains(&self.code)
    }
}

impl fmt::Display for SmtpReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.text.replace('\n', " / "))
    }
}

/// A step of the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// Reaching the relay: name look-up, TCP.
    Connect,
    /// The relay's greeting.
    Banner,
    /// EHLO.
    Ehlo,
    /// STARTTLS and the handshake.
    Tls,
    /// AUTH.
    Auth,
    /// MAIL FROM.
    Mail,
    /// RCPT TO.
    Rcpt,
    /// DATA, up to 354.
    Data,
    /// The message, up to the reply after the final dot.
    Body,
    /// RSET.
    Reset,
}

impl Step {
    /// Its name in messages and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Banner => "banner",
            Self::Ehlo => "ehlo",
            Self::Tls => "tls",
            Self::Auth => "auth",
            Self::Mail => "mail",
            Self::Rcpt => "rcpt",
            Self::Data => "data",
            Self::Body => "body",
            Self::Reset => "reset",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How one conversation for a delivery ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "end")]
pub enum Handover {
    /// The relay took the message: it is answerable for it now (RFC 5321 4.2.5).
    Accepted {
        /// Its reply to the final dot.
        reply: SmtpReply,
    },
    /// The relay said no.
    Refused {
        /// At which step.
        step: Step,
        /// Its reply.
        reply: SmtpReply,
    },
    /// The conversation broke.
    Lost {
        /// At which step.
        step: Step,
        /// The whole message may have been received, but no reply came (RFC 1047).
        in_doubt: bool,
        /// What happened.
        cause: String,
    },
}

/// Why a message was refused for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RejectClass {
    /// No such mailbox or domain.
    MailboxUnknown,
    /// The mailbox is there but takes nothing.
    MailboxUnavailable,
    /// Refused for what it says or who sent it.
    Policy,
    /// Larger than the relay takes.
    TooLarge,
    /// The relay does not speak for us: credentials or relaying.
    RelayDenied,
    /// The relay and we disagree on the protocol.
    Protocol,
    /// Anything else.
    Other,
}

impl RejectClass {
    /// Its name in tables and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::MailboxUnknown => "mailbox-unknown",
            Self::MailboxUnavailable => "mailbox-unavailable",
            Self::Policy => "policy",
            Self::TooLarge => "too-large",
            Self::RelayDenied => "relay-denied",
            Self::Protocol => "protocol",
            Self::Other => "other",
        }
    }

    /// Reads the class off a reply: by the enhanced code (RFC 3463 section 3,
    /// RFC 5248 registry), else by the basic one (RFC 5321 4.2.3) and its step.
    pub fn of(step: Step, reply: &SmtpReply) -> Self {
        if let Some(code) = reply.enhanced {
            return Self::of_enhanced(code);
        }
        match (reply.code, step) {
            (530 | 535 | 538, _) => Self::RelayDenied,
            (550 | 551 | 553, Step::Rcpt) => Self::MailboxUnknown,
            (552, Step::Rcpt) => Self::MailboxUnavailable,
            (552, _) => Self::TooLarge,
            (550 | 554, _) => Self::Policy,
            (500..=504 | 555, _) => Self::Protocol,
            (_, _) => Self::Other,
        }
    }

    fn of_enhanced(code: EnhancedCode) -> Self {
        match (code.subject, code.detail) {
            (1, 0..=4 | 6 | 10) | (4, 4) => Self::MailboxUnknown,
            (2, 3) | (3, 4) => Self::TooLarge,
            (2, _) => Self::MailboxUnavailable,
            (7, 8 | 9 | 14) => Self::RelayDenied,
            (7 | 6, _) => Self::Policy,
            (5, _) => Self::Protocol,
            (_, _) => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enhanced_codes_are_read_from_the_text() {
        let reply = SmtpReply::new(550, "5.1.1 <x> no such user");
        assert_eq!(
            reply.enhanced.map(|code| code.to_string()),
            Some("5.1.1".into())
        );
        for text in ["no", "5.1", "5.1.1.1 x", "6.1.1 x", "5.1.1234 x", ""] {
            assert_eq!(EnhancedCode::parse(text), None, "{text}");
        }
    }

    #[test]
    fn classes_follow_the_codes() {
        let class = |step, code, text: &str| RejectClass::of(step, &SmtpReply::new(code, text));
        assert_eq!(
            class(Step::Rcpt, 550, "5.1.1 no"),
            RejectClass::MailboxUnknown
        );
        assert_eq!(
            class(Step::Rcpt, 550, "no such user"),
            RejectClass::MailboxUnknown
        );
        assert_eq!(class(Step::Body, 554, "5.7.1 spam"), RejectClass::Policy);
        assert_eq!(
            class(Step::Mail, 552, "5.3.4 too big"),
            RejectClass::TooLarge
        );
        assert_eq!(
            class(Step::Mail, 530, "authenticate first"),
            RejectClass::RelayDenied
        );
    }
}
