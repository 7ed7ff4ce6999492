//! A relay that is 20 ms away: what a conversation's round trips cost.

use crate::children::Running;
use crate::lettre_peer;
use crate::mail::Mail;
use crate::newsroom::median;
use crate::postfix::{Pipelining, Sink};
use crate::proxy::Proxy;
use crate::results::{Part, Row, Taken, Target, ratio};
use crate::sending::{self, Planned};
use crate::sizes::Sizes;
use anyhow::Result;
use std::time::Duration;

const CONNECTIONS: u32 = 64;
const EACH_WAY: Duration = Duration::from_millis(10);

/// One turn, and the round trips that a message took.
struct Turn {
    taken: Taken,
    round_trips: f64,
}

pub(crate) fn measure(sizes: &Sizes) -> Result<Part> {
    let mail = Mail::of_dateline()?;
    let planned = Planned::new(sizes.messages, |_| Ok(()))?;
    let few = sizes.fraction(10, CONNECTIONS);
    let (mut ours, mut theirs, mut far) = (Vec::new(), Vec::new(), Duration::ZERO);
    for round in 1..=sizes.runs {
        for first in [round % 2 == 1, round % 2 == 0] {
            let sink = Sink::start(Pipelining::Announced)?;
            let proxy = Proxy::start(sink.port, EACH_WAY)?;
            let folder = tempfile::tempdir()?;
            let (messages, spent) = if first {
                let workspace = planned.copy(folder.path(), proxy.port, CONNECTIONS)?;
                let messages = planned.messages;
                (messages, sending::send(&workspace, &sink, messages, 1)?)
            } else {
                let job = folder.path().join("job.json");
                mail.job(&job, proxy.port, CONNECTIONS, few, None)?;
                let running = Running::start_peer("lettre", &mut lettre_peer::command(&job)?)?;
                (few, running.finish()?)
            };
            let turn = Turn {
                taken: Taken {
                    messages,
                    spent,
                    octets: sink.octets()?,
                },
                round_trips: proxy.flights() as f64 / f64::from(messages),
            };
            far = proxy.round_trip()?;
            println!(
                "  {round}: {}: {:.0}/s, {:.2} round trips a message",
                if first { "dateline" } else { "lettre" },
                turn.taken.rate(),
                turn.round_trips
            );
            if first { &mut ours } else { &mut theirs }.push(turn);
        }
    }
    Ok(report(&ours, &theirs, far, sizes))
}

fn report(ours: &[Turn], theirs: &[Turn], far: Duration, sizes: &Sizes) -> Part {
    let taken = |turns: &[Turn]| turns.iter().map(|turn| turn.taken).collect::<Vec<_>>();
    let trips = |turns: &[Turn]| median(turns.iter().map(|turn| turn.round_trips).collect());
    let (we, they) = (taken(ours), taken(theirs));
    let what = format!(
        "{} recipients, {CONNECTIONS} connections, {:.1} ms of round trip as measured",
        sizes.messages,
        far.as_secs_f64() * 1e3
    );
    let mut part = Part::new("lettre", sizes.runs, &what);
    part.rows = vec![
        Row::of("dateline", &we, Some(&they)),
        Row::of("lettre, pooled, Handlebars", &they, Some(&they)),
    ];
    part.targets = vec![
        Target::at_least(
            "to lettre's pool, 20 ms away",
            ratio(&we, &they, Taken::rate),
            5.0,
            "x",
        ),
        Target::at_most("round trips a message", trips(ours), 2.0, ""),
        Target::at_most(
            "the same, where the next message goes with the final dot",
            trips(ours),
            1.05,
            "",
        ),
    ];
    part.notes = vec![format!(
        "lettre's pool took {:.2} round trips a message.",
        trips(theirs)
    )];
    part
}
