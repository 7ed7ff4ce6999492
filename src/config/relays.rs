//! The relays' tables of dateline.toml.

use super::read::{FILE, Reader, mail_domain};
use super::units::duration;
use crate::domain::problem::Problem;
use crate::domain::relay::{Credentials, Deadlines, DomainLimit, RelayProfile, TlsPolicy};
use crate::toml_reader::Section;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Messages a second that make sense.
const RATES: RangeInclusive<f64> = 0.001..=100_000.0;

impl Reader<'_> {
    pub(super) fn relays(&mut self, top: &mut Section, helo: &str) -> Vec<RelayProfile> {
        let Some(mut all) = top.section("relay", self.problems) else {
            self.problems.push(top.problem(
                1,
                "there is no relay; add a table [relay.main] with host and port",
            ));
            return Vec::new();
        };
        let mut relays = Vec::new();
        for name in all.keys() {
            if let Some(section) = all.section(&name, self.problems) {
                relays.extend(self.relay(&name, section, helo));
            }
        }
        relays
    }

    fn relay(&mut self, name: &str, mut section: Section, helo: &str) -> Option<RelayProfile> {
        let host = section.required("host", self.problems);
        let local = host.as_ref().is_some_and(|host| is_loopback(&host.value));
        let tls = self.privacy(name, &mut section, local);
        let port = self.port(name, &mut section, tls);
        let ca_file = section
            .text("ca_file", self.problems)
            .map(|spot| self.workspace.join(spot.value));
        let credentials = self.credentials(name, &mut section);
        let helo = section
            .text("helo", self.problems)
            .map_or_else(|| helo.to_owned(), |spot| spot.value);
        let problems = &mut *self.problems;
        let connections = section.whole("connections", 1, problems).unwrap_or(4);
        let messages_per_connection = section.whole("messages_per_connection", 1, problems);
        let rate = section.number("rate", RATES, problems);
        let priority = section.whole("priority", 1, problems);
        let weight = section.whole("weight", 1, problems);
        let domains = section
            .section("domain", self.problems)
            .map(|all| self.domain_limits(all))
            .unwrap_or_default();
        let deadlines = section
            .section("deadlines", self.problems)
            .map(|section| self.deadlines(section))
            .unwrap_or_default();
        section.finish(self.problems);
        Some(RelayProfile {
            name: name.to_owned(),
            host: host?.value,
            port: port?,
            tls,
            ca_file,
            credentials,
            helo,
            connections: capped(connections.min(256)) as usize,
            messages_per_connection: messages_per_connection.map(capped),
            rate,
            priority: priority.map_or(1, capped),
            weight: weight.map_or(1, capped),
            domains,
            deadlines,
        })
    }

    /// How the way to it is kept private: by TLS, unless it is on this machine
    /// or the newsroom says otherwise in so many words.
    fn privacy(&mut self, name: &str, section: &mut Section, local: bool) -> TlsPolicy {
        let normal = if local {
            TlsPolicy::None
        } else {
            TlsPolicy::Required
        };
        let tls = section
            .parsed("tls", self.problems, tls_policy)
            .unwrap_or(normal);
        if tls == TlsPolicy::None && !local {
            let warning = format!(
                "relay.{name}: mail goes to this relay in clear text; anybody on the way can read it"
            );
            self.problems
                .push(Problem::warning(FILE, warning).at_line(section.line()));
        }
        tls
    }

    fn port(&mut self, name: &str, section: &mut Section, tls: TlsPolicy) -> Option<u16> {
        let port = section
            .whole("port", 1, self.problems)
            .unwrap_or(if tls == TlsPolicy::Implicit { 465 } else { 587 });
        let found = u16::try_from(port).map_err(|_| {
            let wrong = format!("relay.{name}: there is no port {port}");
            Problem::error(FILE, wrong).at_line(section.line())
        });
        found.map_err(|problem| self.problems.push(problem)).ok()
    }

    /// `[relay.main.domain."example.org"]`: how much of a domain's mail it takes.
    fn domain_limits(&mut self, mut all: Section) -> Vec<DomainLimit> {
        let mut limits = Vec::new();
        for key in all.keys() {
            let Some(mut section) = all.section(&key, self.problems) else {
                continue;
            };
            let line = section.line();
            let connections = section.whole("connections", 1, self.problems);
            let rate = section.number("rate", RATES, self.problems);
            section.finish(self.problems);
            match mail_domain(&key) {
                Ok(domain) => limits.push(DomainLimit {
                    domain,
                    connections: connections.map(|most| capped(most) as usize),
                    rate,
                }),
                Err(wrong) => self.problems.push(all.problem(line, wrong)),
            }
        }
        limits
    }

    fn credentials(&mut self, name: &str, section: &mut Section) -> Option<Credentials> {
        if let Some(password) = section.json("password") {
            self.problems.push(section.problem(password.line, format!("relay.{name}: a password may not stand in {FILE}; use `password_env` or `password_file`")));
        }
        let username = section.text("username", self.problems);
        let from_env = section.text("password_env", self.problems);
        let from_file = section.text("password_file", self.problems);
        let username = username?;
        let found = match self.secret(from_env, from_file) {
            Ok(Some(password)) => Ok(password),
            Ok(None) => Err("a username without `password_env` or `password_file`".to_owned()),
            Err(cause) => Err(cause),
        };
        let missing =
            |what: String| section.problem(username.line, format!("relay.{name}: {what}"));
        let password = found
            .map_err(|cause| self.problems.push(missing(cause)))
            .ok()?;
        Some(Credentials {
            username: username.value,
            password,
        })
    }

    fn deadlines(&mut self, mut section: Section) -> Deadlines {
        let normal = Deadlines::default();
        let mut wait = |key: &str, default: Duration| {
            section
                .parsed(key, self.problems, duration)
                .and_then(|wait| Duration::try_from(wait).ok())
                .unwrap_or(default)
        };
        let deadlines = Deadlines {
            connect: wait("connect", normal.connect),
            greeting: wait("greeting", normal.greeting),
            command: wait("command", normal.command),
            data: wait("data", normal.data),
            block: wait("block", normal.block),
            dot: wait("dot", normal.dot),
        };
        section.finish(self.problems);
        deadlines
    }
}

/// A number that nobody needs to be larger.
fn capped(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn tls_policy(text: &str) -> Result<TlsPolicy, String> {
    match text {
        "required" => Ok(TlsPolicy::Required),
        "implicit" => Ok(TlsPolicy::Implicit),
        "none" => Ok(TlsPolicy::None),
        other => Err(format!(
            "`{other}` is none of `required`, `implicit`, `none`"
        )),
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
