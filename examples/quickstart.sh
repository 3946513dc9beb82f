#!/usr/bin/env bash
# From nothing to a kubeconfig: builds kubepki and makes a CA, an administrator's certificate and a kubeconfig.
#
#   examples/quickstart.sh [FOLDER]        FOLDER: where it goes, `demo` unless another is named
set -euo pipefail

folder=${1:-demo}
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

cargo build --release --quiet --locked --manifest-path "$repository/Cargo.toml"
PATH=${CARGO_TARGET_DIR:-$repository/target}/release:$PATH
mkdir -p "$folder"
cd "$folder"

set -x
kubepki ca init
kubepki kubeconfig gen admin --server https://kube.example.com:6443 --issue
kubepki cert show pki/admin.crt
kubepki context list --kubeconfig admin.conf
