//! Which relay takes the next delivery: by priority, then by weight.
//!
//! Pure. Relays of a higher number stand by while one of a lower number can
//! be used. Among those of one priority, whoever is behind its share goes
//! first, as long as it keeps up.

/// Deliveries by which a relay may run ahead of its share.
const AHEAD: f64 = 32.0;

/// A relay as the router sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lane {
    /// Those of a higher number stand by.
    pub priority: u32,
    /// Its share among those of the same priority.
    pub weight: u32,
    /// Whether it can be used at all.
    pub open: bool,
    /// Whether it asks for more as soon as it can: one that is slow or held to
    /// its rate does not hold up the others.
    pub keeps_up: bool,
    /// Deliveries that it was given, as [`served_on_return`] counts them.
    pub served: f64,
}

/// Whether a relay may take a delivery now.
pub fn may_take(lanes: &[Lane], which: usize) -> bool {
    let Some(lane) = lanes.get(which).filter(|lane| lane.open) else {
        return false;
    };
    let usable = || lanes.iter().filter(|other| other.open);
    if usable().any(|other| other.priority < lane.priority) {
        return false;
    }
    let behind = usable()
        .filter(|other| other.priority == lane.priority && other.keeps_up)
        .map(share)
        .fold(share(lane), f64::min);
    share(lane) <= behind + AHEAD / f64::from(lane.weight.max(1))
}

/// How far along its share a relay is.
fn share(lane: &Lane) -> f64 {
    lane.served / f64::from(lane.weight.max(1))
}

/// What a relay that was away is counted as having been given, when it comes
/// back: it does not make up for the time it was away.
pub fn served_on_return(lanes: &[Lane], which: usize) -> f64 {
    let Some(lane) = lanes.get(which) else {
        return 0.0;
    };
    let others = lanes
        .iter()
        .enumerate()
        .filter(|(index, other)| *index != which && other.open && other.priority == lane.priority)
        .map(|(_, other)| share(other))
        .fold(share(lane), f64::max);
    others * f64::from(lane.weight.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lane(priority: u32, weight: u32) -> Lane {
        Lane {
            priority,
            weight,
            open: true,
            keeps_up: true,
            served: 0.0,
        }
    }

    /// Gives deliveries to whoever asks, in turn.
    fn serve(lanes: &mut [Lane], count: usize) {
        for n in 0..count * lanes.len() {
            let which = n % lanes.len();
            if may_take(lanes, which) {
                lanes[which].served += 1.0;
            }
        }
    }

    #[test]
    fn weights_are_kept() {
        let mut lanes = [lane(1, 3), lane(1, 1)];
        serve(&mut lanes, 10_000);
        let share = lanes[0].served / (lanes[0].served + lanes[1].served);
        assert!((share - 0.75).abs() < 0.01, "{share}");
    }

    #[test]
    fn others_stand_by_while_the_first_can_be_used() {
        let mut lanes = [lane(1, 1), lane(2, 1)];
        serve(&mut lanes, 100);
        assert_eq!((lanes[0].served, lanes[1].served), (100.0, 0.0));
        lanes[0].open = false;
        serve(&mut lanes, 100);
        assert_eq!((lanes[0].served, lanes[1].served), (100.0, 100.0));
        lanes[0].open = true;
        assert!(may_take(&lanes, 0) && !may_take(&lanes, 1));
    }

    #[test]
    fn one_that_comes_back_does_not_make_up_for_its_absence() {
        let mut lanes = [lane(1, 1), lane(1, 1)];
        lanes[1].open = false;
        serve(&mut lanes, 1000);
        lanes[1].open = true;
        lanes[1].served = served_on_return(&lanes, 1);
        let before = lanes[1].served;
        serve(&mut lanes, 1000);
        assert!(lanes[1].served - before <= 1000.0 + AHEAD);
        assert!(may_take(&lanes, 0));
    }

    #[test]
    fn one_that_does_not_keep_up_holds_up_nobody() {
        let mut lanes = [lane(1, 1), lane(1, 1)];
        lanes[1].keeps_up = false;
        for _ in 0..1000 {
            assert!(may_take(&lanes, 0));
            lanes[0].served += 1.0;
        }
    }

    proptest! {
        #[test]
        fn somebody_may_always_take_where_anybody_is_open(
            all in prop::collection::vec((1u32..4, 1u32..9, any::<bool>(), any::<bool>(), 0u32..1000), 1..8),
        ) {
            let lanes: Vec<_> = all
                .into_iter()
                .map(|(priority, weight, open, keeps_up, served)| Lane { priority, weight, open, keeps_up, served: f64::from(served) })
                .collect();
            let anybody = (0..lanes.len()).any(|which| may_take(&lanes, which));
            let open_and_keeping_up = lanes.iter().any(|lane| lane.open);
            prop_assert_eq!(anybody, open_and_keeping_up);
            for (which, lane) in lanes.iter().enumerate() {
                prop_assert!(!may_take(&lanes, which) || lane.open);
            }
        }
    }
}
