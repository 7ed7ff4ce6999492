//! Erasure, access and retention: nothing of a person is left anywhere, and
//! nothing of anybody else is lost.

use super::ground::*;
use dateline::domain::account::Act;
use dateline::domain::address::EmailAddress;
use dateline::domain::agreement::{AgreementWord, Party, Said, Scope};
use dateline::domain::approval::{Approval, ContentPrint};
use dateline::domain::bounce::{Bounce, BounceClass, BounceKind, Evidence, Failure, Finding};
use dateline::domain::bounce_search::BounceSearch;
use dateline::domain::contact::Contact;
use dateline::domain::course::Course;
use dateline::domain::delivery::{Delivery, DeliveryState};
use dateline::domain::distribution::Distribution;
use dateline::domain::erasure::FORGOTTEN;
use dateline::domain::header_text::HeaderText;
use dateline::domain::ids::{ContactId, DeliveryId, ImportId};
use dateline::domain::import_record::{ImportKind, ImportRecord};
use dateline::domain::log::{Facts, LogEvent, Personal};
use dateline::domain::reply::SmtpReply;
use dateline::domain::retention::{Cut, Kept};
use dateline::domain::suppression::{Suppression, SuppressionReason};
use dateline::store::archive::Archive;
use dateline::store::bounces::{Arrived, Fate, Judged};
use dateline::store::erasure::{Erased, Forgetting, Forgot, Really, Swept};
use dateline::store::imports::{Changed, ContactChange};
use dateline::store::merge::Distinct;
use dateline::store::{Standing, Store};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, json};
use std::collections::BTreeSet;

const SURNAME: &str = "Тайнова";
const OUTLET: &str = "Consequential Courier";
const TELEPHONE: &str = "5550199";

/// Somebody whose every trace is known.
#[derive(Clone)]
struct Person {
    n: u64,
    email: EmailAddress,
}

impl Person {
    fn new(n: u64, email: &str) -> Self {
        let email = EmailAddress::parse(email).unwrap();
        Self { n, email }
    }

    fn contact(&self) -> Contact {
        Contact {
            id: ContactId::from_parts(9000 + self.n, 1),
            email: self.email.clone(),
            name: HeaderText::parse(&format!("Anna {SURNAME}")).unwrap(),
            outlet: OUTLET.into(),
            notes: format!("{} or {TELEPHONE}", self.email),
            lists: vec!["radio".into()],
            ..contact(self.n)
        }
    }

    /// Words that only ever stand where something is about them.
    fn traces(&self) -> Vec<String> {
        let json = serde_json::to_string(&self.email).unwrap();
        let (local, domain) = (self.email.local(), self.email.domain());
        [
            self.email.to_string(),
            json.trim_matches('"').to_owned(),
            format!("{}@{domain}", local.to_lowercase()),
            self.contact().id.to_string(),
            SURNAME.to_owned(),
            "tainova".to_owned(),
            OUTLET.to_owned(),
            "consequential".to_owned(),
            TELEPHONE.to_owned(),
        ]
        .into_iter()
        .map(|text| text.to_lowercase())
        .collect()
    }
}

/// Every cell of every table that there is, as the backend's own shell tells it.
fn cells(ground: &Ground) -> Vec<(String, String)> {
    let lines = |text: String| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let columns = if ground.is_postgres() {
        ground.sql(
            "SELECT table_name || ' ' || column_name || ' ' || data_type FROM information_schema.columns \
             WHERE table_schema = 'public' AND table_name IN (SELECT tablename FROM pg_tables WHERE schemaname = 'public')",
        )
    } else {
        ground.sql(
            "SELECT made.name || ' ' || col.name || ' ' || col.type FROM sqlite_schema AS made \
             JOIN pragma_table_info(made.name) AS col WHERE made.type = 'table'",
        )
    };
    let questions: Vec<_> = lines(columns)
        .iter()
        .map(|column| {
            let parts: Vec<_> = column.splitn(3, ' ').collect();
            let [table, name, kind] = parts[..] else {
                panic!("{column}");
            };
            let hex = match (ground.is_postgres(), kind) {
                (false, _) => format!("hex(CAST({name} AS BLOB))"),
                (true, "bytea") => format!("encode({name}, 'hex')"),
                (true, _) => format!("encode(convert_to({name}::text, 'UTF8'), 'hex')"),
            };
            format!("SELECT '{table}.{name} ' || {hex} FROM {table};")
        })
        .collect();
    let told = lines(ground.sql(&questions.join("\n")));
    let cells = told.iter().filter_map(|line| line.split_once(' '));
    cells
        .map(|(column, hex)| {
            let octets: Vec<u8> = (0..hex.len() / 2)
                .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
                .collect();
            let text = String::from_utf8_lossy(&octets).to_lowercase();
            (column.to_owned(), text)
        })
        .collect()
}

