//! A map of the log: what is in each stretch of it, so that a search passes over
//! those that cannot hold what it looks for.
//!
//! An index in the store would have to be written with every mail that leaves. The
//! map is drawn when somebody searches for the first time, beside the search, which
//! finds the same without it; from then on it only grows. It knows no address.

use super::{Desk, DeskError, background};
use crate::domain::ids::DeliveryId;
use crate::domain::log_search::{LogSearch, LogWay, line_time};
use crate::store::{LogRow, Store};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Entries of one block.
const BLOCK: u64 = 512;
/// Words of a block's filter: twenty bits for each entry, of which a delivery sets
/// [`MARKS`], tell it from all but one of some thousand others (Bloom 1970).
const WORDS: usize = 160;
const MARKS: usize = 6;
/// Names that have a bit of their own; all further ones share the last.
const NAMES: usize = 63;
/// Entries read at once.
const PAGE: u32 = 2_048;
/// Stretches of somebody's entries that are looked through with one question: each
/// holds few of them, and each further question waits for a reader of the store.
const AT_ONCE: usize = 64;

/// What is in some hundred entries that follow each other.
#[derive(Debug, Clone)]
struct Block {
    /// The earliest and the latest, as the lines have them.
    at: Option<(String, String)>,
    events: u64,
    distributions: u64,
    deliveries: Box<[u64; WORDS]>,
}

impl Block {
    fn new() -> Self {
        Self {
            at: None,
            events: 0,
            distributions: 0,
            deliveries: Box::new([0; WORDS]),
        }
    }

    fn add_time(&mut self, at: &str) {
        match &mut self.at {
            None => self.at = Some((at.to_owned(), at.to_owned())),
            Some((first, _)) if at < first.as_str() => at.clone_into(first),
            Some((_, last)) if at > last.as_str() => at.clone_into(last),
            Some(_) => {}
        }
    }

    fn add_delivery(&mut self, id: &str) {
        for (word, bit) in marks(id) {
            self.deliveries[word] |= bit;
        }
    }

    fn may_hold(&self, wanted: &Wanted) -> bool {
        let since = |since: &String| self.at.as_ref().is_none_or(|(_, last)| last >= since);
        let until = |until: &String| self.at.as_ref().is_none_or(|(first, _)| first < until);
        let holds = |marks: &[(usize, u64); MARKS]| {
            marks
                .iter()
                .all(|(word, bit)| self.deliveries[*word] & bit != 0)
        };
        self.events & wanted.event != 0
            && self.distributions & wanted.distribution != 0
            && wanted.since.as_ref().is_none_or(since)
            && wanted.until.as_ref().is_none_or(until)
            && wanted
                .deliveries
                .as_ref()
                .is_none_or(|all| all.iter().any(holds))
    }
}

/// Where a delivery leaves its marks.
fn marks(id: &str) -> [(usize, u64); MARKS] {
    let hash = blake3::hash(id.as_bytes());
    let bits = WORDS * 64;
    std::array::from_fn(|n| {
        let octets = [hash.as_bytes()[2 * n], hash.as_bytes()[2 * n + 1]];
        let place = usize::from(u16::from_le_bytes(octets)) % bits;
        (place / 64, 1 << (place % 64))
    })
}

/// Names, each with a bit.
#[derive(Debug, Default, Clone)]
struct Names(Vec<String>);

impl Names {
    /// A name's bit; a new one has the next.
    fn bit(&mut self, name: &str) -> u64 {
        let known = self.0.iter().position(|known| known == name);
        let place = known.unwrap_or_else(|| {
            if self.0.len() < NAMES {
                self.0.push(name.to_owned());
                self.0.len() - 1
            } else {
                NAMES
            }
        });
        1 << place
    }

    /// The bits that a name may have.
    fn bits(&self, name: Option<&str>) -> u64 {
        let Some(name) = name else { return u64::MAX };
        match self.0.iter().position(|known| known == name) {
            Some(place) => 1 << place,
            None => 1 << NAMES,
        }
    }
}

/// What a block must have.
struct Wanted {
    event: u64,
    distribution: u64,
    since: Option<String>,
    until: Option<String>,
    deliveries: Option<Vec<[(usize, u64); MARKS]>>,
}

#[derive(Debug, Default)]
struct Drawn {
    blocks: Vec<Block>,
    events: Names,
    distributions: Names,
}

