"""Orders in Avro whose schema changes nine times, all in one topic, with a record of another subject in each; keys of two versions.

The reader's schema is the last. Each change is one that the specification has a rule for.
"""

import copy
import json

from confluent_kafka.schema_registry import Schema, SchemaReference
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer

from plain import plain

MONEY = {
    "type": "record", "name": "Money", "namespace": "common",
    "fields": [{"name": "currency", "type": "string"}, {"name": "units", "type": "long"}],
}


def order(fields):
    return {"type": "record", "name": "Order", "namespace": "shop", "fields": fields}


def side(symbols, default=None):
    schema = {"type": "enum", "name": "Side", "symbols": symbols}
    return {**schema, "default": default} if default else schema


FIRST = {
    "id": {"type": "int"},
    "symbol": {"type": "string"},
    "quantity": {"type": "int"},
    "price": {"type": "float"},
    "side": {"type": side(["BUY", "SELL"])},
    "legacy": {"type": {"type": "map", "values": {"type": "array", "items": "string"}}},
    "amount": {"type": ["null", "int"]},
    "total": {"type": "common.Money"},
}


def history():
    """Version, names in order, and the schemas' fields."""
    fields = copy.deepcopy(FIRST)
    yield "first", dict(fields)
    fields["venue"] = {"type": "string", "default": "XNAS"}
    fields["tags"] = {"type": {"type": "array", "items": "string"}, "default": ["none"]}
    yield "added", dict(fields)
    del fields["legacy"]
    yield "removed", dict(fields)
    fields = {name: fields[name] for name in reversed(fields)}
    yield "reordered", dict(fields)
    fields["id"] = {"type": "long"}
    fields["quantity"] = {"type": "double"}
    fields["price"] = {"type": "double"}
    yield "promoted", dict(fields)
    fields = {"ticker" if name == "symbol" else name: field for name, field in fields.items()}
    fields["ticker"] = {"type": "string", "aliases": ["symbol"]}
    yield "renamed", dict(fields)
    fields["amount"] = {"type": ["null", "long", "string"]}
    yield "widened", dict(fields)
    fields["side"] = {"type": side(["SHORT", "SELL", "BUY"])}
    yield "enum", dict(fields)
    fields["side"] = {"type": side(["BUY", "SELL", "UNKNOWN"], "UNKNOWN")}
    yield "enum-default", dict(fields)


KEYS = {
    "first": {"type": "record", "name": "Account", "namespace": "shop", "fields": [{"name": "account", "type": "string"}]},
    "added": {
        "type": "record", "name": "Account", "namespace": "shop",
        "fields": [{"name": "region", "type": ["null", "string"], "default": None}, {"name": "account", "type": "string"}],
    },
}


def text(fields):
    return json.dumps(order([{"name": name, **field} for name, field in fields.items()]))


def inlined(fields):
    """The schema with what it refers to written where it is used."""
    return text({**fields, "total": {"type": MONEY}})


class Scenario:
    def __init__(self, client, topic, settings):
        client.register_schema("common.Money", Schema(json.dumps(MONEY), "AVRO"))
        money = SchemaReference("common.Money", "common.Money", 1)
        self.client, self.subject = client, topic + "-value"
        self.references = [money]
        self.fields = dict(history())
        self.versions = list(self.fields)
        self.values = {
            version: AvroSerializer(client, self.schema(version), conf=settings) for version in self.fields
        }
        self.keys = {name: AvroSerializer(client, Schema(json.dumps(schema), "AVRO"), conf=settings) for name, schema in KEYS.items()}
        last = self.fields[self.versions[-1]]
        self.readers = {"value": inlined(last), "key": json.dumps(KEYS["added"]), "first": inlined(self.fields["first"])}
        # It takes references of writers from the registry and of readers from nowhere.
        self.reader = None if settings else AvroDeserializer(client, inlined(last))

    def schema(self, version):
        return Schema(text(self.fields[version]), "AVRO", self.references)

    def register(self, version):
        """Versions are numbered in the order in which they are registered."""
        self.client.register_schema(self.subject, self.schema(version))

    def serializer(self, name, version):
        return self.values[version] if name == "value" else self.keys[key_version(version)]

    def key(self, version, number):
        if number % 13 == 5:
            return None, None
        written = {"account": "acc-%d" % (number % 17)}
        if key_version(version) == "added":
            written["region"] = None if number % 3 == 0 else "eu"
        return written, {"account": written["account"], "region": written.get("region")}

    def value(self, version, number):
        if number % 11 == 7:
            return None, None
        fields = self.fields[version]
        amount = [None, -number, "a lot of %d" % number][number % (3 if version in ("widened", "enum", "enum-default") else 2)]
        symbols = fields["side"]["type"]["symbols"]
        everything = {
            "id": number - 20 if version in self.versions[:4] else number * 10_000_000_000,
            "symbol": "SYM%d" % (number % 7),
            "ticker": "TICK€%d" % (number % 7),
            "quantity": number * 3 if version in self.versions[:4] else number * 3.5,
            "price": number / 8,
            "side": symbols[number % len(symbols)],
            "legacy": {"a": ["x", "y" * (number % 5)], "b": []},
            "amount": amount,
            "total": {"currency": "EUR", "units": number * 100},
            "venue": "V%d" % number,
            "tags": ["t%d" % tag for tag in range(number % 4)],
        }
        written = {name: everything[name] for name in fields}
        read = {
            "ticker": written.get("ticker", written.get("symbol")),
            "quantity": float(written["quantity"]),
            "venue": written.get("venue", "XNAS"),
            "tags": written.get("tags", ["none"]),
            "amount": {
                "long": amount if isinstance(amount, int) else None,
                "string": amount if isinstance(amount, str) else None,
            } if amount is not None else None,
            "side": "UNKNOWN" if written["side"] == "SHORT" else written["side"],
            **{name: written[name] for name in ("id", "price", "total")},
        }
        return written, read

    def confluent_reads(self, name, raw, context):
        if name != "value" or self.reader is None:
            return None
        found = plain(self.reader(raw, context))
        amount = found["amount"]
        if amount is not None:
            found["amount"] = {"long": amount if isinstance(amount, int) else None, "string": amount if isinstance(amount, str) else None}
        return found


def key_version(version):
    return "first" if version in ("first", "added", "removed") else "added"
