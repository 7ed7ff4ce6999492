//! A mailbox over IMAP (RFC 3501): what nobody has handled yet is fetched, and
//! marked once it was; between times the server tells of news (RFC 2177).
//!
//! The mark stands in the mailbox itself, so that it outlives a restart, a change
//! of UIDVALIDITY and the machine, and a person can take it off again.

use super::ration::{Bounds, Ration};
use super::report::LONGEST;
use crate::domain::inbox::{Handled, ImapAccount};
use crate::domain::relay::TlsPolicy;
use crate::domain::said::{Said, Tell};
use crate::tls::Tls;
use crate::{said, shown_as_said};
use async_imap::types::{Flag, UnsolicitedResponse};
use async_imap::{Client, Session};
use futures_util::{StreamExt, TryStreamExt};
use std::collections::BTreeSet;
use std::fmt::{Debug, Write};
use std::future::Future;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The mark on a message that was handled.
const KEYWORD: &str = "$Dateline";
/// Messages that are fetched at once: what is kept of them fits into memory.
const AT_ONCE: usize = 16;
/// What is taken of a server's answers. The longest are the messages of one fetch;
/// of lines the numbers of 250,000 messages that nobody has handled. A line is read
/// anew by async-imap with every few KiB that come, so that a longer one is work for
/// minutes.
const BOUNDS: Bounds = Bounds {
    answer: (AT_ONCE + 8) * LONGEST,
    line: 2 * 1024 * 1024,
    literal: LONGEST,
};
/// How long a connection may take, TLS included.
const CONNECT: Duration = Duration::from_secs(30);
/// How long an answer may take; of a server that searches a large folder, too.
const ANSWER: Duration = Duration::from_secs(120);

/// Why a mailbox could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ImapError {
    /// Nothing answers there, or not as it should.
    Server {
        /// Where: `host:port`.
        server: String,
        /// What was tried.
        doing: Said,
        /// What came of it.
        cause: Said,
    },
    /// It took too long.
    Late {
        /// Where: `host:port`.
        server: String,
        /// What was tried.
        doing: Said,
        /// How long it may take.
        within: Duration,
    },
    /// The mailbox keeps no marks of the kind that was asked for.
    NoMarks(Said),
}

impl Tell for ImapError {
    fn said(&self) -> Said {
        match self {
            Self::Server {
                server,
                doing,
                cause,
            } => said!("cannot {doing} at {server}: {cause}", doing, server, cause),
            Self::Late {
                server,
                doing,
                within,
            } => said!(
                "{server} took longer than {within} s to {doing}",
                server,
                within = within.as_secs(),
                doing
            ),
            Self::NoMarks(said) => said.clone(),
        }
    }
}

shown_as_said!(ImapError);

/// Octets go both ways.
trait Wire: AsyncRead + AsyncWrite + Debug + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Debug + Send + Unpin> Wire for T {}

/// A message that nobody has handled.
#[derive(Debug)]
pub struct Fetched {
    /// Its number in the mailbox, as long as this connection lasts.
    pub uid: u32,
    /// Its octets, up to the bound of what is read of any.
    pub octets: Vec<u8>,
}

/// A connection that is logged in, with the folder open.
#[derive(Debug)]
pub struct Inbox {
    session: Session<Box<dyn Wire>>,
    server: Server,
    tells_news: bool,
    moves: bool,
    expunges: bool,
    /// What was marked over this connection.
    marked: BTreeSet<u32>,
    /// What the server shows and gave nothing of.
    silent: BTreeSet<u32>,
}

