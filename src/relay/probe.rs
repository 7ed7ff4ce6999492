//! Trying a relay out: what it announces, how the way to it is protected, and
//! whether it takes a mail of ours.

use super::certificate::Protection;
use super::conversation::Mail;
use super::{Connection, Relay, RelayError};
use crate::domain::reply::Handover;
use serde::Serialize;
use std::time::{Duration, Instant};

/// What a relay showed of itself.
#[derive(Debug, Clone, Serialize)]
pub struct Portrait {
    /// Its greeting.
    pub banner: String,
    /// The name it goes by, and then its extensions, a line each.
    pub announces: Vec<String>,
    /// The TLS session; none in clear text.
    pub protection: Option<Protection>,
    /// Whether we logged in.
    pub logged_in: bool,
    /// From dialling to being ready for mail.
    #[serde(serialize_with = "milliseconds")]
    pub took: Duration,
}

fn milliseconds<S: serde::Serializer>(took: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u128(took.as_millis())
}

impl Relay {
    /// Opens a connection and looks at the relay.
    ///
    /// # Errors
    /// As when mail is to be sent: see [`RelayError`].
    pub async fn portray(&self) -> Result<(Portrait, Connection), RelayError> {
        let started = Instant::now();
        let connection = self.open().await?;
        let lines = connection.hello.ehlo.text.lines();
        let portrait = Portrait {
            banner: connection.hello.banner.to_string(),
            announces: lines.map(str::to_owned).collect(),
            protection: connection.wire.protection(),
            logged_in: self.profile().credentials.is_some(),
            took: started.elapsed(),
        };
        Ok((portrait, connection))
    }
}

impl Connection {
    /// Hands one mail over and says good-bye.
    pub async fn try_out(mut self, mail: Mail) -> Handover {
        let handover = self.deliver(mail, None).await;
        self.quit().await;
        handover
    }
}
