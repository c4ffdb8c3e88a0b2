"""Two network namespaces on a bridge of this machine, whose links a test cuts."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

BRIDGE = "galopt"
ADDRESS = "10.213.77.1"
HOSTS = (1, 2)


class Network:
    """A bridge with the address `ADDRESS` and the hosts 1 and 2 behind it."""

    def start(self) -> None:
        """Make the bridge and the hosts, all connected."""
        ip("link", "add", BRIDGE, "type", "bridge")
        ip("address", "add", f"{ADDRESS}/24", "dev", BRIDGE)
        ip("link", "set", BRIDGE, "up")
        for host in HOSTS:
            near, far, space = f"galopt{host}", f"far{host}", self.namespace(host)
            ip("netns", "add", space)
            ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", space)
            ip("link", "set", near, "master", BRIDGE, "up")
            ip("-n", space, "address", "add", f"10.213.77.{host + 1}/24", "dev", far)
            ip("-n", space, "link", "set", far, "up")
            ip("-n", space, "link", "set", "lo", "up")

    def stop(self) -> None:
        """Take all of it away, links first: a namespace's go a while after it."""
        for host in HOSTS:
            subprocess.run(["ip", "link", "del", f"galopt{host}"], check=False)
            subprocess.run(["ip", "netns", "del", self.namespace(host)], check=False)
        subprocess.run(["ip", "link", "del", BRIDGE], check=False)

    @contextmanager
    def cut(self, host: int) -> Iterator[None]:
        """Cut a host off while the block runs."""
        ip("link", "set", f"galopt{host}", "down")
        yield
        ip("link", "set", f"galopt{host}", "up")

    def inside(self, host: int, *command: str) -> list[str]:
        """Return the words that run a command on a host."""
        return ["ip", "netns", "exec", self.namespace(host), *command]

    def namespace(self, host: int) -> str:
        """Return the name of a host's namespace."""
        return f"galopt-host{host}"


def ip(*words: str) -> None:
    """Run `ip`."""
    subprocess.run(["ip", *words], check=True)


@pytest.fixture
def network():
    """Return two connected hosts."""
    if os.geteuid() or not shutil.which("ip"):
        pytest.skip("no iproute2, or not root: .ci/services installs it")
    hosts = Network()
    try:
        hosts.start()
        yield hosts
    finally:
        hosts.stop()