impl Inbox {
    /// Connects, logs in and opens the folder.
    ///
    /// # Errors
    /// The server cannot be reached or is not who it should be, it does not let
    /// us in, there is no such folder, or it keeps no marks.
    pub async fn open(account: &ImapAccount) -> Result<Self, ImapError> {
        let server = Server {
            account: account.clone(),
            ration: Ration::new(BOUNDS),
        };
        let wire = server.connect().await?;
        let known = &account.credentials;
        let login = async {
            let client = Client::new(wire);
            let (name, password) = (&known.username, known.password.reveal());
            let entered = client.login(name, password).await;
            let mut session = entered.map_err(|(error, _)| error)?;
            let can = session.capabilities().await?;
            Ok((
                session,
                ["IDLE", "MOVE", "UIDPLUS"].map(|what| can.has_str(what)),
            ))
        };
        let (session, [tells_news, moves, expunges]) = server.asked(said!("log in"), login).await?;
        let mut inbox = Self {
            session,
            server,
            tells_news,
            moves,
            expunges,
            marked: BTreeSet::new(),
            silent: BTreeSet::new(),
        };
        inbox.select().await?;
        Ok(inbox)
    }

    async fn select(&mut self) -> Result<(), ImapError> {
        let Self {
            session, server, ..
        } = self;
        let account = &server.account;
        let folder = session.select(&account.folder);
        let folder = server.asked(said!("open the folder"), folder).await?;
        let keeps = |flag: &Flag<'_>| match &account.handled {
            Handled::Flagged => *flag == Flag::MayCreate || *flag == Flag::Custom(KEYWORD.into()),
            Handled::Seen => *flag == Flag::Seen,
            Handled::Moved(_) => *flag == Flag::Deleted,
        };
        // A server that does not say which it keeps keeps them all (RFC 3501 7.1).
        let kept = &folder.permanent_flags;
        if !kept.is_empty() && !kept.iter().any(keeps) {
            return Err(ImapError::NoMarks(said!(
                "the folder `{folder}` at {server} keeps no marks of the kind that `handled` asks for; set `handled` of [bounces.imap] to another of `flag`, `seen`, `move`",
                folder = account.folder,
                server = server.name()
            )));
        }
        if let Handled::Moved(to) = &account.handled {
            server.ration.renew();
            // Where it is there already, the server says no (RFC 3501 6.3.3).
            drop(timeout(ANSWER, session.create(to)).await);
        }
        Ok(())
    }

    /// Whether the server tells of news by itself (RFC 2177).
    pub fn tells_news(&self) -> bool {
        self.tells_news
    }

    /// The next messages that nobody has handled, the oldest first; none where
    /// there are no more.
    ///
    /// # Errors
    /// The connection broke, or the mailbox does not keep our marks.
    pub async fn fetch(&mut self) -> Result<Vec<Fetched>, ImapError> {
        loop {
            let uids = self.next().await?;
            if uids.is_empty() {
                return Ok(Vec::new());
            }
            let fetched = self.octets_of(&uids).await?;
            // What the server shows and does not give must not stand before the rest.
            let given: BTreeSet<_> = fetched.iter().map(|one| one.uid).collect();
            let silent = uids.into_iter().filter(|uid| !given.contains(uid));
            self.silent.extend(silent);
            if !fetched.is_empty() {
                return Ok(fetched);
            }
        }
    }

    /// The numbers of the next messages that nobody has handled.
    async fn next(&mut self) -> Result<Vec<u32>, ImapError> {
        let Self {
            session, server, ..
        } = self;
        let account = &server.account;
        let open = match &account.handled {
            Handled::Flagged => format!("UNDELETED UNKEYWORD {KEYWORD}"),
            Handled::Seen => "UNDELETED UNSEEN".to_owned(),
            Handled::Moved(_) => "UNDELETED".to_owned(),
        };
        let found = server
            .asked(said!("look for messages"), session.uid_search(open))
            .await?;
        let found = found.into_iter().filter(|uid| !self.silent.contains(uid));
        let mut uids: Vec<_> = found.collect();
        uids.sort_unstable();
        uids.truncate(AT_ONCE);
        match uids.iter().find(|uid| self.marked.contains(uid)) {
            None => Ok(uids),
            Some(uid) => Err(ImapError::NoMarks(said!(
                "message {uid} in the folder `{folder}` at {server} was marked as handled, and is not",
                uid,
                folder = account.folder,
                server = server.name()
            ))),
        }
    }

    async fn octets_of(&mut self, uids: &[u32]) -> Result<Vec<Fetched>, ImapError> {
        let Self {
            session, server, ..
        } = self;
        let parts = format!("(UID BODY.PEEK[]<0.{LONGEST}>)");
        let set = set(uids);
        let fetch = async { session.uid_fetch(&set, &parts).await?.try_collect().await };
        let answers: Vec<_> = server.asked(said!("fetch messages"), fetch).await?;
        let fetched = answers.iter().filter_map(|answer| {
            let (uid, octets) = (answer.uid?, answer.body()?.to_vec());
            uids.contains(&uid).then_some(Fetched { uid, octets })
        });
        Ok(fetched.collect())
    }

    /// Marks messages as handled.
    ///
    /// # Errors
    /// The connection broke: they will be fetched again.
    pub async fn mark(&mut self, uids: &[u32]) -> Result<(), ImapError> {
        if uids.is_empty() {
            return Ok(());
        }
        let (moves, expunges) = (self.moves, self.expunges);
        let Self {
            session, server, ..
        } = self;
        let account = &server.account;
        let set = set(uids);
        let marked = async {
            match &account.handled {
                Handled::Flagged => flag(session, &set, KEYWORD).await,
                Handled::Seen => flag(session, &set, "\\Seen").await,
                Handled::Moved(to) if moves => session.uid_mv(&set, to).await,
                Handled::Moved(to) => {
                    session.uid_copy(&set, to).await?;
                    flag(session, &set, "\\Deleted").await?;
                    if expunges {
                        let gone = session.uid_expunge(&set).await?;
                        gone.for_each(|_| async {}).await;
                    }
                    Ok(())
                }
            }
        };
        server
            .asked(said!("mark messages as handled"), marked)
            .await?;
        self.marked.extend(uids);
        Ok(())
    }

    /// Waits until there may be something new: the server tells of it, or the
    /// time has come to look again.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn wait(mut self) -> Result<Self, ImapError> {
        let poll = self.server.account.poll;
        if !self.tells_news {
            tokio::time::sleep(poll).await;
            let stays = self.session.noop();
            self.server.asked(said!("stay connected"), stays).await?;
            return Ok(self);
        }
        let Self {
            session, server, ..
        } = self;
        let news = session.unsolicited_responses.clone();
        // What came while something else was asked for would not be told again.
        if has_arrivals(&news) {
            return Ok(Self {
                session,
                server,
                ..self
            });
        }
        let mut idle = session.idle();
        server.asked(said!("wait for news"), idle.init()).await?;
        if !has_arrivals(&news) {
            let (told, _interrupt) = idle.wait_with_timeout(poll);
            if let Ok(Err(error)) = timeout(poll, told).await {
                return Err(server.failed(said!("wait for news"), &error));
            }
        }
        let session = server.asked(said!("end waiting"), idle.done()).await?;
        Ok(Self {
            session,
            server,
            ..self
        })
    }

    /// Logs out; what could go wrong with that matters to nobody.
    pub async fn close(mut self) {
        drop(timeout(CONNECT, self.session.logout()).await);
    }
}

