//! Kits: what is found wrong with them, and what a workspace may override.

use super::sample::*;
use super::*;

#[test]
fn a_missing_field_is_named_with_its_place() {
    insta::assert_snapshot!(render_file("text.hbs", "Hello\n{{#each variants}}{{haedline}}{{/each}}").unwrap_err(), @"templates/email/press-release/text.hbs:2: no field `haedline` here; wrap it in `{{#if haedline}}` where it may be absent, or see docs/templates.md for the names");
    insta::assert_snapshot!(render_file("partials/footer.mjml", "<mj-section>\n<mj-column><mj-text>{{recipient.salutation}}</mj-text></mj-column>\n</mj-section>").unwrap_err(), @"templates/email/press-release/partials/footer.mjml:2: no field `recipient.salutation` here; wrap it in `{{#if recipient.salutation}}` where it may be absent, or see docs/templates.md for the names");
    insta::assert_snapshot!(render_file("subject.hbs", "{{#if embrago}}x{{/if}}y").unwrap_err(), @"templates/email/press-release/subject.hbs:1: no field `embrago` here; wrap it in `{{#if embrago}}` where it may be absent, or see docs/templates.md for the names");
    insta::assert_snapshot!(render_file("subject.hbs", "{{data.ratting}}").unwrap_err(), @"templates/email/press-release/subject.hbs:1: no field `data.ratting` here; wrap it in `{{#if data.ratting}}` where it may be absent, or see docs/templates.md for the names");
}

#[test]
fn free_data_and_own_words_reach_the_template() {
    let kit = kit_with(&[
        (
            "subject.hbs",
            "{{data.rating}}{{#if data.none}}!{{/if}} {{words.tip}}",
        ),
        ("i18n/en.ftl", "tip = Call { $newsroom }\n"),
    ])
    .unwrap();
    let prepared = prepare(&kit, &release(), &newsroom()).unwrap();
    let letter = render_with(&prepared, "en", "UTC", Phase::General, &recipient()).unwrap();
    assert_eq!(letter.subject.as_str(), "low Call Open Rivers Watch");
}

#[test]
fn a_variants_own_subject_stands_for_its_headline() {
    let mut release = release();
    release.variants[0].subject =
        Some(crate::domain::header_text::HeaderText::parse("Rivers: half ran low").unwrap());
    let prepared = prepare(&kit_with(&[]).unwrap(), &release, &newsroom()).unwrap();
    let subject = |phase| {
        render_with(&prepared, "en", "Asia/Almaty", phase, &recipient())
            .unwrap()
            .subject
            .to_string()
    };
    assert_eq!(subject(Phase::General), "Rivers: half ran low");
    assert_eq!(
        subject(Phase::Advance),
        "EMBARGOED until 10 March, 11:00 (Almaty) | Rivers: half ran low"
    );
}

#[test]
fn a_file_for_a_language_stands_before_the_common_one() {
    let kit = kit_with(&[("subject.ru.hbs", "По-русски")]).unwrap();
    let prepared = prepare(&kit, &release(), &newsroom()).unwrap();
    let subject = |language| {
        render_with(&prepared, language, "UTC", Phase::General, &recipient())
            .unwrap()
            .subject
            .to_string()
    };
    assert_eq!(subject("ru"), "По-русски");
    assert!(subject("en").starts_with("Press release"));
}

