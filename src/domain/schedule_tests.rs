//! Tests of schedules: a table over zones with real edges, and properties.

use super::*;
use proptest::prelude::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap()
}

fn spot(zone: &Zone) -> Spot<'_> {
    Spot {
        zone,
        window: None,
        permitted_from: None,
        wave: 0,
    }
}

/// Where an order of `--at-local` puts a contact, on their own clock.
fn local(order: &str, from: &str, name: &str) -> String {
    let zone = zone(name);
    let schedule = Schedule {
        start: parse_local(order).unwrap(),
        ..Schedule::now(at(from))
    };
    let placed = schedule.place(None, spot(&zone));
    let shown = placed.to_zoned_datetime(zone.time_zone().clone());
    shown.strftime("%Y-%m-%d %H:%M %:z").to_string()
}

/// An order of `--at-local`, when it was given, a zone, and the contact's own clock.
const MORNINGS: [(&str, &str, &str, &str); 16] = [
    // The weeks in which the US has changed its clocks and Europe has not.
    (
        "2026-03-16 09:00",
        "2026-03-10T12:00:00Z",
        "America/New_York",
        "2026-03-16 09:00 -04:00",
    ),
    (
        "2026-03-16 09:00",
        "2026-03-10T12:00:00Z",
        "Europe/Vienna",
        "2026-03-16 09:00 +01:00",
    ),
    (
        "2026-10-28 09:00",
        "2026-10-20T12:00:00Z",
        "America/New_York",
        "2026-10-28 09:00 -04:00",
    ),
    (
        "2026-10-28 09:00",
        "2026-10-20T12:00:00Z",
        "Europe/Vienna",
        "2026-10-28 09:00 +01:00",
    ),
    // Almaty went from +06 to +05 on 2024-03-01.
    (
        "09:00",
        "2024-02-28T12:00:00Z",
        "Asia/Almaty",
        "2024-02-29 09:00 +06:00",
    ),
    (
        "09:00",
        "2024-02-29T12:00:00Z",
        "Asia/Almaty",
        "2024-03-01 09:00 +05:00",
    ),
    // Lord Howe moves its clocks by half an hour: 02:15 does not exist.
    (
        "2026-10-04 02:15",
        "2026-10-01T00:00:00Z",
        "Australia/Lord_Howe",
        "2026-10-04 02:45 +11:00",
    ),
    (
        "2026-04-05 01:45",
        "2026-04-01T00:00:00Z",
        "Australia/Lord_Howe",
        "2026-04-05 01:45 +11:00",
    ),
    // Apia had no 2011-12-30: what was asked for on it comes on the 31st.
    (
        "2011-12-30 09:00",
        "2011-12-20T00:00:00Z",
        "Pacific/Apia",
        "2011-12-31 09:00 +14:00",
    ),
    (
        "09:00",
        "2011-12-29T23:30:00Z",
        "Pacific/Apia",
        "2011-12-31 09:00 +14:00",
    ),
    // Casablanca goes back by an hour for Ramadan (2026: 15 February to 22 March).
    (
        "09:00",
        "2026-02-13T12:00:00Z",
        "Africa/Casablanca",
        "2026-02-14 09:00 +01:00",
    ),
    (
        "09:00",
        "2026-02-15T12:00:00Z",
        "Africa/Casablanca",
        "2026-02-16 09:00 +00:00",
    ),
    (
        "09:00",
        "2026-03-22T12:00:00Z",
        "Africa/Casablanca",
        "2026-03-23 09:00 +01:00",
    ),
    // The ends of the earth.
    (
        "2026-11-30 09:00",
        "2026-11-29T00:00:00Z",
        "Pacific/Kiritimati",
        "2026-11-30 09:00 +14:00",
    ),
    (
        "2026-11-30 09:00",
        "2026-11-29T00:00:00Z",
        "Etc/GMT+12",
        "2026-11-30 09:00 -12:00",
    ),
    // Where the day's hour has passed already, it goes at once.
    (
        "2026-11-30 09:00",
        "2026-11-30T00:00:00Z",
        "Pacific/Kiritimati",
        "2026-11-30 14:00 +14:00",
    ),
];

#[test]
fn each_contacts_own_morning() {
    for (order, from, zone, expected) in MORNINGS {
        assert_eq!(local(order, from, zone), expected, "{order} in {zone}");
    }
}

