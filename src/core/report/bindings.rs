//! The bindings that certificates rely on, as objects for the API server.

use serde::Serialize;

use crate::core::catalog::{BINDINGS, Binding};

/// The group of the API that they belong to (`rbac.authorization.k8s.io` in Kubernetes).
const RBAC: &str = "rbac.authorization.k8s.io";

/// All of them, as the `List` that `kubectl apply` takes.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BindingsReport {
    api_version: &'static str,
    kind: &'static str,
    /// In the order of the catalog.
    pub items: Vec<ClusterRoleBinding>,
}

/// One binding (`rbac/v1/types.go` in Kubernetes).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterRoleBinding {
    /// Group and version of the API.
    pub api_version: String,
    /// What it is.
    pub kind: &'static str,
    /// Its name.
    pub metadata: Metadata,
    /// The role that it gives.
    pub role_ref: Reference,
    /// To whom.
    pub subjects: [Reference; 1],
}

/// What every object of Kubernetes has.
#[derive(Debug, Serialize)]
pub struct Metadata {
    /// What the object is called.
    pub name: &'static str,
}

/// A role, a user or a group.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reference {
    /// The group of the API that it belongs to.
    pub api_group: &'static str,
    /// Which of these it is.
    pub kind: &'static str,
    /// What it is called.
    pub name: &'static str,
}

impl BindingsReport {
    /// The catalog.
    pub fn new() -> Self {
        let items = BINDINGS.iter().map(ClusterRoleBinding::new).collect();
        Self { api_version: "v1", kind: "List", items }
    }
}

impl Default for BindingsReport {
    fn default() -> Self {
        Self::new()
    }
}

impl ClusterRoleBinding {
    fn new(binding: &Binding) -> Self {
        let Binding { name, role, subject_kind, subject } = *binding;
        Self {
            api_version: format!("{RBAC}/v1"),
            kind: "ClusterRoleBinding",
            metadata: Metadata { name },
            role_ref: Reference { api_group: RBAC, kind: "ClusterRole", name: role },
            subjects: [Reference { api_group: RBAC, kind: subject_kind, name: subject }],
        }
    }
}
