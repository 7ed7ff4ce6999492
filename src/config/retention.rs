//! The table `[retention]`: how long what nothing asks for any more is kept.

use super::read::Reader;
use super::units::duration;
use crate::domain::retention::Retention;
use crate::toml_reader::Section;

impl Reader<'_> {
    pub(super) fn retention(&mut self, section: Option<Section>) -> Retention {
        let Some(mut section) = section else {
            return Retention::default();
        };
        let problems = &mut *self.problems;
        let retention = Retention {
            log: section.parsed("log", problems, duration),
            bounces: section.parsed("bounces", problems, duration),
            imports: section.parsed("imports", problems, duration),
            acts: section.parsed("acts", problems, duration),
        };
        section.finish(problems);
        retention
    }
}