impl Drawn {
    /// Draws one more block.
    fn add(&mut self, rows: &[LogRow]) {
        let mut block = Block::new();
        for row in rows {
            let line = &row.entry.line;
            match (text_of(line, "at"), text_of(line, "event")) {
                (Some(at), Some(event)) => {
                    block.add_time(at.trim_end_matches('Z'));
                    block.events |= self.events.bit(event);
                }
                // A line that says neither may be anything.
                _ => block.events = u64::MAX,
            }
            block.distributions |= self.distributions.bit(&row.distribution);
            if let Some(id) = &row.delivery {
                block.add_delivery(id);
            }
        }
        if block.events == u64::MAX {
            block.at = None;
        }
        self.blocks.push(block);
    }

    /// The last entry that is on the map.
    fn end(&self) -> u64 {
        self.blocks.len() as u64 * BLOCK
    }

    /// Stretches that may hold what is looked for, in order; the last has no end.
    fn stretches(
        &self,
        search: &LogSearch,
        deliveries: Option<&[DeliveryId]>,
    ) -> Vec<RangeInclusive<u64>> {
        let of = |ids: &[DeliveryId]| ids.iter().map(|id| marks(&id.to_string())).collect();
        let distribution = search.distribution.map(|id| id.to_string());
        let wanted = Wanted {
            event: self.events.bits(search.event.as_deref()),
            distribution: self.distributions.bits(distribution.as_deref()),
            since: search.since.map(line_time),
            until: search.until.map(line_time),
            deliveries: deliveries.map(of),
        };
        let mut all: Vec<RangeInclusive<u64>> = Vec::new();
        let held = self.blocks.iter().enumerate();
        let held = held
            .filter(|(_, block)| block.may_hold(&wanted))
            .map(|(n, _)| n as u64);
        let known = held.map(|n| n * BLOCK + 1..=(n + 1) * BLOCK);
        for stretch in known.chain([self.end() + 1..=i64::MAX as u64]) {
            match all.last_mut() {
                Some(last) if last.end() + 1 == *stretch.start() => {
                    *last = *last.start()..=*stretch.end();
                }
                _ => all.push(stretch),
            }
        }
        all
    }
}

/// The first text of a name in a line. What a line begins with (its place, time,
/// distribution, delivery, event) holds nothing that is escaped.
fn text_of<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    let (_, rest) = line.split_once(&format!("\"{name}\":\""))?;
    let (text, _) = rest.split_once('"')?;
    Some(text)
}

/// The map of one store's log.
#[derive(Debug, Default)]
pub(super) struct LogMap {
    drawn: Mutex<Drawn>,
    drawing: AtomicBool,
}

impl LogMap {
    fn drawn(&self) -> std::sync::MutexGuard<'_, Drawn> {
        self.drawn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Draws what is missing, in blocks that are full; only one does at a time.
    async fn draw(self: Arc<Self>, store: Arc<dyn Store>) {
        if self.drawing.swap(true, Ordering::AcqRel) {
            return;
        }
        loop {
            let end = self.drawn().end();
            let page = store
                .search_log(&LogSearch::default(), LogWay::Onward(end), PAGE)
                .await;
            // Without a map, searches take longer; whoever searches hears what failed.
            let Ok(page) = page else { break };
            // A log that lacks entries has no map from there on.
            let whole = (end + 1..)
                .zip(&page)
                .take_while(|(seq, row)| *seq == row.entry.seq);
            let full = whole.count() / BLOCK as usize * BLOCK as usize;
            if full == 0 {
                break;
            }
            let mut drawn = self.drawn();
            page[..full]
                .chunks(BLOCK as usize)
                .for_each(|rows| drawn.add(rows));
        }
        self.drawing.store(false, Ordering::Release);
    }
}

impl Desk {
    /// Entries that somebody looks for, from a place on, in either direction.
    pub(super) async fn search_log(
        &self,
        search: &LogSearch,
        way: LogWay,
        limit: u32,
    ) -> Result<Vec<LogRow>, DeskError> {
        let by_place = search.event.is_none()
            && search.emails.is_none()
            && search.since.is_none()
            && search.until.is_none();
        if by_place {
            return Ok(self.store.search_log(search, way, limit).await?);
        }
        background::spawn(Arc::clone(&self.log_map).draw(Arc::clone(&self.store)));
        let deliveries = match &search.emails {
            Some(emails) => {
                let mut all = Vec::new();
                for email in emails {
                    let own = self.store.deliveries_to(email, u32::MAX).await?;
                    all.extend(own.iter().map(|one| one.delivery.id));
                }
                Some(all)
            }
            None => None,
        };
        let mut stretches = self
            .log_map
            .drawn()
            .stretches(search, deliveries.as_deref());
        stretches.retain(|stretch| is_on_the_way(stretch, way));
        if matches!(way, LogWay::Back(_)) {
            stretches.reverse();
        }
        let at_once = if deliveries.is_some() { AT_ONCE } else { 1 };
        let mut found = Vec::new();
        for stretches in stretches.chunks(at_once) {
            let left = limit.saturating_sub(u32::try_from(found.len()).unwrap_or(u32::MAX));
            if left == 0 {
                break;
            }
            let within = LogSearch {
                stretches: stretches.to_vec(),
                ..search.clone()
            };
            found.extend(self.store.search_log(&within, way, left).await?);
        }
        Ok(found)
    }
}