/// The columns in which any of these words stands.
fn found(ground: &Ground, traces: &[String]) -> BTreeSet<String> {
    let cells = cells(ground);
    assert!(cells.len() > 50, "there is something to look through");
    let named = cells
        .into_iter()
        .filter(|(_, text)| traces.iter().any(|trace| text.contains(trace)));
    named.map(|(column, _)| column).collect()
}

fn bounced(print: &str, about: DeliveryId, words: &str) -> Arrived {
    Arrived {
        fingerprint: print.to_owned(),
        form: "dsn".into(),
        finding: Finding::Failed(Failure {
            kind: BounceKind::Soft,
            class: BounceClass::MailboxFull,
        }),
        ground: dateline::domain::bounce::Ground::Words("full".into()),
        status: None,
        diagnostic: words.to_owned(),
        delivery: Some((about, Evidence::MessageId)),
        addresses: vec![],
        report: format!("Final-Recipient: rfc822;{words}\r\n\r\n").into(),
    }
}

fn judge(
    one: &Arrived,
    evidence: Evidence,
    standing: &Standing,
    _: &[Timestamp],
) -> Option<Judged> {
    let delivery = &standing.delivery;
    let bounce = Bounce {
        fingerprint: one.fingerprint.clone(),
        at: at(100),
        finding: one.finding,
        evidence,
        delivery: delivery.id,
        email: delivery.recipient.email.clone(),
        status: one.status,
        diagnostic: one.diagnostic.clone(),
        form: one.form.clone(),
        ground: one.ground.clone(),
    };
    Some(Judged {
        event: None,
        state: None,
        bars: Vec::new(),
        bounce,
    })
}

async fn take_in(store: &dyn Store, one: Arrived) -> Fate {
    store.take_in(&[one], at(-1000), &judge).await.unwrap()[0]
}

/// Deliveries to the person: accepted, to be tried again, and for tomorrow.
struct Sent {
    accepted: Delivery,
    deferred: Delivery,
    planned: Delivery,
    /// To somebody else.
    other: Delivery,
}

fn to(person: &Person, of: &Distribution, not_before: i64) -> Delivery {
    Delivery {
        recipient: person.contact().recipient(),
        ..delivery(of, person.n, not_before)
    }
}

async fn sent(store: &dyn Store, person: &Person) -> Sent {
    let words = format!("<{}>: for {SURNAME}", person.email);
    let mut all = Vec::new();
    for (n, state) in [
        DeliveryState::Accepted {
            at: at(2),
            reply: SmtpReply::new(250, format!("2.0.0 {words}")),
        },
        DeliveryState::Deferred {
            until: at(5000),
            reply: format!("RCPT: 451 {words}"),
        },
    ]
    .into_iter()
    .enumerate()
    {
        let why = format!("{} called", person.email);
        let of = Distribution {
            course: Course::UnderWay { since: at(0) },
            approved_by: vec![why],
            ..distribution()
        };
        let other = delivery(&of, person.n + 100 + n as u64, 0);
        let theirs = to(person, &of, 0);
        plan(store, &of, &[theirs.clone(), other.clone()]).await;
        let lease = leased(store, 60).await;
        let turned = claim_of(store, Some(of.id), lease, 1, 10).await;
        let records: Vec<_> = turned
            .claimed
            .iter()
            .map(|claimed| {
                let is_theirs = claimed.delivery.id == theirs.id;
                let state = if is_theirs {
                    state.clone()
                } else {
                    accepted(2)
                };
                outcome(claimed, lease, state)
            })
            .collect();
        store.record(&records).await.unwrap();
        store.end_lease(lease, at(2)).await.unwrap();
        all.extend([theirs, other]);
    }
    let of = distribution();
    let planned = to(person, &of, 9000);
    plan(store, &of, std::slice::from_ref(&planned)).await;
    let [accepted, _, deferred, other] = all.try_into().unwrap();
    Sent {
        accepted,
        deferred,
        planned,
        other,
    }
}

