//! Work on several things at once.

use std::collections::BTreeMap;
use std::iter::Enumerate;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::ScopedJoinHandle;
use std::time::Duration;
use std::{panic, thread};

/// How long whoever watches hears nothing at most.
const PAUSE: Duration = Duration::from_millis(250);

/// How many wait for a disk at a time: it takes requests side by side, but a thread costs as much as a small file, and more than
/// these were no faster.
const WAITING: usize = 8;

/// Does `work` on each item, on as many threads as there are cores, and returns what came of them in the order of the items.
pub fn map<I, R>(items: I, work: impl Fn(I::Item) -> R + Sync) -> Vec<R>
where
    I: IntoIterator<IntoIter: ExactSizeIterator + Send, Item: Send>,
    R: Send,
{
    work_off(items.into_iter(), cores(), work)
}

/// The same for work that waits for a disk more than it computes: on more threads, since a file system writes its own journal
/// once for all that wait for it.
pub fn map_waiting<I, R>(items: I, work: impl Fn(I::Item) -> R + Sync) -> Vec<R>
where
    I: IntoIterator<IntoIter: ExactSizeIterator + Send, Item: Send>,
    R: Send,
{
    work_off(items.into_iter(), WAITING, work)
}

/// Does `work` on each item that `give` hands out, `most` at the most, on the other cores while `give` goes on and on all once it is
/// done. Returns what came of `give`, and of the items in their order.
pub fn meanwhile<T: Send, R: Send, G>(
    most: usize,
    work: impl Fn(T) -> R + Sync,
    give: impl FnOnce(&mut dyn FnMut(T)) -> G,
) -> (G, Vec<R>) {
    let (sender, receiver) = mpsc::channel();
    let queue = Queue(Mutex::new(receiver.into_iter().enumerate()));
    let take = || queue.map(&work).collect::<Vec<_>>();
    thread::scope(|scope| {
        let others: Vec<_> = (1..cores().min(most)).map(|_| scope.spawn(take)).collect();
        // A worker that panics takes no more; the scope ends with its panic.
        let given = give(&mut |item| drop(sender.send(item)));
        drop(sender);
        (given, gathered(take(), others))
    })
}

/// The same as [`map`], for work that is long. `watch` is told how many are done, on the thread of the caller: before the first,
/// after each, and now and then while none is.
pub fn map_watched<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
    watch: &mut dyn FnMut(usize),
) -> Vec<R> {
    let queue = Queue::new(items.iter());
    let (queue, work) = (&queue, &work);
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for _ in 0..cores().min(items.len()) {
            let done = sender.clone();
            // Nobody listens any more once one has panicked.
            scope.spawn(move || queue.map(work).try_for_each(|one| done.send(one)));
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

/// The caller works too: a thread more would cost more than many a list.
fn work_off<T: Send, R: Send>(
    items: impl ExactSizeIterator<Item = T> + Send,
    threads: usize,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let threads = threads.min(items.len());
    let queue = Queue::new(items);
    let take = || queue.map(&work).collect::<Vec<_>>();
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(take)).collect();
        gathered(take(), others)
    })
}

/// What the caller and the others have done, in the order of the items.
fn gathered<R>(own: Vec<(usize, R)>, others: Vec<ScopedJoinHandle<'_, Vec<(usize, R)>>>) -> Vec<R> {
    let mut done: BTreeMap<usize, R> = own.into_iter().collect();
    for other in others {
        done.extend(other.join().unwrap_or_else(|panic| panic::resume_unwind(panic)));
    }
    done.into_values().collect()
}

/// One queue for all: how long an item takes may be a matter of luck, and no thread is to wait for another.
struct Queue<I>(Mutex<Enumerate<I>>);

impl<I: Iterator> Queue<I> {
    fn new(items: I) -> Self {
        Self(Mutex::new(items.enumerate()))
    }

    /// Takes items until there are none, and yields what comes of each with its place.
    fn map<R>(&self, work: impl Fn(I::Item) -> R) -> impl Iterator<Item = (usize, R)> {
        let next = || self.0.lock().unwrap_or_else(PoisonError::into_inner).next();
        std::iter::from_fn(next).map(move |(place, item)| (place, work(item)))
    }
}

/// Asked once: the answer is read from a handful of files.
fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| thread::available_parallelism().map_or(1, usize::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_of_items_stands_in_their_order() {
        for count in [0, 1, 2, 1000] {
            let mut items: Vec<usize> = (0..count).collect();
            let doubled: Vec<usize> = items.iter().map(|item| item * 2).collect();
            assert_eq!(map(&items, |item| item * 2), doubled);
            assert_eq!(map_watched(&items, |item| item * 2, &mut |_| ()), doubled);
            assert_eq!(map_waiting(&mut items, |item| std::mem::replace(item, 7) * 2), doubled);
            assert_eq!(items, vec![7; count]);
            let given = meanwhile(
                count,
                |item: usize| item * 2,
                |give| {
                    (0..count).for_each(give);
                    "given"
                },
            );
            assert_eq!(given, ("given", doubled));
        }
    }
}
