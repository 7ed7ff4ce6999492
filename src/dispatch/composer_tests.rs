//! A mail by form is the mail that its templates make, but for where the breaks are
//! that quoted-printable puts into long lines.

use super::*;
use crate::domain::address::EmailAddress;
use crate::domain::link::LinkKey;
use crate::render::KitSources;
use proptest::prelude::*;
use std::path::Path;
use std::sync::LazyLock;

/// The sample newsroom's two releases: the one without an embargo, and the one
/// in seven languages with pictures and attachments.
static COMPOSERS: LazyLock<[(Composer, FrozenContent); 2]> = LazyLock::new(|| {
    ["2026-11-24-open-levels", "2027-03-11-river-defenders"].map(|release| {
        let content = sample(release);
        let links = Links::new("https://press.example.org", "x.example", LinkKey::new("a"));
        let links = (release == "2026-11-24-open-levels").then_some(links);
        (
            Composer::new(content.clone()).unwrap().linked(links),
            content,
        )
    })
});

fn sample(release: &str) -> FrozenContent {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/example");
    let (settings, _) = crate::config::load(&workspace, &|_| None).unwrap();
    let folder = workspace.join("releases").join(release);
    let loaded = crate::intake::load_release(&workspace, &folder, &settings.limits, false)
        .value
        .unwrap();
    let mut files = loaded.files;
    if let Some(logo) = &settings.newsroom.logo {
        files.insert(logo.clone(), std::fs::read(workspace.join(logo)).unwrap());
    }
    FrozenContent {
        newsroom: settings.newsroom,
        release: loaded.release,
        kit: KitSources::load("press-release", None).unwrap(),
        files,
    }
}

fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap()
}

/// The mail with every part written by its template.
fn in_full(composer: &Composer, delivery: &Delivery) -> Vec<u8> {
    let ways = composer.ways(delivery);
    let letter = composer.letter(delivery, now(), &ways);
    let rendered = composer.prepared.render_in_full(&letter).unwrap();
    let parts = Parts {
        subject: rendered.subject,
        html: Part::Whole(rendered.html),
        text: Part::Whole(rendered.text),
        language: rendered.language,
    };
    let (_, composed) = composer
        .compose_parts(delivery, now(), &parts, &ways)
        .unwrap();
    composed.to_vec()
}

/// A message without the breaks of quoted-printable, and without what it encodes
/// only because a line ends or begins beside it.
fn unbroken(message: &[u8]) -> String {
    let mut text = String::from_utf8(message.to_vec()).unwrap();
    for (written, meant) in [("=\r\n", ""), ("=2E", "."), ("=20", " "), ("=09", "\t")] {
        text = text.replace(written, meant);
    }
    text
}

fn assert_same(composer: &Composer, delivery: &Delivery) {
    let expected = unbroken(&in_full(composer, delivery));
    for _ in 0..3 {
        let (_, composed) = composer.compose(delivery, now()).unwrap();
        // Compared as a whole: a difference of two mails is no reading.
        assert!(unbroken(&composed.to_vec()) == expected, "{delivery:?}");
    }
}

#[test]
fn every_probe_of_the_sample_is_the_same_and_by_form() {
    for (composer, content) in &*COMPOSERS {
        for delivery in probe_deliveries(content, now()) {
            assert_same(composer, &delivery);
            let ways = composer.ways(&delivery);
            let parts = composer.letter_parts(&delivery, now(), &ways).unwrap();
            for part in [&parts.html, &parts.text] {
                let Part::Filled(filled) = part else {
                    panic!("{:?} has no form", delivery.languages);
                };
                assert!(filled.form().kept(BodyForm::new).is_some());
            }
        }
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[A-Z][a-z]{1,9} [A-Z][a-z'-]{1,12}",
        any::<String>(),
        "[<>&\"'=. a-c\t\r\n]{0,90}",
        "[а-яא-ת\u{627}-\u{64a}\u{200f}\u{2066}-\u{2069} ]{0,60}",
        "[a-z=. ]{60,400}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_mail_is_the_same_by_form_and_by_template(
        which in 0..2usize, probe in any::<prop::sample::Index>(), id in any::<u64>(),
        email in "[a-z+']{1,20}@[a-z]{1,30}\\.example", name in text(), salutation in text(), outlet in text(),
        segment in "(list:)?[a-z]{1,9}",
    ) {
        let (composer, content) = &COMPOSERS[which];
        let probes = probe_deliveries(content, now());
        let mut delivery = probe.get(&probes).clone();
        delivery.id = DeliveryId::from_parts(id >> 16, id.into());
        delivery.segment = segment;
        delivery.recipient = Recipient {
            email: EmailAddress::parse(&email).unwrap(),
            name: HeaderText::collapse(&name),
            salutation,
            outlet,
            ..delivery.recipient
        };
        assert_same(composer, &delivery);
    }
}

#[test]
fn a_mail_comes_back_to_a_path_of_its_own_where_there_is_one() {
    use crate::domain::return_path::ReturnPath;
    let content = sample("2026-11-24-open-levels");
    let delivery = probe_delivery(&content, Phase::Immediate, now());
    let plain = Composer::new(content.clone()).unwrap();
    let (envelope, mail) = plain.compose(&delivery, now()).unwrap();
    assert_eq!(envelope.from, content.newsroom.from);
    let address = EmailAddress::parse("bounces@two-banks.example").unwrap();
    let paths = ReturnPath::new(address, [7; 32]);
    let signed = plain.with_return_path(Some(paths.clone()));
    let (envelope, same) = signed.compose(&delivery, now()).unwrap();
    assert_eq!(paths.read(&envelope.from), Some(delivery.id));
    assert_eq!(same.to_vec(), mail.to_vec(), "the mail itself is the same");
}
