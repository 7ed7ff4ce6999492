//! Letters by form and letters by template are the same letters.

use super::sample::*;
use super::*;
use crate::domain::header_text::HeaderText;
use crate::render::kind::Kind;
use crate::render::letter::Part;
use crate::render::shelf::{Advice, Forms};
use proptest::prelude::*;
use std::sync::{Arc, LazyLock};

const LANGUAGES: [&str; 7] = ["en", "ru", "kk", "uk", "fr", "es", "ar"];

/// The sample in every language that has words built in.
static SEVEN: LazyLock<PreparedRelease> = LazyLock::new(|| seven(&[]));

fn seven(files: &[(&str, &str)]) -> PreparedRelease {
    let mut release = release();
    let missing = LANGUAGES
        .into_iter()
        .filter(|tag| !["en", "ru", "ar"].contains(tag));
    release.variants.extend(missing.map(|tag| Variant {
        language: lang(tag),
        ..if tag == "uk" || tag == "kk" {
            russian()
        } else {
            english()
        }
    }));
    prepare(&kit_with(files).unwrap(), &release, &newsroom()).unwrap()
}

/// A letter with all that it borrows.
#[derive(Debug, Clone)]
struct Case {
    recipient: Recipient,
    languages: Vec<Language>,
    zone: Zone,
    phase: Phase,
    list: String,
    opt_out: EmailAddress,
    subject: String,
}

impl Case {
    fn new(languages: &str, phase: Phase) -> Self {
        Self {
            recipient: recipient(),
            languages: languages.split_whitespace().map(lang).collect(),
            zone: Zone::parse("Asia/Almaty").unwrap(),
            phase,
            list: "Rivers & lakes".to_owned(),
            opt_out: EmailAddress::parse("opt-out@rivers.example").unwrap(),
            subject: "unsubscribe dlv_1".to_owned(),
        }
    }

    fn letter(&self) -> Letter<'_> {
        Letter {
            recipient: &self.recipient,
            languages: &self.languages,
            zone: &self.zone,
            phase: self.phase,
            list: &self.list,
            opt_out: OptOut {
                address: &self.opt_out,
                subject: &self.subject,
                page: "",
                own: "",
            },
        }
    }
}

/// The forms of a case's kind, once letters have had them made.
fn forms(prepared: &PreparedRelease, case: &Case) -> Arc<Forms> {
    let letter = case.letter();
    for _ in 0..2 {
        drop(prepared.parts(&letter));
    }
    let chosen = prepared.choose(letter.languages).unwrap();
    let tells_times = case.phase == Phase::Advance;
    match prepared
        .shelf
        .advise(&Kind::of(&chosen, &letter, tells_times))
    {
        Advice::Use(forms) => forms,
        other @ (Advice::Make | Advice::Write) => panic!("{other:?}"),
    }
}

fn assert_same(prepared: &PreparedRelease, case: &Case) {
    let letter = case.letter();
    let expected = prepared.render_in_full(&letter).map_err(|e| e.to_string());
    for _ in 0..3 {
        assert_eq!(
            prepared.render(&letter).map_err(|e| e.to_string()),
            expected
        );
    }
}

/// Which parts of a kit with one file replaced have forms, after every letter
/// by them was right: some of `s`, `h` and `t`.
fn parts_by_form(files: &[(&str, &str)]) -> String {
    let prepared = seven(files);
    let mut greeted = Case::new("en ru", Phase::Advance);
    greeted.recipient.salutation = "Dear Dana & all,".to_owned();
    let mut other = greeted.clone();
    other.recipient.name =
        line("O'Neil <x> of the very long name that no line of any plain text can hold at once");
    other.recipient.outlet = "Новости & Co".to_owned();
    other.recipient.email = EmailAddress::parse("x.y@other.example").unwrap();
    for case in [&greeted, &other, &Case::new("en", Phase::General)] {
        assert_same(&prepared, case);
    }
    let forms = forms(&prepared, &greeted);
    let part = |has: bool, letter| if has { letter } else { "" };
    [
        part(forms.subject.is_some(), "s"),
        part(forms.html.is_some(), "h"),
        part(forms.text.is_some(), "t"),
    ]
    .concat()
}

