"""Every type of Avro and every logical type that Confluent's writer has, in one record; the keys are plain longs."""

import datetime
import decimal
import json
import uuid

from confluent_kafka.schema_registry import Schema
from confluent_kafka.schema_registry.avro import AvroSerializer

from plain import micros, plain


def logical(kind, name, **more):
    return {"type": kind, "logicalType": name, **more}


POINT = {"type": "record", "name": "Point", "fields": [{"name": "x", "type": "double"}, {"name": "y", "type": ["null", "double"]}]}
FIELDS = [
    ("flag", "boolean"),
    ("small", "int"),
    ("large", "long"),
    ("single", "float"),
    ("double", "double"),
    ("text", "string"),
    ("raw", "bytes"),
    ("four", {"type": "fixed", "name": "Four", "size": 4}),
    ("colour", {"type": "enum", "name": "Colour", "symbols": ["RED", "GREEN", "BLUE"]}),
    ("price", logical("bytes", "decimal", precision=20, scale=4)),
    ("fee", {**logical("fixed", "decimal", precision=18, scale=2), "name": "Fee", "size": 8}),
    ("key", logical("string", "uuid")),
    ("day", logical("int", "date")),
    ("clock_ms", logical("int", "time-millis")),
    ("clock_us", logical("long", "time-micros")),
    ("at_ms", logical("long", "timestamp-millis")),
    ("at_us", logical("long", "timestamp-micros")),
    ("local_ms", logical("long", "local-timestamp-millis")),
    ("local_us", logical("long", "local-timestamp-micros")),
    ("items", {"type": "array", "items": POINT}),
    ("by_name", {"type": "map", "values": ["null", "long"]}),
    ("where", {"type": "record", "name": "Place", "fields": [{"name": "point", "type": "Point"}, {"name": "label", "type": ["string", "null"]}]}),
    ("maybe", ["null", "Point"]),
    ("any", ["null", "long", "string", "boolean", {"type": "array", "items": "int"}]),
]
SCHEMA = {"type": "record", "name": "Everything", "fields": [{"name": name, "type": kind} for name, kind in FIELDS]}
BRANCHES = {int: "long", str: "string", bool: "boolean", list: "array"}


class Scenario:
    versions = ["only"]

    def __init__(self, client, topic, settings):
        text = json.dumps(SCHEMA)
        self.serializers = {
            "value": AvroSerializer(client, Schema(text, "AVRO"), conf=settings),
            "key": AvroSerializer(client, Schema('{"type": "long"}', "AVRO"), conf=settings),
        }
        self.readers = {"value": text, "key": '"long"'}

    def serializer(self, name, version):
        return self.serializers[name]

    def key(self, version, number):
        return (None, None) if number % 10 == 3 else (number << 40, {"KafkaKey": number << 40})

    def value(self, version, number):
        if number % 10 == 9:
            return None, None
        moment = datetime.datetime(2026, 11, 21, 16, 45) + datetime.timedelta(days=number, microseconds=number * 1_001)
        whole = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
        utc = datetime.timezone.utc
        point = {"x": number / 3, "y": None if number % 2 else -number / 7}
        written = {
            "flag": number % 2 == 0,
            "small": (-1) ** number * number,
            "large": (-1) ** number * (number << 45),
            "single": number / 4,
            "double": number / 3,
            "text": "zwölf %d" % number + "\N{SNOWMAN}" * (number % 3),
            "raw": bytes(range(number % 30)),
            "four": number.to_bytes(4, "big"),
            "colour": ["RED", "GREEN", "BLUE"][number % 3],
            "price": decimal.Decimal((-1) ** number * number * 12345) / 10000,
            "fee": decimal.Decimal(-number) / 100,
            "key": uuid.UUID(int=number << 70 | 42),
            "day": moment.date(),
            "clock_ms": whole.time(),
            "clock_us": moment.time(),
            "at_ms": whole.replace(tzinfo=utc),
            "at_us": moment.replace(tzinfo=utc),
            "local_ms": whole,
            "local_us": moment,
            "items": [point] * (number % 4),
            "by_name": {"k%d" % item: item or None for item in range(number % 5)},
            "where": {"point": point, "label": "here" if number % 3 else None},
            "maybe": point if number % 5 else None,
            "any": [None, number, "text", True, [number, -1]][number % 5],
        }
        read = plain(written)
        for name in ("clock_ms", "at_ms", "local_ms"):
            read[name] //= 1000
        read["price"] = "%.4f" % written["price"]
        read["fee"] = "%.2f" % written["fee"]
        read["by_name"] = [{"key": key, "value": value} for key, value in written["by_name"].items()]
        chosen = written["any"]
        read["any"] = None if chosen is None else {
            branch: chosen if BRANCHES[type(chosen)] == branch else None for branch in ("long", "string", "boolean", "array")
        }
        return written, read

    def confluent_reads(self, name, raw, context):
        return None


assert micros(datetime.datetime(1970, 1, 1, 0, 0, 1)) == 1_000_000
