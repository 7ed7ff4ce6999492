//! The conversation with a relay.
//!
//! lettre greets and logs in; which words are said after that, in which
//! packets, under which deadline, and what a broken conversation means, is
//! decided in `conversation`. A conversation that timed out costs the connection.

use super::conversation::{Broken, Connection, Hello, said};
use super::error::RelayError;
use super::replies::{Announced, first_reply};
use super::wire::Wire;
use crate::domain::relay::{Credentials, RelayProfile, TlsPolicy};
use crate::domain::reply::{SmtpReply, Step};
use crate::domain::said::Said;
use crate::said;
use crate::tls::Tls;
use lettre::transport::smtp::authentication::{Credentials as LettreCredentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::Auth;
use lettre::transport::smtp::extension::ClientId;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A relay, ready to be spoken to.
#[derive(Debug)]
pub struct Relay {
    profile: Arc<RelayProfile>,
    tls: Option<Tls>,
}

impl Relay {
    /// Readies a relay; nothing is said to it yet.
    ///
    /// # Errors
    /// A profile that cannot be used: a CA file that cannot be read, or a
    /// password that would travel in clear.
    pub fn new(profile: RelayProfile) -> Result<Self, RelayError> {
        let wrong = |cause| RelayError::Profile {
            relay: profile.name.clone(),
            cause,
        };
        let tls = match profile.tls {
            TlsPolicy::Required | TlsPolicy::Implicit => {
                let ca_file = profile.ca_file.as_deref();
                Some(Tls::new(&profile.host, ca_file).map_err(wrong)?)
            }
            TlsPolicy::None => None,
        };
        let relay = Self {
            profile: Arc::new(profile),
            tls,
        };
        if relay.tls.is_none()
            && relay.profile.credentials.is_some()
            && !is_loopback(&relay.profile.host)
        {
            return Err(RelayError::AuthInClear {
                relay: relay.profile.name.clone(),
                place: relay.place(),
            });
        }
        Ok(relay)
    }

    /// Its name in dateline.toml.
    pub fn name(&self) -> &str {
        &self.profile.name
    }

    /// What the newsroom wrote of it.
    pub fn profile(&self) -> &RelayProfile {
        &self.profile
    }

    /// How many connections it is given.
    pub fn connections(&self) -> usize {
        self.profile.connections.max(1)
    }

    fn place(&self) -> String {
        format!("{}:{}", self.profile.host, self.profile.port)
    }

    /// Connects, greets, goes private and logs in, as the profile asks.
    ///
    /// # Errors
    /// See [`RelayError`]; each says which relay, where, and what was expected.
    pub async fn open(&self) -> Result<Connection, RelayError> {
        let wire = self.dial().await?;
        if let (TlsPolicy::Implicit, Some(tls)) = (self.profile.tls, &self.tls) {
            self.handshake(&wire, tls).await?;
        }
        let mut connection = self.greet(wire).await?;
        if let (TlsPolicy::Required, Some(tls)) = (self.profile.tls, &self.tls) {
            self.start_tls(&mut connection, tls).await?;
        }
        if let Some(credentials) = &self.profile.credentials {
            self.log_in(&mut connection, credentials).await?;
        }
        Ok(connection)
    }

    async fn dial(&self) -> Result<Wire, RelayError> {
        let unreachable = |cause: Said| RelayError::Unreachable {
            relay: self.profile.name.clone(),
            place: self.place(),
            cause,
        };
        let after = self.profile.deadlines.connect;
        let dialled = timeout(
            after,
            TcpStream::connect((self.profile.host.as_str(), self.profile.port)),
        )
        .await;
        let stream = dialled
            .map_err(|_| {
                unreachable(said!(
                    "no answer within {seconds} s",
                    seconds = after.as_secs_f64()
                ))
            })?
            .map_err(|error| unreachable(Said::verbatim(error)))?;
        stream
            .set_nodelay(true)
            .map_err(|error| unreachable(Said::verbatim(error)))?;
        Wire::new(stream).map_err(|error| unreachable(Said::verbatim(error)))
    }

    async fn handshake(&self, wire: &Wire, tls: &Tls) -> Result<(), RelayError> {
        let shaken = timeout(
            self.profile.deadlines.greeting,
            wire.start_tls(&tls.connector, tls.name.clone()),
        )
        .await;
        let cause = match shaken {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => Said::verbatim(error),
            Err(_) => return Err(self.silent(Step::Tls)),
        };
        Err(RelayError::Tls {
            relay: self.profile.name.clone(),
            place: self.place(),
            cause,
        })
    }

    async fn greet(&self, wire: Wire) -> Result<Connection, RelayError> {
        let hello = ClientId::Domain(self.profile.helo.clone());
        let greeted = timeout(
            self.profile.deadlines.greeting,
            AsyncSmtpConnection::connect_with_transport(Box::new(wire.clone()), &hello),
        )
        .await;
        let banner = wire.heard(first_reply);
        let ehlo = wire.heard(first_reply);
        match (greeted, banner, ehlo) {
            (Ok(Ok(_)), Some(banner), Some(ehlo)) => Ok(Connection {
                wire,
                announced: Announced::of(&ehlo),
                hello: Hello { banner, ehlo },
                profile: Arc::clone(&self.profile),
                usable: true,
                needs_reset: false,
                ahead: None,
                carried: 0,
            }),
            (_, Some(reply), None) if !reply.is_positive() => {
                Err(self.refused(Step::Banner, reply))
            }
            (_, _, Some(reply)) if !reply.is_positive() => Err(self.refused(Step::Ehlo, reply)),
            (Err(_), None, _) => Err(self.silent(Step::Banner)),
            (Err(_), Some(_), _) => Err(self.silent(Step::Ehlo)),
            (Ok(_), _, _) => Err(RelayError::NotSmtp {
                relay: self.profile.name.clone(),
                place: self.place(),
                said: said(&wire),
            }),
        }
    }

    async fn start_tls(&self, connection: &mut Connection, tls: &Tls) -> Result<(), RelayError> {
        if !connection.announced.starttls {
            return Err(RelayError::NoStartTls {
                relay: self.profile.name.clone(),
                place: self.place(),
            });
        }
        let go = self.ask(connection, Step::Tls, "STARTTLS\r\n").await?;
        if !go.is_positive() {
            return Err(self.refused(Step::Tls, go));
        }
        self.handshake(&connection.wire, tls).await?;
        let ehlo = self
            .ask(
                connection,
                Step::Ehlo,
                format!("EHLO {}\r\n", self.profile.helo),
            )
            .await?;
        if !ehlo.is_positive() {
            return Err(self.refused(Step::Ehlo, ehlo));
        }
        // What was announced in clear counts no more (RFC 3207 4.2).
        connection.announced = Announced::of(&ehlo);
        connection.hello.ehlo = ehlo;
        Ok(())
    }

    async fn log_in(
        &self,
        connection: &mut Connection,
        credentials: &Credentials,
    ) -> Result<(), RelayError> {
        let mechanism = match (
            connection.announced.auth_plain,
            connection.announced.auth_login,
        ) {
            (true, _) => Mechanism::Plain,
            (false, true) => Mechanism::Login,
            (false, false) => {
                return Err(RelayError::NoAuth {
                    relay: self.profile.name.clone(),
                    place: self.place(),
                });
            }
        };
        let secret = LettreCredentials::new(
            credentials.username.clone(),
            credentials.password.reveal().to_owned(),
        );
        let wrong = |error: lettre::transport::smtp::Error| RelayError::Profile {
            relay: self.profile.name.clone(),
            cause: Said::verbatim(error),
        };
        let mut reply = self
            .ask(
                connection,
                Step::Auth,
                Auth::new(mechanism, secret.clone(), None)
                    .map_err(wrong)?
                    .to_string(),
            )
            .await?;
        // LOGIN asks for the name, then for the password; nobody needs more.
        for _ in 0..2 {
            if reply.code != 334 {
                break;
            }
            let challenge = format!("334 {}\r\n", reply.text).parse().map_err(wrong)?;
            let answer =
                Auth::new_from_response(mechanism, secret.clone(), &challenge).map_err(wrong)?;
            reply = self.ask(connection, Step::Auth, answer.to_string()).await?;
        }
        if reply.is_positive() {
            Ok(())
        } else {
            Err(self.refused(Step::Auth, reply))
        }
    }

    async fn ask(
        &self,
        connection: &mut Connection,
        step: Step,
        words: impl Into<String>,
    ) -> Result<SmtpReply, RelayError> {
        match connection
            .ask(step, words, self.profile.deadlines.greeting)
            .await
        {
            Ok(reply) => Ok(reply),
            Err(Broken::Silent) => Err(self.silent(step)),
            Err(Broken::Cut(said)) => Err(RelayError::NotSmtp {
                relay: self.profile.name.clone(),
                place: self.place(),
                said,
            }),
        }
    }

    fn silent(&self, step: Step) -> RelayError {
        RelayError::Silent {
            relay: self.profile.name.clone(),
            place: self.place(),
            step,
            after: self.profile.deadlines.greeting,
        }
    }

    fn refused(&self, step: Step, reply: SmtpReply) -> RelayError {
        RelayError::Refused {
            relay: self.profile.name.clone(),
            place: self.place(),
            step,
            reply,
        }
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
