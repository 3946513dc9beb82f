//! YAML as client-go reads it, with the place of every node: what lossless edits need.
//!
//! The typed reading is made from the same tree as the edits, so the two cannot disagree. serde-saphyr, the other candidate
//! for it, resolves scalars by YAML 1.2 and so differs from client-go in nine of 74 words tried, and it keeps no spans of what
//! an edit needs: where a list ends, an anchor, the slot of an absent value.
//!
//! `tree` parses once and keeps spans; `scalar` knows which plain words are strings for go-yaml (YAML 1.1);
//! `typed` hands a tree to serde; `meaning` compares what two files say; `emit` writes new values; `change` says what is to
//! become of them.

pub mod change;
pub mod emit;
pub mod meaning;
pub mod scalar;
pub mod tree;
pub mod typed;