fn has_arrivals(news: &async_channel::Receiver<UnsolicitedResponse>) -> bool {
    let mut arrivals = false;
    while let Ok(one) = news.try_recv() {
        let arrived = matches!(
            one,
            UnsolicitedResponse::Exists(_) | UnsolicitedResponse::Recent(_)
        );
        arrivals |= arrived;
    }
    arrivals
}

async fn flag(
    session: &mut Session<Box<dyn Wire>>,
    set: &str,
    flag: &str,
) -> async_imap::error::Result<()> {
    let query = format!("+FLAGS.SILENT ({flag})");
    let answers = session.uid_store(set, query).await?;
    answers.try_for_each(|_| async { Ok(()) }).await
}

/// Numbers as a set (RFC 3501 9).
fn set(uids: &[u32]) -> String {
    uids.iter().fold(String::new(), |mut set, uid| {
        let comma = if set.is_empty() { "" } else { "," };
        // Writing to a text never fails.
        let _ = write!(set, "{comma}{uid}");
        set
    })
}

/// Hears the greeting, and gives the stream back.
async fn greeted(wire: Box<dyn Wire>) -> async_imap::error::Result<Box<dyn Wire>> {
    let mut client = Client::new(wire);
    greet(&mut client).await?;
    Ok(client.into_inner())
}

