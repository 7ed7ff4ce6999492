//! An answer that is sent piece by piece, as a task makes it.

use futures_util::Stream;
use futures_util::stream::poll_fn;
use std::convert::Infallible;
use tokio::sync::mpsc::Receiver;

/// What a task sends, as a stream for an answer; it ends with the task.
pub(super) fn pieces<T>(mut made: Receiver<T>) -> impl Stream<Item = Result<T, Infallible>> {
    poll_fn(move |context| made.poll_recv(context).map(|piece| piece.map(Ok)))
}
