import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** The work with Kafka Streams: one thread, state in a store in memory with a cache and a changelog, a punctuator for the KPIs. */
public final class Main {
    private static final String STORE = "projects";
    private static final long LOOK_MILLIS = 100;
    private static final CountDownLatch DONE = new CountDownLatch(1);
    private static final AtomicInteger WAITING = new AtomicInteger();
    private static volatile boolean allTaken = false;

    public static void main(String[] words) throws Exception {
        SameWork.Job job = SameWork.Job.read(words[0]);
        KafkaStreams streams = new KafkaStreams(topology(job).build(), properties(job));
        streams.start();
        DONE.await();
        streams.close(Duration.ofSeconds(60));
        SameWork.Tally.write(job);
    }

    private static StreamsBuilder topology(SameWork.Job job) {
        StreamsBuilder builder = new StreamsBuilder();
        builder.addStateStore(
                Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(STORE), Serdes.String(), new DaySerde())
                        .withCachingEnabled());
        builder.stream(job.topic(), Consumed.with(Serdes.ByteArray(), Serdes.ByteArray()))
                .process(() -> new Fold(job.records()), STORE)
                .to(job.output(), Produced.with(Serdes.String(), Serdes.ByteArray()));
        return builder;
    }

    private static Properties properties(SameWork.Job job) {
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, job.group());
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, job.bootstrap());
        properties.put(StreamsConfig.STATE_DIR_CONFIG, job.folder());
        properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1000);
        properties.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 128L << 20);
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        properties.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 5000);
        return properties;
    }

    /** Reports of one project on one day, by line. */
    record Day(Map<String, double[]> lines) {
        double total() {
            double sum = 0;
            for (double[] report : lines.values()) {
                sum += report[1];
            }
            return sum;
        }
    }

    private static final class Fold implements Processor<byte[], byte[], String, byte[]> {
        private final long records;
        private final Map<String, Integer> newest = new HashMap<>();
        private final Set<String> changed = new HashSet<>();
        private ProcessorContext<String, byte[]> context;
        private KeyValueStore<String, Day> store;
        private long due;

        Fold(long records) {
            this.records = records;
        }

        @Override
        public void init(ProcessorContext<String, byte[]> context) {
            this.context = context;
            store = context.getStateStore(STORE);
            try (var all = store.all()) {
                all.forEachRemaining(entry -> note(entry.key));
            }
            context.schedule(Duration.ofMillis(LOOK_MILLIS), PunctuationType.WALL_CLOCK_TIME, this::publish);
        }

        private void note(String key) {
            int at = key.lastIndexOf('/');
            newest.merge(key.substring(0, at), Integer.parseInt(key.substring(at + 1)), Math::max);
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            SameWork.Report report = SameWork.reportOf(record.value());
            if (report != null && take(report) && changed.add(report.project())) {
                WAITING.incrementAndGet();
            }
            if (SameWork.Tally.count(report) == records) {
                allTaken = true;
            }
        }

        private boolean take(SameWork.Report report) {
            String key = report.project() + "/" + report.day();
            Day day = store.get(key);
            if (day == null) {
                day = new Day(new HashMap<>());
            }
            double[] latest = day.lines.get(report.line());
            if (latest != null && !overtakes(report, latest)) {
                return false;
            }
            day.lines.put(report.line(), new double[] {report.revision(), report.quantity()});
            store.put(key, day);
            newest.merge(report.project(), report.day(), Math::max);
            return true;
        }

        private static boolean overtakes(SameWork.Report report, double[] latest) {
            return report.revision() > latest[0] || report.revision() == latest[0] && report.quantity() > latest[1];
        }

        private void publish(long now) {
            if (now >= due || allTaken) {
                due = now + SameWork.MILLIS_PER_KPI;
                for (String project : changed) {
                    context.forward(new Record<>(project, kpi(project), now));
                    WAITING.decrementAndGet();
                }
                changed.clear();
            }
            if (allTaken && WAITING.get() == 0) {
                DONE.countDown();
            }
        }

        private byte[] kpi(String project) {
            int last = newest.get(project);
            double total = 0;
            for (int at = last - SameWork.WINDOW_DAYS + 1; at <= last; at++) {
                Day day = store.get(project + "/" + at);
                total += day == null ? 0 : day.total();
            }
            return SameWork.kpi(project, last, total);
        }
    }

    private static final class DaySerde extends Serdes.WrapperSerde<Day> implements Serde<Day> {
        DaySerde() {
            super((topic, day) -> day == null ? null : write(day), (topic, bytes) -> bytes == null ? null : read(bytes));
        }

        private static byte[] write(Day day) {
            ByteBuffer out = ByteBuffer.allocate(1024 * Math.max(1, day.lines.size()));
            day.lines.forEach(
                    (line, report) -> {
                        byte[] name = line.getBytes(StandardCharsets.UTF_8);
                        out.putShort((short) name.length).put(name).putDouble(report[0]).putDouble(report[1]);
                    });
            byte[] bytes = new byte[out.position()];
            out.flip().get(bytes);
            return bytes;
        }

        private static Day read(byte[] bytes) {
            ByteBuffer in = ByteBuffer.wrap(bytes);
            Map<String, double[]> lines = new HashMap<>();
            while (in.hasRemaining()) {
                byte[] name = new byte[in.getShort()];
                in.get(name);
                lines.put(new String(name, StandardCharsets.UTF_8), new double[] {in.getDouble(), in.getDouble()});
            }
            return new Day(lines);
        }
    }
}
