"""Makes the segments of `protocol-tests/fixtures/formats`: messages of formats 0, 1 and 2 as Kafka 2.8.2 stores them.

    python3 -m venv env && env/bin/pip install -r protocol-tests/servers/python/requirements.txt
    env/bin/python protocol-tests/servers/formats/make.py        # needs Java 17 and Maven; takes half a minute

It starts ZooKeeper and Kafka on 127.0.0.1 in a temporary folder, lets librdkafka produce to topics of every format and codec and read them
back with CRCs checked, stops the servers, and copies the segments. `expected.json` holds what librdkafka read, and under `entries` what
Kafka's own `DumpLogSegments` says of each entry of the segment.
"""

import json
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition, OFFSET_BEGINNING, TIMESTAMP_NOT_AVAILABLE
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE.parent.parent / "fixtures" / "formats"
FORMATS = {0: "0.9.0", 1: "0.10.0", 2: "2.8"}
CODECS = ["none", "gzip", "snappy", "lz4"]
JVM = ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
FIRST_TIMESTAMP = 1_500_000_000_000

# Name of the fixture: the topic's timestamp type, and which format and codec its batches have, one after the other.
PLAN = {"format-%d-%s" % (magic, codec): ("CreateTime", [(magic, codec)] * 2) for magic in (0, 1) for codec in CODECS}
PLAN["append-time-none"] = ("LogAppendTime", [(1, "none")])
PLAN["append-time-gzip"] = ("LogAppendTime", [(1, "gzip")])
PLAN["mixed"] = ("CreateTime", [(0, "none"), (1, "gzip"), (2, "zstd"), (0, "lz4"), (2, "none"), (1, "snappy"), (1, "none"), (0, "gzip")])


def batch(number):
    """Key, value and timestamp of the records of a batch: nulls, empty ones, text beyond ASCII, a value that is worth compressing."""
    at = FIRST_TIMESTAMP + 1000 * number
    return [
        (b"key-%d" % number, b"first of batch %d" % number, at),
        (None, b'{"batch":%d,"text":"%s"}' % (number, b"abc " * 12), at + 5),
        ("schlüssel".encode(), None, at - 7),
        (b"", b"", at + 11),
    ]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(port, process):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if process.poll() is not None:
            raise SystemExit("a server ended with %d" % process.returncode)
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("port %d does not open" % port)


def start(folder, name, jars, main, port, properties):
    path = folder / (name + ".properties")
    path.write_text("".join("%s=%s\n" % pair for pair in properties.items()))
    log = open(folder / (name + ".out"), "wb")
    process = subprocess.Popen(JVM + ["-cp", "%s/*" % jars, main, str(path)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    wait_for(port, process)
    return process


def store_as(admin, topic, magic):
    settings = {"message.format.version": FORMATS[magic], "message.timestamp.type": PLAN[topic][0], "retention.ms": "-1"}
    changes = [ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in settings.items()]
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=changes)
    for future in admin.incremental_alter_configs([resource]).values():
        future.result()
    wanted = FORMATS[magic]
    end = time.monotonic() + 30
    while time.monotonic() < end:
        described = admin.describe_configs([ConfigResource(ConfigResource.Type.TOPIC, topic)])
        values = [future.result()["message.format.version"].value for future in described.values()]
        if all(value.startswith(wanted) for value in values):
            time.sleep(1)  # described is what ZooKeeper holds; the broker's log takes it over a moment later
            return
    raise SystemExit("%s does not take format %d" % (topic, magic))


def produce(bootstrap, topic, codec, records):
    errors = []
    # Small records, one request: linger is longer than it takes to hand them over.
    producer = Producer({"bootstrap.servers": bootstrap, "compression.type": codec, "linger.ms": 300})
    for key, value, timestamp in records:
        producer.produce(topic, value=value, key=key, partition=0, timestamp=timestamp,
                         on_delivery=lambda error, _: errors.append(error) if error else None)
    producer.flush()
    if errors:
        raise SystemExit("%s: %s" % (topic, errors[0]))


def read(bootstrap, topic):
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "formats", "enable.auto.commit": False, "check.crcs": True})
    _, end = consumer.get_watermark_offsets(TopicPartition(topic, 0), 20)
    consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    records = []
    while not records or records[-1]["offset"] + 1 < end:
        message = consumer.poll(20)
        if message is None or message.error():
            raise SystemExit("%s: %s" % (topic, message and message.error()))
        kind, timestamp = message.timestamp()
        text = lambda payload: None if payload is None else payload.decode()
        records.append({"offset": message.offset(), "timestamp": -1 if kind == TIMESTAMP_NOT_AVAILABLE else timestamp,
                        "key": text(message.key()), "value": text(message.value())})
    consumer.close()
    return records


