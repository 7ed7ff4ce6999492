//! Dates, times and cities in the words of a language, by ICU.
//!
//! Times are on the 24-hour clock and in Latin digits in every language: an
//! embargo must not be misread. English without a region goes by British order
//! (day, month, year).

use crate::domain::language::Language;
use crate::domain::said::{Said, Tell};
use crate::domain::zone::Zone;
use crate::{said, shown_as_said};
use icu::calendar::Gregorian;
use icu::datetime::fieldsets::zone::ExemplarCity;
use icu::datetime::fieldsets::{MD, T, YMD, YMDE};
use icu::datetime::{
    DateTimeFormatterPreferences, FixedCalendarDateTimeFormatter, NoCalendarFormatter,
};
use icu::locale::{LanguageIdentifier, Locale, LocaleDirectionality};
use icu::time::zone::IanaParser;
use icu::time::{Time, TimeZone};
use jiff::ZonedDateTime;
use jiff::civil::{Date, Weekday};
use std::fmt;

type DateFormat<F> = FixedCalendarDateTimeFormatter<Gregorian, F>;

/// ICU could not make a formatter for a language, or take a date.
#[derive(Debug, Clone, thiserror::Error)]
pub struct DateError {
    language: String,
    reason: Said,
}

impl Tell for DateError {
    fn said(&self) -> Said {
        let Self { language, reason } = self;
        said!(
            "dates cannot be written in `{language}`: {reason}",
            language,
            reason
        )
    }
}

shown_as_said!(DateError);

/// The date formatters of one language, built once.
pub(super) struct Dates {
    language: String,
    full: DateFormat<YMDE>,
    long: DateFormat<YMD>,
    day: DateFormat<MD>,
    time: NoCalendarFormatter<T>,
    city: NoCalendarFormatter<ExemplarCity>,
}

impl fmt::Debug for Dates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dates")
            .field("language", &self.language)
            .finish_non_exhaustive()
    }
}

/// A time zone as its readers call it.
pub(super) struct ZoneName {
    /// BCP 47 short identifier, such as `kzala`; `utc` for UTC and its like.
    pub(super) id: String,
    /// The city that stands for it; `UTC` where no city does.
    pub(super) city: String,
}

impl Dates {
    /// The formatters of a language.
    pub(super) fn new(language: &Language) -> Result<Self, DateError> {
        let fail = |reason: &dyn fmt::Display| DateError {
            language: language.to_string(),
            reason: Said::verbatim(reason),
        };
        let prefs = preferences(language).map_err(|reason| fail(&reason))?;
        Ok(Self {
            language: language.to_string(),
            full: DateFormat::try_new(prefs, YMDE::long()).map_err(|e| fail(&e))?,
            long: DateFormat::try_new(prefs, YMD::long()).map_err(|e| fail(&e))?,
            day: DateFormat::try_new(prefs, MD::long()).map_err(|e| fail(&e))?,
            time: NoCalendarFormatter::try_new(prefs, T::hm()).map_err(|e| fail(&e))?,
            city: NoCalendarFormatter::try_new(prefs, ExemplarCity).map_err(|e| fail(&e))?,
        })
    }

    /// Weekday, day, month and year: `Thursday 10 March 2022`.
    pub(super) fn full(&self, date: Date) -> Result<String, DateError> {
        Ok(self.full.format(&self.gregorian(date)?).to_string())
    }

    /// Day, month and year: `10 March 2022`.
    pub(super) fn long(&self, date: Date) -> Result<String, DateError> {
        Ok(self.long.format(&self.gregorian(date)?).to_string())
    }

    /// Day and month: `10 March`.
    pub(super) fn day(&self, date: Date) -> Result<String, DateError> {
        Ok(self.day.format(&self.gregorian(date)?).to_string())
    }

    /// Hour and minute: `11:00`.
    pub(super) fn time(&self, at: &ZonedDateTime) -> Result<String, DateError> {
        let parts = [at.hour(), at.minute()].map(|part| u8::try_from(part).unwrap_or(0));
        let time = Time::try_new(parts[0], parts[1], 0, 0).map_err(|error| self.fail(&error))?;
        Ok(self.time.format(&time).to_string())
    }

    /// What readers call a zone.
    pub(super) fn zone(&self, zone: &Zone) -> ZoneName {
        let found = IanaParser::new().parse(zone.name());
        let id = found.to_string();
        if found == TimeZone::UNKNOWN
            || matches!(id.as_str(), "utc" | "gmt")
            || id.starts_with("utc")
        {
            return ZoneName {
                id: "utc".to_owned(),
                city: "UTC".to_owned(),
            };
        }
        let city = self.city.format(&found.without_offset()).to_string();
        ZoneName { id, city }
    }

