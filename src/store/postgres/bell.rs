//! The bell: whoever changes what is to be done notifies, and every service on
//! the database wakes. A connection of its own listens. Where it is lost it is
//! made anew, and that counts as a ring, for what rang meanwhile nobody heard.

use super::open::connect;
use super::{PostgresStore, Result};
use crate::store::Bell;
use async_trait::async_trait;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::{Executor, PgConnection};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// What is listened to.
const CHANNEL: &str = "dateline";
/// After so long a silence it is asked whether the connection still lives.
const SILENCE: Duration = Duration::from_secs(15);
/// How long the answer may take.
const ANSWER: Duration = Duration::from_secs(5);
/// From one try to connect to the next.
const AGAIN: Duration = Duration::from_secs(1);

/// Rings when the transaction is committed.
pub(super) async fn ring(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("SELECT pg_notify($1, '')")
        .bind(CHANNEL)
        .execute(connection)
        .await
        .map(drop)
}

#[derive(Debug)]
struct Hung {
    rope: Arc<Notify>,
    listener: JoinHandle<()>,
}

#[async_trait]
impl Bell for Hung {
    async fn rung(&mut self) {
        self.rope.notified().await;
    }
}

impl Drop for Hung {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

pub(super) async fn hang(store: &PostgresStore) -> Result<Box<dyn Bell>> {
    let options = store.options.clone();
    let listener = listen(&options)
        .await
        .map_err(|error| store.failed(error))?;
    let rope = Arc::new(Notify::new());
    let task = tokio::spawn(attend(options, listener, Arc::clone(&rope)));
    Ok(Box::new(Hung {
        rope,
        listener: task,
    }))
}

async fn listen(options: &PgConnectOptions) -> sqlx::Result<PgListener> {
    // The pool would try for long where the server is down; this tells at once.
    drop(connect(options).await?);
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_lazy_with(options.clone());
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

/// Hears for ever.
async fn attend(options: PgConnectOptions, mut listener: PgListener, rope: Arc<Notify>) {
    loop {
        hear(&mut listener, &rope).await;
        listener = loop {
            sleep(AGAIN).await;
            if let Ok(listener) = listen(&options).await {
                break listener;
            }
        };
        rope.notify_one();
    }
}

/// Hears until the connection is lost.
async fn hear(listener: &mut PgListener, rope: &Notify) {
    loop {
        match timeout(SILENCE, listener.try_recv()).await {
            Ok(Ok(Some(_))) => rope.notify_one(),
            Ok(Ok(None) | Err(_)) => return,
            Err(_) => {
                let asked = timeout(ANSWER, listener.execute("SELECT 1")).await;
                if !matches!(asked, Ok(Ok(_))) {
                    return;
                }
            }
        }
    }
}
