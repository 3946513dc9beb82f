# The PKI of a control plane and its kubeconfigs by openssl: as many keys and certificates, and what is in them.
mkdir -p pki/etcd && cd pki
ca() { # FILE NAME
  openssl req -x509 -newkey rsa:2048 -nodes -keyout $1.key -out $1.crt -days 3650 -subj "/CN=$2" \
    -addext "keyUsage = critical, digitalSignature, keyCertSign, cRLSign" -addext "subjectAltName = DNS:$2"
}
leaf() { # FILE CA SUBJECT PURPOSES [NAMES]
  openssl req -new -newkey rsa:2048 -nodes -keyout $1.key -out $1.csr -subj "$3"
  cat >$1.ext <<END
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = $4
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
${5:+subjectAltName = $5}
END
  openssl x509 -req -in $1.csr -CA $2.crt -CAkey $2.key -CAcreateserial -days 365 -extfile $1.ext -out $1.crt
}
conf() { # FILE USER SUBJECT
  leaf $1 ca "$3/CN=$2" clientAuth
  cat >../$1.conf <<END
apiVersion: v1
kind: Config
clusters:
- name: kubernetes
  cluster: {server: "https://192.0.2.10:6443", certificate-authority-data: $(base64 -w0 ca.crt)}
users:
- name: $2
  user: {client-certificate-data: $(base64 -w0 $1.crt), client-key-data: $(base64 -w0 $1.key)}
contexts:
- name: $2@kubernetes
  context: {cluster: kubernetes, user: "$2"}
current-context: $2@kubernetes
END
}
ca ca kubernetes; ca front-proxy-ca front-proxy-ca; ca etcd/ca etcd-ca
leaf apiserver ca /CN=kube-apiserver serverAuth "DNS:cp-1, DNS:kubernetes, DNS:kubernetes.default, DNS:kubernetes.default.svc, DNS:kubernetes.default.svc.cluster.local, IP:10.96.0.1, IP:192.0.2.10"
leaf apiserver-kubelet-client ca /CN=kube-apiserver-kubelet-client clientAuth
leaf front-proxy-client front-proxy-ca /CN=front-proxy-client clientAuth
for name in server peer; do
  leaf etcd/$name etcd/ca /CN=cp-1 "serverAuth, clientAuth" "DNS:cp-1, DNS:localhost, IP:192.0.2.10, IP:127.0.0.1, IP:::1"
done
leaf etcd/healthcheck-client etcd/ca /CN=kube-etcd-healthcheck-client clientAuth
leaf apiserver-etcd-client etcd/ca /CN=kube-apiserver-etcd-client clientAuth
conf admin kubernetes-admin /O=kubeadm:cluster-admins
conf super-admin kubernetes-super-admin /O=system:masters
conf kubelet system:node:cp-1 /O=system:nodes
conf controller-manager system:kube-controller-manager ""
conf scheduler system:kube-scheduler ""
openssl genrsa -out sa.key 2048
openssl pkey -in sa.key -pubout -out sa.pub
