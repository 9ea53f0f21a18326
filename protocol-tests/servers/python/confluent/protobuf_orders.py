"""Orders in Protobuf, of two versions whose message indexes differ, the second also registered as text; and messages within messages.

There is no compiler of Protobuf here: the descriptors of the writer are put together by hand, the text for the reader is written by hand.
"""

import uuid

from confluent_kafka.schema_registry import Schema, SchemaReference, prefix_schema_id_serializer
from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2, wrappers_pb2
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field

COMMON = """syntax = "proto3";
package common;
message Money { string currency = 1; sint64 units = 2; }
"""
ORDERS = """syntax = "proto3";
package shop;
import "common.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
message Added { bool nothing = 1; }
message Header { string origin = 1; }
message Order {
  message Line {
    string product = 1;
    sint32 quantity = 2;
    repeated Tag tags = 3;
    message Tag { string name = 1; uint64 weight = 2; }
  }
  int64 id = 1;
  string symbol = 2;
  optional double price = 3;
  common.Money total = 4;
  repeated Line lines = 5;
  map<string, int32> counts = 6;
  oneof how { string card = 7; uint32 cash = 8; }
  google.protobuf.Timestamp at = 9;
  Side side = 10;
  repeated fixed32 codes = 13;
  google.protobuf.BoolValue checked = 14;
  bytes raw = 15;
  string venue = 12;
}
enum Side { BUY = 0; SELL = 1; }
"""
REPEATED, OPTIONAL = Field.LABEL_REPEATED, Field.LABEL_OPTIONAL


def field(message, number, name, kind, label=OPTIONAL, type_name=None, **more):
    message.field.add(number=number, name=name, type=kind, label=label, type_name=type_name, json_name=name, **more)


def common_file():
    file = descriptor_pb2.FileDescriptorProto(name="common.proto", package="common", syntax="proto3")
    money = file.message_type.add(name="Money")
    field(money, 1, "currency", Field.TYPE_STRING)
    field(money, 2, "units", Field.TYPE_SINT64)
    return file


def orders_file(version):
    file = descriptor_pb2.FileDescriptorProto(name="orders.proto", package="shop", syntax="proto3")
    file.dependency.extend(["common.proto", "google/protobuf/timestamp.proto", "google/protobuf/wrappers.proto"])
    if version != "first":
        field(file.message_type.add(name="Added"), 1, "nothing", Field.TYPE_BOOL)
    field(file.message_type.add(name="Header"), 1, "origin", Field.TYPE_STRING)
    order = file.message_type.add(name="Order")
    field(order, 1, "id", Field.TYPE_INT64)
    field(order, 2, "symbol", Field.TYPE_STRING)
    # A field that is `optional` is of a oneof of its own, which comes after the others.
    field(order, 3, "price", Field.TYPE_DOUBLE, oneof_index=1, proto3_optional=True)
    field(order, 4, "total", Field.TYPE_MESSAGE, type_name=".common.Money")
    field(order, 5, "lines", Field.TYPE_MESSAGE, REPEATED, ".shop.Order.Line")
    field(order, 6, "counts", Field.TYPE_MESSAGE, REPEATED, ".shop.Order.CountsEntry")
    field(order, 7, "card", Field.TYPE_STRING, oneof_index=0)
    field(order, 8, "cash", Field.TYPE_UINT32, oneof_index=0)
    field(order, 9, "at", Field.TYPE_MESSAGE, type_name=".google.protobuf.Timestamp")
    field(order, 10, "side", Field.TYPE_ENUM, type_name=".shop.Side")
    if version == "first":
        field(order, 11, "legacy", Field.TYPE_STRING)
    field(order, 13, "codes", Field.TYPE_FIXED32, REPEATED)
    field(order, 14, "checked", Field.TYPE_MESSAGE, type_name=".google.protobuf.BoolValue")
    field(order, 15, "raw", Field.TYPE_BYTES)
    if version != "first":
        field(order, 12, "venue", Field.TYPE_STRING)
    line = order.nested_type.add(name="Line")
    field(line, 1, "product", Field.TYPE_STRING)
    field(line, 2, "quantity", Field.TYPE_SINT32)
    field(line, 3, "tags", Field.TYPE_MESSAGE, REPEATED, ".shop.Order.Line.Tag")
    tag = line.nested_type.add(name="Tag")
    field(tag, 1, "name", Field.TYPE_STRING)
    field(tag, 2, "weight", Field.TYPE_UINT64)
    entry = order.nested_type.add(name="CountsEntry")
    field(entry, 1, "key", Field.TYPE_STRING)
    field(entry, 2, "value", Field.TYPE_INT32)
    entry.options.map_entry = True
    order.oneof_decl.add(name="how")
    order.oneof_decl.add(name="_price")
    side = file.enum_type.add(name="Side")
    for number, name in enumerate(("BUY", "SELL")):
        side.value.add(name=name, number=number)
    return file


