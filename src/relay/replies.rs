//! Reading replies off what the relay said (RFC 5321 4.2), whole.

use crate::domain::reply::SmtpReply;

/// The first whole reply in these octets, and how many it takes. `None` while
/// it is not whole, or where it is no reply.
pub(super) fn first_reply(heard: &[u8]) -> Option<(SmtpReply, usize)> {
    let (mut text, mut used) = (String::new(), 0);
    loop {
        let rest = &heard[used..];
        let end = memchr::memmem::find(rest, b"\r\n")?;
        let line = &rest[..end];
        if used > 0 {
            text.push('\n');
        }
        used += end + 2;
        let code: u16 = std::str::from_utf8(line.get(..3)?).ok()?.parse().ok()?;
        let last = match line.get(3) {
            None | Some(b' ') => true,
            Some(b'-') => false,
            Some(_) => return None,
        };
        text.push_str(&String::from_utf8_lossy(line.get(4..).unwrap_or_default()));
        if last {
            return Some((SmtpReply::new(code, text), used));
        }
    }
}

/// What a relay announces in its reply to EHLO (RFC 5321 4.1.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Announced {
    /// RFC 2920.
    pub(super) pipelining: bool,
    /// RFC 1870.
    pub(super) size: bool,
    /// RFC 6531.
    pub(super) smtputf8: bool,
    /// RFC 3207.
    pub(super) starttls: bool,
    /// RFC 4954 with RFC 4616.
    pub(super) auth_plain: bool,
    /// RFC 4954 with the old LOGIN.
    pub(super) auth_login: bool,
}

impl Announced {
    pub(super) fn of(reply: &SmtpReply) -> Self {
        let mut announced = Self::default();
        // The first line is the greeting; it names no extension.
        for line in reply.text.lines().skip(1) {
            let mut words = line.split([' ', '=']).map(str::to_ascii_uppercase);
            match words.next().as_deref() {
                Some("PIPELINING") => announced.pipelining = true,
                Some("SIZE") => announced.size = true,
                Some("SMTPUTF8") => announced.smtputf8 = true,
                Some("STARTTLS") => announced.starttls = true,
                Some("AUTH") => {
                    for mechanism in words {
                        announced.auth_plain |= mechanism == "PLAIN";
                        announced.auth_login |= mechanism == "LOGIN";
                    }
                }
                Some(_) | None => {}
            }
        }
        announced
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn replies_are_taken_one_by_one_and_kept_whole() {
        let heard = b"250-first\r\n250 second\r\n550 5.1.1 no\r\n354";
        let (one, used) = first_reply(heard).unwrap();
        assert_eq!((one.code, one.text.as_str()), (250, "first\nsecond"));
        let (two, more) = first_reply(&heard[used..]).unwrap();
        assert_eq!(two.to_string(), "550 5.1.1 no");
        assert_eq!(first_reply(&heard[used + more..]), None);
    }

    #[test]
    fn announcements_are_read_from_every_line_but_the_first() {
        let reply = SmtpReply::new(
            250,
            "PIPELINING.example\nSIZE 1000\nAUTH PLAIN LOGIN\nSMTPUTF8",
        );
        let announced = Announced::of(&reply);
        assert!(!announced.pipelining && announced.size && announced.smtputf8);
        assert!(announced.auth_plain && announced.auth_login && !announced.starttls);
    }

    proptest! {
        #[test]
        fn no_octets_are_too_strange(heard in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some((_, used)) = first_reply(&heard) {
                prop_assert!(used <= heard.len());
            }
        }
    }
}
