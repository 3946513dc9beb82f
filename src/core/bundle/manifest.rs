//! The Secret as YAML: written for `kubectl apply`, read from whatever kubectl prints.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::cipher::OVERHEAD;
use super::error::{Error, Flaw};
use crate::core::kubeconfig::Data;
use crate::core::spec::why_unread;

/// The name of the Secret.
pub const NAME: &str = "kubeadm-certs";

/// Where kubeadm looks for it.
pub const NAMESPACE: &str = "kube-system";

/// The most bytes that are read: a Secret holds a mebibyte, which Base64 and what the API server adds make more.
const MOST_BYTES: usize = 4 << 20;

/// Who may read the Secret: nodes with a bootstrap token of kubeadm's group (`createRBAC` in copycerts).
const RIGHTS: &str = "\
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: kubeadm:kubeadm-certs
  namespace: kube-system
rules:
- apiGroups: ['']
  resources: [secrets]
  resourceNames: [kubeadm-certs]
  verbs: [get]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: kubeadm:kubeadm-certs
  namespace: kube-system
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: kubeadm:kubeadm-certs
subjects:
- apiGroup: rbac.authorization.k8s.io
  kind: Group
  name: system:bootstrappers:kubeadm:default-node-token
";

/// The Secret, and the right to read it.
pub(super) fn write(values: &BTreeMap<String, Vec<u8>>) -> String {
    let line = |(name, value): (&String, &Vec<u8>)| {
        format!("  {name}: {}\n", *Data::new(value.as_slice()).to_base64())
    };
    let data: String = values.iter().map(line).collect();
    format!(
        "apiVersion: v1\n\
         kind: Secret\n\
         metadata:\n  name: {NAME}\n  namespace: {NAMESPACE}\n\
         type: Opaque\n\
         data:\n{data}{RIGHTS}"
    )
}

/// The values of the Secret among the documents of a file.
pub(super) fn read(path: &Path, bytes: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    if bytes.len() > MOST_BYTES {
        let size = bytes.len();
        return Err(Error::TooLarge { path: path.to_owned(), size, most: MOST_BYTES });
    }
    let documents: Vec<Value> = serde_saphyr::from_slice_multiple(bytes)
        .map_err(|error| Error::Yaml { path: path.to_owned(), why: why_unread(&error) })?;
    let secret = the_secret(path, &documents)?;
    let none = serde_json::Map::new();
    let data = secret["data"].as_object().unwrap_or(&none);
    data.iter().map(|(name, value)| Ok((name.clone(), decode(path, name, value)?))).collect()
}

fn the_secret<'a>(path: &Path, documents: &'a [Value]) -> Result<&'a Value, Error> {
    let is_it =
        |document: &&Value| document["kind"] == "Secret" && document["metadata"]["name"] == NAME;
    let mut found = documents.iter().filter(is_it);
    match (found.next(), found.next()) {
        (Some(secret), None) => Ok(secret),
        (Some(_), Some(_)) => Err(Error::Twice { path: path.to_owned() }),
        (None, _) => {
            let found = documents.iter().filter(|document| !document.is_null()).map(title);
            Err(Error::NoSecret { path: path.to_owned(), found: found.collect() })
        }
    }
}

/// `Secret other`
fn title(document: &Value) -> String {
    let kind = document["kind"].as_str().unwrap_or("something without a kind");
    let name = document["metadata"]["name"].as_str().unwrap_or_default();
    format!("{kind} {name}").trim_end().to_owned()
}

fn decode(path: &Path, name: &str, value: &Value) -> Result<Vec<u8>, Error> {
    let flawed = |flaw| Error::Value { path: path.to_owned(), name: name.to_owned(), flaw };
    let text = match value {
        Value::Null => "",
        other => other.as_str().ok_or_else(|| flawed(Flaw::NotBase64))?,
    };
    let value = Data::from_base64(text).ok_or_else(|| flawed(Flaw::NotBase64))?;
    match value.expose().len() {
        0 => Err(flawed(Flaw::Empty)),
        found @ ..=OVERHEAD => Err(flawed(Flaw::TooShort { found, overhead: OVERHEAD })),
        _ => Ok(value.expose().to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<BTreeMap<String, Vec<u8>>, Error> {
        super::read(Path::new("f"), text.as_bytes())
    }

    #[test]
    fn a_secret_of_another_name_or_kind_or_twice_is_refused() {
        let no = |text: &str| match read(text) {
            Err(Error::NoSecret { found, .. }) => found,
            other => panic!("{other:?}"),
        };
        assert_eq!(no(""), Vec::<String>::new());
        assert_eq!(no("kind: Secret\nmetadata: {name: other}\n"), ["Secret other"]);
        assert_eq!(
            no("kind: ConfigMap\nmetadata: {name: kubeadm-certs}\n---\na: 1\n"),
            ["ConfigMap kubeadm-certs", "something without a kind"]
        );
        let one = "kind: Secret\nmetadata: {name: kubeadm-certs}\n";
        assert!(matches!(read(&format!("{one}---\n{one}")), Err(Error::Twice { .. })));
        assert!(matches!(read("a: [1\n"), Err(Error::Yaml { .. })));
        assert!(matches!(read(&"#".repeat(MOST_BYTES + 1)), Err(Error::TooLarge { .. })));
        assert_eq!(read(one).unwrap(), BTreeMap::new());
    }

    #[test]
    fn a_value_that_cannot_be_one_is_told_by_its_flaw() {
        let flaw = |value: &str| {
            let text = format!(
                "kind: Secret\nmetadata: {{name: kubeadm-certs}}\ndata: {{ca.crt: {value}}}\n"
            );
            match read(&text) {
                Err(Error::Value { name, flaw, .. }) if name == "ca.crt" => flaw,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(flaw("\"\""), Flaw::Empty);
        assert_eq!(flaw("null"), Flaw::Empty);
        assert_eq!(flaw("'!'"), Flaw::NotBase64);
        assert_eq!(flaw("[]"), Flaw::NotBase64);
        assert_eq!(flaw("aGVsbG8="), Flaw::TooShort { found: 5, overhead: 28 });
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(list in proptest::collection::btree_map("[a-z.-]{1,20}", proptest::collection::vec(any::<u8>(), 29..100), 1..10)) {
            prop_assert_eq!(read(&write(&list)).unwrap(), list);
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = super::read(Path::new("f"), &bytes);
        }
    }
}
