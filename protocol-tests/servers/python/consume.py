"""Reads a topic from its beginning to its end with librdkafka, CRCs checked.

Prints one line of JSON with a digest per partition; with `--dump FILE` every record goes into FILE as well. Both forms are documented
in the Rust modules `digest` and `reader`.
"""

import argparse
import json
import struct
import sys
import time
import zlib

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition, OFFSET_BEGINNING

HEAD = struct.Struct(">qqi")
LENGTH = struct.Struct(">i")
PARTITION = struct.Struct(">i")


def main():
    parser = argparse.ArgumentParser()
    for name in ("bootstrap", "topic", "isolation"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--timeout-s", required=True, type=float)
    parser.add_argument("--dump")
    parser.add_argument("--property", action="append", default=[])
    options = parser.parse_args()

    configuration = {
        "bootstrap.servers": options.bootstrap,
        "group.id": "kolumn-independent-reader",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "enable.partition.eof": True,
        "check.crcs": True,
        "isolation.level": options.isolation,
        "auto.offset.reset": "error",
        "fetch.wait.max.ms": 50,
        "queued.min.messages": 500_000,
    }
    configuration.update(pair.split("=", 1) for pair in options.property)
    consumer = Consumer(configuration)
    metadata = consumer.list_topics(options.topic, 20).topics[options.topic]
    if metadata.error is not None:
        raise SystemExit(str(metadata.error))
    partitions = sorted(metadata.partitions)
    consumer.assign([TopicPartition(options.topic, partition, OFFSET_BEGINNING) for partition in partitions])

    # Per partition: records, first, end, crc.
    state = {partition: [0, None, 0, 0] for partition in partitions}
    ends = {}
    dump = open(options.dump, "wb", buffering=1 << 20) if options.dump else None
    begun = time.monotonic()
    crc32, pack_head, pack_length = zlib.crc32, HEAD.pack, LENGTH.pack
    while len(ends) < len(partitions):
        if time.monotonic() - begun > options.timeout_s:
            missing = [partition for partition in partitions if partition not in ends]
            raise SystemExit("no end of the partitions %s within %g s" % (missing, options.timeout_s))
        for message in consumer.consume(10_000, 0.1):
            error = message.error()
            if error is not None:
                if error.code() == KafkaError._PARTITION_EOF:
                    ends[message.partition()] = message.offset()
                    continue
                if error.fatal() or not error.retriable() and error.code() not in (KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN):
                    raise KafkaException(error)
                continue
            key, value, offset = message.key(), message.value(), message.offset()
            record = (
                pack_head(offset, message.timestamp()[1], -1 if key is None else len(key))
                + (key or b"")
                + pack_length(-1 if value is None else len(value))
                + (value or b"")
            )
            partition = message.partition()
            counted = state[partition]
            counted[0] += 1
            if counted[1] is None:
                counted[1] = offset
            counted[2] = offset + 1
            counted[3] = crc32(record, counted[3])
            if dump is not None:
                dump.write(PARTITION.pack(partition) + record + pack_length(len(message.headers() or ())))
    consumer.close()
    if dump is not None:
        dump.close()
    print(json.dumps({
        "seconds": time.monotonic() - begun,
        "partitions": [
            {"partition": partition, "records": records, "first": first, "end": end, "crc": crc, "log_end": ends[partition]}
            for partition, (records, first, end, crc) in state.items()
        ],
    }))


if __name__ == "__main__":
    try:
        main()
    except KafkaException as error:
        raise SystemExit(str(error)) from error
