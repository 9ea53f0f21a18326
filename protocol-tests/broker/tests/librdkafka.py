"""librdkafka as the witness: it produces to the test broker and consumes from it, and every value is compared.

Usage: librdkafka.py BOOTSTRAP, of the cluster that librdkafka.rs starts and fills.
"""

import sys
import time

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition, OFFSET_BEGINNING
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

PARTITIONS = 3
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]


def check(condition, text):
    if not condition:
        sys.exit(f"FAILED: {text}")


def produce(bootstrap, topic, count, tag, **settings):
    """Produces `count` records to each partition; returns what a consumer must see, by partition."""
    failures = []
    offsets = {}

    def delivered(error, message):
        if error is not None:
            failures.append(str(error))
        else:
            offsets.setdefault(message.partition(), []).append(message.offset())

    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 20, **settings})
    expected = {partition: [] for partition in range(PARTITIONS)}
    for number in range(count):
        for partition in range(PARTITIONS):
            key = None if number % 7 == 0 else f"key-{number}".encode()
            value = None if number % 11 == 5 else f"{tag}-{partition}-{number}-".encode() + b"x" * (number % 300)
            headers = [("number", str(number).encode()), ("none", None)] if number % 5 == 0 else None
            timestamp = 1_700_000_000_000 + number
            producer.produce(topic, value, key, partition, timestamp=timestamp, headers=headers, on_delivery=delivered)
            expected[partition].append((key, value, timestamp, headers))
        producer.poll(0)
    left = producer.flush(30)
    check(not failures and left == 0, f"{topic} {tag}: {left} records undelivered, {failures[:3]}")
    return expected, offsets


