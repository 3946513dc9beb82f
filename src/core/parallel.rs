//! Work on several things at once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

/// How long whoever watches hears nothing at most.
const PAUSE: Duration = Duration::from_millis(250);

/// Does `work` on each item, on as many threads as there are cores, and returns what came of them in the order of the items.
///
/// There is one queue for all: how long an item takes may be a matter of luck, and no core is to wait for another. `watch` is told
/// how many are done, on the thread of the caller: before the first, after each, and now and then while none is.
pub fn map<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
    watch: &mut dyn FnMut(usize),
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let take = |done: Sender<_>| {
        while let index = next.fetch_add(1, Ordering::Relaxed)
            && let Some(item) = items.get(index)
            && done.send((index, work(item))).is_ok()
        {}
    };
    let take = &take;
    let cores = thread::available_parallelism().map_or(1, usize::from).min(items.len());
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for _ in 0..cores {
            let done = sender.clone();
            scope.spawn(move || take(done));
        }
        drop(sender);
        gather(&receiver, watch)
    })
}

/// What the workers send until they have all ended. A worker that panics ends the scope with its panic.
fn gather<R>(receiver: &Receiver<(usize, R)>, watch: &mut dyn FnMut(usize)) -> Vec<R> {
    let mut done = BTreeMap::new();
    loop {
        watch(done.len());
        match receiver.recv_timeout(PAUSE) {
            Ok(one) => done.extend([one]),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return done.into_values().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_comes_of_items_stands_in_their_order() {
        for count in [0, 1, 2, 1000] {
            let items: Vec<usize> = (0..count).collect();
            let doubled: Vec<usize> = items.iter().map(|item| item * 2).collect();
            assert_eq!(super::map(&items, |item| item * 2, &mut |_| ()), doubled);
        }
    }
}