#[test]
fn every_part_of_the_built_in_kit_has_a_form_in_every_language() {
    for languages in LANGUAGES.into_iter().chain(["ru en ar"]) {
        for phase in Phase::ALL {
            let case = Case::new(languages, phase);
            let forms = forms(&SEVEN, &case);
            assert!(
                forms.subject.is_some() && forms.html.is_some() && forms.text.is_some(),
                "{languages} {phase:?}: {forms:?}"
            );
            let parts = SEVEN.parts(&case.letter()).unwrap();
            assert!(matches!(parts.html, Part::Filled(_)));
            assert!(matches!(parts.text, Part::Filled(_)));
            assert_same(&SEVEN, &case);
        }
    }
}

#[test]
fn a_template_that_looks_into_a_reader_has_no_form() {
    for tag in [
        "{{#if (eq recipient.outlet \"The Paper\")}}a{{else}}b{{/if}}",
        "{{#if (and recipient.name recipient.outlet)}}a{{/if}}",
        "{{#with recipient}}{{name}}{{/with}}",
        "{{#each recipient}}{{@key}} {{this}}{{/each}}",
        "{{lookup recipient \"name\"}}",
        "{{len recipient.name}}",
        "{{#each variants as |v|}}{{v.headline}}{{/each}}",
    ] {
        assert_eq!(parts_by_form(&[("text.hbs", tag)]), "h", "{tag}");
        let footer =
            format!("<mj-section><mj-column><mj-text>{tag}</mj-text></mj-column></mj-section>");
        let files = [("partials/footer.mjml", footer.as_str())];
        assert_eq!(parts_by_form(&files), "st", "{tag}");
    }
    let renamed = [
        ("subject.hbs", "{{> p who=recipient.name}}"),
        (
            "partials/p.hbs",
            "{{#if (eq who \"Dana Reader\")}}a{{else}}b{{/if}}",
        ),
    ];
    assert_eq!(parts_by_form(&renamed), "h");
}

#[test]
fn a_template_that_prints_and_shapes_a_reader_has_a_right_form() {
    for text in [
        "{{upper recipient.name}}, {{recipient.outlet}} <{{recipient.email}}>",
        "To you: {{wrap recipient.name}} {{wrap why}} and so on\n\n\n{{recipient.outlet}}   \n\n",
        "{{underline recipient.name}}\n{{heading recipient.outlet}}\n  {{bullet why}}",
        "{{#if recipient.salutation}}{{recipient.salutation}}{{else}}-{{/if}}{{opt_out.href}}",
        "{{#each variants}}{{@index}} {{headline}} {{../recipient.name}} {{#if (eq lang \"ru\")}}!{{/if}}{{/each}}",
        "{{#each variants}}{{#each contacts}}{{> c this}}{{/each}}{{/each}}{{> c name=data.rating}}",
    ] {
        let files = [
            ("text.hbs", text),
            ("partials/c.hbs", "{{name}} {{@root.recipient.name}}\n"),
        ];
        assert_eq!(parts_by_form(&files), "sht", "{text}");
        let files = [("subject.hbs", text), files[1]];
        assert_eq!(parts_by_form(&files), "sht", "{text}");
    }
    let footer = "<mj-section><mj-column><mj-text><a title=\"{{recipient.name}}\">{{{recipient.outlet}}}</a>{{upper recipient.name}}{{#each variants}}{{salutation}}{{else}}{{/each}}</mj-text></mj-column></mj-section>";
    let footer = footer.replace(
        "{{salutation}}",
        "{{#if salutation}}{{{upper salutation}}}{{/if}}",
    );
    assert_eq!(parts_by_form(&[("partials/footer.mjml", &footer)]), "sht");
}

#[test]
fn indented_partials_and_texts_that_hold_marks_have_no_form() {
    let indented = [
        ("text.hbs", "a\n   {{> p}}\nb"),
        ("partials/p.hbs", "{{wrap why}}\n{{recipient.name}}\n"),
    ];
    assert_eq!(parts_by_form(&indented), "h");
    for mark in [
        "\u{fdd0}n\u{fdd1}",
        "\u{fdd0}",
        "\u{fdd1}",
        "\u{fdd0}\u{fdd1}",
    ] {
        assert_eq!(parts_by_form(&[("text.hbs", mark)]), "sh", "{mark:?}");
    }
}

