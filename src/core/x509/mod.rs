//! The vocabulary of X.509 as Kubernetes uses it.
