//! An answer that is sent piece by piece, as a task makes it.

use futures_util::Stream;
use futures_util::stream::poll_fn;
use std::convert::Infallible;
use std::fmt::Display;
use tokio::sync::mpsc::Receiver;

/// What a task sends, as a stream for an answer; it ends with the task.
pub(super) fn pieces<T>(mut made: Receiver<T>) -> impl Stream<Item = Result<T, Infallible>> {
    poll_fn(move |context| made.poll_recv(context).map(|piece| piece.map(Ok)))
}

/// The parts of a file, as a stream for an answer. Where one cannot be made the answer
/// is broken off, so that nobody takes what they have for the whole.
pub(super) fn parts<T, E: Display>(
    mut made: Receiver<Result<T, E>>,
) -> impl Stream<Item = Result<T, E>> {
    poll_fn(move |context| {
        made.poll_recv(context).map(|part| {
            if let Some(Err(error)) = &part {
                tracing::error!(%error, "a file could not be sent to its end");
            }
            part
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    #[tokio::test]
    async fn a_file_that_cannot_be_made_to_its_end_does_not_look_whole() {
        let (sender, made) = tokio::sync::mpsc::channel::<Result<String, std::io::Error>>(4);
        sender.send(Ok("one\n".to_owned())).await.unwrap();
        let whole = Body::from_stream(parts(made));
        drop(sender);
        assert_eq!(axum::body::to_bytes(whole, 99).await.unwrap(), "one\n");
        let (sender, made) = tokio::sync::mpsc::channel(4);
        sender.send(Ok("one\n".to_owned())).await.unwrap();
        let gone = std::io::Error::other("the store is gone");
        sender.send(Err(gone)).await.unwrap();
        drop(sender);
        let broken = Body::from_stream(parts(made));
        assert!(axum::body::to_bytes(broken, 99).await.is_err());
    }
}
