"""Orders in JSON with a JSON Schema in the registry, of two versions; the keys too."""

import json

from confluent_kafka.schema_registry.json_schema import JSONSerializer

KEY = {"title": "Account", "type": "object", "properties": {"account": {"type": "string"}}, "required": ["account"]}
FIRST = {
    "title": "Order", "type": "object",
    "properties": {"id": {"type": "integer"}, "symbol": {"type": "string"}, "price": {"type": "number"}}, "required": ["id"],
}
SECOND = {**FIRST, "properties": {**FIRST["properties"], "tags": {"type": "array", "items": {"type": "string"}}}}


class Scenario:
    versions = ["first", "second"]

    def __init__(self, client, topic, settings):
        self.keys = JSONSerializer(json.dumps(KEY), client, conf=settings)
        self.values = {
            "first": JSONSerializer(json.dumps(FIRST), client, conf=settings),
            "second": JSONSerializer(json.dumps(SECOND), client, conf=settings),
        }
        self.readers = {}

    def serializer(self, name, version):
        return self.keys if name == "key" else self.values[version]

    def key(self, version, number):
        return (None, None) if number % 6 == 1 else ({"account": "a%d" % number},) * 2

    def value(self, version, number):
        if number % 9 == 4:
            return None, None
        written = {"id": number * 1_000_000_007, "symbol": "S\N{EURO SIGN}%d" % (number % 5), "price": number / 8}
        if version == "second":
            written["tags"] = ["a", "b\"\\\n"][: number % 3]
        return written, {**written, "tags": written.get("tags")}

    def confluent_reads(self, name, raw, context):
        return None
