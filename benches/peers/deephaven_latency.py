"""Deephaven: how late each row of an append table is when a listener sees it."""

import os
import resource
import sys
import threading
import time
from collections import Counter

from deephaven_server import Server


def main():
    brokers, topic, warm_up, rows = sys.argv[1], sys.argv[2], int(sys.argv[4]), int(sys.argv[5])
    server = Server(port=10_322, jvm_args=["-Xmx4g", "-DAuthHandlers=io.deephaven.auth.AnonymousAuthenticationHandler"])
    server.start()
    from deephaven import dtypes
    from deephaven.stream.kafka import consumer
    from deephaven.table_listener import listen

    table = consumer.consume(
        {
            "bootstrap.servers": brokers,
            "deephaven.partition.column.name": "",
            "deephaven.offset.column.name": "",
            "deephaven.timestamp.column.name": "",
        },
        topic,
        offsets=consumer.ALL_PARTITIONS_SEEK_TO_BEGINNING,
        key_spec=consumer.KeyValueSpec.IGNORE,
        value_spec=consumer.json_spec({
            "Symbol": dtypes.string,
            "Side": dtypes.string,
            "Price": dtypes.double,
            "Qty": dtypes.int64,
            "Tstamp": dtypes.Instant,
            "Number": dtypes.int64,
            "Due": dtypes.int64,
        }),
        table_type=consumer.TableType.append(),
    )
    delays, seen, done = Counter(), 0, threading.Event()

    def saw(update, is_replay):
        nonlocal seen
        now = time.time_ns()
        added = update.added(["Number", "Due"])
        if not added:
            return
        late = (now - added["Due"][added["Number"] >= warm_up]) // 1000
        delays.update(late.tolist())
        seen += len(late)
        if seen >= rows:
            done.set()

    begun = processor()
    handle = listen(table, saw)
    print("ready", flush=True)
    done.wait()
    print(processor() - begun)
    for micros, count in sorted(delays.items()):
        print(max(micros, 0), count)
    sys.stdout.flush()
    handle.stop()
    # The server's threads do not end by themselves.
    os._exit(0)


def processor():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


main()
