"""Writes records with Confluent's own serializers, and tells what a reader should make of each.

Registers and serializes first, says `ready`, and writes when its input says so. Then one line of JSON for each record, and a last one with
the schemas that the topic is meant to be read by. Where a deserializer of Confluent's can read the topic by the reader's schema, its answer
is compared with what the scenario says before anything is told.
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient, header_schema_id_serializer
from confluent_kafka.serialization import MessageField, SerializationContext

import avro_evolution
import avro_logical
import json_orders
import protobuf_orders

SCENARIOS = {
    "avro-evolution": avro_evolution.Scenario,
    "avro-logical": avro_logical.Scenario,
    "protobuf-orders": protobuf_orders.Scenario,
    "protobuf-nested": protobuf_orders.Nested,
    "json-orders": json_orders.Scenario,
}
PARTITIONS = 3
# An id that no registry comes to.
UNKNOWN = (2_000_000_000).to_bytes(4, "big")


def options():
    parser = argparse.ArgumentParser()
    for name in ("bootstrap", "registry", "topic", "scenario"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--records", type=int, default=300)
    parser.add_argument("--unknown-every", type=int, default=0)
    parser.add_argument("--guids", action="store_true")
    parser.add_argument("--login")
    parser.add_argument("--only", action="append")
    return parser.parse_args()


class Side:
    """The key or the value of a topic: its serializer for each schema, and what its reader makes of it."""

    def __init__(self, given, topic, field):
        self.topic, self.field = topic, field
        self.settings = {"schema.id.serializer": header_schema_id_serializer} if given.guids else {}

    def serialize(self, serializer, value, headers):
        # A null value is nobody's schema: no serializer writes a header for it.
        return serializer(value, SerializationContext(self.topic, self.field, headers))


def main():
    given = options()
    settings = {"url": given.registry}
    if given.login:
        settings["basic.auth.user.info"] = given.login
    client = SchemaRegistryClient(settings)
    sides = {name: Side(given, given.topic, field) for name, field in (("key", MessageField.KEY), ("value", MessageField.VALUE))}
    scenario = SCENARIOS[given.scenario](client, given.topic, sides["key"].settings)
    versions = given.only or scenario.versions
    if hasattr(scenario, "register"):
        for version in versions:
            scenario.register(version)

    records = []
    for number in range(given.first, given.first + given.records):
        version = versions[number % len(versions)]
        headers = [("number", str(number).encode())]
        record = {"partition": number % PARTITIONS, "version": version}
        raw = {}
        for name, side in sides.items():
            written, read = getattr(scenario, name)(version, number)
            serializer = scenario.serializer(name, version)
            raw[name] = side.serialize(serializer, written, headers)
            record[name] = read
            if read is not None:
                check(scenario, name, side, raw[name], headers, read)
        if given.unknown_every and raw["value"] is not None and number % given.unknown_every == 0:
            raw["value"] = raw["value"][:1] + UNKNOWN + raw["value"][5:]
            record["version"] = "unknown"
        records.append((record, raw, headers))

    print("ready", flush=True)
    if sys.stdin.readline() != "write\n":
        raise SystemExit("nobody wants it written")

    failures = []
    producer = Producer({"bootstrap.servers": given.bootstrap, "enable.idempotence": True, "linger.ms": 5})

    def delivered(record):
        def on_delivery(error, message):
            record["offset"] = message.offset()
            if error is not None:
                failures.append(str(error))

        return on_delivery

    for record, raw, headers in records:
        producer.produce(
            given.topic, key=raw["key"], value=raw["value"], headers=headers, partition=record["partition"], on_delivery=delivered(record)
        )
        producer.poll(0)
    producer.flush()
    if failures:
        raise SystemExit("%d records were not delivered; %s" % (len(failures), failures[0]))
    for record, _, _ in records:
        print(json.dumps(record))
    print(json.dumps({"readers": scenario.readers}))


def check(scenario, name, side, raw, headers, expected):
    """Confluent's own reader agrees, where there is one."""
    found = scenario.confluent_reads(name, raw, SerializationContext(side.topic, side.field, headers))
    if found is not None and found != expected:
        raise SystemExit("Confluent's deserializer reads %r, the scenario says %r" % (found, expected))


if __name__ == "__main__":
    main()