#[test]
fn errors_come_out_as_the_templates_make_them() {
    for (name, text) in [
        ("subject.hbs", "{{#if salutation}}{{/if}} "),
        ("text.hbs", "{{recipient.salutation}}"),
        (
            "text.hbs",
            "{{#each data.many}}{{#each @root.data.many}}{{@root.recipient.name}}{{/each}}{{/each}}",
        ),
    ] {
        let mut release = release();
        release.data.insert("many".to_owned(), vec![1; 340].into());
        let kit = kit_with(&[(name, text)]).unwrap();
        let prepared = prepare(&kit, &release, &newsroom()).unwrap();
        for length in [1, 15, 40] {
            let mut case = Case::new("en", Phase::General);
            case.recipient.name = line(&"x".repeat(length));
            assert_same(&prepared, &case);
        }
    }
}

/// Whatever may stand in an address book.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => Just(String::new()),
        3 => "[A-Z][a-z]{1,9} [A-Z][a-z'-]{1,12}",
        2 => any::<String>(),
        2 => "[<>&\"'{}/a-c =.\u{fdd0}\u{fdd1}n]{0,30}",
        1 => "[ \t\r\n\u{a0}\u{2003}\u{2028}\u{3000}x]{0,12}",
        2 => "[а-яё «»א-ת\u{627}-\u{64a}\u{200e}\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}]{0,40}",
        1 => "[a-z水 ]{60,400}",
        1 => "[a-zß ı]{2040,2060}",
    ]
}

fn case() -> impl Strategy<Value = Case> {
    let languages = prop_oneof![
        proptest::sample::select(LANGUAGES.to_vec()),
        proptest::sample::select(vec!["en ru", "ru en ar", "ar fr", "uk kk es"]),
    ];
    let zone = proptest::sample::select(vec!["Asia/Almaty", "America/Los_Angeles", "UTC"]);
    let phase = proptest::sample::select(Phase::ALL.to_vec());
    let list = proptest::sample::select(vec!["", "Rivers & lakes"]);
    let email = prop_oneof![
        "[a-z'&+]{1,20}@[a-z]{1,12}\\.example",
        "[а-я]{1,20}@[а-я]{1,12}\\.example",
    ];
    let reader = (email, text(), text(), text(), text());
    (languages, zone, phase, list, reader).prop_map(|(languages, zone, phase, list, reader)| {
        let (email, name, salutation, outlet, subject) = reader;
        let mut case = Case::new(languages, phase);
        case.zone = Zone::parse(zone).unwrap();
        list.clone_into(&mut case.list);
        case.subject = subject;
        case.recipient.email = EmailAddress::parse(&email).unwrap();
        case.recipient.name = HeaderText::collapse(&name);
        case.recipient.salutation = salutation;
        case.recipient.outlet = outlet;
        case
    })
}

/// A kit that writes every value of a reader in every shape.
static SHAPELY: LazyLock<PreparedRelease> = LazyLock::new(|| {
    seven(&[
        (
            "subject.hbs",
            "{{#if recipient.name}}{{recipient.name}}{{/if}} {{#with variants.[0]}}{{headline}}{{/with}}",
        ),
        (
            "text.hbs",
            "{{#if recipient.name}}{{recipient.name}}, {{upper recipient.name}}\n{{underline recipient.name}}\n{{/if}}\n\n{{#if recipient.outlet}}{{bullet recipient.outlet}} {{wrap recipient.outlet}}{{heading recipient.outlet}}{{/if}}   \n\n\n{{#each variants}}{{#if salutation}}{{salutation}}  \n\n{{/if}}{{headline}}\n{{/each}}{{wrap why}} {{opt_out.href}}\n{{wrap opt_out.line}}\n{{recipient.email}}\n",
        ),
        (
            "partials/footer.mjml",
            "<mj-section><mj-column><mj-text>{{#if recipient.name}}<b title=\"{{recipient.name}}\">{{{upper recipient.name}}}</b>{{/if}}{{#if recipient.outlet}}{{upper recipient.outlet}} {{{recipient.outlet}}}{{/if}}{{why}} <a href=\"{{opt_out.href}}\">{{opt_out.line}}</a></mj-text></mj-column></mj-section>",
        ),
    ])
});

proptest! {
    // Each case makes forms of its own: some ten letters.
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn any_letter_is_the_same_by_form_and_by_template(case in case()) {
        assert_same(&SEVEN, &case);
        assert_same(&SHAPELY, &case);
    }
}
