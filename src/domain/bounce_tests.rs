//! Codes and words, how far a report is believed, and when it bars.

use super::*;
use proptest::prelude::*;

fn code(text: &str) -> Option<EnhancedCode> {
    EnhancedCode::parse(text)
}

#[test]
fn words_codes_and_kinds_are_understood_together() {
    use BounceClass::*;
    use BounceKind::*;
    for (status, text, class, kind) in [
        (
            "5.1.1",
            "smtp; 550 5.1.1 <a@b.example> no",
            MailboxUnknown,
            Hard,
        ),
        ("5.7.1", "550 5.7.1 No such user!", MailboxUnknown, Hard),
        ("5.0.0", "550 unknown user", MailboxUnknown, Hard),
        ("5.0.0", "550 5.2.1 closed", MailboxDisabled, Hard),
        ("5.2.2", "552 5.2.2 over quota", MailboxFull, Soft),
        ("4.4.7", "452 4.2.2 mailbox is full", Expired, Soft),
        (
            "4.4.1",
            "connect to mx: Connection timed out",
            Unreachable,
            Soft,
        ),
        (
            "5.4.4",
            "Host or domain name not found. Name service error",
            Dns,
            Hard,
        ),
        (
            "4.4.3",
            "Host or domain name not found. Name service error",
            Dns,
            Soft,
        ),
        ("5.7.1", "554 5.7.1 blocked using bl.example", Spam, Soft),
        ("5.7.26", "550 5.7.26 unauthenticated, DMARC", Policy, Soft),
        ("5.3.4", "message size exceeds", TooLarge, Soft),
        ("5.7.1", "554 5.7.1 Relay access denied", RelayDenied, Soft),
        (
            "5.1.10",
            "550 5.1.10 recipient not found by lookup",
            MailboxUnknown,
            Hard,
        ),
        ("4.1.1", "450 4.1.1 user unknown", MailboxUnknown, Soft),
        ("5.0.0", "", Other, Soft),
    ] {
        let (understood, _) = understand(code(status), text);
        assert_eq!(understood, Failure { kind, class }, "{status} {text}");
    }
    let (bare, _) = understand(None, "host mx.example said: 550 go away");
    assert_eq!((bare.kind, bare.class), (Hard, MailboxUnknown));
    let (later, _) = understand(None, "451 user unknown for now");
    assert_eq!(later.kind, Soft);
}

#[test]
fn every_line_of_the_table_names_a_class_and_is_reached() {
    assert!(word_table().count() > 100);
    for (class, words) in word_table() {
        assert!(BounceClass::from_name(class).is_some(), "{class}");
        assert_eq!(words, words.to_lowercase(), "{words}");
        assert!(
            !words.trim().is_empty() && words == words.trim(),
            "{words:?}"
        );
    }
    let bare = WORDS
        .lines()
        .find(|line| !line.starts_with('#') && !line.contains('\t'));
    assert_eq!(bare, None);
}

#[test]
fn a_code_is_no_address_and_no_version() {
    assert_eq!(code_in("host 192.0.2.1 said 550"), None);
    assert_eq!(code_in("2.1.5 fine"), None);
    assert_eq!(
        code_in("(5.1.1)").map(|code| code.to_string()),
        Some("5.1.1".into())
    );
}

fn hour(n: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + n * 3600).unwrap()
}

const SOFT: Finding = Finding::Failed(Failure {
    kind: BounceKind::Soft,
    class: BounceClass::MailboxFull,
});
const HARD: Finding = Finding::Failed(Failure {
    kind: BounceKind::Hard,
    class: BounceClass::MailboxUnknown,
});

#[test]
fn hard_bars_at_once_and_soft_after_some() {
    let policy = BouncePolicy {
        soft: 3,
        within: SignedDuration::from_hours(10),
        signed: false,
    };
    let bar =
        |finding, evidence, earlier: &[Timestamp]| policy.bar(finding, evidence, earlier, hour(20));
    assert_eq!(
        bar(HARD, Evidence::MessageId, &[]),
        Some(SuppressionReason::HardBounce)
    );
    assert_eq!(bar(HARD, Evidence::Address, &[]), None);
    assert_eq!(bar(SOFT, Evidence::ReturnPath, &[hour(11)]), None);
    assert_eq!(bar(SOFT, Evidence::ReturnPath, &[hour(9), hour(11)]), None);
    assert_eq!(
        bar(SOFT, Evidence::ReturnPath, &[hour(12), hour(11)]),
        Some(SuppressionReason::SoftBounces)
    );
    assert_eq!(
        bar(Finding::Complaint, Evidence::MessageId, &[]),
        Some(SuppressionReason::Complaint)
    );
}

fn finding() -> impl Strategy<Value = Finding> {
    prop_oneof![
        Just(SOFT),
        Just(HARD),
        Just(Finding::Delayed),
        Just(Finding::Delivered),
        Just(Finding::Complaint),
        Just(Finding::AutoReply),
        Just(Finding::Challenge),
    ]
}

fn evidence() -> impl Strategy<Value = Evidence> {
    prop_oneof![
        Just(Evidence::ReturnPath),
        Just(Evidence::MessageId),
        Just(Evidence::Address),
    ]
}

proptest! {
    #[test]
    fn nobody_is_barred_for_what_is_no_failure_or_may_be_forged(
        finding in finding(),
        evidence in evidence(),
        earlier in prop::collection::vec(0i64..2000, 0..12),
        soft in 1u32..8,
        days in 1i64..60,
        signed: bool,
    ) {
        let policy = BouncePolicy { soft, within: SignedDuration::from_hours(24 * days), signed };
        let earlier: Vec<_> = earlier.into_iter().map(|n| hour(-n)).collect();
        let bar = policy.bar(finding, evidence, &earlier, hour(0));
        let recent = earlier.iter().filter(|at| **at >= policy.since(hour(0))).count();
        if bar.is_some() {
            prop_assert!(matches!(finding, Finding::Failed(_) | Finding::Complaint));
            prop_assert!(!(signed && evidence == Evidence::Address));
        }
        if bar == Some(SuppressionReason::SoftBounces) {
            prop_assert!(recent + 1 >= soft as usize);
        }
        // Whatever bars, bars too with more before it.
        let mut more = earlier.clone();
        more.push(hour(-1));
        prop_assert!(bar.is_none() || policy.bar(finding, evidence, &more, hour(0)).is_some());
    }

    #[test]
    fn any_text_is_understood_and_a_transient_code_is_never_hard(
        text in "\\PC{0,60}", class in prop_oneof![Just(4u8), Just(5)], subject in 0u16..9, detail in 0u16..30,
    ) {
        let code = EnhancedCode { class, subject, detail };
        let (failure, _) = understand(Some(code), &text);
        if class == 4 && BounceClass::of_code(code).is_some() {
            prop_assert_eq!(failure.kind, BounceKind::Soft);
        }
        let _ = understand(None, &text);
    }

    #[test]
    fn the_case_of_words_does_not_matter(n in 0usize..150) {
        let (_, words) = word_table().nth(n % word_table().count()).unwrap();
        prop_assert_eq!(BounceClass::of_words(words), BounceClass::of_words(&words.to_uppercase()));
    }
}