/// Leaves traces of somebody in every table that can hold any.
async fn known(store: &dyn Archive, person: &Person) -> Sent {
    let email = person.email.to_string();
    let theirs = person.contact();
    let colleague = Contact {
        notes: format!("a friend of {email}"),
        ..contact(person.n + 1)
    };
    store.import(&[theirs.clone(), colleague]).await.unwrap();
    let moved = Contact {
        outlet: format!("{OUTLET} II"),
        ..theirs.clone()
    };
    let record = ImportRecord {
        id: ImportId::from_parts(9000 + person.n, 7),
        at: at(0),
        by: "vera".into(),
        kind: ImportKind::File,
        source: format!("from {email}"),
        added: 0,
        changed: 1,
        removed: 0,
        undone: None,
    };
    let change = ContactChange::Change(Box::new((theirs.clone(), moved)));
    assert_eq!(
        store.change_contacts(&[change], &record).await.unwrap(),
        Changed::Done
    );
    let now = Contact {
        outlet: format!("{OUTLET} II"),
        ..theirs.clone()
    };
    let former = contact(person.n + 5);
    store.import(std::slice::from_ref(&former)).await.unwrap();
    super::merge::merge(store, &now, &former, 90_000 + person.n).await;
    let namesake = Distinct {
        one: contact(person.n + 1).email,
        other: person.email.clone(),
        at: at(0),
        by: "vera".into(),
    };
    assert!(store.tell_apart(&namesake).await.unwrap());
    let bar = |email: &EmailAddress| Suppression {
        email: email.clone(),
        reason: SuppressionReason::Manual,
        at: at(0),
        source: "vera".into(),
        note: format!("merged with {}", person.email),
    };
    let bars = [bar(&person.email), bar(&contact(person.n + 2).email)];
    store.suppress(&bars).await.unwrap();
    for party in [
        Party::Contact(person.email.clone()),
        Party::Outlet("Steppe Post".into()),
    ] {
        let word = AgreementWord {
            party,
            scope: Scope::All,
            said: Said::Granted,
            since: None,
            until: None,
            recorded_at: at(2),
            recorded_by: "vera".into(),
            note: format!("a letter from {email}"),
        };
        store.record_agreement(&word).await.unwrap();
    }
    let approval = Approval {
        release: release(),
        by: email.clone(),
        at: at(1),
        print: ContentPrint::default(),
        parity_ok: false,
    };
    store.approve(&approval).await.unwrap();
    for facts in [
        json!({ "address": email, "why": format!("{SURNAME} called from {TELEPHONE}") }),
        json!({ "why": format!("by the link of {}", theirs.id) }),
        json!({ "user": "ivan" }),
    ] {
        let act = Act {
            at: at(3),
            by: "vera".into(),
            act: "suppressed".into(),
            facts: facts.as_object().unwrap().clone(),
        };
        store.record_act(&act).await.unwrap();
    }
    let sent = sent(store, person).await;
    let print = |which: &str| format!("{which}{}", person.n);
    let words = format!("{email} {SURNAME}");
    let one = take_in(store, bounced(&print("a"), sent.accepted.id, &words)).await;
    assert!(matches!(one, Fate::Kept { .. }));
    // Somebody else's report that repeats the address.
    let other = take_in(store, bounced(&print("b"), sent.other.id, &email)).await;
    assert!(matches!(other, Fate::Kept { .. }));
    sent
}

async fn forget(store: &dyn Store, email: &EmailAddress) -> Forgot {
    let wish = Forgetting {
        email,
        at: at(200),
        by: "vera",
        fresh: [9; 32],
    };
    store.forget(wish).await.unwrap()
}

async fn forgotten(store: &dyn Store, email: &EmailAddress) -> Erased {
    match forget(store, email).await {
        Forgot::Done(erased) => erased,
        other @ (Forgot::InFlight(_) | Forgot::InDoubt(_)) => panic!("{other:?}"),
    }
}

/// Something for the copy of a whole store to carry.
pub(super) async fn furnish(store: &dyn Store) {
    let nobody = EmailAddress::parse("nobody@unknown.example").unwrap();
    let erased = forgotten(store, &nobody).await;
    assert_eq!(erased, Erased::default(), "nothing was known of them");
}