#[test]
fn partials_that_run_in_a_circle_are_named() {
    insta::assert_snapshot!(kit_with(&[("partials/a.hbs", "{{> b}}"), ("partials/b.hbs", "{{#if x}}{{> c}}{{/if}}"), ("partials/c.hbs", "{{> a}}")]).unwrap_err(), @"templates/email/press-release/partials/a.hbs: partials include one another without end: a -> b -> c -> a");
    insta::assert_snapshot!(kit_with(&[("subject.hbs", "{{#*inline \"x\"}}{{> x}}{{/inline}}{{> x}}")]).unwrap_err(), @"templates/email/press-release/subject.hbs: partials include one another without end: x -> x");
    insta::assert_snapshot!(kit_with(&[("partials/footer.mjml", "<mj-raw></mj-raw>\n<mj-include path=\"partials/footer.mjml\" />")]).unwrap_err(), @"templates/email/press-release/partials/footer.mjml:2: includes itself: layout.mjml -> partials/footer.mjml -> partials/footer.mjml");
    insta::assert_snapshot!(kit_with(&[("subject.hbs", "{{> nowhere}}{{> (lookup this 'x')}}")]).unwrap_err(), @r"
    templates/email/press-release/subject.hbs: no partial `nowhere` in the kit; expected a file `partials/nowhere.hbs`
    templates/email/press-release/subject.hbs: the name of a partial is computed; expected a plain name
    ");
}

#[test]
fn broken_files_are_named_with_their_line() {
    insta::assert_snapshot!(kit_with(&[("subject.hbs", "a\n{{#if x}}b")]).unwrap_err(), @"templates/email/press-release/subject.hbs:2:11: not Handlebars: invalid handlebars syntax; a tag is malformed, or a block is not closed");
    insta::assert_snapshot!(kit_with(&[("i18n/en.ftl", "tip = { $newsroom\n")]).unwrap_err(), @r#"templates/i18n/en.ftl:2: not Fluent: expected a token starting with "}""#);
    insta::assert_snapshot!(kit_with(&[("i18n/en.ftl", "\nembargo-until = { $tiem }\n")]).unwrap_err(), @"templates/i18n/en.ftl:2: the message `embargo-until` of `en` does not resolve: unknown variable: $tiem");
    insta::assert_snapshot!(kit_with(&[("i18n/de.ftl", "about = Über\n")]).unwrap_err().lines().next().unwrap(), @"templates/i18n/de.ftl: the message `embargo-note` of `de` is missing");
    insta::assert_snapshot!(kit_with(&[("partials/footer.mjml", "<mj-section>\n<mj-column <\n</mj-section>")]).unwrap_err(), @"templates/email/press-release/partials/footer.mjml:2: not MJML: invalid attribute at 92:11 cause invalid name token");
    assert!(
        kit_with(&[("text.hbs", &"{{#if a}}".repeat(100_000))])
            .unwrap_err()
            .contains("nested more than 64 deep")
    );
    assert!(
        kit_with(&[("partials/footer.mjml", &"{{#if a}}".repeat(100_000))])
            .unwrap_err()
            .contains("nested more than 64 deep")
    );
    assert!(
        kit_with(&[("partials/footer.mjml", &"<mj-wrapper>".repeat(100_000))])
            .unwrap_err()
            .contains("nested more than 128 deep")
    );
}

#[test]
fn a_language_without_words_is_named() {
    let mut release = release();
    release.variants[0].language = lang("de");
    let error = prepare(&kit_with(&[]).unwrap(), &release, &newsroom()).unwrap_err();
    insta::assert_snapshot!(error, @"de.md: the templates have no words for `de`; add templates/i18n/de.ftl");
    release.variants[0].language = lang("ru-KZ");
    assert!(prepare(&kit_with(&[]).unwrap(), &release, &newsroom()).is_ok());
}

#[test]
fn a_part_that_grows_without_measure_is_stopped() {
    let mut release = release();
    release
        .data
        .insert("many".to_owned(), vec!["x".repeat(100); 1000].into());
    let kit = kit_with(&[(
        "text.hbs",
        "{{#each data.many}}{{#each @root.data.many}}{{this}}{{/each}}{{/each}}",
    )])
    .unwrap();
    let prepared = prepare(&kit, &release, &newsroom()).unwrap();
    let error = render_with(&prepared, "en", "UTC", Phase::General, &recipient()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "templates/email/press-release/text.hbs: the rendered part has more than 2097152 bytes"
    );
}

#[test]
fn sources_are_frozen_as_they_are() {
    let mut sources = KitSources::load(DEFAULT_KIT, None).unwrap();
    sources.overlay("subject.hbs", "fixed");
    let frozen = serde_json::to_string(&sources).unwrap();
    assert_eq!(
        serde_json::from_str::<KitSources>(&frozen).unwrap(),
        sources
    );
}

#[test]
fn a_workspace_overrides_and_links_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let kit = folder.path().join("email/press-release");
    std::fs::create_dir_all(&kit).unwrap();
    std::fs::write(kit.join("subject.hbs"), "ours").unwrap();
    std::fs::write(kit.join("README.md"), [0xff, 0xfe]).unwrap_or_default();
    let sources = KitSources::load(DEFAULT_KIT, Some(folder.path())).unwrap();
    assert_eq!(sources.files["subject.hbs"].text, "ours");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/etc/hostname", kit.join("text.hbs")).unwrap();
        let problems = KitSources::load(DEFAULT_KIT, Some(folder.path())).unwrap_err();
        assert_eq!(
            problems[0].to_string(),
            "templates/email/press-release/text.hbs: is not a regular file; links are not followed"
        );
    }
    assert!(KitSources::load("../x", None).is_err());
}
