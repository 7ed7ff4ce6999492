//! `dateline catch`.

use super::args::CatchArgs;
use super::error::{CliError, Exit};
use super::output::Output;
use super::progress::stop_on_signal;
use crate::desk::{DeskError, Wiring};
use crate::relay::catcher::FaultScript;
use crate::relay::{Catcher, CatcherConfig};
use serde_json::json;

pub(super) async fn run(
    args: CatchArgs,
    wiring: &dyn Wiring,
    output: &Output,
) -> Result<Exit, CliError> {
    output.refuse_csv()?;
    let faults = if args.no_faults {
        FaultScript::Off
    } else {
        FaultScript::ByLocalPart
    };
    let config = CatcherConfig {
        listen: args.listen,
        faults,
        ..CatcherConfig::rehearsal(&args.dir, wiring.clock())
    };
    let catcher = Catcher::start(config).await.map_err(DeskError::from)?;
    let address = catcher.local_addr();
    if output.is_text() {
        output.say(format!(
            "catching on {address}; mails go to {}; Ctrl-C ends",
            args.dir.display()
        ));
    } else {
        output.json(&json!({ "listening": address, "mailbox": args.dir }));
    }
    let stop = stop_on_signal(*output, "stopping");
    stop.cancelled().await;
    let counts = catcher.stop().await;
    output.say(format!(
        "{} mails caught over {} connections, {} refusals, {} cuts",
        counts.messages, counts.connections, counts.refused, counts.dropped
    ));
    Ok(Exit::Done)
}