def messages(version):
    """The classes of a version's messages, by their names without package."""
    pool = descriptor_pool.DescriptorPool()
    for known in (timestamp_pb2, wrappers_pb2):
        pool.AddSerializedFile(known.DESCRIPTOR.serialized_pb)
    pool.Add(common_file())
    pool.Add(orders_file(version))
    names = ("shop.Header", "shop.Order", "shop.Order.Line", "shop.Order.Line.Tag")
    return {name.removeprefix("shop."): message_factory.GetMessageClass(pool.FindMessageTypeByName(name)) for name in names}


class Protobuf:
    """What the scenarios share: serializers by version, for the message of the key and that of the value."""

    def __init__(self, client, topic, settings, versions):
        self.versions = versions
        self.classes = {version: messages(version) for version in versions}
        self.serializers = {}
        for version in versions:
            for name, message in (("key", self.KEY), ("value", self.VALUE)):
                conf = dict(settings)
                if version == "text":
                    conf["schema.id.serializer"] = naming(
                        registered_as_text(client, topic + "-" + name), settings.get("schema.id.serializer", prefix_schema_id_serializer)
                    )
                self.serializers[name, version] = ProtobufSerializer(self.classes[version][message], client, conf=conf)
        self.readers = {
            "file": ORDERS, "imports": {"common.proto": COMMON}, "key": "shop." + self.KEY, "value": "shop." + self.VALUE,
        }

    def serializer(self, name, version):
        return self.serializers[name, version]

    def confluent_reads(self, name, raw, context):
        return None


def registered_as_text(client, subject):
    client.register_schema("common.proto", Schema(COMMON, "PROTOBUF"))
    common = client.lookup_schema("common.proto", Schema(COMMON, "PROTOBUF"))
    references = [SchemaReference("common.proto", "common.proto", common.version)]
    return client.register_schema_full_response(subject, Schema(ORDERS, "PROTOBUF", references))


def naming(registered, framing):
    """`framing` with the schema that was registered as text: the serializer itself takes descriptors alone."""

    def serialize(payload, context, schema_id):
        schema_id.id, schema_id.guid = registered.schema_id, registered.guid and uuid.UUID(registered.guid)
        return framing(payload, context, schema_id)

    return serialize


class Scenario(Protobuf):
    KEY, VALUE = "Header", "Order"

    def __init__(self, client, topic, settings):
        super().__init__(client, topic, settings, ["first", "second", "text"])

    def key(self, version, number):
        if number % 8 == 2:
            return None, None
        return self.classes[version]["Header"](origin="h%d" % number), {"origin": "h%d" % number}

    def value(self, version, number):
        if number % 12 == 7:
            return None, None
        order = self.classes[version]["Order"](id=-number, symbol="S\N{EURO SIGN}%d" % (number % 3), side=number % 2)
        read = {
            "id": -number, "symbol": order.symbol, "side": ["BUY", "SELL"][number % 2], "price": None, "total": None, "lines": [],
            "counts": [], "card": None, "cash": None, "at": None, "codes": list(range(number % 6)), "checked": None,
            "raw": bytes(range(number % 9)).hex(), "venue": "",
        }
        order.codes.extend(read["codes"])
        order.raw = bytes(range(number % 9))
        if number % 3:
            order.price = read["price"] = number / 3 if number % 2 else 0.0
        if number % 4:
            order.total.currency, order.total.units = "EUR", -number
            read["total"] = {"currency": "EUR", "units": -number}
        for line in range(number % 4):
            product = order.lines.add(product="p%d" % line, quantity=-line)
            weights = [1 << 63, 3][:line]
            for weight in weights:
                product.tags.add(name="t", weight=weight)
            read["lines"].append(
                {"product": "p%d" % line, "quantity": -line, "tags": [{"name": "t", "weight": weight} for weight in weights]}
            )
        if number % 5:
            order.counts["c"] = number
            read["counts"] = [{"key": "c", "value": number}]
        if number % 3 == 1:
            order.card = read["card"] = ""
        elif number % 3 == 2:
            order.cash = read["cash"] = number
        if number % 2:
            order.at.FromNanoseconds(1_795_000_000_000_000_000 + number * 1_000_000_007)
            read["at"] = order.at.ToNanoseconds()
        if number % 7:
            order.checked.value = read["checked"] = number % 2 == 0
        if version == "first":
            order.legacy = "no longer"
        else:
            order.venue = read["venue"] = "V%d" % number
        return order, read


class Nested(Protobuf):
    KEY, VALUE = "Order.Line", "Order.Line.Tag"

    def __init__(self, client, topic, settings):
        super().__init__(client, topic, settings, ["first", "second", "text"])

    def key(self, version, number):
        line = self.classes[version]["Order.Line"](product="p%d" % number, quantity=number)
        return line, {"product": "p%d" % number, "quantity": number, "tags": []}

    def value(self, version, number):
        if number % 7 == 3:
            return None, None
        tag = self.classes[version]["Order.Line.Tag"](name="n%d" % number, weight=number << 50)
        return tag, {"name": "n%d" % number, "weight": number << 50}
