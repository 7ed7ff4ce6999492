//! The promise, played through: contacts with and without agreements, any
//! schedule, and then whatever may happen: clocks that jump, holds, another
//! embargo, agreements that end or are revoked, workers that die. Nobody gets it
//! before they may or outside of their hours, nobody twice, nobody is forgotten.

use super::agreement::{AgreementWord, Agreements, Consent, Party, Said, Scope};
use super::audience::{Included, Rule, Selection, Timing, Verdict, judge, time_it};
use super::clock_guard::ClockGuard;
use super::contact::{Contact, EmbargoAgreement, example};
use super::course::{Course, HoldCause};
use super::delivery::{Conclusion, Delivery, DeliveryState, Event, Life, apply};
use super::embargo::Embargo;
use super::ids::{DeliveryId, DistributionId, LeaseToken, ReleaseId};
use super::language::Language;
use super::newsroom::LanguagePolicy;
use super::reply::SmtpReply;
use super::schedule::{Schedule, Spot, Start, parse_local};
use super::segment::{Matcher, Segment};
use super::send_window::SendWindow;
use super::zone::Zone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::collections::HashMap;

const START: i64 = 1_793_000_000;
const TOLERANCE: i64 = 10;

/// What may happen.
#[derive(Debug, Clone)]
enum Happening {
    /// Time passes, on both clocks.
    Pass(i64),
    /// Somebody sets the wall clock.
    Jump(i64),
    /// The wall clock is set right, and a person lets all go on.
    Repair,
    /// The service looks around and sends what it may.
    Work,
    /// A worker claims, begins some, and dies.
    Die,
    Hold,
    Resume,
    /// The lift is moved to so many seconds from now.
    Move(i64),
    LiftNow,
    /// The n-th contact's agreement is revoked.
    Revoke(usize),
    /// What is in doubt is sent again.
    Resend,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => (1i64..40_000).prop_map(Happening::Pass),
        2 => (-100_000i64..100_000).prop_map(Happening::Jump),
        2 => Just(Happening::Repair),
        6 => Just(Happening::Work),
        1 => Just(Happening::Die),
        1 => Just(Happening::Hold),
        1 => Just(Happening::Resume),
        1 => (1i64..200_000).prop_map(Happening::Move),
        1 => Just(Happening::LiftNow),
        1 => (0usize..8).prop_map(Happening::Revoke),
        1 => Just(Happening::Resend),
    ]
}

struct Planned {
    email: String,
    delivery: Delivery,
    state: DeliveryState,
    accepted: u32,
}

/// As the planner does.
fn promise(contact: &Contact, included: Included) -> Delivery {
    Delivery {
        id: DeliveryId::from_parts(0, 1),
        distribution: DistributionId::from_parts(0, 1),
        recipient: contact.recipient(),
        languages: included.languages,
        choice: included.choice,
        zone: included.zone,
        phase: included.phase,
        segment: included.segment,
        permitted_from: included.permitted_from,
        early: included.early,
        not_before: included.not_before,
        wave: included.wave,
        send_window: contact.send_window,
        window: included.window,
        replies_to: None,
    }
}

struct World {
    /// The time as it really is, in seconds.
    truth: i64,
    /// How far the wall clock is off it.
    off: i64,
    /// How far it was off when it was set and nobody had to wait for it: it was
    /// believed then, and what is timed anew is timed by it.
    believed: i64,
    guard: ClockGuard,
    course: Course,
    embargo: Option<Embargo>,
    schedule: Schedule,
    agreed: HashMap<String, Consent>,
    deliveries: Vec<Planned>,
}

fn second(n: i64) -> Timestamp {
    Timestamp::from_second(n).unwrap()
}

fn lease() -> LeaseToken {
    LeaseToken::from_parts(0, 7)
}

impl World {
    fn wall(&self) -> Timestamp {
        second(self.truth + self.off)
    }

    fn steady(&self) -> SignedDuration {
        SignedDuration::from_secs(self.truth)
    }

    fn now(&self) -> Timestamp {
        self.guard.judge(self.wall(), self.steady())
    }

