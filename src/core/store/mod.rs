//! The disk: the only module that opens files.
//!
//! A run goes `lock` - `read` - (decide) - `commit`. What it promises:
//!
//! - A set of [`Changes`](crate::core::changes::Changes) is written wholly or not at all, also when the run is killed
//!   or the disk is full: new files are staged beside their targets and synced, then renamed next to each other under a
//!   journal that the next run in that folder finishes or undoes.
//! - Nothing is lost to a second writer: locks are held from before the reading on, kubectl's among them, and what must
//!   hold of the old file is looked at again right before the renames.
//! - A secret has its final mode, or a narrower one, from its first byte on.
//!
//! Symlinks are followed: the link stays, the file that it leads to is replaced. The exception is a new secret behind a
//! dangling link that leaves the folder of the link; that is refused, for whoever may write to a shared folder could
//! choose where the key goes. A file that is itself a mount point cannot be renamed over; it is refused too, since
//! writing in place could leave half a file.

mod blocks;
mod commit;
mod error;
mod file_lock;
mod folder_lock;
mod folders;
mod holder;
mod journal;
mod lock;
mod private;
mod read;
mod target;
mod temp;
mod walk;

pub use self::blocks::blocks;
pub use self::commit::{How, Written};
pub use self::error::Error;
pub use self::holder::{By, Holder, Process};
pub use self::journal::{Outcome, Recovery};
pub use self::lock::{Guard, LockSettings, Lockable, lock, unlock_dead};
pub use self::private::{PrivateFile, private_file};
pub use self::read::{LIMIT, is_absent, is_file, read, read_stream};
pub use self::walk::{
    Survey, distinct, files, files_in, files_in_sight, files_named, folders_in, is_there,
    real_path, survey,
};
