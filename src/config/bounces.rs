//! The table `[bounces]`: where mail comes back to, and when it bars an address.

use super::BounceSettings;
use super::read::Reader;
use super::units::duration;
use crate::domain::address::EmailAddress;
use crate::domain::bounce::BouncePolicy;
use crate::domain::return_path::ReturnPath;
use crate::toml_reader::Section;

impl Reader<'_> {
    pub(super) fn bounces(&mut self, top: &mut Section) -> BounceSettings {
        let normal = BouncePolicy::default();
        let Some(mut section) = top.section("bounces", self.problems) else {
            return BounceSettings::default();
        };
        let problems = &mut *self.problems;
        let address = section.parsed("address", problems, |text| {
            let address = EmailAddress::parse(text).map_err(|error| error.to_string())?;
            ReturnPath::check(&address).map(|()| address)
        });
        let soft = section.whole("soft", 1, problems);
        let policy = BouncePolicy {
            soft: soft.map_or(normal.soft, |soft| u32::try_from(soft).unwrap_or(u32::MAX)),
            within: section
                .parsed("within", problems, duration)
                .unwrap_or(normal.within),
            signed: address.is_some(),
        };
        section.finish(problems);
        BounceSettings { address, policy }
    }
}
