//! Where the store is: `[store]` of dateline.toml, and the same words on the
//! command line. A password never stands in either.

use super::read::{FILE, Reader};
use super::servers::read_text;
use crate::domain::database::{Database, DatabaseHost, DatabaseTls};
use crate::domain::problem::Problem;
use crate::domain::relay::Secret;
use crate::domain::said::Said;
use crate::said;
use crate::toml_reader::Section;
use percent_encoding::percent_decode_str;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use url::Url;

/// The port of PostgreSQL.
const PORT: u16 = 5432;

/// What a store is named by.
fn wanted() -> Said {
    said!("expected `sqlite:FILE` or `postgres://USER@HOST/DATABASE`")
}

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreLocation {
    /// A file on this machine.
    Sqlite(PathBuf),
    /// A database that machines share.
    Postgres(Database),
}

impl fmt::Display for StoreLocation {
    /// As a URL, without any password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(database) => database.fmt(f),
        }
    }
}

impl StoreLocation {
    /// Reads a URL. Files are relative to the workspace.
    ///
    /// # Errors
    /// What is wrong with it; a password in it is, and is not repeated.
    pub fn parse(url: &str, workspace: &Path) -> Result<Self, Said> {
        match url.split_once(':') {
            Some(("sqlite", path)) if !path.trim().is_empty() => {
                Ok(Self::Sqlite(workspace.join(path.trim_start_matches("//"))))
            }
            Some(("postgres" | "postgresql", _)) => database(url, workspace).map(Self::Postgres),
            // It may be a password that follows an unknown word.
            Some((scheme, _)) => Err(said!(
                "`{scheme}:…` is no store; {expected}",
                scheme,
                expected = wanted()
            )),
            None => Err(said!("this is no store; {expected}", expected = wanted())),
        }
    }

    /// With a password to show where it asks for one.
    pub fn with_password(self, password: Option<Secret>) -> Self {
        match self {
            Self::Postgres(database) => Self::Postgres(Database {
                password,
                ..database
            }),
            Self::Sqlite(path) => Self::Sqlite(path),
        }
    }

