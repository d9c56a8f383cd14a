# SPDX-License-Identifier: Apache-2.0
"""A real Ceph for tests, from Debian's packages, as root: one monitor, one manager, one OSD on a sparse
file, one S3 gateway."""

import json
import os
import shutil
import subprocess
import tempfile
import uuid
from contextlib import suppress
from pathlib import Path

import httpx

from synfonium.testing.ports import free_ports
from synfonium.testing.s3_server import KEY_ID, SECRET, Running, wait_for

__all__ = ["CephServer", "can_run_ceph"]

_PROGRAMS = ("ceph", "ceph-mon", "ceph-mgr", "ceph-osd", "radosgw", "radosgw-admin")
_TIMEOUT_S = 60
_CONFIG = """\
[global]
fsid = {fsid}
mon_initial_members = a
mon_host = v2:127.0.0.1:{ports[0]},v1:127.0.0.1:{ports[1]}
public_network = 127.0.0.0/8
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
auth_allow_insecure_global_id_reclaim = false
mon_allow_pool_size_one = true
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
bluestore_block_size = 4294967296
bluestore_block_create = true
osd_memory_target = 939524096
mon_data_avail_warn = 2
mon_data_avail_crit = 1
keyring = {folder}/$name.keyring
run_dir = {folder}
admin_socket = {folder}/$name.asok
log_file = {folder}/$name.log
crash_dir = {folder}/crash
mgr_initial_modules =
rgw_frontends = beast endpoint=127.0.0.1:{ports[2]} tcp_nodelay=1
rgw_bucket_quota_ttl = 1
[mon.a]
mon_data = {folder}/mon
[mgr.x]
mgr_data = {folder}/mgr
[osd]
osd_data = {folder}/osd
[client.rgw]
rgw_data = {folder}/rgw
"""


def can_run_ceph() -> bool:
    return os.getuid() == 0 and all(map(shutil.which, _PROGRAMS))


class CephServer:
    """On free ports of the loopback, in a folder of its own, until `remove`. Raises RuntimeError when it
    does not start."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="synfonium-ceph-"))
        self._ports = free_ports(3)
        self._config = self.folder / "ceph.conf"
        self._config.write_text(_CONFIG.format(fsid=uuid.uuid4(), ports=self._ports, folder=self.folder))
        self._running: list[Running] = []
        try:
            self._begin()
        except BaseException:
            self.remove()
            raise

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._ports[2]}"

    def limit(self, bucket: str, size_bytes: int) -> None:
        """The bucket takes so much and no more."""
        words = ("--quota-scope=bucket", f"--uid={KEY_ID}", f"--bucket={bucket}")
        self._admin("quota", "set", *words, f"--max-size={size_bytes}")
        self._admin("quota", "enable", *words)

    def remove(self) -> None:
        for running in reversed(self._running):
            running.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _begin(self) -> None:
        self._make_keys()
        self._start("mon.a", "ceph-mon", "-i", "a", "--keyring", str(self.folder / "mon.keyring"))
        wait_for(self._running[-1], self._answers, "Ceph's monitor")
        for name, *rights in (
            ("mgr.x", "mon", "allow profile mgr", "osd", "allow *", "mds", "allow *"),
            ("osd.0", "mon", "allow profile osd", "mgr", "allow profile osd", "osd", "allow *"),
            ("client.rgw", "mon", "allow rw", "osd", "allow rwx", "mgr", "allow rw"),
        ):
            self._ceph("auth", "get-or-create", name, *rights, "-o", str(self.folder / f"{name}.keyring"))
        self._make_osd()
        self._start("mgr.x", "ceph-mgr", "-i", "x")
        self._start("osd.0", "ceph-osd", "-i", "0")
        wait_for(self._running[-1], self._has_osd, "Ceph's OSD")
        self._start("rgw", "radosgw", "-n", "client.rgw")
        wait_for(self._running[-1], self._serves, "Ceph's gateway")
        keys = (f"--access-key={KEY_ID}", f"--secret-key={SECRET}")
        self._admin("user", "create", f"--uid={KEY_ID}", f"--display-name={KEY_ID}", *keys)

    def _make_keys(self) -> None:
        every = ("--cap", "mon", "allow *", "--cap", "osd", "allow *", "--cap", "mgr", "allow *")
        mon, admin = str(self.folder / "mon.keyring"), str(self.folder / "client.admin.keyring")
        self._run("ceph-authtool", "-C", mon, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *")
        self._run("ceph-authtool", "-C", admin, "--gen-key", "-n", "client.admin", *every)
        self._run("ceph-authtool", mon, "--import-keyring", admin)
        for name in ("mon", "mgr", "osd", "rgw", "crash"):
            (self.folder / name).mkdir()
        monmap, addresses = str(self.folder / "monmap"), self._config_of("mon_host")
        fsid = self._config_of("fsid")
        self._run("monmaptool", "--create", "--addv", "a", f"[{addresses}]", "--fsid", fsid, monmap)
        config = str(self._config)
        self._run("ceph-mon", "--mkfs", "-i", "a", "-c", config, "--monmap", monmap, "--keyring", mon)

    def _config_of(self, name: str) -> str:
        lines = self._config.read_text().splitlines()
        return next(line.partition(" = ")[2] for line in lines if line.startswith(f"{name} = "))

    def _make_osd(self) -> None:
        known = str(uuid.uuid4())
        self._ceph("osd", "new", known, "0")
        self._run("ceph-osd", "-i", "0", "-c", str(self._config), "--mkfs", "--osd-uuid", known)
        self._ceph("osd", "crush", "add", "osd.0", "1", "root=default", "host=here")

    def _start(self, name: str, *command: str) -> None:
        self._running.append(Running([*command, "-c", str(self._config), "-f"], self.folder, name=name))

    def _answers(self) -> bool:
        with suppress(RuntimeError):
            self._ceph("-s")
            return True
        return False

    def _has_osd(self) -> bool:
        with suppress(RuntimeError, ValueError):
            return bool(json.loads(self._ceph("osd", "stat", "-f", "json"))["num_up_osds"])
        return False

    def _serves(self) -> bool:
        with suppress(httpx.HTTPError):
            return httpx.get(self.endpoint, timeout=5).status_code < 500
        return False

    def _ceph(self, *words: str) -> str:
        return self._run("ceph", "-c", str(self._config), "--connect-timeout", "10", *words)

    def _admin(self, *words: str) -> None:
        self._run("radosgw-admin", "-c", str(self._config), *words)

    def _run(self, *command: str) -> str:
        ended = subprocess.run(
            command,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
        )
        if ended.returncode:
            raise RuntimeError(f"{command[0]} failed: {ended.stderr[-500:]}")
        return ended.stdout
