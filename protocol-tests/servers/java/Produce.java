import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Writes a workload with Kafka's own producer. What a workload is: the documentation of the Rust module `workload`.
 *
 * Arguments are pairs `--name value`, or `--property key=value` for the producer's own configuration. When everything is
 * acknowledged it prints one line of JSON; a record that could not be delivered ends it with an error.
 */
public final class Produce {
    private static final String[] SYMBOLS = {
        "A", "F", "GE", "IBM", "CRM", "JPM", "BAC", "XOM", "AAPL", "MSFT", "AMZN", "META", "NVDA", "TSLA", "ORCL", "GOOGL"};
    private static final String[] VENUES = {"IEXG", "XNYS", "XNAS", "ARCX", "BATS", "EDGX", "MEMX", "XCHI"};
    private static final long FIRST_TIMESTAMP_MS = 3_688_416_000_000L;
    private static final long PERIOD_MS = 12L * 86_400_000L;
    private static final long KEY_LANE = 8;

    private final long seed;
    private final byte[] text = new byte[256];
    private int length;

    private Produce(long seed) {
        this.seed = seed;
    }

    public static void main(String[] arguments) throws Exception {
        Map<String, String> options = new HashMap<>();
        Properties properties = new Properties();
        properties.put("key.serializer", ByteArraySerializer.class.getName());
        properties.put("value.serializer", ByteArraySerializer.class.getName());
        properties.put("buffer.memory", "67108864");
        for (int at = 0; at < arguments.length; at += 2) {
            if (arguments[at].equals("--property")) {
                String[] pair = arguments[at + 1].split("=", 2);
                properties.put(pair[0], pair[1]);
            } else {
                options.put(arguments[at].substring(2), arguments[at + 1]);
            }
        }
        properties.put("bootstrap.servers", options.get("bootstrap"));
        properties.put("compression.type", options.get("codec"));
        properties.put("linger.ms", options.get("linger-ms"));
        properties.put("batch.size", options.get("batch-bytes"));
        new Produce(number(options, "seed")).run(options, properties);
    }