#[test]
fn a_local_time_that_is_not_one_instant_is_refused_with_both() {
    let read = |order: &str, from: &str, name: &str, lift: Option<&str>| {
        let schedule = Schedule {
            start: parse_local(order).unwrap(),
            ..Schedule::now(at(from))
        };
        let zone = zone(name);
        let read = schedule.reading(Spot {
            permitted_from: lift.map(at),
            ..spot(&zone)
        });
        read.map_err(|unclear| unclear.to_string())
    };
    let spring = "2026-03-20T00:00:00Z";
    let gap = read("2026-03-29 02:30", spring, "Europe/Vienna", None).unwrap_err();
    for word in ["Europe/Vienna", "01:30:00+01:00", "03:30:00+02:00"] {
        assert!(gap.contains(word), "{gap}");
    }
    let twice = "2026-04-05 01:45";
    let overlap = read(twice, spring, "Australia/Lord_Howe", None).unwrap_err();
    assert!(
        overlap.contains("+11:00") && overlap.contains("+10:30"),
        "{overlap}"
    );
    // Whose clock shows it once is not concerned.
    assert_eq!(
        read("2026-03-29 02:30", spring, "Asia/Almaty", None),
        Ok(())
    );
    // Nor is who must wait for a lift that comes after both readings.
    let lift = Some("2026-03-29T01:30:00Z");
    assert_eq!(
        read("2026-03-29 02:30", spring, "Europe/Vienna", lift),
        Ok(())
    );
    assert_eq!(read("02:30", spring, "Europe/Vienna", lift), Ok(()));
    // Without a day, the day that it comes to.
    assert_eq!(read("02:30", spring, "Europe/Vienna", None), Ok(()));
    let eve = "2026-03-28T12:00:00Z";
    assert!(read("02:30", eve, "Europe/Vienna", None).is_err());
    // A day that a calendar skips is none.
    assert!(
        read(
            "2011-12-30 09:00",
            "2011-12-20T00:00:00Z",
            "Pacific/Apia",
            None
        )
        .is_err()
    );
    assert_eq!(
        read("09:00", "2011-12-29T23:30:00Z", "Pacific/Apia", None),
        Ok(())
    );
}

#[test]
fn who_must_wait_for_the_lift_has_it_on_the_lifts_own_day() {
    let lift = at("2026-11-30T06:00:00Z");
    let schedule = Schedule {
        start: parse_local("09:00").unwrap(),
        ..Schedule::now(at("2026-11-25T00:00:00Z"))
    };
    for (name, expected) in [
        // 11:00 in Almaty: their morning has passed, so at the lift.
        ("Asia/Almaty", "2026-11-30T06:00:00Z"),
        // 01:00 in New York: their morning.
        ("America/New_York", "2026-11-30T14:00:00Z"),
        // 22:00 of the day before in Los Angeles: at the lift.
        ("America/Los_Angeles", "2026-11-30T06:00:00Z"),
    ] {
        let zone = zone(name);
        let placed = schedule.place(
            Some(lift),
            Spot {
                permitted_from: Some(lift),
                ..spot(&zone)
            },
        );
        assert_eq!(placed, at(expected), "{name}");
    }
    // An agreement's holder has their own first morning.
    let vienna = zone("Europe/Vienna");
    assert_eq!(
        schedule.place(Some(lift), spot(&vienna)),
        at("2026-11-25T08:00:00Z")
    );
}

#[test]
fn waves_follow_at_a_gap_and_windows_hold_them() {
    let schedule = Schedule {
        wave_gap: SignedDuration::from_mins(10),
        window: SendWindow::parse("08:00-20:00").unwrap(),
        ..Schedule::now(at("2026-11-30T18:55:00Z"))
    };
    let vienna = zone("Europe/Vienna");
    let wave = |wave| {
        schedule.place(
            None,
            Spot {
                wave,
                ..spot(&vienna)
            },
        )
    };
    assert_eq!(wave(0), at("2026-11-30T18:55:00Z"));
    assert_eq!(wave(1), at("2026-12-01T07:00:00Z"));
    let own = Spot {
        wave: 2,
        window: Some(SendWindow::ALWAYS),
        ..spot(&vienna)
    };
    assert_eq!(schedule.place(None, own), at("2026-11-30T19:15:00Z"));
}

#[test]
fn times_are_read_in_three_forms() {
    let vienna = zone("Europe/Vienna");
    for text in [
        "2026-11-30 09:00",
        "2026-11-30T09:00",
        "2026-11-30T09:00+01:00",
        "2026-11-30T08:00Z",
        "2026-11-30T14:00+06:00",
        "2026-11-30T13:00[Asia/Almaty]",
    ] {
        assert_eq!(
            parse_instant(text, &vienna),
            Ok(at("2026-11-30T08:00:00Z")),
            "{text}"
        );
    }
    for text in ["", "tomorrow", "2026-11-30", "09:00", "2026-11-30 25:00"] {
        assert!(parse_instant(text, &vienna).is_err(), "{text}");
    }
    let gap = parse_instant("2026-03-29 02:30", &vienna)
        .unwrap_err()
        .to_string();
    assert!(
        gap.contains("01:30:00+01:00") && gap.contains("03:30:00+02:00"),
        "{gap}"
    );
    let overlap = parse_instant("2026-10-25 02:30", &vienna)
        .unwrap_err()
        .to_string();
    assert!(
        overlap.contains("02:30:00+02:00") && overlap.contains("02:30:00+01:00"),
        "{overlap}"
    );
    for text in ["9", "0900", "24:30", "30.11. 09:00", "2026-02-30 09:00"] {
        assert!(parse_local(text).is_err(), "{text}");
    }
}