    /// Whether both are one store, whatever password stands beside them.
    pub fn is_same_place(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

fn database(text: &str, workspace: &Path) -> Result<Database, Said> {
    let url = Url::parse(text).map_err(|error| {
        said!(
            "it cannot be read: {error}; {expected}",
            error,
            expected = wanted()
        )
    })?;
    if url.password().is_some() {
        return Err(said!(
            "a password may not stand in a URL; use `password_env` or `password_file`, and DATELINE_STORE_PASSWORD on the command line"
        ));
    }
    let mut words = Words {
        host: url.host_str().map(decoded).transpose()?,
        user: decoded(url.username())?,
        port: url.port(),
        tls: None,
        ca_file: None,
    };
    for (key, value) in url.query_pairs() {
        words.say(&key, value.into_owned(), workspace)?;
    }
    let host = host(words.host.as_deref().unwrap_or_default())?;
    let name = decoded(url.path().trim_start_matches('/'))?;
    if words.user.is_empty() || name.is_empty() || name.contains('/') {
        return Err(said!(
            "a user or a database is missing; {expected}",
            expected = wanted()
        ));
    }
    let tls = words.tls.unwrap_or(if is_here(&host) {
        DatabaseTls::None
    } else {
        DatabaseTls::VerifyFull
    });
    Ok(Database {
        tls,
        host,
        port: words.port.unwrap_or(PORT),
        user: words.user,
        password: None,
        name,
        ca_file: words.ca_file,
    })
}

/// The parts that may also stand behind the question mark.
struct Words {
    host: Option<String>,
    user: String,
    port: Option<u16>,
    tls: Option<DatabaseTls>,
    ca_file: Option<PathBuf>,
}

impl Words {
    fn say(&mut self, key: &str, value: String, workspace: &Path) -> Result<(), Said> {
        match key {
            "host" => self.host = Some(value),
            "user" => self.user = value,
            "port" => {
                let port = value
                    .parse()
                    .map_err(|_| said!("there is no port {value}", value))?;
                self.port = Some(port);
            }
            "sslrootcert" => self.ca_file = Some(workspace.join(value)),
            "sslmode" => self.tls = Some(tls(&value)?),
            "password" => return Err(said!("a password may not stand in a URL")),
            other => {
                return Err(said!(
                    "`{other}` is unknown; known are host, port, user, sslmode, sslrootcert",
                    other
                ));
            }
        }
        Ok(())
    }
}

fn decoded(text: &str) -> Result<String, Said> {
    percent_decode_str(text)
        .decode_utf8()
        .map(Into::into)
        .map_err(|_| said!("`{text}` is not UTF-8 once its %XX are read", text))
}

fn host(text: &str) -> Result<DatabaseHost, Said> {
    match text.trim_matches(['[', ']']) {
        "" => Err(said!(
            "the host is missing; {expected}",
            expected = wanted()
        )),
        folder if folder.starts_with('/') => Ok(DatabaseHost::Socket(folder.into())),
        name => Ok(DatabaseHost::Name(name.to_owned())),
    }
}

fn tls(name: &str) -> Result<DatabaseTls, Said> {
    let known = DatabaseTls::NAMES;
    let found = known.iter().find(|(known, _)| *known == name);
    found.map(|(_, tls)| *tls).ok_or_else(|| {
        let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
        said!(
            "sslmode `{name}` is none of {names}",
            name,
            names = names.join(", ")
        )
    })
}

/// Whether nobody can listen in on the way: it does not leave this machine.
fn is_here(host: &DatabaseHost) -> bool {
    match host {
        DatabaseHost::Socket(_) => true,
        DatabaseHost::Name(name) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
    }
}

impl Reader<'_> {
    /// `[store]`; `None` where it says nothing.
    pub(super) fn store(&mut self, mut section: Section) -> Option<StoreLocation> {
        let line = section.line();
        if let Some(password) = section.json("password") {
            let wrong = said!(
                "store: a password may not stand in {file}; use `password_env` or `password_file`",
                file = FILE
            );
            self.problems.push(section.problem(password.line, wrong));
        }
        let workspace = self.workspace;
        let store = section.parsed("url", self.problems, |url| {
            StoreLocation::parse(url, workspace)
        });
        let from_env = section.text("password_env", self.problems);
        let from_file = section.text("password_file", self.problems);
        section.finish(self.problems);
        let password = self
            .secret(from_env, from_file, read_text)
            .map_err(|cause| {
                let wrong = Problem::error(FILE, said!("store: {cause}", cause)).at_line(line);
                self.problems.push(wrong);
            })
            .ok()?;
        let store = store?;
        self.warn_of_clear_text(&store, line);
        Some(store.with_password(password))
    }

    fn warn_of_clear_text(&mut self, store: &StoreLocation, line: usize) {
        if let StoreLocation::Postgres(database) = store
            && database.tls == DatabaseTls::None
            && !is_here(&database.host)
        {
            let warning = said!(
                "store: the address book goes to this server in clear text; anybody on the way can read it"
            );
            self.problems
                .push(Problem::warning(FILE, warning).at_line(line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Database, Said> {
        match StoreLocation::parse(url, Path::new("/w"))? {
            StoreLocation::Postgres(database) => Ok(database),
            StoreLocation::Sqlite(path) => panic!("{}", path.display()),
        }
    }

    #[test]
    fn a_url_says_where_it_is_and_prints_back() {
        let far = parse("postgres://press@db.example/newsroom").unwrap();
        assert_eq!((far.port, far.tls), (5432, DatabaseTls::VerifyFull));
        assert_eq!(far.to_string(), "postgres://press@db.example:5432/newsroom");
        let near = parse("postgresql://p%40x@[::1]:6000/n?sslmode=require&sslrootcert=ca.pem");
        let near = near.unwrap();
        assert_eq!((near.user.as_str(), near.port), ("p@x", 6000));
        assert_eq!(near.host, DatabaseHost::Name("::1".into()));
        assert_eq!(near.tls, DatabaseTls::Required);
        assert_eq!(near.ca_file, Some("/w/ca.pem".into()));
        for socket in [
            "postgres://press@%2Frun%2Fpostgresql/newsroom",
            "postgres:///newsroom?host=/run/postgresql&port=5432&user=press",
        ] {
            let socket = parse(socket).unwrap();
            assert_eq!(socket.host, DatabaseHost::Socket("/run/postgresql".into()));
            assert_eq!(
                (socket.user.as_str(), socket.tls),
                ("press", DatabaseTls::None)
            );
        }
        assert_eq!(
            parse("postgres://p@localhost/n").unwrap().tls,
            DatabaseTls::None
        );
    }

    #[test]
    fn a_password_is_refused_and_not_repeated() {
        for url in [
            "postgres://press:hunter2@db.example/newsroom",
            "postgres://press@db.example/newsroom?password=hunter2",
            "postgre://press:hunter2@db.example/newsroom",
        ] {
            let error = StoreLocation::parse(url, Path::new("/w")).unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        let secret = parse("postgres://press@db.example/n").unwrap();
        let secret = StoreLocation::Postgres(secret).with_password(Some(Secret::new("hunter2")));
        assert!(!format!("{secret:?} {secret}").contains("hunter2"));
    }

    #[test]
    fn what_is_missing_or_unknown_is_said() {
        for (url, said) in [
            ("postgres://db.example/newsroom", "user"),
            ("postgres://press@db.example", "database"),
            ("postgres:///newsroom?user=press", "host"),
            ("postgres://press@db.example/n?sslmode=maybe", "verify-full"),
            ("postgres://press@db.example/n?ssl=1", "`ssl`"),
            ("newsroom.db", "sqlite:FILE"),
        ] {
            let error = StoreLocation::parse(url, Path::new("/w")).unwrap_err();
            assert!(error.to_string().contains(said), "{url}: {error}");
        }
    }
}
