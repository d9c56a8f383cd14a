"""systemd's units: one for the whole installation, one per role for clusters.

What may not be closed, and why: personal computers are user namespaces with mounts, an own
/proc and set-user-id helpers (newuidmap, fusermount3), so RestrictNamespaces, NoNewPrivileges,
SystemCallFilter, ProtectProc and ProtectKernelTunables stay open where PCs are served. The
template for a role that serves none closes them all.
"""

import sys
from pathlib import Path

SERVICE, TEMPLATE = "synfonium.service", "synfonium@.service"
FOLDER = Path("/etc/systemd/system")

_BIND = "CAP_NET_BIND_SERVICE"
# What newuidmap, fusermount3 and bubblewrap use on behalf of a PC.
_WITH_PCS = (
    f"{_BIND} CAP_SETUID CAP_SETGID CAP_SETFCAP CAP_SETPCAP CAP_SYS_ADMIN CAP_SYS_CHROOT CAP_CHOWN"
    " CAP_DAC_OVERRIDE CAP_FOWNER CAP_NET_ADMIN CAP_SYS_PTRACE CAP_KILL"
)

_COMMON = """\
User=synfonium
Group=synfonium
StateDirectory=synfonium
StateDirectoryMode=0700
Environment=SYNFONIUM_HOME=/var/lib/synfonium
EnvironmentFile=-/etc/synfonium/environment
UMask=0077
LimitNOFILE=65536
LimitCORE=0
AmbientCapabilities=CAP_NET_BIND_SERVICE
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
CapabilityBoundingSet={bounding}
ProtectClock=yes
ProtectHostname=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
RemoveIPC=yes
"""

_WHOLE = """\
[Unit]
Description=Synfonium, a whole cloud
Wants=network-online.target
After=network-online.target

[Service]
Type=notify
NotifyAccess=main
ExecStart={program} serve
Restart=on-failure
RestartSec=2
WatchdogSec=60
TimeoutStartSec=infinity
TimeoutStopSec=30
KillMode=mixed
{common}
[Install]
WantedBy=multi-user.target
"""

_ROLE = """\
[Unit]
Description=Synfonium, the role %i of a cluster
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
ExecStart={program} serve --only %i
Restart=always
RestartSec=2
TimeoutStopSec=30
{common}NoNewPrivileges=yes
PrivateDevices=yes
ProtectProc=invisible
ProtectControlGroups=yes
ProtectKernelTunables=yes
RestrictNamespaces=yes
RestrictSUIDSGID=yes
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
"""


def units(program: str = "/opt/synfonium/.venv/bin/synfonium") -> dict[str, str]:
    """File name to its content."""
    return {
        SERVICE: _WHOLE.format(program=program, common=_COMMON.format(bounding=_WITH_PCS)),
        TEMPLATE: _ROLE.format(program=program, common=_COMMON.format(bounding=_BIND)),
    }


def own_program() -> str:
    """The command that runs now, as an absolute path."""
    beside = Path(sys.executable).parent / "synfonium"
    return str(beside if beside.exists() else Path(sys.argv[0]).resolve())


def install(folder: Path = FOLDER) -> list[Path]:
    """Writes the units for this program; nothing is started. Raises OSError."""
    made = []
    for name, content in units(own_program()).items():
        path = folder / name
        path.write_text(content, "utf-8")
        path.chmod(0o644)
        made.append(path)
    return made