async fn greet<T: AsyncRead + AsyncWrite + Debug + Send + Unpin>(
    client: &mut Client<T>,
) -> async_imap::error::Result<()> {
    let greeting = client.read_response().await?;
    greeting
        .map(drop)
        .ok_or(async_imap::error::Error::ConnectionLost)
}

/// Letters of a server's words that are told.
const TOLD: usize = 300;

/// What went wrong, in few words: what a server sends may be anybody's mail.
fn words(cause: &async_imap::error::Error) -> Said {
    let text = cause.to_string();
    if text.contains(" during parsing of ") {
        return said!("its answer is not of IMAP");
    }
    Said::verbatim(text.chars().take(TOLD).collect::<String>())
}

fn other(cause: Said) -> async_imap::error::Error {
    async_imap::error::Error::Io(std::io::Error::other(cause))
}

/// A mailbox's server, whoever that is.
#[derive(Debug)]
struct Server {
    account: ImapAccount,
    ration: Ration,
}

impl Server {
    async fn connect(&self) -> Result<Box<dyn Wire>, ImapError> {
        let account = &self.account;
        let connecting = async {
            let stream = TcpStream::connect((account.host.as_str(), account.port)).await?;
            stream.set_nodelay(true)?;
            let tls = || Tls::new(&account.host, account.ca_file.as_deref()).map_err(other);
            Ok::<Box<dyn Wire>, async_imap::error::Error>(match account.tls {
                TlsPolicy::None => greeted(Box::new(self.ration.over(stream))).await?,
                TlsPolicy::Implicit => {
                    let tls = tls()?;
                    let private = tls.connector.connect(tls.name, stream).await?;
                    greeted(Box::new(self.ration.over(private))).await?
                }
                TlsPolicy::Required => {
                    let tls = tls()?;
                    let mut client = Client::new(self.ration.over(stream));
                    greet(&mut client).await?;
                    client.run_command_and_check_ok("STARTTLS", None).await?;
                    // What was sent before the handshake is not looked at.
                    let stream = client.into_inner().into_inner();
                    let private = tls.connector.connect(tls.name, stream).await?;
                    Box::new(self.ration.over(private))
                }
            })
        };
        let doing = said!("connect");
        match timeout(CONNECT, connecting).await {
            Ok(Ok(wire)) => Ok(wire),
            Ok(Err(error)) => Err(self.failed(doing, &error)),
            Err(_) => Err(self.late(doing, CONNECT)),
        }
    }

    /// Waits for an answer, for so long and so much of it.
    async fn asked<T>(
        &self,
        doing: Said,
        answer: impl Future<Output = async_imap::error::Result<T>>,
    ) -> Result<T, ImapError> {
        self.ration.renew();
        match timeout(ANSWER, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.failed(doing, &error)),
            Err(_) => Err(self.late(doing, ANSWER)),
        }
    }

    fn failed(&self, doing: Said, cause: &async_imap::error::Error) -> ImapError {
        ImapError::Server {
            server: self.name(),
            doing,
            cause: words(cause),
        }
    }

    fn late(&self, doing: Said, within: Duration) -> ImapError {
        ImapError::Late {
            server: self.name(),
            doing,
            within,
        }
    }

    fn name(&self) -> String {
        format!("{}:{}", self.account.host, self.account.port)
    }
}