#[test]
fn gaps_and_overlaps_are_refused_wherever_they_are() {
    for (text, error) in [
        ("2026-03-08T02:30[America/New_York]", "01:30:00-05:00"),
        ("2026-11-01T01:30[America/New_York]", "01:30:00-04:00"),
        ("2026-10-04T02:15[Australia/Lord_Howe]", "02:45:00+11:00"),
        ("2026-04-05T01:45[Australia/Lord_Howe]", "01:45:00+10:30"),
        (
            "2011-12-30T09:00[Pacific/Apia]",
            "2011-12-31T09:00:00+14:00",
        ),
        ("2024-02-29T23:30[Asia/Almaty]", "23:30:00+05:00"),
        ("2026-02-15T02:30[Africa/Casablanca]", "02:30:00+00:00"),
        ("2026-03-22T02:30[Africa/Casablanca]", "03:30:00+01:00"),
    ] {
        let refused = parse_instant(text, &Zone::utc()).unwrap_err().to_string();
        assert!(refused.contains(error), "{refused}");
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let (now, vienna) = (at("2026-11-30T08:00:00Z"), zone("Europe/Vienna"));
    let refused = |schedule: Schedule, lift: Option<Timestamp>| {
        schedule.check(lift, now, &vienna).unwrap_err().to_string()
    };
    let normal = Schedule::now(now);
    let past = Schedule {
        start: Start::At {
            at: at("2026-11-30T07:00:00Z"),
        },
        ..normal.clone()
    };
    let text = refused(past, None);
    assert!(
        text.contains("2026-11-30 08:00 Europe/Vienna is in the past"),
        "{text}"
    );
    let no_lift = Schedule {
        start: Start::OnLift,
        ..normal.clone()
    };
    assert!(refused(no_lift.clone(), None).contains("no embargo"));
    assert!(refused(no_lift.clone(), Some(now)).contains("no embargo"));
    assert_eq!(
        no_lift.check(Some(at("2026-12-01T00:00:00Z")), now, &vienna),
        Ok(())
    );
    let yesterday = Schedule {
        start: parse_local("2026-11-29 09:00").unwrap(),
        ..normal.clone()
    };
    assert!(refused(yesterday, None).contains("in the past"));
    // At 08:00 UTC it still is the evening of the 29th twelve hours behind.
    let still = Schedule {
        start: parse_local("2026-11-29 20:30").unwrap(),
        ..normal.clone()
    };
    assert_eq!(still.check(None, now, &vienna), Ok(()));
    let stale = Schedule {
        not_after: Some(now),
        ..normal.clone()
    };
    assert!(refused(stale, None).contains("in the past"));
    let stale = Schedule {
        start: Start::OnLift,
        not_after: Some(at("2026-12-01T00:00:00Z")),
        ..normal
    };
    assert!(refused(stale, Some(at("2026-12-01T00:00:00Z"))).contains("not after the start"));
}

proptest! {
    #[test]
    fn nothing_is_placed_before_its_bar(
        from in 1_700_000_000i64..1_900_000_000,
        ahead in 0i64..10_000_000,
        hour in 0i8..24,
        kind in 0u8..3,
        wave in 0usize..5,
        gap in 0i64..100_000,
        agreed: bool,
        name in prop::sample::select(vec!["Asia/Almaty", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "Pacific/Kiritimati", "Etc/GMT+12", "America/New_York"]),
    ) {
        let (from, lift) = (Timestamp::from_second(from).unwrap(), Timestamp::from_second(from + ahead).unwrap());
        let start = match kind {
            0 => Start::At { at: from },
            1 => Start::OnLift,
            _ => Start::Local { date: None, time: Time::constant(hour, 0, 0, 0) },
        };
        let schedule = Schedule { start, wave_gap: SignedDuration::from_secs(gap), window: SendWindow::parse("mon-fri 07:00-22:00").unwrap(), ..Schedule::now(from) };
        let zone = zone(name);
        let permitted_from = (!agreed).then_some(lift);
        let placed = schedule.place(Some(lift), Spot { permitted_from, wave, ..spot(&zone) });
        prop_assert!(placed >= from);
        prop_assert!(agreed || placed >= lift);
        prop_assert!(kind != 1 || placed >= lift);
        // A later wave never overtakes an earlier one.
        let first = schedule.place(Some(lift), Spot { permitted_from, ..spot(&zone) });
        prop_assert!(placed >= first);
    }
}