def consume(bootstrap, starts, counts, **settings):
    """Consumes from `starts` until `counts` records of each partition have come."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "witness", "enable.auto.commit": False, "check.crcs": True, **settings})
    consumer.assign([TopicPartition(topic, partition, offset) for (topic, partition), offset in starts.items()])
    seen = {key: [] for key in starts}
    limit = time.monotonic() + 30
    while any(len(seen[key]) < counts[key] for key in starts):
        check(time.monotonic() < limit, f"too few records after 30 s: { {key: len(rows) for key, rows in seen.items()} } of {counts}")
        for message in consumer.consume(500, 0.2):
            check(message.error() is None, f"consuming: {message.error()}")
            seen[message.topic(), message.partition()].append(message)
    consumer.close()
    return seen


def same(messages, expected, what):
    check(len(messages) == len(expected), f"{what}: {len(messages)} records instead of {len(expected)}")
    for message, (key, value, timestamp, headers) in zip(messages, expected):
        got = (message.key(), message.value(), message.timestamp()[1], message.headers())
        check(got == (key, value, timestamp, headers), f"{what} at offset {message.offset()}: {got} instead of {(key, value, timestamp, headers)}")


def every_codec(bootstrap):
    whole = {partition: [] for partition in range(PARTITIONS)}
    for acks, codec in zip([-1, 1, -1, 1, -1], CODECS):
        expected, offsets = produce(bootstrap, "codecs", 400, codec, **{"compression.type": codec, "acks": acks})
        for partition, rows in expected.items():
            base = len(whole[partition])
            check(offsets[partition] == list(range(base, base + len(rows))), f"{codec}: delivered at {offsets[partition][:3]} instead of {base}")
            whole[partition] += rows
    starts = {("codecs", partition): OFFSET_BEGINNING for partition in range(PARTITIONS)}
    counts = {("codecs", partition): len(rows) for partition, rows in whole.items()}
    for limits in [{}, {"fetch.message.max.bytes": 2000, "fetch.max.bytes": 4000, "message.max.bytes": 3000}]:
        seen = consume(bootstrap, starts, counts, **limits)
        for partition, rows in whole.items():
            messages = seen["codecs", partition]
            check([message.offset() for message in messages] == list(range(len(rows))), f"codecs/{partition}: the offsets have gaps or repeat")
            same(messages, rows, f"codecs/{partition}")
    return sum(counts.values())


def idempotent(bootstrap):
    expected, _ = produce(bootstrap, "idempotent", 3000, "once", **{"enable.idempotence": True, "batch.num.messages": 50})
    starts = {("idempotent", partition): 0 for partition in range(PARTITIONS)}
    seen = consume(bootstrap, starts, {key: 3000 for key in starts})
    for partition, rows in expected.items():
        same(seen["idempotent", partition], rows, f"idempotent/{partition}")


def unacknowledged(bootstrap):
    expected, _ = produce(bootstrap, "unacknowledged", 50, "lost?", acks=0)
    starts = {("unacknowledged", partition): 0 for partition in range(PARTITIONS)}
    seen = consume(bootstrap, starts, {key: 50 for key in starts})
    for partition, rows in expected.items():
        same(seen["unacknowledged", partition], rows, f"unacknowledged/{partition}")


def offsets(bootstrap):
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "witness"})
    low, high = consumer.get_watermark_offsets(TopicPartition("idempotent", 1), timeout=10)
    check((low, high) == (0, 3000), f"watermarks {(low, high)}")
    found = consumer.offsets_for_times([TopicPartition("idempotent", 1, 1_700_000_001_234)], timeout=10)
    check(found[0].offset == 1234, f"by time: {found[0].offset} instead of 1234")
    found = consumer.offsets_for_times([TopicPartition("idempotent", 1, 1_800_000_000_000)], timeout=10)
    check(found[0].offset in (-1, 3000), f"by a time of the future: {found[0].offset}")
    consumer.commit(offsets=[TopicPartition("idempotent", 1, 77)], asynchronous=False)
    found = consumer.committed([TopicPartition("idempotent", 1), TopicPartition("idempotent", 2)], timeout=10)
    check([part.offset for part in found] == [77, -1001], f"committed: {found}")
    consumer.close()


def administration(bootstrap):
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic("made", 2, 1)])["made"].result(10)
    admin.create_partitions([NewPartitions("made", 5)])["made"].result(10)
    made = admin.list_topics(timeout=10).topics["made"]
    check(len(made.partitions) == 5, f"{len(made.partitions)} partitions instead of 5")
    admin.delete_topics(["made"])["made"].result(10)
    check("made" not in admin.list_topics(timeout=10).topics, "the deleted topic is still there")
    low = admin.delete_records([TopicPartition("idempotent", 2, 100)])
    check([future.result(10).low_watermark for future in low.values()] == [100], "the log start did not move")
    seen = consume(bootstrap, {("idempotent", 2): OFFSET_BEGINNING}, {("idempotent", 2): 2900})
    check(seen["idempotent", 2][0].offset() == 100, f"the first offset is {seen['idempotent', 2][0].offset()}")


def written_by_the_builder(bootstrap):
    """What BatchBuilder made: gaps, an empty batch, LogAppendTime, headers, nulls."""
    messages = consume(bootstrap, {("stored", 0): 0}, {("stored", 0): 6})["stored", 0]
    got = [(message.offset(), message.key(), message.value(), message.timestamp()) for message in messages]
    check(
        got
        == [
            (0, None, b"first", (1, 1_700_000_000_000)),
            (1, b"k", None, (1, 1_700_000_000_000)),
            (9, b"", b"", (1, 5)),
            (30, None, b"appended", (2, 1234)),
            (31, None, b"appended too", (2, 1234)),
            (32, None, b"last", (1, 1_700_000_000_000)),
        ],
        f"stored: {got}",
    )
    check(messages[2].headers() == [("a", b"1"), ("a", None), ("", b"")], f"headers: {messages[2].headers()}")


def transactions(bootstrap):
    """Two interleaved transactions, one aborted, one committed, and one that is open."""
    committed = consume(bootstrap, {("transactions", 0): 0}, {("transactions", 0): 3}, **{"isolation.level": "read_committed"})
    values = [message.value() for message in committed["transactions", 0]]
    check(values == [b"plain", b"kept", b"kept too"], f"read_committed: {values}")
    everything = consume(bootstrap, {("transactions", 0): 0}, {("transactions", 0): 6}, **{"isolation.level": "read_uncommitted"})
    values = [message.value() for message in everything["transactions", 0]]
    check(values == [b"plain", b"dropped", b"kept", b"dropped too", b"kept too", b"open"], f"read_uncommitted: {values}")


def repeating(bootstrap):
    messages = consume(bootstrap, {("repeating", 0): 999_000}, {("repeating", 0): 1000})["repeating", 0]
    check([message.offset() for message in messages] == list(range(999_000, 1_000_000)), "the repeating log has gaps")
    check(all(message.value() == f"value {message.offset() % 100}".encode() for message in messages), "the repeating log has other values")


def main():
    bootstrap = sys.argv[1]
    total = every_codec(bootstrap)
    idempotent(bootstrap)
    unacknowledged(bootstrap)
    offsets(bootstrap)
    administration(bootstrap)
    written_by_the_builder(bootstrap)
    transactions(bootstrap)
    repeating(bootstrap)
    print(f"librdkafka agrees: {total} records of {len(CODECS)} codecs and all the rest")


main()
