//! An invented newsroom and its release in three languages.

use crate::domain::address::EmailAddress;
use crate::domain::contact::Recipient;
use crate::domain::embargo::Embargo;
use crate::domain::encryption::EncryptionPolicy;
use crate::domain::header_text::HeaderText;
use crate::domain::ids::{ContactId, ReleaseId};
use crate::domain::language::Language;
use crate::domain::localized::Localized;
use crate::domain::newsroom::Newsroom;
use crate::domain::release::{PressContact, Release, ReleaseDateline, ReleaseKind, Variant};
use crate::domain::zone::Zone;
use std::collections::BTreeMap;

pub(super) fn lang(tag: &str) -> Language {
    Language::parse(tag).unwrap()
}

pub(super) fn line(text: &str) -> HeaderText {
    HeaderText::parse(text).unwrap()
}

pub(super) fn by(forms: &[(&str, &str)]) -> Localized<HeaderText> {
    Localized {
        any: None,
        by_language: forms
            .iter()
            .map(|(tag, text)| (lang(tag), line(text)))
            .collect(),
    }
}

pub(super) fn texts(forms: &[(&str, &str)]) -> Localized<String> {
    Localized {
        any: None,
        by_language: forms
            .iter()
            .map(|(tag, text)| (lang(tag), (*text).to_owned()))
            .collect(),
    }
}

pub(super) fn newsroom() -> Newsroom {
    Newsroom {
        name: by(&[
            ("en", "Open Rivers Watch"),
            ("ru", "Открытые реки"),
            ("ar", "مرصد الأنهار المفتوحة"),
        ]),
        domain: "rivers.example".to_owned(),
        from: EmailAddress::parse("press@rivers.example").unwrap(),
        reply_to: None,
        opt_out: EmailAddress::parse("opt-out@rivers.example").unwrap(),
        zone: Zone::parse("Europe/Vienna").unwrap(),
        accent: "#0f6b62".to_owned(),
        logo: None,
        website: Some("https://www.rivers.example/".to_owned()),
        postal_address: None,
        boilerplate: texts(&[
            (
                "en",
                "Open Rivers Watch measures water in 40 river basins and publishes every reading. See [our data](https://rivers.example/data).",
            ),
            (
                "ru",
                "«Открытые реки» измеряют состояние воды в 40 речных бассейнах и публикуют каждое измерение. Смотрите [данные](https://rivers.example/data).",
            ),
            (
                "ar",
                "يقيس مرصد الأنهار المفتوحة جودة المياه في 40 حوضًا نهريًا وينشر كل قراءة. انظر [بياناتنا](https://rivers.example/data).",
            ),
        ]),
        allow_html: false,
    }
}

pub(super) fn variant(
    tag: &str,
    headline: &str,
    subhead: &str,
    highlights: &[&str],
    body: &str,
    notes: Option<&str>,
) -> Variant {
    Variant {
        language: lang(tag),
        headline: line(headline),
        subhead: Some(line(subhead)),
        subject: None,
        highlights: highlights.iter().map(|text| line(text)).collect(),
        body: body.to_owned(),
        notes: notes.map(str::to_owned),
    }
}

pub(super) fn english() -> Variant {
    variant(
        "en",
        "Half of monitored rivers ran below their safe level for a third summer",
        "New readings from 40 basins show the decline reaching the headwaters",
        &[
            "21 of 40 basins fell below the level at which fish survive",
            "Headwaters lost a fifth of their flow within three years",
            "Four governments have stopped publishing their own gauges",
        ],
        "The summer flow of 21 rivers fell below the level at which fish survive, according to readings that volunteers took every morning between June and September. It is the third year in a row, and the first in which the springs themselves ran low.\n\n\
        “We used to warn people about the lower reaches. Now we are warning the villages at the source,” said Ilse Brandt, who leads the field programme.\n\n\
        ## What was measured\n\n\
        Each station reports depth, temperature and oxygen. The [full table](https://rivers.example/data/2026) lists every reading, and the [method](https://rivers.example/method) has been reviewed by two universities.\n\n\
        > A river that is not measured is a river that nobody has to answer for.\n\n\
        Three steps would help at once:\n\n\
        - publish the gauges that states already run;\n\
        - agree on a minimum flow for each basin;\n\
        - pay upstream farmers for the water they leave.\n\n\
        The next report follows in spring.",
        Some(
            "Interviews in English, German and Russian can be arranged at short notice. Photographs are free to use with credit.",
        ),
    )
}

