//! The relays' tables of dateline.toml.

use super::read::{Reader, mail_domain};
use super::servers::{Ports, read_text};
use super::units::duration;
use crate::domain::relay::{Deadlines, DomainLimit, RelayProfile};
use crate::said;
use crate::toml_reader::Section;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Where a relay usually listens.
const RELAY_PORTS: Ports = Ports {
    implicit: 465,
    other: 587,
};

/// Messages a second that make sense.
const RATES: RangeInclusive<f64> = 0.001..=100_000.0;

impl Reader<'_> {
    pub(super) fn relays(&mut self, top: &mut Section, helo: &str) -> Vec<RelayProfile> {
        let Some(mut all) = top.section("relay", self.problems) else {
            self.problems.push(top.problem(
                1,
                said!("there is no relay; add a table [relay.main] with host and port"),
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
        let place = format!("relay.{name}");
        let server = self.server(&place, &mut section, RELAY_PORTS);
        let credentials = self.credentials(&place, &mut section, read_text);
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
            host: server.host?,
            port: server.port?,
            tls: server.tls,
            ca_file: server.ca_file,
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
