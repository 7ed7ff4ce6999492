//! A relay that is far away: a TCP proxy that holds everything back for a
//! while, in either direction, and counts how often the client had to wait.
//!
//! Every chunk is passed on at its own instant, as it came: nothing is joined,
//! and no number of octets a second is too many. The kernel here has no netem.

use anyhow::{Context, Result};
use std::io::{BufRead, BufReader, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

/// Chunks under way in one direction at most: 16 MiB, more than any window.
const UNDER_WAY: usize = 256;
const CHUNK: usize = 64 * 1024;

/// A proxy before a server of this machine; ended when dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) port: u16,
    flights: Arc<AtomicU64>,
    // Ends every connection with it.
    _runtime: Runtime,
}

impl Proxy {
    pub(crate) fn start(server: u16, each_way: Duration) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0)))?;
        let port = listener.local_addr()?.port();
        let flights = Arc::<AtomicU64>::default();
        let counted = Arc::clone(&flights);
        runtime.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, server, each_way, Arc::clone(&counted)));
            }
        });
        Ok(Self {
            port,
            flights,
            _runtime: runtime,
        })
    }

    /// How often clients spoke after they had been answered, greetings and
    /// farewells apart: the round trips that their messages took.
    pub(crate) fn flights(&self) -> u64 {
        self.flights.load(Ordering::Relaxed)
    }

    /// A round trip as it really is: the timer's grain is a millisecond.
    pub(crate) fn round_trip(&self) -> Result<Duration> {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_nodelay(true)?;
        let mut lines = BufReader::new(stream.try_clone()?);
        let mut reply = String::new();
        lines.read_line(&mut reply)?;
        let (begun, times) = (Instant::now(), 10);
        for _ in 0..times {
            stream.write_all(b"HELO bench.example\r\n")?;
            lines.read_line(&mut reply)?;
        }
        let took = begun.elapsed() / times;
        stream.write_all(b"QUIT\r\n")?;
        lines.read_line(&mut reply).context("no farewell")?;
        Ok(took)
    }
}

async fn pass(
    client: TcpStream,
    server: u16,
    each_way: Duration,
    flights: Arc<AtomicU64>,
) -> std::io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", server)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let answered = AtomicBool::new(true);
    let asks = |said: &[u8]| {
        if answered.swap(false, Ordering::Relaxed) && !is_formality(said) {
            flights.fetch_add(1, Ordering::Relaxed);
        }
    };
    let answers = || answered.store(true, Ordering::Relaxed);
    tokio::join!(
        carry(from_client, to_server, each_way, asks, || ()),
        carry(from_server, to_client, each_way, |_| (), answers),
    );
    Ok(())
}

fn is_formality(said: &[u8]) -> bool {
    [b"EHLO", b"HELO", b"QUIT"]
        .iter()
        .any(|word| said.to_ascii_uppercase().starts_with(*word))
}

/// Carries one direction until its end, however it ends.
async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    each_way: Duration,
    heard: impl Fn(&[u8]),
    told: impl Fn(),
) {
    let (queue, mut due) = mpsc::channel::<(tokio::time::Instant, Vec<u8>)>(UNDER_WAY);
    let listen = async move {
        loop {
            let mut chunk = Vec::with_capacity(CHUNK);
            match from.read_buf(&mut chunk).await {
                Ok(octets) if octets > 0 => heard(&chunk),
                Ok(_) | Err(_) => return,
            }
            let at = tokio::time::Instant::now() + each_way;
            if queue.send((at, chunk)).await.is_err() {
                return;
            }
        }
    };
    let tell = async move {
        while let Some((at, chunk)) = due.recv().await {
            tokio::time::sleep_until(at).await;
            if to.write_all(&chunk).await.is_err() {
                return;
            }
            told();
        }
        drop(to.shutdown().await);
    };
    tokio::join!(listen, tell);
}