    /// What the watchman does.
    fn look(&mut self) {
        let Some(jump) = self.guard.jump(self.wall(), self.steady()) else {
            return;
        };
        let certain = jump.certain();
        let barred = self
            .embargo
            .as_ref()
            .is_some_and(|embargo| !embargo.is_lifted(certain));
        let waits = |one: &Planned| match one.state.life() {
            Life::Waiting => barred || one.delivery.not_before > certain,
            // It may have to be sent again.
            Life::Claimed | Life::InDoubt => barred,
            Life::Accepted | Life::Ended => false,
        };
        if self.deliveries.iter().any(waits) {
            if let Ok(held) = self.course.hold(
                jump.certain(),
                "dateline",
                &jump.explain(),
                HoldCause::ClockJumped,
            ) {
                self.course = held;
            }
        } else {
            self.believed = self.off;
        }
        self.trust();
    }

    fn trust(&mut self) {
        self.guard = ClockGuard::new(
            self.wall(),
            self.steady(),
            SignedDuration::from_secs(TOLERANCE),
        );
    }

    /// A person who resumes has seen to it that the clock is right.
    fn repair(&mut self) {
        self.off = 0;
        self.look();
        self.believed = 0;
        self.trust();
        if let Ok(resumed) = self.course.resume(self.now()) {
            self.course = resumed;
        }
    }

    fn retime(&mut self) {
        let now = self.now();
        let nothing = Consent::default();
        for one in &mut self.deliveries {
            let spot = Spot {
                zone: &one.delivery.zone,
                window: one.delivery.send_window,
                permitted_from: None,
                wave: one.delivery.wave,
            };
            let consent = self.agreed.get(&one.email).unwrap_or(&nothing);
            let Timing {
                phase,
                permitted_from,
                early,
                not_before,
                window,
            } = time_it(self.embargo.as_ref(), consent, &self.schedule, now, spot);
            one.delivery = Delivery {
                phase,
                permitted_from,
                early,
                not_before,
                window,
                ..one.delivery.clone()
            };
            if let Ok(state) = apply(
                &one.state,
                permitted_from,
                Event::Replan { not_before },
                now,
            ) {
                one.state = state;
            }
        }
    }

    /// Sees that a conversation that begins now begins when it may.
    fn check(&self, one: &Planned) -> Result<(), TestCaseError> {
        let truth = second(self.truth + TOLERANCE);
        let may = match &self.embargo {
            // A clock within tolerance may be behind, too.
            Some(embargo) if !embargo.is_lifted(truth) => [truth, second(self.truth - TOLERANCE)]
                .into_iter()
                .any(|at| {
                    self.agreed
                        .get(&one.email)
                        .is_some_and(|own| own.stands(at).is_some())
                }),
            Some(_) | None => true,
        };
        prop_assert!(
            may,
            "{} is sent to {} s before the lift",
            one.email,
            self.embargo
                .as_ref()
                .map_or(0, |embargo| embargo.until.as_second() - self.truth)
        );
        let believed = truth + SignedDuration::from_secs(self.believed);
        prop_assert!(
            believed >= one.delivery.not_before,
            "{} before its time",
            one.email
        );
        let window = one.delivery.send_window.unwrap_or(self.schedule.window);
        prop_assert_eq!(
            window.opens(self.now(), &one.delivery.zone),
            self.now(),
            "{} outside of their window",
            &one.email
        );
        prop_assert_eq!(one.accepted, 0, "{} twice", &one.email);
        Ok(())
    }

