//! Kubeconfigs: the file that prints back byte for byte, the merged view, edits, new files.
