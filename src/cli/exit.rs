//! Exit codes.

use std::process::ExitCode;

use crate::core::{ContextError, Error, bundle, plan, renewal};

/// How a run ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exit {
    /// It was done, or there was nothing to do.
    Done,
    /// It could not be done; nothing was changed.
    Failed,
    /// It was not understood: an unknown flag, a value that cannot be.
    Usage,
    /// Something was found that the operator asked to be told of.
    Findings,
    /// A program was started, and ended with this code.
    Program(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Findings => 3,
            Exit::Program(code) => code,
        })
    }
}

/// What was typed is a matter of usage; what was found on disk is not.
impl From<&Error> for Exit {
    fn from(error: &Error) -> Self {
        match error {
            Error::Bundle(bundle::Error::KeyTyped)
            | Error::Catalog(_)
            | Error::Cluster(_)
            | Error::Context(ContextError::NoTerminal)
            | Error::Expiry(_)
            | Error::FileName(_)
            | Error::KeyType(_)
            | Error::KubeconfigInput(_)
            | Error::Name(_)
            | Error::Number(_)
            | Error::Reason(_)
            | Error::Renewal(renewal::Error::Time(_))
            | Error::Plan(plan::Error::Name(_) | plan::Error::NoSans | plan::Error::Time(_))
            | Error::San(_)
            | Error::Time(_) => Self::Usage,
            Error::Backup(_)
            | Error::Bundle(_)
            | Error::Check(_)
            | Error::Config(_)
            | Error::Pack(_)
            | Error::Context(_)
            | Error::Edit(_)
            | Error::Edits(_)
            | Error::Inventory(_)
            | Error::Keys(_)
            | Error::Kubeconfig(_)
            | Error::KubeconfigMerged(_)
            | Error::Log(_)
            | Error::Logs(_)
            | Error::Plan(_)
            | Error::Revoke(_)
            | Error::Rotation(_)
            | Error::Renewal(_)
            | Error::Sign(_)
            | Error::Store(_) => Self::Failed,
        }
    }
}