pub(super) fn russian() -> Variant {
    variant(
        "ru",
        "Половина рек под наблюдением третье лето подряд обмелела ниже безопасного уровня",
        "Новые измерения в 40 бассейнах показывают: обмеление дошло до истоков",
        &[
            "В 21 из 40 бассейнов вода опустилась ниже уровня, при котором выживает рыба",
            "За три года верховья потеряли пятую часть стока",
            "Четыре государства перестали публиковать данные своих постов",
        ],
        "Летний сток 21 реки опустился ниже уровня, при котором выживает рыба. Это показали измерения, которые волонтёры проводили каждое утро с июня по сентябрь. Так происходит третий год подряд, и впервые обмелели сами родники.\n\n\
        «Раньше мы предупреждали тех, кто живёт в низовьях. Теперь предупреждаем деревни у истока», — говорит руководитель полевой программы Ильзе Брандт.\n\n\
        ## Что измеряли\n\n\
        Каждая станция сообщает глубину, температуру и содержание кислорода. В [полной таблице](https://rivers.example/data/2026) собраны все измерения, а [методику](https://rivers.example/method) проверили два университета.\n\n\
        > За реку, которую никто не измеряет, никто и не отвечает.\n\n\
        Следующий доклад выйдет весной.",
        None,
    )
}

pub(super) fn arabic() -> Variant {
    variant(
        "ar",
        "نصف الأنهار المرصودة دون المستوى الآمن للصيف الثالث على التوالي",
        "قراءات جديدة من 40 حوضًا تُظهر أن التراجع بلغ المنابع",
        &[
            "انخفض المنسوب في 21 حوضًا من أصل 40 إلى ما دون حد بقاء الأسماك",
            "فقدت المنابع خُمس تدفقها خلال ثلاث سنوات",
            "توقفت أربع حكومات عن نشر بيانات محطاتها",
        ],
        "انخفض التدفق الصيفي لواحد وعشرين نهرًا إلى ما دون المستوى الذي تعيش فيه الأسماك، وفق قراءات أخذها متطوعون كل صباح بين يونيو وسبتمبر. وهذا هو العام الثالث على التوالي، والأول الذي تنحسر فيه الينابيع نفسها.\n\n\
        «كنا نحذر سكان المجرى الأدنى، واليوم نحذر القرى عند المنبع»، قالت إلزه براندت، مديرة البرنامج الميداني.\n\n\
        ## ما الذي قيس\n\n\
        ترسل كل محطة العمق ودرجة الحرارة والأكسجين. يضم [الجدول الكامل](https://rivers.example/data/2026) جميع القراءات.\n\n\
        > النهر الذي لا يُقاس نهرٌ لا يُسأل عنه أحد.\n\n\
        - نشر بيانات المحطات القائمة؛\n\
        - الاتفاق على حد أدنى للتدفق.\n\n\
        يصدر التقرير التالي في الربيع.",
        None,
    )
}

pub(super) fn release() -> Release {
    Release {
        id: ReleaseId::parse("2026-03-10-rivers").unwrap(),
        kind: ReleaseKind::PressRelease,
        embargo: Some(Embargo::parse("2026-03-10T11:00[Asia/Almaty]").unwrap()),
        dateline: ReleaseDateline {
            place: texts(&[("en", "Vienna"), ("ru", "Вена"), ("ar", "فيينا")]),
            date: Some(jiff::civil::date(2026, 3, 10)),
        },
        countries: vec!["KZ".to_owned()],
        press_contacts: vec![
            PressContact {
                name: by(&[
                    ("en", "Ilse Brandt"),
                    ("ru", "Ильзе Брандт"),
                    ("ar", "إلزه براندت"),
                ]),
                role: by(&[
                    ("en", "Head of the field programme"),
                    ("ru", "руководитель полевой программы"),
                    ("ar", "مديرة البرنامج الميداني"),
                ]),
                email: Some(EmailAddress::parse("ilse@rivers.example").unwrap()),
                phone: Some(line("+43 1 555 01 23")),
                languages: Vec::new(),
            },
            PressContact {
                name: by(&[
                    ("en", "Press desk"),
                    ("ru", "Пресс-служба"),
                    ("ar", "المكتب الصحفي"),
                ]),
                role: Localized::default(),
                email: Some(EmailAddress::parse("press@rivers.example").unwrap()),
                phone: None,
                languages: Vec::new(),
            },
        ],
        attachments: Vec::new(),
        data: BTreeMap::from([("rating".to_owned(), "low".into())]),
        variants: vec![english(), russian(), arabic()],
    }
}

pub(super) fn recipient() -> Recipient {
    Recipient {
        contact: ContactId::from_parts(0, 1),
        email: EmailAddress::parse("reader@paper.example").unwrap(),
        name: line("Dana Reader"),
        salutation: String::new(),
        outlet: "The Paper".to_owned(),
        encryption: EncryptionPolicy::Off,
    }
}
