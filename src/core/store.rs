//! The disk: the only module that opens files.