    fn gregorian(&self, date: Date) -> Result<icu::calendar::Date<Gregorian>, DateError> {
        let [month, day] = [date.month(), date.day()].map(|part| u8::try_from(part).unwrap_or(0));
        icu::calendar::Date::try_new_gregorian(i32::from(date.year()), month, day)
            .map_err(|error| self.fail(&error))
    }

    fn fail(&self, reason: &dyn fmt::Display) -> DateError {
        DateError {
            language: self.language.clone(),
            reason: Said::verbatim(reason),
        }
    }
}

/// The key of a weekday for Fluent selectors: `mon` to `sun`.
pub(super) fn weekday_key(date: Date) -> &'static str {
    match date.weekday() {
        Weekday::Monday => "mon",
        Weekday::Tuesday => "tue",
        Weekday::Wednesday => "wed",
        Weekday::Thursday => "thu",
        Weekday::Friday => "fri",
        Weekday::Saturday => "sat",
        Weekday::Sunday => "sun",
    }
}

/// Whether a language is written from right to left.
pub fn is_right_to_left(language: &Language) -> bool {
    language
        .to_string()
        .parse::<LanguageIdentifier>()
        .is_ok_and(|tag| LocaleDirectionality::new_extended().is_right_to_left(&tag))
}

fn preferences(language: &Language) -> Result<DateTimeFormatterPreferences, String> {
    let tag = match language.to_string().as_str() {
        "en" => "en-GB".to_owned(),
        other => other.to_owned(),
    };
    let locale: Locale = format!("{tag}-u-hc-h23-nu-latn")
        .parse()
        .map_err(|error| format!("{error:?}"))?;
    Ok(DateTimeFormatterPreferences::from(&locale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_follow_the_language_and_times_the_24_hour_clock() {
        let at = "2026-03-10T13:05[Asia/Almaty]"
            .parse::<ZonedDateTime>()
            .unwrap();
        let zone = Zone::parse("Asia/Almaty").unwrap();
        let write = |tag: &&str| {
            let dates = Dates::new(&Language::parse(tag).unwrap()).unwrap();
            let parts = [
                dates.full(at.date()),
                dates.long(at.date()),
                dates.day(at.date()),
                dates.time(&at),
            ];
            let parts: Vec<String> = parts.into_iter().map(Result::unwrap).collect();
            format!("{tag}: {} | {}", parts.join(" | "), dates.zone(&zone).city)
        };
        let lines: Vec<String> = [
            "en", "en-US", "ru", "kk", "uk", "fr", "es", "ar", "fa", "tlh",
        ]
        .iter()
        .map(write)
        .collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
    en: Tuesday, 10 March 2026 | 10 March 2026 | 10 March | 13:05 | Almaty
    en-US: Tuesday, March 10, 2026 | March 10, 2026 | March 10 | 13:05 | Almaty
    ru: вторник, 10 марта 2026 г. | 10 марта 2026 г. | 10 марта | 13:05 | Алматы
    kk: 2026 ж. 10 наурыз, сейсенбі | 2026 ж. 10 наурыз | 10 наурыз | 13:05 | Алматы
    uk: вівторок, 10 березня 2026 р. | 10 березня 2026 р. | 10 березня | 13:05 | Алмати
    fr: mardi 10 mars 2026 | 10 mars 2026 | 10 mars | 13:05 | Alma Ata
    es: martes, 10 de marzo de 2026 | 10 de marzo de 2026 | 10 de marzo | 13:05 | Almaty
    ar: الثلاثاء، 10 مارس 2026 | 10 مارس 2026 | 10 مارس | 13:05 | ألماتي
    fa: سه‌شنبه 10 مارس 2026 | 10 مارس 2026 | 10 مارس | 13:05 | آلماتی
    tlh: 2026 M03 10, Tue | 2026 M03 10 | M03 10 | 13:05 | Almaty
    ");
    }

    #[test]
    fn a_zone_without_a_city_is_utc() {
        let dates = Dates::new(&Language::parse("en").unwrap()).unwrap();
        for name in ["UTC", "Etc/UTC", "Etc/GMT+5", "GMT"] {
            assert_eq!(dates.zone(&Zone::parse(name).unwrap()).id, "utc", "{name}");
        }
    }

    #[test]
    fn direction_follows_the_script() {
        let rtl = |tag: &str| is_right_to_left(&Language::parse(tag).unwrap());
        assert!(rtl("ar") && rtl("fa") && rtl("he") && rtl("az-Arab"));
        assert!(!rtl("en") && !rtl("ru") && !rtl("az"));
    }
}