/// Addresses of every form that may be one.
fn addresses() -> impl Strategy<Value = String> {
    let domain = prop_oneof![
        Just("person.example"),
        Just("Person-Mail.Example"),
        Just("личная-почта.example"),
    ];
    let local = prop_oneof![
        "[a-z]{3,8}",
        "[A-Z][a-z]{2,6}\\.[a-z]{2,6}",
        "[a-z]{2,6}\\+[a-z0-9]{1,4}",
        "[a-z]{1,4}_[a-z'!#$%&*=?^`{|}~-]{1,6}[a-z]",
        "[а-я]{3,8}",
        "\"[a-z]{2,4} \\\\\\\\[a-z]{1,3}\"",
    ];
    (local, domain).prop_map(|(local, domain)| format!("{local}@{domain}"))
}

pub(super) async fn nothing_of_a_person_is_left(ground: &Ground) {
    let store = ground.open().await;
    let mut runner = TestRunner::deterministic();
    let mut n = 1000;
    for _ in 0..12 {
        let text = addresses().new_tree(&mut runner).unwrap().current();
        if EmailAddress::parse(&text).is_err() {
            continue;
        }
        n += 10;
        let person = Person::new(n, &text);
        known(store.as_ref(), &person).await;
        let before = found(ground, &person.traces());
        for column in [
            "contact.email",
            "contact.record",
            "contact.words",
            "contact_key.email",
            "contact_alias.kept",
            "contact_distinct.record",
            "contact_import.record",
            "contact_import_entry.entry",
            "contact_import_entry.before",
            "suppression.email",
            "suppression.note",
            "agreement.record",
            "approval.record",
            "act.record",
            "distribution.record",
            "delivery_plan.email",
            "delivery_plan.plan",
            "delivery_state.facts",
            "delivery_log.personal",
            "bounce.email",
            "bounce.record",
            "bounce.report",
        ] {
            assert!(before.contains(column), "{text}: {column} of {before:?}");
        }
        forgotten(store.as_ref(), &person.email).await;
        let left = found(ground, &person.traces());
        assert_eq!(left, BTreeSet::new(), "{text}");
        let held = store.holdings(&person.email).await.unwrap();
        let held: Vec<_> = held.iter().map(|one| one.table.as_str()).collect();
        assert_eq!(held, ["forgotten"], "{text}");
        verified(store.as_ref()).await;
    }
    assert!(n > 1040, "most were addresses");
}

pub(super) async fn everything_that_is_held_is_shown(ground: &Ground) {
    let store = ground.open().await;
    let person = Person::new(1, "Anna.Kim@person.example");
    let sent = known(store.as_ref(), &person).await;
    let held = store.holdings(&person.email).await.unwrap();
    let tables: BTreeSet<_> = held.iter().map(|one| one.table.as_str()).collect();
    let columns = found(ground, &person.traces());
    let named: BTreeSet<_> = columns
        .iter()
        .map(|column| column.split_once('.').unwrap().0)
        .collect();
    assert_eq!(tables, named, "every table in which they are named");
    let log = held.iter().filter(|one| one.table == "delivery_log");
    assert_eq!(log.count(), 7, "also entries that do not name them");
    let record = held.iter().find(|one| one.table == "contact").unwrap();
    assert_eq!(record.facts["record"]["outlet"], format!("{OUTLET} II"));
    let plans = held.iter().filter(|one| one.table == "delivery_plan");
    assert_eq!(plans.count(), 3);
    // Of somebody else's record nothing but the words about them.
    let friend = held
        .iter()
        .filter(|one| one.table == "contact")
        .nth(1)
        .unwrap();
    let words = format!("a friend of {}", person.email);
    assert_eq!(friend.facts["record"], json!([words]));
    assert!(!friend.facts.contains_key("email"));
    let other = sent.other.recipient.email.to_string();
    let shown = serde_json::to_string(&held).unwrap();
    assert!(!shown.contains(&other), "nobody else is shown");
}

