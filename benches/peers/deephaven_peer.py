"""Deephaven: `kafka.consumer.consume` into an append table, until it has all rows."""

import resource
import sys
import time

from deephaven_server import Server


def main():
    brokers, topic, partitions, rows = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    server = Server(port=10_321, jvm_args=["-Xmx4g", "-DAuthHandlers=io.deephaven.auth.AnonymousAuthenticationHandler"])
    server.start()
    from deephaven import dtypes, new_table  # noqa: F401 (only there once the server runs)
    from deephaven.stream.kafka import consumer

    before, begun = processor(), time.monotonic()
    table = consumer.consume(
        {
            "bootstrap.servers": brokers,
            "deephaven.partition.column.name": "",
            "deephaven.offset.column.name": "",
            "deephaven.timestamp.column.name": "",
            "max.poll.records": "50000",
            "max.partition.fetch.bytes": "4194304",
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
        }),
        table_type=consumer.TableType.append(),
    )
    while table.size < rows:
        time.sleep(0.01)
    seconds, worked = time.monotonic() - begun, processor() - before
    sums = table.view([
        "Symbol = (long)Symbol.length()",
        "Side = (long)Side.length()",
        "Price = Math.round(Price * 10000)",
        "Qty",
        "Tstamp = epochNanos(Tstamp)",
    ]).sum_by()
    from deephaven.numpy import to_numpy

    values = [int(to_numpy(sums, [name])[0][0]) for name in ("Symbol", "Side", "Price", "Qty", "Tstamp")]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(seconds, worked, peak, table.size, *values, flush=True)
    # The server's threads do not end by themselves.
    import os

    os._exit(0)


def processor():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


main()
