"""`python -m benchmarks.kafka`: the same work by Milepost and by other tools, on one Apache Kafka broker, one after the other.

Every competitor reads the same records from a topic and publishes one KPI per project and second; every answer is
checked. The broker shares the machine. Figures are of one run on one machine; compare ratios.
"""

import argparse
import platform
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks.feed import DAYS, LINES, Feed
from benchmarks.kafka import peers, product
from benchmarks.kafka.environments import NotInstallable
from benchmarks.kafka.feeding import Cluster, Published, Source
from benchmarks.table import HEAD, Row
from tests.kafka_broker import Broker, kafka_libraries, what_is_missing

EVENTS = 960_000
SLOW_EVENTS = 100_000
PROJECTS = 1000
CYCLE = PROJECTS * LINES * DAYS
COMPETITORS = (*peers.ALL, *product.ALL)


def main() -> None:
    options = _options()
    if (lacking := what_is_missing()) is not None:
        raise SystemExit(lacking)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # nothing that we started may outlive us
    with _cluster(options.partitions) as cluster:
        feed = _published(cluster, "whole.events", options.events)
        slow = feed
        if options.events > options.slow_events and any(_is_slow(name) for name in options.peers):
            slow = _published(cluster, "short.events", options.slow_events)
        _say_versions(feed, options)
        print(HEAD, flush=True)
        for _ in range(options.runs):
            _round(cluster, options.peers, feed, slow)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kafka", description=__doc__)
    parser.add_argument(
        "--events", type=_event_count, default=EVENTS, help="events of the feed before any is doubled"
    )
    parser.add_argument(
        "--slow-events", type=_event_count, default=SLOW_EVENTS, help="the same for stock Faust"
    )
    parser.add_argument(
        "--peers", type=_names, default=COMPETITORS, metavar="A,B", help=f"some of {', '.join(COMPETITORS)}"
    )
    parser.add_argument("--runs", type=int, default=1, help="how often everybody runs, in turn")
    parser.add_argument("--partitions", type=int, default=4, help="partitions of every topic")
    return parser.parse_args()


def _event_count(text: str) -> int:
    """Only then does the last report matter to the answers, so that answers come when the work is done."""
    events = int(text)
    if events > CYCLE and events % CYCLE:
        raise argparse.ArgumentTypeError(f"take at most {CYCLE} events or a multiple of that")
    return events


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := [name for name in names if name not in COMPETITORS]:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(COMPETITORS)}")
    return names


def _is_slow(name: str) -> bool:
    return name in peers.ALL and peers.ALL[name].slow


@contextmanager
def _cluster(partitions: int) -> Iterator[Cluster]:
    """A broker of our own; its data and its process go when we are done."""
    with tempfile.TemporaryDirectory() as folder, closing(Broker(Path(folder))) as broker:
        broker.start()
        yield Cluster(broker.address, partitions)


def _published(cluster: Cluster, topic: str, events: int) -> Published:
    return cluster.publish(Source(Feed(events, projects=PROJECTS, damaged=0.01, doubled=0.05)), topic)


def _say_versions(feed: Published, options: argparse.Namespace) -> None:
    broker = next(kafka_libraries().glob("kafka-clients-*.jar")).stem.removeprefix("kafka-clients-")
    print(
        f"{feed.records} records of {options.events} events, {PROJECTS} projects, 1 % damaged, 5 % doubled; "
        f"{options.partitions} partitions; Apache Kafka {broker}, Python {platform.python_version()}"
    )
    for name in options.peers:
        if name in peers.ALL:
            print(f"{peers.ALL[name].name}: {peers.ALL[name].versions()}")


def _round(cluster: Cluster, names: tuple[str, ...], feed: Published, slow: Published) -> None:
    plain: float | None = None
    for name in names:
        try:
            row = _run(name, cluster, slow if _is_slow(name) else feed)
        except (NotInstallable, AssertionError) as error:
            print(f"{name}: no result: {error}", flush=True)
            continue
        if name == "plain":
            plain = row.rate
        print(row.beside(plain), flush=True)


def _run(name: str, cluster: Cluster, feed: Published) -> Row:
    if name in product.ALL:
        return product.run_product(name, cluster, feed.source)
    return peers.run_peer(peers.ALL[name], cluster, feed)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
