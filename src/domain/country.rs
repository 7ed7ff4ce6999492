//! Countries with a single time zone: where a contact's own zone is unknown,
//! such a country tells it.

use super::zone::Zone;
use std::collections::HashMap;
use std::sync::LazyLock;

/// ISO 3166-1 alpha-2 and the country's only IANA zone, from the public-domain
/// `zone.tab` of the IANA time zone database.
const TABLE: &str = include_str!("country_zones.tsv");

static ZONES: LazyLock<HashMap<&'static str, Zone>> = LazyLock::new(|| {
    TABLE
        .lines()
        .filter_map(|line| {
            let (country, zone) = line.split_once('\t')?;
            Some((country, Zone::parse(zone).ok()?))
        })
        .collect()
});

/// The only zone of a country, by its alpha-2 code in upper case; `None` where
/// it has several or is not known.
pub fn only_zone(country: &str) -> Option<Zone> {
    ZONES.get(country).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_of_the_table_is_known() {
        assert_eq!(ZONES.len(), TABLE.lines().count());
    }

    #[test]
    fn a_country_of_several_zones_tells_none() {
        assert_eq!(
            only_zone("CH").map(|zone| zone.to_string()).as_deref(),
            Some("Europe/Zurich")
        );
        for country in ["RU", "US", "AU", "BR", "XX", ""] {
            assert_eq!(only_zone(country), None, "{country}");
        }
    }
}
