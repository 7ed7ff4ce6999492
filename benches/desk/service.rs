//! The service that is walked through, in a process of its own.

use crate::house::dateline;
use anyhow::{Context, Result};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

/// `dateline serve`, ended when dropped.
pub(crate) struct Service {
    child: Child,
    /// Where it listens.
    pub(crate) address: String,
}

impl Service {
    /// Starts it, and waits until it is ready.
    pub(crate) fn start(workspace: &Path) -> Result<Self> {
        let args = ["serve", "--listen", "127.0.0.1:0", "--log-format", "json"];
        let mut command = dateline(workspace, &args);
        let mut child = command
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let said = child.stderr.take().context("no standard error")?;
        let mut service = Self {
            child,
            address: String::new(),
        };
        let mut lines = BufReader::new(said).lines();
        for line in lines.by_ref() {
            let line: serde_json::Value = serde_json::from_str(&line?)?;
            if let Some(address) = line["address"].as_str() {
                service.address = address.to_owned();
            }
            if line["message"]
                .as_str()
                .is_some_and(|said| said.contains("ready"))
            {
                break;
            }
        }
        // Its log goes on; nobody needs it.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(service)
    }

    /// The memory that it has now, and the most it had, in MiB.
    pub(crate) fn memory(&self) -> Result<(u64, u64)> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kib = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name));
            let number = line.and_then(|line| line.split_whitespace().nth(1));
            number
                .and_then(|number| number.parse::<u64>().ok())
                .unwrap_or_default()
                / 1024
        };
        Ok((kib("VmRSS:"), kib("VmHWM:")))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