pub(super) async fn what_is_forgotten_stays_barred(ground: &Ground) {
    let store = ground.open().await;
    let person = Person::new(1, "anna@person.example");
    let sent = known(store.as_ref(), &person).await;
    let erased = forgotten(store.as_ref(), &person.email).await;
    assert_eq!((erased.before, erased.cancelled), (None, 2));
    for id in [sent.deferred.id, sent.planned.id] {
        let reason = SuppressionReason::Erasure;
        let state = state_of(store.as_ref(), id).await;
        assert_eq!(state, DeliveryState::Suppressed { reason });
    }
    let accepted = store.delivery(sent.accepted.id).await.unwrap().unwrap();
    assert_eq!(accepted.state.name(), "accepted");
    assert_eq!(accepted.delivery.recipient.email.to_string(), FORGOTTEN);
    let receivers = store.receivers_of(&release()).await.unwrap();
    assert!(
        !receivers.contains_key(FORGOTTEN),
        "a correction reaches nobody"
    );
    assert_eq!(receivers.len(), 2, "those of the others");

    // Every spelling, by every way in.
    let spelled = EmailAddress::parse("ANNA@Person.Example").unwrap();
    let asked = store
        .is_suppressed(std::slice::from_ref(&spelled))
        .await
        .unwrap();
    assert_eq!(asked[&spelled.to_string()], SuppressionReason::Erasure);
    let bar = store.suppression(&spelled).await.unwrap().unwrap();
    assert_eq!((bar.reason, bar.at), (SuppressionReason::Erasure, at(200)));
    let again = Contact {
        email: spelled.clone(),
        ..contact(77)
    };
    assert!(!store.add_contact(&again).await.unwrap());
    let imported = store.import(std::slice::from_ref(&again)).await.unwrap();
    assert_eq!(imported.added, 0);
    let record = ImportRecord {
        id: ImportId::from_parts(1, 1),
        at: at(300),
        by: "vera".into(),
        kind: ImportKind::File,
        source: String::new(),
        added: 1,
        changed: 0,
        removed: 0,
        undone: None,
    };
    let added = [ContactChange::Add(again.clone())];
    let refused = store.change_contacts(&added, &record).await.unwrap();
    assert_eq!(refused, Changed::Stale(vec![spelled.clone()]));
    let barred = Suppression {
        email: spelled.clone(),
        reason: SuppressionReason::OptOut,
        at: at(300),
        source: "vera".into(),
        note: String::new(),
    };
    assert_eq!(store.suppress(&[barred]).await.unwrap(), 0);
    // Reports about them are taken in no more.
    let words = person.email.to_string();
    let late = take_in(store.as_ref(), bounced("late", sent.accepted.id, &words)).await;
    assert_eq!(late, Fate::Unmatched);
    assert_eq!(found(ground, &person.traces()), BTreeSet::new());
    // Should their address come back on some way, nothing is said to it.
    let of = distribution();
    plan(store.as_ref(), &of, &[to(&person, &of, 0)]).await;
    let lease = leased(store.as_ref(), 600).await;
    let turned = claim_of(store.as_ref(), Some(of.id), lease, 301, 10).await;
    assert_eq!(turned.claimed[0].barred, Some(SuppressionReason::Erasure));
    store.end_lease(lease, at(302)).await.unwrap();

    // Lifted, they are somebody nobody knows.
    assert!(store.remember(&person.email).await.unwrap());
    assert!(!store.remember(&person.email).await.unwrap());
    assert_eq!(store.suppression(&spelled).await.unwrap(), None);
    assert!(store.add_contact(&again).await.unwrap());
}

pub(super) async fn nobody_else_is_touched(ground: &Ground) {
    let store = ground.open().await;
    let person = Person::new(1, "anna@person.example");
    let others = [
        "joanna@person.example",
        "anna@person.example.org",
        "o'anna@person.example",
    ];
    let others: Vec<_> = others
        .iter()
        .enumerate()
        .map(|(n, email)| Person::new(200 + 10 * n as u64, email))
        .collect();
    for other in &others {
        store.import(&[other.contact()]).await.unwrap();
        let of = distribution();
        plan(store.as_ref(), &of, &[to(other, &of, 9000)]).await;
    }
    known(store.as_ref(), &person).await;
    let before = Box::pin(async {
        let mut all = Vec::new();
        for other in &others {
            all.push(store.holdings(&other.email).await.unwrap());
        }
        all
    })
    .await;
    forgotten(store.as_ref(), &person.email).await;
    for (other, before) in others.iter().zip(before) {
        assert_eq!(store.holdings(&other.email).await.unwrap(), before);
        let kept = store.contact(&other.email).await.unwrap();
        assert_eq!(kept, Some(other.contact()));
        let deliveries = store.deliveries_to(&other.email, 9).await.unwrap();
        assert_eq!(deliveries[0].state.name(), "planned");
    }
    let colleague = store.contact(&email(2)).await.unwrap().unwrap();
    assert_eq!(colleague.notes, format!("a friend of {FORGOTTEN}"));
    assert!(store.suppression(&email(3)).await.unwrap().is_some());
    let acts = store.acts(None, 9).await.unwrap();
    assert_eq!(acts.len(), 3, "that something was done stays on record");
    assert_eq!(acts[0].1.facts["user"], "ivan");
    assert_eq!(
        acts[2].1.facts,
        Map::from_iter([("forgotten".to_owned(), json!(true))])
    );
}