def entries(jars, segment):
    """Format and codec of the segment's entries, as Kafka's own tool prints them."""
    dump = subprocess.run(JVM + ["-cp", "%s/*" % jars, "kafka.tools.DumpLogSegments", "--files", str(segment)],
                          check=True, capture_output=True, text=True).stdout
    found = []
    for line in dump.splitlines():
        match = re.search(r"magic: (\d).*compresscodec: (\w+)", line)
        if match:
            assert "isvalid: true" in line, line
            last = re.search(r"lastOffset: (\d+)", line) or re.search(r"offset: (\d+)", line)
            found.append({"magic": int(match[1]), "codec": match[2].lower(), "last_offset": int(last[1])})
    return found


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        jars = folder / "jars"
        subprocess.run(["mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), "dependency:copy-dependencies", "-DincludeScope=runtime",
                        "-DoutputDirectory=%s" % jars], check=True)
        zookeeper_port, kafka_port = free_port(), free_port()
        zookeeper = start(folder, "zookeeper", jars, "org.apache.zookeeper.server.quorum.QuorumPeerMain", zookeeper_port, {
            "tickTime": 2000, "dataDir": folder / "zookeeper", "clientPort": zookeeper_port, "clientPortAddress": "127.0.0.1",
            "admin.enableServer": "false"})
        kafka = start(folder, "kafka", jars, "kafka.Kafka", kafka_port, {
            "broker.id": 0, "listeners": "PLAINTEXT://127.0.0.1:%d" % kafka_port, "zookeeper.connect": "127.0.0.1:%d" % zookeeper_port,
            "log.dirs": folder / "data", "inter.broker.protocol.version": "2.8", "offsets.topic.num.partitions": 1,
            "offsets.topic.replication.factor": 1, "transaction.state.log.replication.factor": 1, "transaction.state.log.min.isr": 1,
            "auto.create.topics.enable": "false", "log.cleaner.enable": "false"})
        bootstrap = "127.0.0.1:%d" % kafka_port
        try:
            admin = AdminClient({"bootstrap.servers": bootstrap})
            for future in admin.create_topics([NewTopic(topic, 1, 1) for topic in PLAN]).values():
                future.result()
            expected = {}
            for topic, (_, batches) in PLAN.items():
                stored = None
                for number, (magic, codec) in enumerate(batches):
                    if magic != stored:
                        store_as(admin, topic, magic)
                        stored = magic
                    produce(bootstrap, topic, codec, batch(number))
                expected[topic] = {"records": read(bootstrap, topic)}
            del admin  # or it complains that its broker goes
        finally:
            kafka.terminate()
            kafka.wait(60)
            zookeeper.terminate()
            zookeeper.wait(60)
        FIXTURES.mkdir(parents=True, exist_ok=True)
        for topic in PLAN:
            segment = folder / "data" / (topic + "-0") / "00000000000000000000.log"
            expected[topic]["entries"] = entries(jars, segment)
            shutil.copyfile(segment, FIXTURES / (topic + ".log"))
        (FIXTURES / "expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    try:
        main()
    except KafkaException as error:
        raise SystemExit(str(error)) from error
