"""Makes the certificates and kubeconfigs of one node, new for every run."""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from pathlib import Path

# Longer than any run, but short, so that a leaked key expires soon.
LIFETIME = dt.timedelta(days=2)
CLIENT, SERVER = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH


@dataclass(frozen=True)
class Identity:
    """The subject of a client certificate, from which Kubernetes reads the user and the group.

    Source: Kubernetes documentation, Authenticating, X.509 client certificates.
    """

    file: str
    user: str
    group: str = ""


CLIENTS = (
    Identity("admin", "acceptance-suite", "system:masters"),
    Identity("kube-controller-manager", "system:kube-controller-manager"),
    Identity("kube-scheduler", "system:kube-scheduler"),
    Identity("kube-proxy", "system:kube-proxy"),
    Identity("kubelet", "system:node:node", "system:nodes"),
    Identity("apiserver-to-kubelet", "kube-apiserver-kubelet-client", "system:masters"),
)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def _name(common_name: str, organisation: str = "") -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organisation:
        attributes.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(attributes)


class Authority:
    """Issues the node's certificates as PEM files in one folder."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        """Make the authority's own key and certificate in `folder`, as `name`.crt and .key."""
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._subject = _name("checkout-acceptance" if name == "ca" else f"checkout-{name}")
        now = dt.datetime.now(dt.UTC)
        self._from, self._until = now - dt.timedelta(minutes=5), now + LIFETIME
        certificate = (
            self._builder(self._subject, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.certificate = folder / f"{name}.crt"
        self.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        _write_key(folder / f"{name}.key", self._key)

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._from)
            .not_valid_after(self._until)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
        )

    def issue(
        self,
        file: str,
        common_name: str,
        *,
        organisation: str = "",
        uses: tuple[x509.ObjectIdentifier, ...] = (CLIENT,),
        names: tuple[str, ...] = (),
        addresses: tuple[str, ...] = (),
    ) -> None:
        """Write `file`.crt and `file`.key for this subject."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            self._builder(_name(common_name, organisation), key)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        )
        alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
        alternatives += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
        if alternatives:
            builder = builder.add_extension(
                x509.SubjectAlternativeName(alternatives), critical=False
            )
        certificate = builder.sign(self._key, hashes.SHA256())
        _write_key(self.folder / f"{file}.key", key)
        (self.folder / f"{file}.crt").write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
        )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def make_certificates(folder: Path, node_address: str, service_address: str) -> None:
    """Write every certificate that the node's components need into `folder`."""
    authority = Authority(folder)
    authority.issue(
        "apiserver",
        "kube-apiserver",
        uses=(SERVER,),
        names=(
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            "kubernetes.default.svc.cluster.local",
            "localhost",
        ),
        addresses=(node_address, service_address, "127.0.0.1"),
    )
    authority.issue(
        "kubelet-server",
        "system:node:node",
        uses=(SERVER,),
        names=("node",),
        addresses=(node_address,),
    )
    for identity in CLIENTS:
        authority.issue(identity.file, identity.user, organisation=identity.group)
    service_accounts = ec.generate_private_key(ec.SECP256R1())
    _write_key(folder / "service-accounts.key", service_accounts)
    (folder / "service-accounts.pub").write_bytes(
        service_accounts.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )


def make_store_certificates(folder: Path, store: Path) -> None:
    """Write etcd's certificates into `store`, and the API server's for etcd into `folder`.

    The store has its own authority, or any client of the cluster could read it (CIS 2.7). Its one
    member is its own peer, so its certificate is for a server and a client.
    """
    authority = Authority(store, "etcd-ca")
    authority.issue(
        "etcd", "etcd", uses=(SERVER, CLIENT), names=("localhost",), addresses=("127.0.0.1",)
    )
    authority.issue("apiserver-to-etcd", "kube-apiserver")
    for name in ("apiserver-to-etcd.crt", "apiserver-to-etcd.key"):
        (store / name).rename(folder / name)
    shutil.copyfile(authority.certificate, folder / authority.certificate.name)
    (store / "etcd-ca.key").unlink()  # no further certificate can be issued


def kubeconfig(folder: Path, client: str, server: str, context: str) -> str:
    """Return a kubeconfig with its certificates inside (JSON, which is YAML too), for `client`."""

    def inline(file: str) -> str:
        return base64.b64encode((folder / file).read_bytes()).decode("ascii")

    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": context,
                    "cluster": {
                        "server": server,
                        "certificate-authority-data": inline("ca.crt"),
                    },
                }
            ],
            "users": [
                {
                    "name": client,
                    "user": {
                        "client-certificate-data": inline(f"{client}.crt"),
                        "client-key-data": inline(f"{client}.key"),
                    },
                }
            ],
            "contexts": [{"name": context, "context": {"cluster": context, "user": client}}],
            "current-context": context,
        },
        indent=1,
    )
