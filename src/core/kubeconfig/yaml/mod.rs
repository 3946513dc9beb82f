//! YAML as client-go reads it, with the place of every node: what lossless edits need.
//!
//! `tree` parses once and keeps spans; `scalar` knows which plain words are strings for go-yaml (YAML 1.1);
//! `typed` hands a tree to serde; `meaning` compares what two files say; `emit` writes new values.

pub mod emit;
pub mod meaning;
pub mod scalar;
pub mod tree;
pub mod typed;
