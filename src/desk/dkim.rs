//! DKIM keys: making one, and what DNS must say of those in use.

use super::init::write_private;
use super::workspace::settings;
use super::{DeskError, Wiring};
use crate::dkim::{KeyKind, NewKey, Record, Selector, SigningKey};
use crate::domain::address::EmailAddress;
use crate::domain::said::Tell;
use crate::said;
use jiff::tz::TimeZone;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What key is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// An Ed25519 key.
    Ed25519,
    /// An RSA key of so many bits.
    Rsa(usize),
}

/// A key that is to be made.
#[derive(Debug, Clone)]
pub struct KeyOrder {
    /// Its selector; else its kind and this month.
    pub selector: Option<String>,
    /// The domain it is for; else the newsroom's.
    pub domain: Option<String>,
    /// Which kind.
    pub wanted: Wanted,
    /// The file to make.
    pub out: PathBuf,
}

/// A key in use, as far as others may know it.
#[derive(Debug, Clone, Serialize)]
pub struct PublicKey {
    /// Its selector.
    pub selector: String,
    /// The domain it signs for.
    pub domain: String,
    /// Its algorithm.
    pub algorithm: KeyKind,
    /// Its length.
    pub bits: usize,
    /// What DNS must say.
    pub record: Record,
    /// The same as a zone file wants it.
    pub zone: String,
}

impl PublicKey {
    fn of(selector: &Selector, domain: &str, key: &SigningKey) -> Self {
        let record = Record::new(selector, domain, key);
        Self {
            selector: selector.to_string(),
            domain: domain.to_owned(),
            algorithm: key.kind(),
            bits: key.bits(),
            zone: record.zone_line(),
            record,
        }
    }
}

/// A key that was made.
#[derive(Debug, Clone, Serialize)]
pub struct MadeKey {
    /// Its file.
    pub file: PathBuf,
    /// The key.
    #[serde(flatten)]
    pub key: PublicKey,
    /// The lines for dateline.toml.
    pub settings: String,
}

/// Makes a key in a new file that its owner alone may read.
///
/// # Errors
/// A selector, domain or length that cannot be; a file that is there already.
pub fn keygen(
    workspace: &Path,
    order: &KeyOrder,
    wiring: &dyn Wiring,
) -> Result<MadeKey, DeskError> {
    let selector = match &order.selector {
        Some(text) => Selector::parse(text),
        None => Selector::parse(&usual_selector(order.wanted, wiring)),
    };
    let selector = selector.map_err(DeskError::request)?;
    let (domain, is_newsrooms) = domain(workspace, order.domain.as_deref(), wiring)?;
    // A file that is there costs nobody the time to make a key.
    if order.out.symlink_metadata().is_ok() {
        return Err(DeskError::request(said!(
            "{file} is there already, and a key is never written over; name a new file",
            file = order.out.display()
        )));
    }
    let new = make(order.wanted)?;
    if let Some(folder) = order.out.parent() {
        std::fs::create_dir_all(folder).map_err(DeskError::file("create", folder))?;
    }
    write_private(&order.out, new.pem().as_bytes())
        .map_err(DeskError::file("create", &order.out))?;
    let mut lines = format!(
        "[[dkim]]\nselector = \"{selector}\"\nkey_file = {}\n",
        toml::Value::from(seen_from(workspace, &order.out).display().to_string())
    );
    if !is_newsrooms {
        lines.push_str(&format!("domain = \"{domain}\"\n"));
    }
    Ok(MadeKey {
        file: order.out.clone(),
        key: PublicKey::of(&selector, &domain, &new.key),
        settings: lines,
    })
}

/// What DNS must say of every key in use.
///
/// # Errors
/// Problems in the settings; no key is in use.
pub fn records(workspace: &Path, wiring: &dyn Wiring) -> Result<Vec<PublicKey>, DeskError> {
    let (settings, _) = settings(workspace, wiring)?;
    if settings.dkim.is_idle() {
        return Err(DeskError::request(said!(
            "dateline.toml names no DKIM key; make one with `dateline dkim keygen --out FILE`"
        )));
    }
    let public = settings
        .dkim
        .identities()
        .iter()
        .map(|identity| PublicKey::of(&identity.selector, &identity.domain, &identity.key));
    Ok(public.collect())
}

/// A selector that the next key will not share: its kind and this month.
fn usual_selector(wanted: Wanted, wiring: &dyn Wiring) -> String {
    let kind = match wanted {
        Wanted::Ed25519 => KeyKind::Ed25519,
        Wanted::Rsa(_) => KeyKind::Rsa,
    };
    let now = wiring.clock().now().to_zoned_datetime(TimeZone::UTC);
    format!("{}-{}", kind.name(), now.strftime("%Y%m"))
}

/// The domain to sign for, and whether it is what dateline.toml would say by itself.
fn domain(
    workspace: &Path,
    wanted: Option<&str>,
    wiring: &dyn Wiring,
) -> Result<(String, bool), DeskError> {
    let settings = crate::config::load(workspace, &|name| wiring.env(name));
    let newsrooms = settings.map(|(settings, _)| settings.newsroom.domain);
    let Some(text) = wanted else {
        return newsrooms.map(|domain| (domain, true)).map_err(|problems| {
            let cause = problems.iter().find(|problem| problem.is_error());
            let cause = cause.map(Tell::said).unwrap_or_default();
            DeskError::request(said!(
                "cannot tell the newsroom's domain; name it with --domain ({cause})",
                cause
            ))
        });
    };
    let domain = EmailAddress::parse(&format!("x@{text}"))
        .map(|address| address.domain().to_owned())
        .map_err(|error| DeskError::request(said!("--domain: {error}", error)))?;
    let is_newsrooms = newsrooms.is_ok_and(|newsrooms| newsrooms == domain);
    Ok((domain, is_newsrooms))
}

fn make(wanted: Wanted) -> Result<NewKey, DeskError> {
    let made = match wanted {
        Wanted::Ed25519 => NewKey::ed25519(),
        // Shorter ones are not advised, longer ones not everywhere verified (RFC 8301 3.2).
        Wanted::Rsa(bits @ (2048 | 3072 | 4096)) => NewKey::rsa(bits),
        Wanted::Rsa(bits) => {
            return Err(DeskError::request(said!(
                "--bits {bits} is no length for a key; expected 2048, 3072 or 4096",
                bits
            )));
        }
    };
    made.map_err(|cause| DeskError::request(said!("no key was made: {cause}", cause)))
}

/// A path as dateline.toml would have it: from the workspace, where it lies there.
fn seen_from(workspace: &Path, file: &Path) -> PathBuf {
    let (Ok(root), Ok(file)) = (workspace.canonicalize(), file.canonicalize()) else {
        return file.to_owned();
    };
    file.strip_prefix(&root)
        .map_or(file.clone(), Path::to_owned)
}
