#!/usr/bin/env bash
# From nothing to the PKI of a control plane: builds kubepki, makes everything that a node needs, and shows some of it.
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
kubepki cluster init --apiserver-advertise-address 192.0.2.10 --node-name cp-1
kubepki cert show pki/apiserver.crt
kubepki context list --kubeconfig admin.conf
