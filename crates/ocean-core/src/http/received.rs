//! How large were the answers that a piece of work received? [`sizes_of`] hands them to whoever
//! started the work, whichever clients it used.

use std::sync::Arc;

/// Is told the size of each whole answer, after decompression.
pub(crate) type NoteSize = Arc<dyn Fn(usize) + Send + Sync>;

tokio::task_local! {
    static NOTE: NoteSize;
}

/// Runs `work` and tells `note` the size of each answer that was received within it. Tasks that
/// `work` spawns do not belong to it.
pub(crate) async fn sizes_of<F: Future>(note: NoteSize, work: F) -> F::Output {
    NOTE.scope(note, work).await
}

pub(super) fn note_size(bytes: usize) {
    // Work that nobody asked about is everyday life: live events, the token.
    let _unasked = NOTE.try_with(|note| note(bytes));
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[tokio::test]
    async fn only_what_is_received_within_the_work_is_told() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let note: NoteSize = {
            let told = Arc::clone(&told);
            Arc::new(move |bytes| told.lock().unwrap().push(bytes))
        };
        note_size(1);
        sizes_of(note, async {
            note_size(2);
            tokio::task::yield_now().await;
            note_size(3);
        })
        .await;
        note_size(4);
        assert_eq!(*told.lock().unwrap(), [2, 3]);
    }
}
