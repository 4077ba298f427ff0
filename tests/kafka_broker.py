"""A real Apache Kafka broker for tests: one KRaft node from its Maven artifacts, with ports and a data folder of its own.

`python -m tests.kafka_broker` only fetches the artifacts, so that no test waits for them. May start Maven, Java and
OpenSSL; knows nothing of the product.
"""

import fcntl
import hashlib
import itertools
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from tests.waiting import until

__all__ = ["Broker", "kafka_libraries", "what_is_missing"]

ROOT = Path(__file__).parents[1]
POM = Path(__file__).parent / "kafka" / "pom.xml"
CACHE = ROOT / ".kafka"
FETCH_SECONDS_MAX = 600
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30
CLUSTER_ID = "4L6g3nShT-eMCtK--X86sw"
USER, PASSWORD = "alice", "alice-secret"
# Below the ports that the kernel hands out to clients: nobody takes them while a broker is down.
PORTS = range(15_000, 32_000)
SMALL_JVM = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Xlog:disable")
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{control}
controller.listener.names=CONTROLLER
log.dirs={data}
num.network.threads=2
num.io.threads=2
background.threads=2
log.cleaner.dedupe.buffer.size=4194304
log.index.size.max.bytes=1048576
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
auto.create.topics.enable=false
"""
SECURE_PROPERTIES = """\
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PEM
ssl.keystore.location={pem}
"""


def what_is_missing() -> str | None:
    """One line that says what a broker needs and this machine lacks; None: nothing."""
    if shutil.which("java") is None:
        return "Kafka tests need Java 17 or newer (apt-get install openjdk-17-jre-headless)"
    if shutil.which("mvn") is None and not _libraries().is_dir():
        return "Kafka tests need Maven to fetch the broker once (apt-get install maven)"
    return None


def _libraries() -> Path:
    return CACHE / hashlib.sha256(POM.read_bytes()).hexdigest()[:12] / "libs"


def kafka_libraries() -> Path:
    """The folder of the broker's jars; fetched once, by one process, however many ask at the same time."""
    libraries = _libraries()
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not libraries.is_dir():
            _fetch(libraries)
            _archive_classes(libraries)
    return libraries


def _fetch(libraries: Path) -> None:
    """Into a folder beside it first, so that an interrupted download is no library."""
    libraries.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=libraries.parent) as beside:
        goal = ("dependency:copy-dependencies", f"-DoutputDirectory={beside}/libs")
        _run(("mvn", "-q", "-B", "-f", POM, *goal), FETCH_SECONDS_MAX)
        (Path(beside) / "libs").rename(libraries)


def _archive_classes(libraries: Path) -> None:
    """Let a broker note which classes it loads: with that archive the next ones start in half the time."""
    with tempfile.TemporaryDirectory() as folder:
        broker = Broker(
            Path(folder), libraries=libraries, jvm=(f"-XX:ArchiveClassesAtExit={_archive(libraries)}",)
        )
        with closing(broker):
            broker.start()


def _archive(libraries: Path) -> Path:
    return libraries.with_name("classes.jsa")