/// What stands in a line itself is told: the chain is made of it.
pub(super) async fn a_line_of_the_log_stays_and_is_told(ground: &Ground) {
    let store = ground.open().await;
    let person = Person::new(1, "anna@person.example");
    let of = distribution();
    plan(store.as_ref(), &of, &[]).await;
    let mut said = word(&of, "held");
    said.facts = Facts::of(json!({ "why": "anna@person.example called" }));
    let stop = dateline::store::Revision {
        from: &of,
        to: &of,
        content: None,
        events: vec![said],
        reach: dateline::store::Reach::Open,
        moves: &|_| None,
    };
    assert_eq!(store.revise(stop).await.unwrap(), Some(0));
    forgotten(store.as_ref(), &person.email).await;
    let left = store.holdings(&person.email).await.unwrap();
    let tables: Vec<_> = left.iter().map(|one| one.table.as_str()).collect();
    assert_eq!(tables, ["delivery_log", "forgotten"]);
    assert!(left[0].facts["seq"].is_number(), "{:?}", left[0].facts);
    verified(store.as_ref()).await;
}

/// What is being handed over at this moment cannot be taken back.
pub(super) async fn a_conversation_under_way_is_not_forgotten(ground: &Ground) {
    let store = ground.open().await;
    let person = Person::new(1, "anna@person.example");
    let of = distribution();
    let theirs = to(&person, &of, 0);
    store.import(&[person.contact()]).await.unwrap();
    plan(store.as_ref(), &of, std::slice::from_ref(&theirs)).await;
    let lease = leased(store.as_ref(), 60).await;
    claim(store.as_ref(), lease, 1, 10).await;
    let busy = forget(store.as_ref(), &person.email).await;
    assert_eq!(busy, Forgot::InFlight(vec![theirs.id]));
    store.end_lease(lease, at(2)).await.unwrap();
    let doubt = forget(store.as_ref(), &person.email).await;
    assert_eq!(doubt, Forgot::InDoubt(vec![theirs.id]));
    assert!(store.contact(&person.email).await.unwrap().is_some());
    assert_eq!(store.forgotten_count().await.unwrap(), 0);
    verified(store.as_ref()).await;
    let from = DeliveryState::InDoubt { attempt: 1 };
    let settled = event(&theirs, "accepted", 3);
    assert!(
        store
            .decide(theirs.id, &from, &accepted(3), settled)
            .await
            .unwrap()
    );
    forgotten(store.as_ref(), &person.email).await;
    assert_eq!(found(ground, &person.traces()), BTreeSet::new());
    let once_more = forgotten(store.as_ref(), &person.email).await;
    assert_eq!(once_more.before, Some(at(200)));
    assert_eq!(once_more.rows.len(), 0, "there was nothing left to do");
    assert_eq!(store.forgotten_count().await.unwrap(), 1);
    verified(store.as_ref()).await;
}

/// A key of its own goes with the hashes, so that a copy bars the same.
pub(super) async fn a_copy_remembers_who_was_forgotten(ground: &Ground) {
    let store = ground.open().await;
    let person = Person::new(1, "anna@person.example");
    known(store.as_ref(), &person).await;
    forgotten(store.as_ref(), &person.email).await;
    let other = ground.other();
    let copy = other.open().await;
    let ignore = dateline::store::copy::AtWork::Ignore;
    dateline::store::copy::copy(store.as_ref(), copy.as_ref(), "x", ignore, at(300))
        .await
        .unwrap();
    assert!(copy.suppression(&person.email).await.unwrap().is_some());
    assert_eq!(found(&other, &person.traces()), BTreeSet::new());
    verified(copy.as_ref()).await;
}

