//! GnuPG in a home of its own: somebody else's program reads what we encrypt and
//! sign, and makes the keys that we read.

use crate::support::{Said, run};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A person's keyring.
pub(crate) struct Gnupg {
    home: TempDir,
}

/// What GnuPG says of a message.
pub(crate) struct Opened {
    /// What was in it.
    pub(crate) text: String,
    /// Its lines for programs.
    pub(crate) status: String,
}

impl Opened {
    /// The fingerprint of the key whose signature holds.
    pub(crate) fn signer(&self) -> Option<&str> {
        let line = self
            .status
            .lines()
            .find_map(|line| line.strip_prefix("[GNUPG:] VALIDSIG "))?;
        // The last is the primary key's.
        line.split_whitespace().last()
    }
}

impl Gnupg {
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        }
        Self { home }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("gpg");
        command
            .arg("--homedir")
            .arg(self.home.path())
            .args([
                "--batch",
                "--yes",
                "--quiet",
                "--no-tty",
                "--status-fd",
                "2",
            ])
            .args(["--pinentry-mode", "loopback", "--trust-model", "always"])
            .args(args)
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn gpg(&self, args: &[&str]) -> Said {
        let said = run(&mut self.command(args));
        assert_eq!(said.code, 0, "gpg {args:?}: {}", said.err);
        said
    }

    /// Makes a key, and the one that encrypts in it where one is wanted; its fingerprint.
    pub(crate) fn make(
        &self,
        id: &str,
        kinds: [&str; 2],
        passphrase: &str,
        expires: &str,
    ) -> String {
        self.make_at(None, id, kinds, passphrase, expires)
    }

    /// The same at a time of GnuPG's own.
    pub(crate) fn make_at(
        &self,
        time: Option<&str>,
        id: &str,
        [primary, encrypts]: [&str; 2],
        passphrase: &str,
        expires: &str,
    ) -> String {
        let faked = time.map(|time| ["--faked-system-time", time]);
        let before: Vec<_> = faked.into_iter().flatten().collect();
        let word = ["--passphrase", passphrase];
        let make = ["--quick-gen-key", id, primary, "cert,sign", expires];
        let said = self.gpg(&[&before[..], &word, &make].concat());
        let made = said.err.lines().find(|line| line.contains("KEY_CREATED"));
        let fingerprint = made.unwrap().split_whitespace().nth(3).unwrap().to_owned();
        if !encrypts.is_empty() {
            let add = ["--quick-add-key", &fingerprint, encrypts, "encr", expires];
            self.gpg(&[&before[..], &word, &add].concat());
        }
        fingerprint
    }

    /// A public key as a file.
    pub(crate) fn export(&self, fingerprint: &str) -> PathBuf {
        let text = self.gpg(&["--armor", "--export", fingerprint]).out;
        let path = self.home.path().join(format!("{fingerprint}.asc"));
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A secret key, armored.
    pub(crate) fn secret(&self, fingerprint: &str, passphrase: &str) -> String {
        let args = [
            "--passphrase",
            passphrase,
            "--armor",
            "--export-secret-keys",
        ];
        self.gpg(&[&args[..], &[fingerprint]].concat()).out
    }

    /// Revokes a key.
    pub(crate) fn revoke(&self, fingerprint: &str) {
        let path = self.home.path().join("openpgp-revocs.d");
        let path = path.join(format!("{fingerprint}.rev"));
        let text = std::fs::read_to_string(&path).unwrap();
        // A colon keeps it from being used by accident.
        std::fs::write(&path, text.replace(":-----BEGIN", "-----BEGIN")).unwrap();
        self.gpg(&["--import", path.to_str().unwrap()]);
    }

    pub(crate) fn import(&self, armor: &str) {
        let path = self.file("import.asc", armor.as_bytes());
        self.gpg(&["--import", path.to_str().unwrap()]);
    }

    /// Opens a message.
    pub(crate) fn decrypt(&self, armor: &str) -> Opened {
        let path = self.file("message.asc", armor.as_bytes());
        let said = self.gpg(&["--decrypt", path.to_str().unwrap()]);
        Opened {
            text: said.out,
            status: said.err,
        }
    }

    /// Verifies a signature apart from what it is over.
    pub(crate) fn verify(&self, signature: &str, signed: &[u8]) -> Option<Opened> {
        let (signature, signed) = (
            self.file("signature.asc", signature.as_bytes()),
            self.file("signed", signed),
        );
        let args = [
            "--verify",
            signature.to_str().unwrap(),
            signed.to_str().unwrap(),
        ];
        let said = run(&mut self.command(&args));
        (said.code == 0).then_some(Opened {
            text: said.out,
            status: said.err,
        })
    }

    fn file(&self, name: &str, octets: &[u8]) -> PathBuf {
        let path = self.home.path().join(name);
        std::fs::write(&path, octets).unwrap();
        path
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }
}

impl Drop for Gnupg {
    fn drop(&mut self) {
        // Its agent would outlive the test.
        let mut end = Command::new("gpgconf");
        end.arg("--homedir").arg(self.home.path());
        drop(end.args(["--kill", "all"]).output());
    }
}
