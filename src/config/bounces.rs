//! The table `[bounces]`: where mail comes back to, by which ways it is taken in,
//! and when it bars an address.

use super::read::Reader;
use super::servers::{Ports, read_private};
use super::units::{duration, size};
use super::{BounceSettings, LmtpAddress, LmtpSettings};
use crate::domain::address::EmailAddress;
use crate::domain::bounce::BouncePolicy;
use crate::domain::inbox::{Handled, ImapAccount};
use crate::domain::return_path::ReturnPath;
use crate::domain::said::{Said, Tell};
use crate::said;
use crate::toml_reader::Section;
use std::path::Path;
use std::time::Duration;

/// Where a mailbox usually listens (RFC 8314 for the first).
const IMAP_PORTS: Ports = Ports {
    implicit: 993,
    other: 143,
};
/// How often a mailbox is looked into where the settings do not say.
const POLL: Duration = Duration::from_secs(300);
/// A message that comes back may hold a whole mail of ours.
const LMTP_SIZE: u64 = 64 * 1024 * 1024;

impl Reader<'_> {
    pub(super) fn bounces(&mut self, top: &mut Section) -> BounceSettings {
        let normal = BouncePolicy::default();
        let Some(mut section) = top.section("bounces", self.problems) else {
            return BounceSettings::default();
        };
        let imap = section.section("imap", self.problems);
        let imap = imap.and_then(|section| self.imap(section));
        let lmtp = section.section("lmtp", self.problems);
        let lmtp = lmtp.and_then(|section| self.lmtp(section));
        let problems = &mut *self.problems;
        let address = section.parsed("address", problems, |text| {
            let address = EmailAddress::parse(text).map_err(|error| error.said())?;
            ReturnPath::check(&address).map(|()| address)
        });
        let soft = section.whole("soft", 1, problems);
        let policy = BouncePolicy {
            soft: soft.map_or(normal.soft, |soft| u32::try_from(soft).unwrap_or(u32::MAX)),
            within: section
                .parsed("within", problems, duration)
                .unwrap_or(normal.within),
            signed: address.is_some(),
        };
        section.finish(problems);
        BounceSettings {
            address,
            policy,
            imap,
            lmtp,
        }
    }

    fn imap(&mut self, mut section: Section) -> Option<ImapAccount> {
        let place = "bounces.imap";
        let line = section.line();
        let server = self.server(place, &mut section, IMAP_PORTS);
        let before = self.problems.len();
        let credentials = self.credentials(place, &mut section, read_private);
        if credentials.is_none() && self.problems.len() == before {
            let missing = said!("{place}: `username` is missing", place);
            self.problems.push(section.problem(line, missing));
        }
        let problems = &mut *self.problems;
        let mut folder = |key: &str, normal: &str| {
            let named = section.parsed(key, problems, folder);
            named.unwrap_or_else(|| normal.to_owned())
        };
        let (own, aside) = (folder("folder", "INBOX"), folder("move_to", "Dateline"));
        let handled = section.parsed("handled", problems, |text| match text {
            "flag" => Ok(Handled::Flagged),
            "seen" => Ok(Handled::Seen),
            "move" => Ok(Handled::Moved(aside.clone())),
            other => Err(said!("`{other}` is none of `flag`, `seen`, `move`", other)),
        });
        let poll = section.parsed("poll", problems, duration);
        section.finish(problems);
        Some(ImapAccount {
            host: server.host?,
            port: server.port?,
            tls: server.tls,
            ca_file: server.ca_file,
            credentials: credentials?,
            folder: own,
            handled: handled.unwrap_or(Handled::Flagged),
            poll: poll
                .and_then(|wait| Duration::try_from(wait).ok())
                .unwrap_or(POLL),
        })
    }

    fn lmtp(&mut self, mut section: Section) -> Option<LmtpSettings> {
        let workspace = self.workspace;
        let problems = &mut *self.problems;
        let listen = section.required_parsed("listen", problems, |text| lmtp(text, workspace));
        let most = section.parsed("size", problems, size).unwrap_or(LMTP_SIZE);
        section.finish(problems);
        Some(LmtpSettings {
            listen: listen?,
            most: usize::try_from(most).unwrap_or(usize::MAX),
        })
    }
}

/// A folder's name: in ASCII, as it goes over the wire (RFC 3501 5.1.3).
fn folder(text: &str) -> Result<String, Said> {
    let fine = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() || c == ' ');
    match fine {
        true => Ok(text.to_owned()),
        false => Err(said!(
            "`{text}` is no folder's name in ASCII; other letters are written in modified UTF-7 (RFC 3501 5.1.3)",
            text = text.escape_debug()
        )),
    }
}

/// LMTP has no sign-in: it is spoken on this machine alone (RFC 2033 5).
fn lmtp(text: &str, workspace: &Path) -> Result<LmtpAddress, Said> {
    if let Some(path) = text.strip_prefix("unix:") {
        return Ok(LmtpAddress::Unix(workspace.join(path)));
    }
    let expected =
        said!("expected one of this machine such as `127.0.0.1:2424`, or `unix:run/lmtp.sock`");
    match text.parse::<std::net::SocketAddr>() {
        Ok(address) if address.ip().is_loopback() => Ok(LmtpAddress::Tcp(address)),
        Ok(_) => Err(said!(
            "`{text}` can be reached from other machines, and LMTP asks nobody who they are; {expected}",
            text,
            expected
        )),
        Err(_) => Err(said!(
            "`{text}` is no address to listen on; {expected}",
            text,
            expected
        )),
    }
}
