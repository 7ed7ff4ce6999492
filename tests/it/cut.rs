//! A way to a server that can be cut off.

use crate::support::eventually;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Passes everything on to a port of this machine, until it is cut.
pub(crate) struct Cuttable {
    pub(crate) port: u16,
    cut: watch::Sender<bool>,
    through: Arc<AtomicUsize>,
    /// Ends the proxy when dropped.
    _runtime: tokio::runtime::Runtime,
}

impl Cuttable {
    pub(crate) fn to(behind: u16) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (cut, seen) = watch::channel(false);
        let through = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&through);
        runtime.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (seen, count) = (seen.clone(), Arc::clone(&count));
                tokio::spawn(async move {
                    count.fetch_add(1, Ordering::SeqCst);
                    pass(client, behind, seen).await;
                    count.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self {
            port,
            cut,
            through,
            _runtime: runtime,
        }
    }

    /// Drops whatever goes through, in the midst of it, and lets nothing in.
    pub(crate) fn cut(&self) {
        self.cut.send_replace(true);
        eventually("all that went through is dropped", || {
            self.through.load(Ordering::SeqCst) == 0
        });
    }

    pub(crate) fn mend(&self) {
        self.cut.send_replace(false);
    }
}

async fn pass(mut client: TcpStream, behind: u16, mut cut: watch::Receiver<bool>) {
    if *cut.borrow_and_update() {
        return;
    }
    let address = SocketAddr::from(([127, 0, 0, 1], behind));
    let Ok(mut server) = TcpStream::connect(address).await else {
        return;
    };
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
        _ = cut.wait_for(|cut| *cut) => {}
    }
}