fn is_on_the_way(stretch: &RangeInclusive<u64>, way: LogWay) -> bool {
    match way {
        LogWay::Onward(after) => *stretch.end() > after,
        LogWay::Back(before) => before.is_none_or(|before| *stretch.start() < before),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::address::EmailAddress;
    use crate::domain::log::LogEntry;
    use jiff::{SignedDuration, Timestamp};

    const ENTRIES: u64 = 6 * BLOCK;

    fn delivery(n: u64) -> DeliveryId {
        DeliveryId::from_octets(u128::from(n).to_be_bytes())
    }

    fn at(seq: u64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(i64::try_from(seq).unwrap())
    }

    /// One in seven hundred is an event of its own.
    fn event(seq: u64) -> &'static str {
        if seq.is_multiple_of(700) {
            "bounced"
        } else {
            "accepted"
        }
    }

    fn row(seq: u64) -> LogRow {
        let (at, event, delivery) = (at(seq), event(seq), delivery(seq));
        LogRow {
            entry: LogEntry {
                seq,
                line: format!(
                    "{{\"seq\":{seq},\"at\":\"{at}\",\"distribution\":\"dst\",\"delivery\":\"{delivery}\",\"event\":\"{event}\"}}"
                ),
                personal: None,
                salt: None,
                hash: String::new(),
            },
            distribution: "dst".to_owned(),
            delivery: Some(delivery.to_string()),
        }
    }

    fn drawn() -> Drawn {
        let rows: Vec<_> = (1..=ENTRIES).map(row).collect();
        let mut drawn = Drawn::default();
        rows.chunks(BLOCK as usize).for_each(|rows| drawn.add(rows));
        drawn
    }

    /// How many of the mapped entries a search looks at.
    fn looked_at(stretches: &[RangeInclusive<u64>]) -> u64 {
        let of =
            |one: &RangeInclusive<u64>| (*one.end().min(&ENTRIES) + 1).saturating_sub(*one.start());
        stretches.iter().map(of).sum()
    }

    #[test]
    fn whatever_is_looked_for_lies_in_a_stretch_and_little_else_does() {
        let drawn = drawn();
        let held =
            |stretches: &[RangeInclusive<u64>], seq| stretches.iter().any(|one| one.contains(&seq));
        let rare = LogSearch {
            event: Some("bounced".to_owned()),
            ..LogSearch::default()
        };
        let found = drawn.stretches(&rare, None);
        assert!(
            (1..=ENTRIES)
                .filter(|seq| event(*seq) == "bounced")
                .all(|seq| held(&found, seq))
        );
        assert!(looked_at(&found) <= 4 * BLOCK, "{found:?}");
        let unknown = LogSearch {
            event: Some("nothing".to_owned()),
            ..LogSearch::default()
        };
        assert_eq!(looked_at(&drawn.stretches(&unknown, None)), 0);
        let span = LogSearch {
            since: Some(at(BLOCK + 7)),
            until: Some(at(BLOCK + 9)),
            ..LogSearch::default()
        };
        assert_eq!(drawn.stretches(&span, None)[0], BLOCK + 1..=2 * BLOCK);
        let of_somebody = LogSearch {
            emails: Some([EmailAddress::parse("a@example.org").unwrap()].into()),
            ..LogSearch::default()
        };
        for seq in [1, BLOCK, 3 * BLOCK + 5] {
            let found = drawn.stretches(&of_somebody, Some(&[delivery(seq)]));
            assert!(
                held(&found, seq) && looked_at(&found) <= 2 * BLOCK,
                "{found:?}"
            );
        }
        let nobody = drawn.stretches(&of_somebody, Some(&[]));
        assert_eq!(nobody, [ENTRIES + 1..=i64::MAX as u64]);
    }

    #[test]
    fn a_line_that_tells_nothing_may_be_anything() {
        let mut drawn = Drawn::default();
        let mut odd = row(1);
        odd.entry.line = "{}".to_owned();
        drawn.add(&[odd]);
        let search = LogSearch {
            event: Some("bounced".to_owned()),
            since: Some(at(5_000)),
            ..LogSearch::default()
        };
        assert_eq!(drawn.stretches(&search, None)[0].start(), &1);
    }
}
