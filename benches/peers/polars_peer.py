"""confluent-kafka and polars: messages by the ten thousand, joined to lines and read by polars."""

import io
import resource
import sys
import time

import polars
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

SCHEMA = {"Symbol": polars.String, "Side": polars.String, "Price": polars.Float64, "Qty": polars.Int64, "Tstamp": polars.String}


def main():
    brokers, topic, partitions, rows = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    before, begun = processor(), time.monotonic()
    consumer = Consumer({
        "bootstrap.servers": brokers,
        "group.id": "kolumn-benches",
        "enable.auto.commit": False,
        "check.crcs": True,
        "auto.offset.reset": "earliest",
        "fetch.message.max.bytes": 4194304,
        "queued.min.messages": 1000000,
        "queued.max.messages.kbytes": 131072,
    })
    consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in range(partitions)])
    frames, found = [], 0
    while found < rows:
        messages = consumer.consume(10_000, 1.0)
        lines = b"\n".join([message.value() for message in messages])
        if lines:
            frame = polars.read_ndjson(io.BytesIO(lines), schema=SCHEMA)
            frames.append(frame.with_columns(polars.col("Tstamp").str.to_datetime("%+", time_unit="ns", time_zone="UTC")))
            found += len(messages)
    seconds, worked = time.monotonic() - begun, processor() - before
    consumer.close()
    table = polars.concat(frames)
    sums = table.select(
        polars.col("Symbol").str.len_bytes().sum(),
        polars.col("Side").str.len_bytes().sum(),
        (polars.col("Price") * 10_000).round().cast(polars.Int64).sum(),
        polars.col("Qty").sum(),
    ).row(0)
    # The sum of the times wraps, as the other peers' does.
    stamps = sum(table["Tstamp"].dt.epoch("ns").to_list())
    stamps = (stamps + 2**63) % 2**64 - 2**63
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(seconds, worked, peak, found, *sums, stamps)


def processor():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


main()