    fn work(&mut self, dies: bool) -> Result<(), TestCaseError> {
        self.look();
        if !self.course.is_under_way() {
            return Ok(());
        }
        let now = self.now();
        for n in 0..self.deliveries.len() {
            let one = &self.deliveries[n];
            if one.delivery.waits_until(now).is_some() {
                continue;
            }
            let bar = one.delivery.permitted_from;
            let Ok(claimed) = apply(
                &one.state,
                bar,
                Event::Claim {
                    lease: lease(),
                    until: now,
                },
                now,
            ) else {
                continue;
            };
            let Ok(begun) = apply(
                &claimed,
                bar,
                Event::Start {
                    lease: lease(),
                    attempt: 1,
                },
                now,
            ) else {
                continue;
            };
            self.check(one)?;
            let one = &mut self.deliveries[n];
            one.state = if dies {
                apply(
                    if n % 2 == 0 { &claimed } else { &begun },
                    bar,
                    Event::LeaseLapsed,
                    now,
                )
                .unwrap()
            } else {
                one.accepted += 1;
                let conclusion = Conclusion::Accepted(SmtpReply::new(250, "ok"));
                apply(
                    &begun,
                    bar,
                    Event::Finish {
                        lease: lease(),
                        conclusion,
                    },
                    now,
                )
                .unwrap()
            };
        }
        Ok(())
    }

    fn happen(&mut self, what: &Happening) -> Result<(), TestCaseError> {
        match what {
            Happening::Pass(seconds) => self.truth += seconds,
            Happening::Jump(seconds) => self.off += seconds,
            Happening::Repair => self.repair(),
            Happening::Work => self.work(false)?,
            Happening::Die => self.work(true)?,
            Happening::Hold => {
                if let Ok(held) = self.course.hold(self.now(), "vera", "x", HoldCause::Person) {
                    self.course = held;
                }
            }
            Happening::Resume => self.repair(),
            Happening::Move(ahead) => self.another_embargo(*ahead),
            Happening::LiftNow => self.another_embargo(0),
            Happening::Revoke(n) => {
                if let Some(one) = self.deliveries.get(*n) {
                    self.agreed.remove(&one.email.clone());
                    self.look();
                    self.retime();
                }
            }
            Happening::Resend => {
                let now = self.now();
                for one in &mut self.deliveries {
                    let bar = one.delivery.permitted_from;
                    if let Ok(due) = apply(&one.state, bar, Event::Resend, now) {
                        one.state = due;
                    }
                }
            }
        }
        Ok(())
    }

    fn another_embargo(&mut self, ahead: i64) {
        // Who changes an embargo looks at a clock that is right.
        self.repair();
        let until = self.now() + SignedDuration::from_secs(ahead);
        let barring = self
            .embargo
            .as_ref()
            .is_some_and(|embargo| !embargo.is_lifted(self.now()));
        if barring {
            self.embargo = Some(Embargo {
                until,
                zone: Zone::utc(),
            });
            self.retime();
        }
    }
}

/// Whether somebody agreed, has a window of their own, and their zone.
type Person = (bool, bool, u8);

fn contacts(people: &[Person]) -> Vec<Contact> {
    people
        .iter()
        .enumerate()
        .map(|(n, (agreed, windowed, zone))| {
            let mut contact = example(&format!("p{n}@example.org"));
            contact.embargo_agreement = agreed.then_some(EmbargoAgreement { since: None });
            contact.send_window =
                windowed.then(|| SendWindow::parse("mon-fri 08:00-20:00").unwrap());
            let zones = [
                "Asia/Almaty",
                "America/New_York",
                "Pacific/Kiritimati",
                "Australia/Lord_Howe",
            ];
            contact.time_zone = zones
                .get(usize::from(*zone))
                .map(|zone| Zone::parse(zone).unwrap());
            contact
        })
        .collect()
}

/// The agreements of the first few end at the end of a day not long hence.
fn agreements(contacts: &[Contact], ends: &[u8]) -> Agreements {
    let day = second(START)
        .to_zoned_datetime(jiff::tz::TimeZone::UTC)
        .date();
    let agreed = contacts
        .iter()
        .filter(|one| one.embargo_agreement.is_some());
    let words = agreed.zip(ends).flat_map(|(contact, days)| {
        let word = |said, until| AgreementWord {
            party: Party::Contact(contact.email.clone()),
            said,
            scope: Scope::All,
            since: None,
            until,
            recorded_by: "vera".to_owned(),
            recorded_at: Timestamp::UNIX_EPOCH,
            note: String::new(),
        };
        let last = day.saturating_add(jiff::Span::new().days(i64::from(*days)));
        [word(Said::Revoked, None), word(Said::Granted, Some(last))]
    });
    Agreements::new(words)
}

