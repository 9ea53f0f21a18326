"""Writes a workload with librdkafka. The arguments are those of `Produce.java`; the answer is one line of JSON."""

import argparse
import json
import sys
import time

from confluent_kafka import KafkaException, Producer

import workload


def options_of(arguments):
    parser = argparse.ArgumentParser()
    for name in ("bootstrap", "topic", "key", "value", "codec"):
        parser.add_argument("--" + name, required=True)
    for name in ("seed", "first", "records", "partitions", "null-keys-every", "null-values-every", "broken-values-every", "headers",
                 "rate", "transaction-records", "abort-every", "linger-ms", "batch-bytes"):
        parser.add_argument("--" + name, required=True, type=int)
    parser.add_argument("--property", action="append", default=[])
    return parser.parse_args(arguments)


def main():
    options = options_of(sys.argv[1:])
    configuration = {
        "bootstrap.servers": options.bootstrap,
        "compression.type": options.codec,
        "linger.ms": options.linger_ms,
        "batch.size": options.batch_bytes,
        "enable.idempotence": True,
        "queue.buffering.max.messages": 1_000_000,
    }
    configuration.update(pair.split("=", 1) for pair in options.property)
    if options.transaction_records:
        configuration["transactional.id"] = "%s-%d-%d" % (options.topic, options.seed, options.first)
    producer = Producer(configuration)
    if options.transaction_records:
        producer.init_transactions(30)

    failures = []
    delivered = 0

    def on_delivery(error, message):
        nonlocal delivered
        if error is not None:
            failures.append("%s [%d]: %s" % (message.topic(), message.partition(), error))
        delivered += error is None

    begun = time.monotonic()
    last = options.records - 1
    for done, (partition, timestamp, key, value, headers) in enumerate(workload.records(options)):
        if options.transaction_records and done % options.transaction_records == 0:
            producer.begin_transaction()
        while True:
            try:
                producer.produce(
                    options.topic, value=value, key=key, partition=partition, on_delivery=on_delivery, timestamp=timestamp,
                    headers=headers or None,
                )
                break
            except BufferError:
                producer.poll(0.05)
        if done % 1000 == 0:
            producer.poll(0)
        if options.transaction_records and (done % options.transaction_records == options.transaction_records - 1 or done == last):
            # What is aborted must be in the log, or there is nothing for a reader to leave out.
            producer.flush()
            if options.abort_every and done // options.transaction_records % options.abort_every == options.abort_every - 1:
                producer.abort_transaction()
            else:
                producer.commit_transaction()
        if options.rate:
            ahead = begun + (done + 1) / options.rate - time.monotonic()
            if ahead > 0.001:
                producer.poll(ahead)
        if failures:
            break
    producer.flush()
    if failures or delivered != options.records:
        raise SystemExit("%d of %d records delivered; %s" % (delivered, options.records, "; ".join(failures[:3])))
    print(json.dumps({"records": delivered, "seconds": time.monotonic() - begun}))


if __name__ == "__main__":
    try:
        main()
    except KafkaException as error:
        raise SystemExit(str(error)) from error
