//! Which releases anybody may read: what went out, is not withdrawn, and bars
//! nobody any more.

use super::course::Course;
use super::distribution::Distribution;
use super::ids::ReleaseId;
use jiff::Timestamp;

/// The distributions of a release of which one that went out makes it public,
/// the newest first; of all distributions, the newest first.
///
/// None where its embargo bars anybody still, or where it was taken back: by a
/// notice, or by killing what was planned last. A held distribution makes nothing
/// public: somebody wants to think.
pub fn may_be_public<'d>(
    release: &ReleaseId,
    all: &'d [Distribution],
    now: Timestamp,
) -> Vec<&'d Distribution> {
    let own: Vec<_> = all
        .iter()
        .filter(|one| one.release == *release && !one.notice)
        .collect();
    let open = own.iter().filter(|one| !is_killed(one));
    let barred = open.filter_map(|one| one.lift()).any(|lift| lift > now);
    if barred || is_taken_back(release, all) {
        return Vec::new();
    }
    let standing = own.into_iter().take_while(|one| !is_killed(one));
    standing
        .filter(|one| one.course.is_under_way() && public_from(one) <= now)
        .collect()
}

/// From when on a distribution makes its release public, if it goes out.
pub fn public_from(distribution: &Distribution) -> Timestamp {
    let lift = distribution.lift();
    let start = distribution.schedule.earliest(lift);
    let start = start.max(distribution.planned_at);
    lift.map_or(start, |lift| lift.max(start))
}

/// Whether those who have a release were told that it is withdrawn.
fn is_taken_back(release: &ReleaseId, all: &[Distribution]) -> bool {
    let notice = format!("{release}.kill");
    all.iter().any(|one| {
        one.notice
            && one.follows.as_ref() == Some(release)
            && one.release.as_str() == notice
            && !is_killed(one)
    })
}

fn is_killed(distribution: &Distribution) -> bool {
    match distribution.course {
        Course::Killed { .. } => true,
        Course::UnderWay { .. } | Course::Held { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::course::HoldCause;
    use crate::domain::embargo::Embargo;
    use crate::domain::ids::DistributionId;
    use crate::domain::schedule::{Schedule, Start};
    use crate::domain::send_window::SendWindow;
    use crate::domain::zone::Zone;
    use jiff::SignedDuration;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn release(id: &str) -> ReleaseId {
        ReleaseId::parse(id).unwrap()
    }

    fn under_way() -> Course {
        Course::UnderWay { since: at(0) }
    }

    fn held() -> Course {
        Course::Held {
            since: at(0),
            by: "vera".into(),
            why: "a figure".into(),
            cause: HoldCause::Person,
        }
    }

    fn killed() -> Course {
        Course::Killed {
            at: at(0),
            by: "vera".into(),
            why: "wrong".into(),
        }
    }

    /// Planned at 10, to start then.
    fn one(course: Course, lift: Option<i64>) -> Distribution {
        let zone = Zone::parse("UTC").unwrap();
        Distribution {
            id: DistributionId::from_parts(1, 1),
            release: release("a"),
            headline: "A".into(),
            planned_at: at(10),
            schedule: Schedule {
                start: Start::At { at: at(10) },
                from: at(10),
                window: SendWindow::ALWAYS,
                wave_gap: SignedDuration::ZERO,
                not_after: None,
            },
            embargo: lift.map(|lift| Embargo {
                until: at(lift),
                zone,
            }),
            course,
            approved_by: Vec::new(),
            follows: None,
            notice: false,
            to: Vec::new(),
            not: Vec::new(),
            content: String::new(),
            included: 1,
            excluded: BTreeMap::new(),
        }
    }

    fn public(all: &[Distribution], now: i64) -> usize {
        may_be_public(&release("a"), all, at(now)).len()
    }

    #[test]
    fn it_is_public_from_the_lift_on() {
        let all = [one(under_way(), Some(100))];
        assert_eq!((public(&all, 99), public(&all, 100)), (0, 1));
        assert_eq!(public_from(&all[0]), at(100));
        let all = [one(under_way(), None)];
        assert_eq!((public(&all, 9), public(&all, 10)), (0, 1));
        // One that still bars bars all.
        let all = [one(under_way(), Some(200)), one(under_way(), Some(100))];
        assert_eq!((public(&all, 150), public(&all, 200)), (0, 2));
    }

    #[test]
    fn what_is_held_or_taken_back_is_not() {
        assert_eq!(public(&[one(held(), None)], 50), 0);
        assert_eq!(public(&[one(held(), None), one(under_way(), None)], 50), 1);
        assert_eq!(
            public(&[one(killed(), None), one(under_way(), None)], 50),
            0
        );
        assert_eq!(
            public(&[one(under_way(), None), one(killed(), None)], 50),
            1
        );
        // A killed one bars nobody any more.
        assert_eq!(
            public(&[one(under_way(), None), one(killed(), Some(900))], 50),
            1
        );
        let notice = |id: &str| Distribution {
            release: release(id),
            follows: Some(release("a")),
            notice: true,
            ..one(under_way(), None)
        };
        assert_eq!(public(&[notice("a.kill"), one(under_way(), None)], 50), 0);
        assert_eq!(
            public(&[notice("a.lifted-early"), one(under_way(), None)], 50),
            1
        );
    }

    proptest! {
        #[test]
        fn nothing_is_public_while_an_embargo_bars(
            lifts in proptest::collection::vec((0i64..300, 0u8..3), 1..6),
            now in 0i64..300,
        ) {
            let course = |kind: u8| [under_way(), held(), killed()][usize::from(kind)].clone();
            let all: Vec<_> = lifts.iter().map(|(lift, kind)| one(course(*kind), Some(*lift))).collect();
            let bars = all.iter().any(|one| one.lift() > Some(at(now)) && !is_killed(one));
            let found = public(&all, now);
            prop_assert!(!bars || found == 0);
            prop_assert!(may_be_public(&release("a"), &all, at(now)).iter().all(|one| one.lift() <= Some(at(now))));
        }
    }
}