struct Scene<'a> {
    people: &'a [Person],
    ends: &'a [u8],
    lift: Option<i64>,
    start: u8,
    gap: i64,
    windowed: bool,
}

fn plan(scene: &Scene<'_>) -> World {
    let &Scene {
        lift, start, gap, ..
    } = scene;
    let now = second(START);
    let embargo = lift.map(|ahead| Embargo {
        until: second(START + ahead),
        zone: Zone::utc(),
    });
    let schedule = Schedule {
        start: match start {
            0 => Start::At { at: now },
            1 => Start::OnLift,
            _ => parse_local("09:00").unwrap(),
        },
        wave_gap: SignedDuration::from_secs(gap),
        window: if scene.windowed {
            SendWindow::parse("07:00-22:00").unwrap()
        } else {
            SendWindow::ALWAYS
        },
        ..Schedule::now(now)
    };
    let contacts = contacts(scene.people);
    let agreements = agreements(&contacts, scene.ends);
    World {
        truth: START,
        off: 0,
        believed: 0,
        guard: ClockGuard::new(
            now,
            SignedDuration::from_secs(START),
            SignedDuration::from_secs(TOLERANCE),
        ),
        course: Course::UnderWay { since: now },
        agreed: contacts
            .iter()
            .map(|contact| {
                let release = ReleaseId::parse("r").unwrap();
                let consent = agreements.consent(contact, &[&release], &Zone::utc());
                (contact.email.to_string(), consent)
            })
            .collect(),
        deliveries: deliveries(&contacts, &agreements, embargo.as_ref(), &schedule, now),
        embargo,
        schedule,
    }
}

fn deliveries(
    contacts: &[Contact],
    agreements: &Agreements,
    embargo: Option<&Embargo>,
    schedule: &Schedule,
    now: Timestamp,
) -> Vec<Planned> {
    let (release, languages, zone) = (
        ReleaseId::parse("r").unwrap(),
        [Language::parse("en").unwrap()],
        Zone::utc(),
    );
    let rule = Rule {
        to: vec![Segment::parse("all", "true").unwrap()],
        not: Vec::new(),
    };
    let (policy, suppressed, already) = (LanguagePolicy::default(), HashMap::new(), HashMap::new());
    let selection = Selection {
        release: &release,
        rule: &rule,
        languages: &languages,
        embargo,
        policy: &policy,
        newsroom_zone: &zone,
        schedule,
        now,
        agreements,
        suppressed: &suppressed,
        already: &already,
    };
    let matcher = Matcher::default();
    contacts
        .iter()
        .map(|contact| {
            let Verdict::Included(included) = judge(contact, &selection, &matcher) else {
                panic!("everybody is asked for")
            };
            Planned {
                email: contact.email.to_string(),
                state: DeliveryState::Planned {
                    not_before: included.not_before,
                },
                delivery: promise(contact, *included),
                accepted: 0,
            }
        })
        .collect()
}

proptest! {
    #[test]
    fn whatever_happens_the_promise_holds(
        people in prop::collection::vec((any::<bool>(), any::<bool>(), 0u8..6), 1..8),
        ends in prop::collection::vec(0u8..4, 0..4),
        windowed: bool,
        lift in prop::option::of(1i64..300_000),
        start in 0u8..3,
        gap in 0i64..5_000,
        happenings in prop::collection::vec(happening(), 1..40),
    ) {
        let mut world = plan(&Scene { people: &people, ends: &ends, lift, start, gap, windowed });
        for what in &happenings {
            world.happen(what)?;
        }
        // In the end the clock is right and time has passed: everybody has it,
        // but for those whom a dead worker left in doubt.
        world.repair();
        for _ in 0..150 {
            // At every hour of the day, on every day of the week.
            world.truth += 5 * 3600;
            world.work(false)?;
        }
        for one in &world.deliveries {
            let done = matches!(one.state.life(), Life::Accepted | Life::InDoubt);
            prop_assert!(done, "{} was forgotten: {:?}", one.email, one.state);
        }
    }
}
