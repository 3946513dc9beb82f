#!/usr/bin/env bash
# A control plane whose CA is kept elsewhere: no key of the cluster's CA ever is on the node.
#
#   examples/external-ca/run.sh [PORT]
#
# Two folders stand for two places: `office` has the keys of the CAs and openssl, `node` has kubepki. Prints each command and its
# screen, and stops where a screen is not as it must be. Everything happens in a temporary home that vanishes at the end; the
# servers listen on 127.0.0.1, the API server on PORT (6443).
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/../show"
SERVERS=(run node/pki)

make_it() {
  ASKED="--apiserver-advertise-address 192.0.2.10 --node-name cp-1 --control-plane-endpoint 127.0.0.1:$PORT"
  mkdir office node
  make_the_cas
  ask
  sign
  import
}

make_the_cas() {
  title "In the office: an offline root, and below it a CA that signs for clusters"
  cd ~/office
  show "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.crt -days 3650 -subj '/O=Example/CN=Example Root' -addext keyUsage=critical,keyCertSign,cRLSign"
  show "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout issuing.key -out issuing.csr -subj '/O=Example/CN=Example Clusters' -addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext keyUsage=critical,keyCertSign"
  show "openssl x509 -req -in issuing.csr -CA root.crt -CAkey root.key -copy_extensions copy -days 1825 -out issuing.crt"
}

ask() {
  title "On the node: the CA's certificate without its key, and requests for all that it must sign"
  cd ~/node
  show "mkdir pki && cp ../office/root.crt pki/ca.crt"
  show "kubepki cluster csr $ASKED" admin.conf.csr
  show "kubepki cluster csr $ASKED -o name | tar czf requests.tgz -T -"
}

sign() {
  title "In the office: openssl signs, and copies what was asked for, since somebody has looked at it"
  cd ~/office
  show "tar xzf ../node/requests.tgz && mkdir signed && cp issuing.crt signed"
  show "for request in pki/*.csr *.conf.csr; do openssl x509 -req -in \$request -CA issuing.crt -CAkey issuing.key -copy_extensions copy -days 365 -out signed/\$(basename \$request .csr).crt; done" ok
}

import() {
  title "On the node: each certificate finds its key, and the CA in between stays with it"
  cd ~/node
  show "cp -r ../office/signed ."
  show "kubepki cluster import signed $ASKED" edited

  title "The CAs of etcd and of the front proxy, and the keys of tokens, are made here"
  show "kubepki cluster init $ASKED" etcd/ca.key
  show "kubepki cluster plan $ASKED" 'nothing to do'
  show "ls pki/ca.*"
  [[ ! -e pki/ca.key ]] || fail "the key of the cluster's CA is on the node"
}

try_it() {
  title "A control plane runs on it"
  cd ~/node
  show "kubectl auth whoami --kubeconfig super-admin.conf" system:masters
  show "kubepki cluster bindings | kubectl apply -f - --kubeconfig super-admin.conf" created
  show "kubectl auth can-i '*' '*' --kubeconfig admin.conf" yes
}

play "$@"