/// Nothing is left in free pages, in what is free within pages, or in the
/// write-ahead log.
pub(super) async fn the_files_themselves_hold_nothing(ground: &Ground) {
    let store = ground.open().await;
    let contacts: Vec<_> = (2000..2600).map(contact).collect();
    store.import(&contacts).await.unwrap();
    let person = Person::new(1, "anna.secretive@person.example");
    known(store.as_ref(), &person).await;
    forgotten(store.as_ref(), &person.email).await;
    assert_eq!(store.sweep().await.unwrap(), Swept::Clean);
    assert!(store.contact(&contacts[7].email).await.unwrap().is_some());
    verified(store.as_ref()).await;
    let Some(files) = ground.files() else {
        let unswept = ground.sql("SELECT count(*) FROM forgotten WHERE swept = 0");
        assert_eq!(unswept, "0");
        return;
    };
    assert!(!files.is_empty());
    for file in files {
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).to_lowercase();
        for trace in person.traces() {
            assert!(!text.contains(&trace), "{trace} in {}", file.display());
        }
        assert!(!text.contains("secretive"), "{}", file.display());
    }
}

pub(super) async fn what_is_too_old_goes_and_the_log_says_so(ground: &Ground) {
    let store = ground.open().await;
    let person = Person::new(1, "anna@person.example");
    let sent = known(store.as_ref(), &person).await;
    let act = |seconds: i64| Act {
        at: at(seconds),
        by: "vera".into(),
        act: "signed_in".into(),
        facts: Map::new(),
    };
    store.record_act(&act(5000)).await.unwrap();
    let late = LogEvent {
        at: at(5000),
        personal: Some(Personal {
            facts: Facts::of(json!({})),
            salt: 3,
        }),
        ..event(&sent.accepted, "complaint", 0)
    };
    let standing = store.delivery(sent.accepted.id).await.unwrap().unwrap();
    store
        .decide(sent.accepted.id, &standing.state, &standing.state, late)
        .await
        .unwrap();
    // Imports are told by when they were made: this one soon after 1970.
    let made = |seconds| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
    let cuts = Kept::ALL.map(|what| Cut {
        what,
        before: match what {
            Kept::Imports => made(9),
            Kept::Log | Kept::Bounces | Kept::Acts => at(1000),
        },
    });
    let counted = |gone: &[dateline::domain::retention::Gone]| -> Vec<u64> {
        gone.iter().map(|one| one.count).collect()
    };
    let personal = "SELECT count(*) FROM delivery_log WHERE personal IS NOT NULL";
    let all: u64 = ground.sql(personal).parse().unwrap();
    let asked = store.retain(&cuts, at(6000), Really::Asked).await.unwrap();
    assert_eq!(counted(&asked), [all - 1, 2, 0, 3]);
    assert_eq!(ground.sql(personal), all.to_string(), "it was only asked");
    let done = store.retain(&cuts, at(6000), Really::Done).await.unwrap();
    assert_eq!(counted(&done), counted(&asked));
    assert_eq!(ground.sql(personal), "1");
    assert_eq!(store.acts(None, 9).await.unwrap().len(), 1);
    let (_, report) = store.bounce("a1").await.unwrap().unwrap();
    assert!(report.is_empty());
    let all = store.bounces(&BounceSearch::default(), None, 9).await;
    assert!(
        all.unwrap()
            .iter()
            .all(|(_, one)| one.diagnostic.is_empty())
    );
    let again = store.retain(&cuts, at(6000), Really::Done).await.unwrap();
    assert_eq!(counted(&again), [0; 4]);
    verified(store.as_ref()).await;
    let told = "SELECT count(*) FROM delivery_log WHERE line LIKE '%\"event\":\"erased\"%'";
    assert_eq!(ground.sql(told), "3", "one word for each distribution");
    let cut = Cut {
        what: Kept::Imports,
        before: made(10),
    };
    let gone = store.retain(&[cut], at(6000), Really::Done).await.unwrap();
    assert_eq!(counted(&gone), [1]);
    // Somebody who tampers is found as before.
    ground.sql("UPDATE delivery_log SET personal = NULL, salt = NULL WHERE personal IS NOT NULL");
    assert!(
        dateline::store::verify::verify_log(store.as_ref())
            .await
            .is_err()
    );
}
