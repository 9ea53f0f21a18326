import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.apache.kafka.common.serialization.BooleanSerializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.ByteBufferSerializer;
import org.apache.kafka.common.serialization.BytesSerializer;
import org.apache.kafka.common.serialization.DoubleSerializer;
import org.apache.kafka.common.serialization.FloatSerializer;
import org.apache.kafka.common.serialization.IntegerSerializer;
import org.apache.kafka.common.serialization.LongSerializer;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.ShortSerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.serialization.UUIDSerializer;
import org.apache.kafka.common.serialization.VoidSerializer;
import org.apache.kafka.common.utils.Bytes;

/**
 * Prints values and what Kafka's serializers make of them: the fixture `serializers.tsv`.
 *
 * Each line is a serializer, the value, and the bytes in hexadecimal digits, separated by tabs. Integers are in decimal digits, floats as
 * the decimal digits of their bits, texts as the hexadecimal digits of their UTF-16; bytes and UUIDs in hexadecimal digits; `null` is null.
 */
public final class Serialize {
    private static final int RANDOM_VALUES = 40;
    private static final HexFormat HEX = HexFormat.of();

    public static void main(String[] arguments) {
        Random random = new Random(20_261_121);
        numbers("Boolean", new BooleanSerializer(), i -> i == 0, 2, value -> value ? "1" : "0", List.of());
        numbers("Short", new ShortSerializer(), i -> (short) random.nextInt(), RANDOM_VALUES, String::valueOf,
            List.of((short) 0, (short) -1, (short) 1, Short.MIN_VALUE, Short.MAX_VALUE, (short) 256));
        numbers("Integer", new IntegerSerializer(), i -> random.nextInt() >> i % 32, RANDOM_VALUES, String::valueOf,
            List.of(0, -1, 1, Integer.MIN_VALUE, Integer.MAX_VALUE, 1 << 24));
        numbers("Long", new LongSerializer(), i -> random.nextLong() >> i % 64, RANDOM_VALUES, String::valueOf,
            List.of(0L, -1L, 1L, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 56));
        numbers("Float", new FloatSerializer(), i -> Float.intBitsToFloat(random.nextInt()), RANDOM_VALUES,
            value -> String.valueOf(Float.floatToRawIntBits(value)),
            List.of(0f, -0f, 1.5f, Float.MIN_VALUE, Float.MAX_VALUE, Float.MIN_NORMAL, Float.NaN, Float.POSITIVE_INFINITY,
                Float.NEGATIVE_INFINITY));
        numbers("Double", new DoubleSerializer(), i -> Double.longBitsToDouble(random.nextLong()), RANDOM_VALUES,
            value -> String.valueOf(Double.doubleToRawLongBits(value)),
            List.of(0d, -0d, 1.5d, Double.MIN_VALUE, Double.MAX_VALUE, Double.MIN_NORMAL, Double.NaN, Double.POSITIVE_INFINITY,
                Double.NEGATIVE_INFINITY));
        numbers("UUID", new UUIDSerializer(), i -> new UUID(random.nextLong(), random.nextLong()), RANDOM_VALUES,
            value -> value.toString().replace("-", ""), List.of(new UUID(0, 0), new UUID(-1, -1)));
        numbers("String", new StringSerializer(), i -> text(random, i), RANDOM_VALUES, Serialize::utf16,
            List.of("", "a", "\0", "zw\u00f6lf", "\u20ac", "\ud83d\ude00", "\uffff", "\u07ff\u0800", "a\ud800b"));
        Function<byte[], String> hex = HEX::formatHex;
        List<byte[]> bytes = List.of(new byte[0], new byte[] {0}, new byte[] {-1, 0, 127, -128});
        numbers("ByteArray", new ByteArraySerializer(), i -> bytes(random, i), RANDOM_VALUES, hex, bytes);
        numbers("Bytes", new BytesSerializer(), i -> Bytes.wrap(bytes(random, i)), 10, value -> hex.apply(value.get()), List.of());
        numbers("ByteBuffer", new ByteBufferSerializer(), i -> ByteBuffer.wrap(bytes(random, i)), 10,
            value -> hex.apply(value.array()), List.of());
        numbers("Void", new VoidSerializer(), i -> null, 0, value -> "", List.of());
    }

    private static <T> void numbers(
            String name, Serializer<T> serializer, IntFunction<T> random, int count, Function<T, String> shown, List<T> edges) {
        List<T> values = new ArrayList<>(edges);
        for (int i = 0; i < count; i++) {
            values.add(random.apply(i));
        }
        values.add(null);
        for (T value : values) {
            String text = value == null ? "null" : shown.apply(value);
            byte[] written = serializer.serialize("topic", value);
            System.out.println(name + "\t" + text + "\t" + (written == null ? "null" : HEX.formatHex(written)));
        }
    }

    private static byte[] bytes(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private static String text(Random random, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            int limit = new int[] {0x80, 0x800, 0x10000, 0x110000}[random.nextInt(4)];
            int point = random.nextInt(limit);
            text.appendCodePoint(Character.getType(point) == Character.SURROGATE ? 'x' : point);
        }
        return text.toString();
    }

    private static String utf16(String value) {
        StringBuilder text = new StringBuilder();
        value.chars().forEach(unit -> text.append(HEX.toHexDigits((char) unit)));
        return text.toString();
    }
}
