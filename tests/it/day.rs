//! A simulated day: five releases, ten thousand contacts in forty zones, two
//! restarts and an outage of three hours, on a clock that a test can move.

use async_trait::async_trait;
use dateline::clock::Clock;
use dateline::config::{Settings, StoreLocation};
use dateline::desk::import::ImportOptions;
use dateline::desk::schedule::When;
use dateline::desk::send::Order;
use dateline::desk::service::{Service, Word};
use dateline::desk::{Desk, Wiring};
use dateline::domain::embargo::Phase;
use dateline::domain::ids::ReleaseId;
use dateline::relay::{Catcher, CatcherConfig};
use dateline::store::archive::Archive;
use dateline::store::sqlite::{Durability, SqliteStore};
use dateline::store::{Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::sync::{Notify, mpsc};

const CONTACTS: usize = 10_000;

/// Forty zones, with the edges of the earth among them.
const ZONES: [&str; 40] = [
    "Pacific/Kiritimati",
    "Pacific/Apia",
    "Pacific/Auckland",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Australia/Adelaide",
    "Asia/Tokyo",
    "Asia/Shanghai",
    "Asia/Bangkok",
    "Asia/Yangon",
    "Asia/Dhaka",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Almaty",
    "Asia/Tashkent",
    "Asia/Bishkek",
    "Asia/Kabul",
    "Asia/Dubai",
    "Asia/Tehran",
    "Europe/Moscow",
    "Asia/Riyadh",
    "Europe/Kyiv",
    "Europe/Vienna",
    "Africa/Cairo",
    "Africa/Johannesburg",
    "Europe/London",
    "Africa/Casablanca",
    "Africa/Accra",
    "Atlantic/Azores",
    "America/Sao_Paulo",
    "America/Argentina/Buenos_Aires",
    "America/St_Johns",
    "America/Halifax",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "Etc/GMT+12",
];

/// A clock that stands where it is put, and moves on where somebody waits, up
/// to a limit.
#[derive(Debug)]
pub(crate) struct SimClock {
    hand: Mutex<Timestamp>,
    /// How far the wall clock was set off it.
    off: Mutex<SignedDuration>,
    limit: Mutex<Timestamp>,
    /// Rung when somebody waits for longer than the limit allows.
    reached: Mutex<Arc<Notify>>,
    /// Which start of the machine its steady time counts from, where that can be told.
    boot: Mutex<Option<String>>,
}

impl SimClock {
    fn set_limit(&self, limit: Timestamp) {
        *self.limit.lock().unwrap() = limit;
    }

    /// Its steady time outlives the process.
    pub(crate) fn outlives(&self) {
        *self.boot.lock().unwrap() = Some("sim".to_owned());
    }

    /// Somebody sets the wall clock so far off the time.
    pub(crate) fn set_off(&self, off: SignedDuration) {
        *self.off.lock().unwrap() = off;
    }

    /// Time passes while nobody is there.
    pub(crate) fn skip(&self, to: Timestamp) {
        *self.hand.lock().unwrap() = to;
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        *self.hand.lock().unwrap() + *self.off.lock().unwrap()
    }

    fn steady(&self) -> SignedDuration {
        self.hand
            .lock()
            .unwrap()
            .duration_since(Timestamp::UNIX_EPOCH)
    }

    fn boot(&self) -> Option<String> {
        self.boot.lock().unwrap().clone()
    }

    fn wait_until(&self, instant: Timestamp) -> SignedDuration {
        let (limit, mut hand) = (*self.limit.lock().unwrap(), self.hand.lock().unwrap());
        // As a clock does, it passes the minutes one by one, so that nobody
        // sleeps through what others do meanwhile.
        *hand = instant.min(limit).max(*hand);
        if instant > limit {
            self.reached.lock().unwrap().notify_one();
        }
        instant.duration_since(*hand).max(SignedDuration::ZERO)
    }
}

#[derive(Debug)]
pub(crate) struct SimWorld {
    pub(crate) clock: Arc<SimClock>,
}

#[async_trait]
impl Wiring for SimWorld {
    fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    fn env(&self, _name: &str) -> Option<String> {
        None
    }

    async fn store(&self, settings: &Settings) -> Result<Arc<dyn Store>, StoreError> {
        let StoreLocation::Sqlite(path) = &settings.store else {
            panic!("{} is no file", settings.store);
        };
        Ok(Arc::new(
            SqliteStore::open(path, Durability::Throwaway).await?,
        ))
    }

    async fn archive(&self, location: &StoreLocation) -> Result<Arc<dyn Archive>, StoreError> {
        panic!("nobody copies {location} here")
    }

    async fn throwaway_store(&self, file: &Path) -> Result<Arc<dyn Store>, StoreError> {
        Ok(Arc::new(
            SqliteStore::open(file, Durability::Throwaway).await?,
        ))
    }
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A newsroom with five releases, and a list of its contacts.
fn write_newsroom(dir: &Path, port: u16, contacts: usize) {
    std::fs::create_dir_all(dir.join("releases")).unwrap();
    let settings = format!(
        "[newsroom]\nname = \"Day\"\ndomain = \"day.example\"\nfrom = \"press@day.example\"\ntime_zone = \"Europe/Vienna\"\n\
         [relay.main]\nhost = \"127.0.0.1\"\nport = {port}\nconnections = 4\n"
    );
    std::fs::write(dir.join("dateline.toml"), settings).unwrap();
    let embargoes = [
        Some("2026-11-30T11:00[Europe/Vienna]"),
        Some("2026-11-30T13:30[Asia/Almaty]"),
        None,
        Some("2026-11-30T18:00[UTC]"),
        None,
    ];
    for (n, embargo) in embargoes.iter().enumerate() {
        let folder = dir.join(format!("releases/r{n}"));
        std::fs::create_dir_all(&folder).unwrap();
        let embargo = embargo.map_or(String::new(), |until| {
            format!("[embargo]\nuntil = \"{until}\"\n")
        });
        std::fs::write(
            folder.join("release.toml"),
            format!("id = \"r{n}\"\nlanguages = [\"en\", \"ru\"]\n{embargo}"),
        )
        .unwrap();
        std::fs::write(
            folder.join("en.md"),
            format!("+++\nheadline = \"Day {n}\"\n+++\nA text.\n"),
        )
        .unwrap();
        std::fs::write(
            folder.join("ru.md"),
            format!("+++\nheadline = \"День {n}\"\n+++\nТекст.\n"),
        )
        .unwrap();
    }
    let mut csv = "email,name,languages,time_zone,lists,embargo_agreement,send_window\n".to_owned();
    for n in 0..contacts {
        let (language, zone) = (if n % 3 == 0 { "ru" } else { "en" }, ZONES[n % ZONES.len()]);
        let agreement = if n % 5 == 0 { "yes" } else { "" };
        let window = if n % 50 == 0 {
            "mon-fri 08:00-20:00"
        } else {
            ""
        };
        writeln!(
            csv,
            "c{n}@day.example,C {n},{language},{zone},l{},{agreement},{window}",
            n / 40 % 5
        )
        .unwrap();
    }
    std::fs::write(dir.join("contacts.csv"), csv).unwrap();
}

pub(crate) struct Day {
    pub(crate) world: SimWorld,
    dir: tempfile::TempDir,
}

impl Day {
    pub(crate) async fn desk(&self) -> Desk {
        Desk::open(self.dir.path(), &self.world).await.unwrap()
    }

    async fn plan(&self, release: usize, when: When) {
        let order = Order {
            release: format!("r{release}"),
            to: vec![
                format!("list:l{release}"),
                format!("list:l{}", (release + 1) % 5),
            ],
            when,
            ..Order::default()
        };
        self.desk().await.plan(&order).await.unwrap();
    }

    /// A service is there until an instant, and is then told to stop.
    pub(crate) async fn serve_until(&self, limit: Timestamp) {
        self.world.clock.set_limit(limit);
        let reached = Arc::<Notify>::default();
        *self.world.clock.reached.lock().unwrap() = Arc::clone(&reached);
        let service = Arc::new(Service::new(self.desk().await));
        let (words, mut heard) = mpsc::channel(1);
        let stop = async {
            reached.notified().await;
            words.send(Word::Stop).await.unwrap();
        };
        let (in_time, ()) = tokio::join!(service.run(&self.world, &mut heard), stop);
        assert!(in_time);
        self.world.clock.skip(limit);
    }

    pub(crate) async fn status_of(&self, release: &str) -> dateline::desk::status::Status {
        let all = self.desk().await.statuses().await.unwrap();
        all.into_iter()
            .find(|status| status.release == release)
            .unwrap()
    }

    /// The phases of all who have it.
    pub(crate) async fn received(&self, release: &str) -> Vec<Phase> {
        let release = ReleaseId::parse(release).unwrap();
        let receivers = self
            .desk()
            .await
            .store
            .receivers_of(&release)
            .await
            .unwrap();
        receivers.values().map(|delivery| delivery.phase).collect()
    }

    pub(crate) async fn resume_what_is_held(&self) -> Vec<String> {
        let desk = self.desk().await;
        let mut held = Vec::new();
        for status in desk.statuses().await.unwrap() {
            if status.course.name() == "held" {
                let which = desk.find(&status.id).await.unwrap();
                desk.resume(&which, &desk.deed("vera", "send it now"))
                    .await
                    .unwrap();
                held.push(status.release);
            }
        }
        held.sort_unstable();
        held
    }
}

/// Everything set up, at midnight, with so many contacts imported.
pub(crate) async fn midnight(contacts: usize) -> (Day, Catcher) {
    let clock = Arc::new(SimClock {
        hand: Mutex::new(at("2026-11-30T00:00:00Z")),
        off: Mutex::default(),
        limit: Mutex::new(at("2026-11-30T00:00:00Z")),
        reached: Mutex::default(),
        boot: Mutex::default(),
    });
    let dir = tempfile::tempdir().unwrap();
    let mailbox = dir.path().join("mailbox");
    let mut config = CatcherConfig::rehearsal(&mailbox, clock.clone());
    config.keep = dateline::relay::catcher::Keep::Discard;
    let catcher = Catcher::start(config).await.unwrap();
    write_newsroom(dir.path(), catcher.local_addr().port(), contacts);
    let day = Day {
        world: SimWorld { clock },
        dir,
    };
    let imported = day
        .desk()
        .await
        .import(
            &day.dir.path().join("contacts.csv"),
            &ImportOptions::default(),
        )
        .await
        .unwrap()
        .taken()
        .unwrap();
    assert_eq!(imported.plan.imported.added, contacts as u64);
    (day, catcher)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_over_the_lift_sends_nothing() {
    let (day, catcher) = midnight(CONTACTS).await;
    day.plan(0, When::default()).await;
    let service = Arc::new(Service::new(day.desk().await));
    let (words, mut heard) = mpsc::channel(1);
    let script = async {
        while day.received("r0").await.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        // Somebody sets the wall clock, half a day ahead of the time; then
        // something wakes the service.
        day.world.clock.set_off(SignedDuration::from_hours(12));
        day.plan(
            2,
            When {
                at: Some("2027-01-01 09:00".to_owned()),
                ..When::default()
            },
        )
        .await;
        while day.status_of("r0").await.course.is_under_way() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        words.send(Word::Stop).await.unwrap();
    };
    tokio::join!(service.run(&day.world, &mut heard), script);
    let held = day.status_of("r0").await;
    let cause = serde_json::to_value(&held.course).unwrap();
    assert_eq!(cause["cause"], "clock_jumped", "{cause}");
    let early = day.received("r0").await;
    assert!(
        early.iter().all(|phase| *phase == Phase::Advance),
        "somebody without an agreement has it"
    );
    // The clock is set right, and a person lets it go on.
    day.world.clock.set_off(SignedDuration::ZERO);
    assert_eq!(day.resume_what_is_held().await, ["r0", "r2"]);
    day.serve_until(at("2026-11-30T09:59:59Z")).await;
    let early = day.received("r0").await;
    assert!(
        early.len() > 700 && early.iter().all(|phase| *phase == Phase::Advance),
        "{}",
        early.len()
    );
    day.serve_until(at("2026-12-03T00:00:00Z")).await;
    assert_eq!(day.status_of("r0").await.counts.in_state("planned"), 0);
    catcher.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_early_nobody_missed_nobody_twice() {
    let (day, catcher) = midnight(CONTACTS).await;

    // One that waits all through the day, so that there always is a next instant.
    let last = Order {
        release: "r0".to_owned(),
        to: vec!["list:l3".to_owned()],
        when: When {
            at: Some("2026-12-20 09:00".to_owned()),
            ..When::default()
        },
        ..Order::default()
    };
    day.desk().await.plan(&last).await.unwrap();
    day.plan(0, When::default()).await;
    day.plan(
        1,
        When {
            on_lift: true,
            ..When::default()
        },
    )
    .await;
    day.plan(
        2,
        When {
            at_local: Some("09:00".to_owned()),
            ..When::default()
        },
    )
    .await;
    day.serve_until(at("2026-11-30T06:00:00Z")).await;
    // Restarted, with two more on the way.
    day.plan(
        3,
        When {
            wave_gap: Some(SignedDuration::from_mins(20)),
            ..When::default()
        },
    )
    .await;
    day.plan(
        4,
        When {
            at: Some("2026-11-30 12:30".to_owned()),
            window: Some("07:00-22:00".to_owned()),
            ..When::default()
        },
    )
    .await;
    day.serve_until(at("2026-11-30T10:30:00Z")).await;
    // Nobody is there for three hours: what fell due meanwhile asks first.
    day.world.clock.skip(at("2026-11-30T13:30:00Z"));
    day.serve_until(at("2026-11-30T13:31:00Z")).await;
    let held = day.resume_what_is_held().await;
    assert_eq!(held, ["r2", "r3", "r4"]);
    day.serve_until(at("2026-11-30T20:00:00Z")).await;
    // A second restart, and on to the end.
    day.serve_until(at("2026-12-05T00:00:00Z")).await;

    assert_eq!(day.resume_what_is_held().await, Vec::<String>::new());
    judge(&day, catcher).await;
}

/// What the log says of the day.
async fn judge(day: &Day, catcher: Catcher) {
    let desk = day.desk().await;
    let (mut planned, mut accepted, mut attempts) = (HashMap::new(), HashMap::new(), 0);
    let mut lifts = HashMap::new();
    let mut whom: HashMap<String, HashSet<String>> = HashMap::new();
    let mut after = 0;
    loop {
        let page = desk.store.log(None, after, 1000).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.entry.seq;
        for row in page {
            let line: Value = serde_json::from_str(&row.entry.line).unwrap();
            let at: Timestamp = line["at"].as_str().unwrap().parse().unwrap();
            let distribution = line["distribution"].as_str().unwrap().to_owned();
            let delivery = line["delivery"].as_str().unwrap_or_default().to_owned();
            match line["event"].as_str().unwrap() {
                "distribution" => {
                    lifts.insert(distribution, line["lift"].as_str().map(at_text));
                }
                "planned" => {
                    let personal: Value =
                        serde_json::from_str(row.entry.personal.as_deref().unwrap()).unwrap();
                    let email = personal["email"].as_str().unwrap().to_owned();
                    assert!(
                        whom.entry(distribution.clone())
                            .or_default()
                            .insert(email.clone()),
                        "{email} is planned twice"
                    );
                    let not_before = at_text(line["not_before"].as_str().unwrap());
                    planned.insert(
                        delivery,
                        (
                            distribution,
                            line["phase"].as_str().unwrap().to_owned(),
                            not_before,
                        ),
                    );
                }
                "attempt" => {
                    attempts += 1;
                    let (_, phase, not_before) = &planned[&delivery];
                    assert!(at >= *not_before, "{delivery} left before its time");
                    if phase == "general" {
                        assert!(
                            lifts[&distribution].is_some_and(|lift| at >= lift),
                            "{delivery} left before the lift"
                        );
                    }
                }
                "accepted" => assert!(accepted.insert(delivery, at).is_none(), "accepted twice"),
                "held" | "resumed" => {}
                other => panic!("{other}: {line}"),
            }
        }
    }
    let end = at("2026-12-05T00:00:00Z");
    let due = planned
        .iter()
        .filter(|(_, (_, _, not_before))| *not_before < end)
        .count();
    assert!(
        planned.len() > 19_000 && due == planned.len() - on_the_20th(&planned),
        "{due} of {}",
        planned.len()
    );
    assert_eq!(accepted.len(), due, "nobody is missed");
    assert_eq!(attempts, due, "nobody is tried twice");
    assert_eq!(
        catcher.stop().await.messages,
        due as u64,
        "the relay saw each once"
    );
    assert!(desk.verify(None).await.unwrap().verified);
}

fn at_text(text: &str) -> Timestamp {
    at(text)
}

fn on_the_20th(planned: &HashMap<String, (String, String, Timestamp)>) -> usize {
    let waits = |(_, _, not_before): &&(String, String, Timestamp)| {
        *not_before > at("2026-12-19T00:00:00Z")
    };
    planned.values().filter(waits).count()
}
