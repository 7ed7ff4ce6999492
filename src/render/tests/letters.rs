//! What letters say, and to whom.

use super::sample::*;
use super::*;

#[test]
fn the_embargo_line_is_in_the_readers_language_and_zone() {
    insta::assert_snapshot!(embargo_lines("Asia/Almaty"), @r"
    en: EMBARGOED until Tuesday 10 March 2026, 11:00 Almaty time (06:00 UTC)
    ru: ЭМБАРГО до вторника, 10 марта 2026{202f}г., 11:00 по времени Алматы (06:00 UTC)
    kk: ЭМБАРГО аяқталады: 2026{202f}ж. 10 наурыз, сейсенбі, Алматы уақытымен сағат 11:00 (06:00 UTC)
    uk: ЕМБАРГО до вівторка, 10 березня 2026{202f}р., 11:00 за часом Алмати (06:00 UTC)
    fr: SOUS EMBARGO jusqu’au mardi 10 mars 2026 à 11:00, heure d’Almaty (06:00 UTC)
    es: EMBARGADO hasta las 11:00 (hora de Almaty; 06:00 UTC) del martes, 10 de marzo de 2026
    ar: محظور النشر حتى الثلاثاء، 10 مارس 2026، الساعة 11:00 بتوقيت ألماتي ({2066}06:00 UTC{2069})
    ");
}

#[test]
fn utc_on_another_day_is_dated() {
    insta::assert_snapshot!(embargo_lines("America/Los_Angeles"), @r"
    en: EMBARGOED until Monday 9 March 2026, 23:00 Los Angeles time (10 March, 06:00 UTC)
    ru: ЭМБАРГО до понедельника, 9 марта 2026{202f}г., 23:00 по местному времени (Лос-Анджелес; 10 марта, 06:00 UTC)
    kk: ЭМБАРГО аяқталады: 2026{202f}ж. 9 наурыз, дүйсенбі, Лос-Анджелес уақытымен сағат 23:00 (10 наурыз, 06:00 UTC)
    uk: ЕМБАРГО до понеділка, 9 березня 2026{202f}р., 23:00 за місцевим часом (Лос-Анджелес; 10 березня, 06:00 UTC)
    fr: SOUS EMBARGO jusqu’au lundi 9 mars 2026 à 23:00, heure de Los Angeles (10 mars, 06:00 UTC)
    es: EMBARGADO hasta las 23:00 (hora de Los Ángeles; 10 de marzo, 06:00 UTC) del lunes, 9 de marzo de 2026
    ar: محظور النشر حتى الاثنين، 9 مارس 2026، الساعة 23:00 بتوقيت لوس انجلوس (10 مارس، {2066}06:00 UTC{2069})
    ");
}

#[test]
fn a_declined_city_is_grammatical() {
    insta::assert_snapshot!(embargo_lines("Europe/Kyiv"), @r"
    en: EMBARGOED until Tuesday 10 March 2026, 08:00 Kyiv time (06:00 UTC)
    ru: ЭМБАРГО до вторника, 10 марта 2026{202f}г., 08:00 по киевскому времени (06:00 UTC)
    kk: ЭМБАРГО аяқталады: 2026{202f}ж. 10 наурыз, сейсенбі, Киев уақытымен сағат 08:00 (06:00 UTC)
    uk: ЕМБАРГО до вівторка, 10 березня 2026{202f}р., 08:00 за київським часом (06:00 UTC)
    fr: SOUS EMBARGO jusqu’au mardi 10 mars 2026 à 08:00, heure de Kiev (06:00 UTC)
    es: EMBARGADO hasta las 08:00 (hora de Kiev; 06:00 UTC) del martes, 10 de marzo de 2026
    ar: محظور النشر حتى الثلاثاء، 10 مارس 2026، الساعة 08:00 بتوقيت كييف ({2066}06:00 UTC{2069})
    ");
}

#[test]
fn utc_and_zones_without_a_city_are_told_in_utc() {
    insta::assert_snapshot!(embargo_lines("Etc/GMT-5"), @r"
    en: EMBARGOED until Tuesday 10 March 2026, 06:00 UTC
    ru: ЭМБАРГО до вторника, 10 марта 2026{202f}г., 06:00 UTC
    kk: ЭМБАРГО аяқталады: 2026{202f}ж. 10 наурыз, сейсенбі, сағат 06:00 UTC
    uk: ЕМБАРГО до вівторка, 10 березня 2026{202f}р., 06:00 UTC
    fr: SOUS EMBARGO jusqu’au mardi 10 mars 2026 à 06:00 UTC
    es: EMBARGADO hasta las 06:00 UTC del martes, 10 de marzo de 2026
    ar: محظور النشر حتى الثلاثاء، 10 مارس 2026، الساعة {2066}06:00 UTC{2069}
    ");
}

#[test]
fn plain_text_reads_well() {
    let letter = render("en", "Asia/Almaty", Phase::Advance);
    insta::assert_snapshot!(letter.text, @r"
    OPEN RIVERS WATCH

    EMBARGOED until Tuesday 10 March 2026, 11:00 Almaty time (06:00 UTC)
    Not for publication, broadcast or posting online before this time.

    Press release

    Half of monitored rivers ran below their safe level for a third summer
    ======================================================================

    New readings from 40 basins show the decline reaching the headwaters

    Vienna, 10 March 2026

    Key points
    ----------
      • 21 of 40 basins fell below the level at which fish survive
      • Headwaters lost a fifth of their flow within three years
      • Four governments have stopped publishing their own gauges

    The summer flow of 21 rivers fell below the level at which fish survive,
    according to readings that volunteers took every morning between June and
    September. It is the third year in a row, and the first in which the springs
    themselves ran low.

    “We used to warn people about the lower reaches. Now we are warning the
    villages at the source,” said Ilse Brandt, who leads the field programme.

    What was measured
    -----------------

    Each station reports depth, temperature and oxygen. The full table [1] lists
    every reading, and the method [2] has been reviewed by two universities.

        A river that is not measured is a river that nobody has to answer for.

    Three steps would help at once:

      • publish the gauges that states already run;
      • agree on a minimum flow for each basin;
      • pay upstream farmers for the water they leave.

    The next report follows in spring.

    [1] https://rivers.example/data/2026
    [2] https://rivers.example/method

    Press contacts
    --------------

    Ilse Brandt
    Head of the field programme
    ilse@rivers.example
    +43 1 555 01 23

    Press desk
    press@rivers.example

    Notes to editors
    ----------------

    Interviews in English, German and Russian can be arranged at short notice.
    Photographs are free to use with credit.

    About Open Rivers Watch
    -----------------------

    Open Rivers Watch measures water in 40 river basins and publishes every
    reading. See our data [3].

    [3] https://rivers.example/data

    --
    You receive this because reader@paper.example is on the “Rivers & lakes”
    press list of Open Rivers Watch.
    To unsubscribe, write to opt-out@rivers.example with the subject “no more,
    please”
    ");
}

#[test]
fn plain_text_has_no_trailing_white_space_and_fits_the_screen() {
    for language in ["en", "ru", "ar"] {
        let text = render(language, "Asia/Almaty", Phase::Advance).text;
        assert!(
            text.ends_with('\n') && !text.ends_with("\n\n"),
            "{language}"
        );
        for line in text.lines() {
            assert_eq!(line, line.trim_end(), "{language}");
            assert!(
                textwrap::core::display_width(line) <= 78,
                "{language}: {line}"
            );
        }
    }
}

#[test]
fn after_the_lift_nothing_speaks_of_an_embargo() {
    let letter = render("en", "Asia/Almaty", Phase::General);
    insta::assert_snapshot!(letter.subject.as_str(), @"Press release: Half of monitored rivers ran below their safe level for a third summer");
    assert!(!letter.html.contains("EMBARGOED") && !letter.text.contains("EMBARGOED"));
    assert!(letter.text.contains("For immediate release"));
}

#[test]
fn letters_do_not_leak_into_one_another() {
    let prepared = prepare(&kit_with(&[]).unwrap(), &release(), &newsroom()).unwrap();
    let mut greeted = recipient();
    greeted.salutation = "Dear Dana,".to_owned();
    let first = render_with(&prepared, "en", "Asia/Almaty", Phase::Advance, &greeted).unwrap();
    let second = render_with(
        &prepared,
        "en",
        "Europe/Paris",
        Phase::General,
        &recipient(),
    )
    .unwrap();
    let again = render_with(&prepared, "en", "Asia/Almaty", Phase::Advance, &greeted).unwrap();
    assert_eq!(first, again);
    assert!(first.html.contains("Dear Dana,") && first.text.contains("\nDear Dana,\n"));
    assert!(!second.html.contains("Dear Dana") && !second.html.contains("EMBARGOED"));
}

#[test]
fn stacked_variants_each_keep_their_direction() {
    let letter = render("ru en ar", "Asia/Almaty", Phase::Advance);
    assert_eq!(letter.language, lang("ru"));
    for part in [
        "<div lang=\"ru\" dir=\"ltr\" id=\"v-ru\">",
        "<div lang=\"en\" dir=\"ltr\" id=\"v-en\">",
        "<div lang=\"ar\" dir=\"rtl\" id=\"v-ar\">",
        "<a href=\"#v-ar\" lang=\"ar\" dir=\"rtl\"",
    ] {
        assert!(letter.html.contains(part), "{part}");
    }
    assert!(letter.text.contains("English version below\n"));
}

#[test]
fn arabic_is_set_from_the_right() {
    let letter = render("ar", "Asia/Almaty", Phase::Advance);
    assert!(
        letter
            .html
            .starts_with("<!doctype html><html lang=\"ar\" dir=\"rtl\"")
    );
    assert!(
        letter.html.contains("border-right:4px solid")
            && letter.html.contains("padding-right: 24px")
    );
    assert!(letter.html.matches("text-align:right;").count() >= 3);
    assert!(
        letter
            .html
            .contains("<a href=\"mailto:ilse@rivers.example\" dir=\"ltr\"")
    );
    assert!(letter.text.contains("\u{2066}+43 1 555 01 23\u{2069}"));
}

#[test]
fn values_are_data_and_never_markup() {
    let mut release = release();
    release.variants[0].headline = line("Fish & <b>chips</b> {{recipient.email}} \"q\"");
    release.variants[0].body = "A {{newsroom.name}} & <3 `{{#each}}`".to_owned();
    let prepared = prepare(&kit_with(&[]).unwrap(), &release, &newsroom()).unwrap();
    let letter = render_with(&prepared, "en", "Asia/Almaty", Phase::General, &recipient()).unwrap();
    assert_eq!(
        letter.subject.as_str(),
        "Press release: Fish & <b>chips</b> {{recipient.email}} \"q\""
    );
    assert!(
        letter
            .html
            .contains("Fish &amp; &lt;b&gt;chips&lt;/b&gt; {{recipient.email}}"),
        "{}",
        letter.html
    );
    assert!(letter.html.contains("A {{newsroom.name}} &amp; &lt;3"));
    assert!(
        letter.html.contains("“Rivers &amp; lakes”") && letter.text.contains("“Rivers & lakes”")
    );
    assert!(
        letter
            .html
            .contains("href=\"mailto:opt-out@rivers.example?subject=no%20more%2C%20please\"")
    );
}

#[test]
fn a_subject_is_one_line() {
    let letter = render_file("subject.hbs", "One\r\nBcc: {{recipient.email}}\n").unwrap();
    assert_eq!(letter.subject.as_str(), "One Bcc: reader@paper.example");
    assert_eq!(
        render_file("subject.hbs", " \n").unwrap_err(),
        "templates/email/press-release/subject.hbs: the subject is empty"
    );
}

#[test]
fn a_prepared_release_serves_many_threads() {
    let prepared = prepare(&kit_with(&[]).unwrap(), &release(), &newsroom()).unwrap();
    let expected =
        render_with(&prepared, "ru", "Asia/Almaty", Phase::Advance, &recipient()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20 {
                    assert_eq!(
                        render_with(&prepared, "ru", "Asia/Almaty", Phase::Advance, &recipient())
                            .unwrap(),
                        expected
                    );
                }
            });
        }
    });
}