class Broker:
    """One broker. `kill` and `start` again keep its ports and its data."""

    def __init__(
        self,
        folder: Path,
        *,
        secure: bool = False,
        settings: Mapping[str, object] | None = None,
        libraries: Path | None = None,
        jvm: Sequence[str] = (),
    ) -> None:
        """`secure` adds a listener with TLS and SCRAM-SHA-512 for `USER`; `settings` are the broker's own."""
        self.folder = folder
        self._libraries = libraries or kafka_libraries()
        self._jvm = (*SMALL_JVM, *(jvm or (f"-XX:SharedArchiveFile={_archive(self._libraries)}",)))
        self._secure = secure
        self._settings = dict(settings or {})
        self.port, self.secure_port, self._control_port = free_ports(3)
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._starts = itertools.count()
        self.user, self.password = USER, PASSWORD

    @property
    def address(self) -> str:
        """`host:port` without any security."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The same as a value of MILEPOST_LOG."""
        return f"kafka://{self.address}"

    @property
    def secure_address(self) -> str:
        """`host:port` with TLS and a password."""
        return f"127.0.0.1:{self.secure_port}"

    @property
    def secure_url(self) -> str:
        """The same as a value of MILEPOST_LOG."""
        return f"kafka://{self.secure_address}"

    @property
    def ca_file(self) -> Path:
        """The certificate that the secure listener's one is signed with."""
        return self.folder / "ca.pem"

    @property
    def log_file(self) -> Path:
        """What the broker says."""
        return self.folder / "broker.log"

    @property
    def pid(self) -> int:
        """Process id of the running broker."""
        assert self._process is not None, "the broker is not running"
        return self._process.pid

    def start(self) -> None:
        """Start and wait until topics can be made."""
        assert self._process is None, "the broker runs already"
        if not (self.folder / "server.properties").exists():
            self._format()
        with self.log_file.open("ab") as out:
            command = (*self._java("kafka.Kafka"), self.folder / "server.properties")
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self._guard = _guard(self._process.pid)
        until(self._listens, START_SECONDS_MAX)
        until(self._makes_topics, START_SECONDS_MAX)

    def stop(self) -> None:
        """Let it end in good order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would, but for what the kernel still holds."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Let it stand still."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def close(self) -> None:
        """End it if it runs."""
        if self._process is not None:
            self.kill()

    @contextmanager
    def admin(self) -> Iterator[KafkaAdminClient]:
        """A client for what tests want to know or change."""
        with closing(KafkaAdminClient(bootstrap_servers=self.address, bootstrap_timeout_ms=5_000)) as client:
            yield client

    def delete_topics(self, names: Sequence[str]) -> None:
        """Delete those that there are, and wait until they are gone."""
        with self.admin() as admin:
            if found := sorted(set(names).intersection(admin.list_topics())):
                admin.delete_topics(found)
            until(lambda: not set(names).intersection(admin.list_topics()))

    def delete_groups(self, names: Sequence[str]) -> None:
        """Delete what consumer groups have committed, if anything."""
        with self.admin() as admin, suppress(KafkaError):  # no group has ever been there
            admin.delete_groups(list(names))

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        assert process is not None, "the broker is not running"
        _dismiss(self._guard)
        process.send_signal(how)
        try:
            process.wait(STOP_SECONDS_MAX)
        finally:
            process.kill()
            process.wait()

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"the broker ended:\n{self.log_file.read_text()[-4000:]}"
        ports = (self.port, self.secure_port) if self._secure else (self.port,)
        return all(_answers(port) for port in ports)

    def _makes_topics(self) -> bool:
        name = f"ready-{os.getpid()}-{next(self._starts)}"
        try:
            with self.admin() as admin:
                admin.create_topics({name: {"num_partitions": 1, "replication_factor": 1}})
                admin.delete_topics([name])
        except KafkaError:
            return False
        return True

    def _java(self, main: str) -> tuple[str | Path, ...]:
        level = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
        return ("java", *self._jvm, level, "-cp", f"{self._libraries}/*", main)

    def _format(self) -> None:
        """Write the properties and make the data folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        properties = PROPERTIES.format(control=self._control_port, data=self.folder / "data")
        properties += self._listeners()
        user: tuple[str, ...] = ()
        if self._secure:
            properties += SECURE_PROPERTIES.format(pem=make_certificates(self.folder))
            user = ("--add-scram", f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]")
        properties += "".join(f"{name}={value}\n" for name, value in self._settings.items())
        file = self.folder / "new.properties"
        file.write_text(properties)
        tool = (*self._java("kafka.tools.StorageTool"), "format", "-t", CLUSTER_ID, "-c", file)
        _run((*tool, "--standalone", *user), START_SECONDS_MAX)
        file.rename(self.folder / "server.properties")

    def _listeners(self) -> str:
        public = [f"PLAINTEXT://{self.address}"]
        if self._secure:
            public.append(f"SASL_SSL://{self.secure_address}")
        listeners = ",".join((*public, f"CONTROLLER://127.0.0.1:{self._control_port}"))
        protocols = "PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT"
        return (
            f"listeners={listeners}\nadvertised.listeners={','.join(public)}\n"
            f"listener.security.protocol.map={protocols}\n"
        )


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on; drawn by the system, since tests seed the other randomness alike."""
    found: list[int] = []
    chance = random.SystemRandom()
    while len(found) < count:
        port = chance.choice(PORTS)
        with socket.socket() as trial:
            if port not in found and trial.connect_ex(("127.0.0.1", port)):
                found.append(port)
    return found


def make_certificates(folder: Path) -> Path:
    """`ca.pem`, and `broker.pem` with key and certificate for 127.0.0.1; answers the latter."""
    key, request, signed, names = (folder / f"broker.{end}" for end in ("key", "csr", "crt", "ext"))
    ca_key, ca = folder / "ca.key", folder / "ca.pem"
    names.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    new = ("req", "-newkey", "rsa:2048", "-nodes")
    _openssl(*new, "-x509", "-days", "30", "-subj", "/CN=Test CA", "-keyout", ca_key, "-out", ca)
    _openssl(*new, "-subj", "/CN=127.0.0.1", "-keyout", key, "-out", request)
    by_ca = ("-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-days", "30", "-extfile", names)
    _openssl("x509", "-req", "-in", request, *by_ca, "-out", signed)
    _openssl("pkcs8", "-topk8", "-nocrypt", "-in", key, "-out", folder / "broker.p8")
    whole = folder / "broker.pem"
    whole.write_text("".join(part.read_text() for part in (folder / "broker.p8", signed, ca)))
    return whole


def _openssl(*words: str | Path) -> None:
    _run(("openssl", *words), START_SECONDS_MAX)


def _run(command: Sequence[str | Path], seconds_max: float) -> None:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds_max, check=False
    )
    assert done.returncode == 0, f"{command[0]} failed:\n{(done.stdout + done.stderr).decode()[-4000:]}"


def _answers(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


def _guard(pid: int) -> subprocess.Popen[bytes]:
    """Ends the broker when we are gone, however that comes: then nobody holds the other end of its input."""
    return subprocess.Popen(("sh", "-c", f"cat > /dev/null; kill -9 {pid}"), stdin=subprocess.PIPE)


def _dismiss(guard: subprocess.Popen[bytes] | None) -> None:
    if guard is not None:
        guard.kill()
        guard.communicate()


if __name__ == "__main__":
    if (lacking := what_is_missing()) is not None:
        raise SystemExit(lacking)
    kafka_libraries()