    private void run(Map<String, String> options, Properties properties) throws Exception {
        String topic = options.get("topic");
        String keyShape = options.get("key");
        String valueShape = options.get("value");
        long first = number(options, "first");
        long records = number(options, "records");
        long partitions = number(options, "partitions");
        long nullKeys = number(options, "null-keys-every");
        long nullValues = number(options, "null-values-every");
        long brokenValues = number(options, "broken-values-every");
        long headers = number(options, "headers");
        long rate = number(options, "rate");
        long transaction = number(options, "transaction-records");
        long abortEvery = number(options, "abort-every");
        if (transaction > 0) {
            properties.put("transactional.id", topic + "-" + seed + "-" + first);
        }
        AtomicReference<Exception> failure = new AtomicReference<>();
        long begun = System.nanoTime();
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(properties)) {
            if (transaction > 0) {
                producer.initTransactions();
            }
            for (long done = 0; done < records; done++) {
                if (transaction > 0 && done % transaction == 0) {
                    producer.beginTransaction();
                }
                long index = first + done;
                byte[] key = lastOf(nullKeys, index) ? null : payload(keyShape, index, KEY_LANE);
                byte[] value = lastOf(nullValues, index) ? null : payload(valueShape, index, 0);
                if (value != null && lastOf(brokenValues, index)) {
                    value = Arrays.copyOf(value, value.length / 5);
                }
                ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(
                    topic, (int) (index % partitions), FIRST_TIMESTAMP_MS + index % PERIOD_MS, key, value, headersOf(headers, index));
                producer.send(record, (metadata, error) -> {
                    if (error != null) {
                        failure.compareAndSet(null, error);
                    }
                });
                if (transaction > 0 && (done % transaction == transaction - 1 || done == records - 1)) {
                    if (abortEvery > 0 && (done / transaction) % abortEvery == abortEvery - 1) {
                        producer.flush(); // what is aborted must be in the log, or there is nothing for a reader to leave out
                        producer.abortTransaction();
                    } else {
                        producer.commitTransaction();
                    }
                }
                if (rate > 0) {
                    long ahead = begun + (done + 1) * 1_000_000_000L / rate - System.nanoTime();
                    if (ahead > 1_000_000) {
                        Thread.sleep(ahead / 1_000_000);
                    }
                }
                if (failure.get() != null) {
                    break;
                }
            }
            producer.flush();
        }
        if (failure.get() != null) {
            throw failure.get();
        }
        System.out.printf(java.util.Locale.ROOT, "{\"records\":%d,\"seconds\":%.6f}%n", records, (System.nanoTime() - begun) / 1e9);
    }

    private static long number(Map<String, String> options, String name) {
        return Long.parseUnsignedLong(options.get(name));
    }

    private static boolean lastOf(long every, long index) {
        return every != 0 && index % every == every - 1;
    }

    private static List<Header> headersOf(long most, long index) {
        int count = (int) (index % (most + 1));
        Header[] headers = new Header[count];
        for (int at = 0; at < count; at++) {
            long value = index + at;
            headers[at] = new RecordHeader(
                "h" + at % 3, value % 5 == 0 ? null : Long.toString(value).getBytes(StandardCharsets.US_ASCII));
        }
        return Arrays.asList(headers);
    }

    private byte[] payload(String shape, long index, long lane) {
        long word = word(index, lane);
        switch (shape) {
            case "null":
                return null;
            case "order":
                return order(index);
            case "account":
                length = 0;
                ascii("acct-");
                decimal(Long.remainderUnsigned(word, 10_000), 4);
                return Arrays.copyOf(text, length);
            case "int32":
                return ByteBuffer.allocate(4).putInt((int) (word >>> 32)).array();
            case "int64":
                return ByteBuffer.allocate(8).putLong(word).array();
            case "float64":
                return ByteBuffer.allocate(8).putDouble((Long.remainderUnsigned(word, 10_000_000) - 5_000_000) / 10_000.0).array();
            case "uuid":
                return randomBytes(index, lane, 16);
            case "bytes":
                return randomBytes(index, lane, (int) Long.remainderUnsigned(word, 33));
            default:
                throw new IllegalArgumentException("no shape is named " + shape);
        }
    }

    private byte[] randomBytes(long index, long lane, int count) {
        ByteBuffer buffer = ByteBuffer.allocate(32);
        for (int step = 1; step <= 4; step++) {
            buffer.putLong(word(index, lane + step));
        }
        return Arrays.copyOf(buffer.array(), count);
    }

    private byte[] order(long index) {
        long names = word(index, 1);
        long numbers = word(index, 2);
        long nanoseconds = Long.remainderUnsigned(word(index, 3), 1_000_000);
        long ticks = 100_000 + (numbers & 0xFFFF_FFFFL) % 9_900_000;
        long milliseconds = index % PERIOD_MS;
        long seconds = milliseconds / 1000;
        length = 0;
        ascii("{\"Symbol\":\"");
        ascii(SYMBOLS[(int) (names & 15)]);
        ascii("\",\"Side\":\"");
        ascii((names >>> 8 & 1) == 0 ? "BUY" : "SELL");
        ascii("\",\"OrderId\":\"");
        long id = word(index, 0);
        for (int shift = 60; shift >= 0; shift -= 4) {
            text[length++] = (byte) "0123456789abcdef".charAt((int) (id >>> shift & 15));
        }
        ascii("\",\"Price\":");
        decimal(ticks / 10_000, 1);
        ascii(".");
        decimal(ticks % 10_000, 4);
        ascii(",\"Qty\":");
        decimal(1 + (numbers >>> 32) % 1000, 1);
        ascii(",\"Venue\":\"");
        ascii(VENUES[(int) (names >>> 16 & 7)]);
        ascii("\",\"Tstamp\":\"2086-11-");
        decimal(18 + seconds / 86_400, 2);
        ascii("T");
        decimal(seconds / 3600 % 24, 2);
        ascii(":");
        decimal(seconds / 60 % 60, 2);
        ascii(":");
        decimal(seconds % 60, 2);
        ascii(".");
        decimal(milliseconds % 1000 * 1_000_000 + nanoseconds, 9);
        ascii("Z\",\"Meta\":{\"src\":\"gw-");
        decimal(10 + (names >>> 24 & 0xFF) % 90, 1);
        ascii("\",\"seq\":");
        decimal(index, 1);
        ascii(",\"flags\":[");
        decimal((names >>> 32 & 0xFF) % 10, 1);
        ascii(",");
        decimal((names >>> 40 & 0xFF) % 10, 1);
        ascii("]}}");
        return Arrays.copyOf(text, length);
    }

    @SuppressWarnings("deprecation") // the fast copy of characters that are ASCII
    private void ascii(String part) {
        part.getBytes(0, part.length(), text, length);
        length += part.length();
    }

    private void decimal(long value, int width) {
        int digits = 1;
        for (long rest = value / 10; rest > 0; rest /= 10) {
            digits++;
        }
        digits = Math.max(digits, width);
        for (int at = digits - 1; at >= 0; at--) {
            text[length + at] = (byte) ('0' + value % 10);
            value /= 10;
        }
        length += digits;
    }

    private long word(long index, long lane) {
        return mix(mix(seed) + 16 * index + lane);
    }

    private static long mix(long word) {
        word += 0x9E3779B97F4A7C15L;
        word = (word ^ (word >>> 30)) * 0xBF58476D1CE4E5B9L;
        word = (word ^ (word >>> 27)) * 0x94D049BB133111EBL;
        return word ^ (word >>> 31);
    }
}
