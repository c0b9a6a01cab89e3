"""Keys as the provisioning file states them."""

from __future__ import annotations

import asyncssh
import pytest

from fakturahub.outbound.ssh_keys import UnusableKeyError, fingerprint, host_keys, private_key
from tests.peers.sftp import key, private, public

HOUSE, OTHER = key("house").convert_to_public(), key("other").convert_to_public()
LINE = " ".join(public(HOUSE).split()[:2])


@pytest.mark.parametrize(
    "text",
    [
        public(HOUSE),
        f"{LINE} its comment of three words\n",
        f"# the print house\n\nprinthouse.example,192.0.2.7 {LINE}\r\n",
        f"[printhouse.example]:2222 {LINE}",
        f"|1|hashed=|name= {LINE}",
        fingerprint(HOUSE),
        f"{fingerprint(HOUSE)}= printhouse (ED25519)",
        f"{public(OTHER)}\n{LINE}",
        HOUSE.export_public_key("rfc4716").decode(),
        asyncssh.generate_private_key("ecdsa-sha2-nistp256").export_public_key().decode() + LINE,
    ],
    # keys are made anew by each process that runs tests
    ids=range(10),
)
def test_forms_of_a_servers_key(text: str) -> None:
    assert host_keys(text).has(HOUSE)


def test_no_other_key_is_the_servers() -> None:
    for text in (public(HOUSE), fingerprint(HOUSE), f"printhouse.example {LINE}"):
        assert not host_keys(text).has(OTHER)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "empty"),
        ("\n# nothing but this\n", "empty"),
        (f"{LINE}\nprinthouse.example", "Line 2"),
        ("ssh-ed25519", "Line 1"),
        ("ssh-ed25519 AAAA", "damaged"),
        (f"a b {LINE}", "Line 1"),
        (f"@revoked printhouse.example {LINE}", "marker"),
        ("SHA256:short", "Line 1"),
        ("MD5:aa:bb", "Line 1"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "damaged"),
    ],
    ids=range(10),
)
def test_what_is_no_key_of_a_server(text: str, match: str) -> None:
    with pytest.raises(UnusableKeyError, match=match):
        host_keys(text)


@pytest.mark.parametrize("form", ["openssh", "pkcs8-pem"])
@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256"])
def test_forms_of_our_own_key(kind: str, form: str) -> None:
    ours = asyncssh.generate_private_key(kind)
    read = private_key(ours.export_private_key(form).decode())
    assert read.public_data == ours.public_data


def test_our_own_key_shows_itself_in_no_error() -> None:
    text = private(key("hub"))
    cut = text.replace("-----END", "-----FIN")
    locked = key("hub").export_private_key("pkcs8-pem", passphrase="secret").decode()
    for unusable, match in ((cut, "cannot be read"), ("none", "cannot be read"), (locked, "passphrase")):
        with pytest.raises(UnusableKeyError, match=match) as refused:
            private_key(unusable)
        assert (refused.value.__cause__, refused.value.__context__) == (None, None)
        assert not any(line in str(refused.value) for line in unusable.splitlines() if len(line) > 20)
