"""Real mail servers for tests, from Debian's packages: Exim takes mails, Dovecot gives them out by IMAP.

Each runs in the foreground with a configuration of its own, on a free port of 127.0.0.1; all in a folder of its own.
"""

import grp
import os
import pwd
import shutil
import smtplib
import socket
import subprocess
import tempfile
import time
from email.message import EmailMessage
from pathlib import Path

import pytest

BOXES = ("assistant", "staff", "user")
PASSWORD = "secret"
EXIM = """\
primary_hostname = mail.example.com
spool_directory = {folder}/spool
log_file_path = {folder}/exim-%slog
pid_file_path = {folder}/exim.pid
daemon_smtp_ports = {port}
local_interfaces = 127.0.0.1
acl_smtp_rcpt = all
acl_smtp_data = all
keep_environment =
tls_advertise_hosts =
deliver_drop_privilege
begin acl
all:
  accept
begin routers
{routers}
begin transports
{transports}
begin retry
* * F,1h,1s
"""
ROUTER = "{box}:\n  driver = accept\n  local_parts = {box}\n  transport = {box}\n"
TRANSPORT = """\
{box}:
  driver = appendfile
  directory = {folder}/mail/{box}
  maildir_format
  create_directory
  user = {user}
  group = {group}
"""
DOVECOT = """\
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
ssl = no
disable_plaintext_auth = no
first_valid_uid = 0
first_valid_gid = 0
mail_location = maildir:{folder}/mail/%u
{users}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home/%u
}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class MailServers:
    """Exim and Dovecot with the mailboxes of ``BOXES``; mail to any domain is theirs."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="nrwbot-mail-"))
        self.smtp_port, self.imap_port = free_port(), free_port()
        # Exim gives up root for a configuration of one's own; both servers then work as this account
        self._account = pwd.getpwnam("Debian-exim") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        self._exim: subprocess.Popen[bytes] | None = None
        self._dovecot: subprocess.Popen[bytes] | None = None

    @property
    def smtp_url(self) -> str:
        return f"smtp://127.0.0.1:{self.smtp_port}"

    @property
    def imap_url(self) -> str:
        return f"imap://assistant:{PASSWORD}@127.0.0.1:{self.imap_port}"

    def start(self) -> None:
        for name in ("exim4", "dovecot"):
            if not Path("/usr/sbin", name).exists():
                pytest.fail(f"{name} is not installed. Run script/test, which installs Debian's packages.")
        self._write()
        self.start_exim()
        self._dovecot = self._run("/usr/sbin/dovecot", "-F", "-c", str(self.folder / "dovecot.conf"))
        _wait(self.imap_port, self.folder)

    def start_exim(self) -> None:
        self._exim = self._run("/usr/sbin/exim4", "-bdf", "-q1s", "-C", str(self.folder / "exim.conf"))
        _wait(self.smtp_port, self.folder)

    def stop_exim(self) -> None:
        _end(self._exim)

    def stop(self) -> None:
        _end(self._exim)
        _end(self._dovecot)
        shutil.rmtree(self.folder, ignore_errors=True)

    def mails(self, box: str) -> list[bytes]:
        """The mails of a box, oldest first."""
        folder = self.folder / "mail" / box
        files = [path for part in ("new", "cur") for path in (folder / part).glob("*")]
        return [path.read_bytes() for path in sorted(files, key=lambda path: path.stat().st_mtime_ns)]

    def send(self, message: EmailMessage) -> None:
        """Write a mail as anybody."""
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=20) as session:
            session.send_message(message)

    def put(self, raw: bytes) -> None:
        """Send bytes as they are to the assistant's mailbox, whatever they are."""
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=20) as session:
            session.sendmail("anybody@example.net", ["assistant@example.com"], raw)

    def _write(self) -> None:
        account, group = self._account, grp.getgrgid(self._account.pw_gid).gr_name
        for name in ("spool", "mail", "home", "run", "state"):
            (self.folder / name).mkdir()
        values = {"folder": self.folder, "user": account.pw_name, "group": group}
        exim = EXIM.format(
            folder=self.folder,
            port=self.smtp_port,
            routers="".join(ROUTER.format(box=box) for box in BOXES),
            transports="".join(TRANSPORT.format(box=box, **values) for box in BOXES),
        )
        (self.folder / "exim.conf").write_text(exim)
        own = f"default_internal_user = {account.pw_name}\ndefault_login_user = {account.pw_name}\n"
        dovecot = DOVECOT.format(
            folder=self.folder,
            port=self.imap_port,
            password=PASSWORD,
            uid=account.pw_uid,
            gid=account.pw_gid,
            users="" if os.geteuid() == 0 else own + f"default_internal_group = {group}\n",
        )
        (self.folder / "dovecot.conf").write_text(dovecot)
        if os.geteuid() == 0:
            self.folder.chmod(0o755)
            for path in (self.folder, *(self.folder / name for name in ("mail", "home", "spool"))):
                os.chown(path, account.pw_uid, account.pw_gid)

    def _run(self, *command: str) -> "subprocess.Popen[bytes]":
        with (self.folder / "output.log").open("ab") as output:
            return subprocess.Popen(command, stdout=output, stderr=output, cwd="/")


def _end(process: "subprocess.Popen[bytes] | None") -> None:
    if process is not None and process.poll() is None:
        process.terminate()
        process.wait(20)


def _wait(port: int, folder: Path) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    logs = "\n".join(path.read_text(errors="replace") for path in folder.glob("*log*"))
    pytest.fail(f"A mail server did not come up.\n{logs}")
